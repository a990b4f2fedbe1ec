//! Walking a template: text, actions and control, as text/template's `walk` does.

use std::sync::Arc;

use crate::ast::{Branch, Call, Declared, List, Loop, Node, Template};
use crate::trace::Tracer;
use crate::{CallError, ExecError, Interpreter, Limit, Problem, Site, Str, Value, fmt};

/// A value on its way through a template, and whether Go would hold it in an `interface {}`: an element of a map or list
/// of interfaces. A nil in an interface is an error to look into, a missing value is not; and errors name the type.
#[derive(Clone, Default)]
pub(crate) struct Item {
    pub(crate) value: Value,
    pub(crate) boxed: bool,
}

impl Item {
    pub(crate) fn plain(value: Value) -> Self {
        Self { value, boxed: false }
    }

    /// An element of a container of that Go type.
    pub(crate) fn element(value: Value, container: &str) -> Self {
        Self { value, boxed: element_type(container) == "interface {}" }
    }

    /// The zero value of the elements of a container; of interfaces it is nil.
    pub(crate) fn zero_element(container: &str) -> Value {
        match element_type(container) {
            "string" => Value::string(""),
            "[]uint8" => Value::Bytes(Str::new()),
            "bool" => Value::Bool(false),
            "int" => Value::int(0),
            "int64" => Value::int64(0),
            "float64" => Value::Float(0.0),
            _ => Value::Nil,
        }
    }

    /// Its static type, as errors name it.
    pub(crate) fn go_type(&self) -> &str {
        if self.boxed { "interface {}" } else { self.value.go_type() }
    }
}

/// The type of the elements; a named type such as `common.Values` has interfaces.
fn element_type(container: &str) -> &str {
    container.strip_prefix("map[string]").or_else(|| container.strip_prefix("[]")).unwrap_or("interface {}")
}

/// How a list of nodes was left.
#[derive(PartialEq, Eq)]
pub(crate) enum Flow {
    Next,
    Break,
    Continue,
}

/// An error on its way out.
pub(crate) enum Fault {
    /// About the part that was looked at last. The message may name another part.
    Here(Problem, Option<u32>),
    /// `call` of a value that is not a function, by the name that it has in the template.
    Called { operand: u32, go_type: Str },
    /// From another template, which gave it its place.
    There(Box<ExecError>),
}

pub(crate) type Eval<T> = Result<T, Box<Fault>>;

impl From<Problem> for Box<Fault> {
    fn from(problem: Problem) -> Self {
        Self::new(Fault::Here(problem, None))
    }
}

impl From<Limit> for Box<Fault> {
    fn from(limit: Limit) -> Self {
        Problem::Limit(limit).into()
    }
}

impl Interpreter<'_> {
    /// Executes a template in a frame of its own.
    pub(crate) fn run(&mut self, template: &Arc<Template>, dot: &Item) -> Result<(), Box<ExecError>> {
        let frame = std::mem::replace(&mut self.frame, self.variables.len());
        let at = std::mem::take(&mut self.at);
        self.variables.push(Some(dot.clone()));
        self.variables.resize(self.frame + template.slots, None);
        let slot = self.frame;
        self.tell(|tracer, out| tracer.enter(template, out.len(), slot));
        let result = self.list(template, dot, &template.root);
        let set = self.set;
        self.tell(|tracer, out| tracer.leave(out, template.file == *set.name()));
        let result = result.map(|_| ()).map_err(|fault| self.located(template, *fault));
        self.variables.truncate(self.frame);
        self.frame = frame;
        self.at = at;
        result
    }

    /// Gives an error that leaves a template its place in it.
    fn located(&self, template: &Template, fault: Fault) -> Box<ExecError> {
        let part = template.part(self.at);
        let (line, column) = template.place(part.map_or(0, |part| part.at()));
        let (mut problem, named) = match fault {
            Fault::There(mut error) => {
                let (template, file) = (template.name.clone(), template.file.clone());
                error.callers.push(Site { template, file, line, column });
                return error;
            }
            Fault::Here(problem, named) => (problem, named),
            Fault::Called { operand, go_type } => {
                let name = template.part(operand).map(|part| part.print(template)).unwrap_or_default();
                let error = format!("non-function {name} of type {go_type}").into();
                (Problem::Call { function: "call".into(), error }, None)
            }
        };
        let node = part.map(|part| part.print(template)).unwrap_or_default();
        let named = named.and_then(|id| template.part(id)).map(|part| part.print(template));
        problem.name_node(named.unwrap_or_else(|| node.clone()));
        let span = part.map(|part| part.span().clone()).unwrap_or_default();
        Box::new(ExecError {
            template: template.name.clone(),
            file: template.file.clone(),
            line,
            column,
            span: span.start as usize..span.end as usize,
            node,
            problem,
            callers: Vec::new(),
        })
    }

    pub(crate) fn step(&mut self) -> Result<(), Limit> {
        self.steps += 1;
        if self.steps > self.limits.steps { Err(Limit::Steps(self.limits.steps)) } else { Ok(()) }
    }

    fn write(&mut self, text: &[u8]) -> Result<(), Limit> {
        self.out.extend_from_slice(text);
        if self.out.len() > self.limits.output { Err(Limit::Output(self.limits.output)) } else { Ok(()) }
    }

    fn print(&mut self, value: &Value) -> Result<(), Limit> {
        match value {
            Value::Str(text) => self.write(text),
            Value::Nil => self.write(b"<no value>"),
            Value::Object(object) if let Some(text) = object.print_action() => self.write(&text),
            _ => fmt::print_within(&mut self.out, value, self.limits.output),
        }
    }

    fn list(&mut self, template: &Template, dot: &Item, list: &List) -> Eval<Flow> {
        self.check_stack()?;
        for node in list {
            self.step()?;
            let flow = match node {
                Node::Text(span) => {
                    self.tell(|tracer, out| tracer.literal(out.len(), span));
                    self.write(template.slice(span))?;
                    continue;
                }
                Node::Action(pipe) => {
                    self.tell(Tracer::begin);
                    let value = self.pipeline(dot, pipe)?;
                    if pipe.declared.is_empty() {
                        self.print(&value)?;
                    }
                    self.tell(|tracer, out| tracer.action(out, pipe.span.start));
                    continue;
                }
                Node::If(branch) => self.branch(template, dot, branch, false)?,
                Node::With(branch) => self.branch(template, dot, branch, true)?,
                Node::Range(range) => self.range(template, dot, range)?,
                Node::Template(call) => {
                    self.template(dot, call)?;
                    continue;
                }
                Node::Break => return Ok(Flow::Break),
                Node::Continue => return Ok(Flow::Continue),
            };
            if flow != Flow::Next {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    fn branch(&mut self, template: &Template, dot: &Item, branch: &Branch, with: bool) -> Eval<Flow> {
        for arm in &branch.arms {
            self.tell(Tracer::begin);
            let value = self.pipeline(dot, &arm.pipe)?;
            let truth = value.truth();
            if with && truth {
                self.tell(|tracer, _| tracer.open());
                let flow = self.list(template, &Item::plain(value), &arm.list);
                self.tell(|tracer, _| tracer.close());
                return flow;
            }
            self.tell(|tracer, _| tracer.condition());
            if truth {
                return self.list(template, dot, &arm.list);
            }
        }
        match &branch.otherwise {
            Some(list) => self.list(template, dot, list),
            None => Ok(Flow::Next),
        }
    }

    fn range(&mut self, template: &Template, dot: &Item, range: &Loop) -> Eval<Flow> {
        self.tell(Tracer::begin);
        let value = self.pipeline(dot, &range.pipe)?;
        let value = match &value {
            Value::Object(object) if matches!(object.kind(), "map" | "slice") => object.data(),
            _ => value,
        };
        self.tell(|tracer, _| tracer.iterates(&value));
        let flow = self.iterate(template, dot, range, &value);
        self.tell(|tracer, _| tracer.iterated());
        flow
    }

    fn iterate(&mut self, template: &Template, dot: &Item, range: &Loop, value: &Value) -> Eval<Flow> {
        let mut body = Body { template, range, run: false };
        match value {
            Value::Nil => {}
            Value::Int(kind, number) => {
                if range.pipe.declared.len() > 1 {
                    return Err(Problem::TooManyRangeVariables(fmt::sprint(value)).into());
                }
                for index in 0..(*number).max(0) {
                    let element = Item::plain(Value::Int(*kind, index));
                    if let Some(flow) = body.iterate(self, Item::default(), &element)? {
                        return Ok(flow);
                    }
                }
            }
            Value::List(list) => {
                for (index, element) in list.items().iter().enumerate() {
                    let element = Item::element(element.clone(), list.go_type());
                    if let Some(flow) = body.iterate(self, Item::plain(Value::int(index)), &element)? {
                        return Ok(flow);
                    }
                }
            }
            Value::Bytes(bytes) => {
                for (index, byte) in bytes.iter().enumerate() {
                    let element = Item::plain(Value::Int(crate::IntKind::Uint8, (*byte).into()));
                    if let Some(flow) = body.iterate(self, Item::plain(Value::int(index)), &element)? {
                        return Ok(flow);
                    }
                }
            }
            Value::Map(map) => {
                // The body may change the map; Go too takes the entries first.
                let entries: Vec<(Str, Value)> =
                    map.borrow().iter().map(|(key, value)| (key.clone(), value.clone())).collect();
                for (key, value) in entries {
                    let element = Item::element(value, map.go_type());
                    if let Some(flow) = body.iterate(self, Item::plain(Value::Str(key)), &element)? {
                        return Ok(flow);
                    }
                }
            }
            _ => return Err(Problem::NotIterable(fmt::sprint(value)).into()),
        }
        match &range.otherwise {
            // Go lets a `break` here end this loop, and a `continue` go on with the one around.
            Some(list) if !body.run => match self.list(template, dot, list)? {
                Flow::Continue => Ok(Flow::Continue),
                Flow::Break | Flow::Next => Ok(Flow::Next),
            },
            _ => Ok(Flow::Next),
        }
    }

    fn template(&mut self, dot: &Item, call: &Call) -> Eval<()> {
        self.at = call.id;
        let Some(template) = self.find(&call.name) else {
            return Err(Problem::NoTemplate(call.name.clone()).into());
        };
        if self.depth == self.limits.depth {
            return Err(Problem::Depth(self.limits.depth).into());
        }
        self.tell(|tracer, out| {
            tracer.begin(out);
            tracer.begin(out);
        });
        let value = match &call.pipe {
            Some(pipe) => self.pipeline(dot, pipe)?,
            None => Value::Nil,
        };
        self.depth += 1;
        self.tell(|tracer, _| tracer.calling());
        let result = self.run(&template, &Item::plain(value));
        self.tell(|tracer, out| tracer.action(out, call.span.start));
        self.depth -= 1;
        result.map_err(|error| {
            self.at = call.id;
            Box::new(Fault::There(error))
        })
    }

    pub(crate) fn assign(&mut self, declared: &Declared, item: Item) -> Eval<()> {
        match declared.slot {
            Some(slot) => {
                self.variables[self.frame + slot as usize] = Some(item);
                Ok(())
            }
            None => Err(Problem::UndefinedVariable(declared.name.clone()).into()),
        }
    }

    /// An error of a function, at its call.
    pub(crate) fn call_failed(name: &str, error: CallError) -> Box<Fault> {
        match error {
            CallError::Limit(limit) => limit.into(),
            error => Problem::Call { function: name.into(), error }.into(),
        }
    }
}

/// The body of a `range`.
struct Body<'t> {
    template: &'t Template,
    range: &'t Loop,
    run: bool,
}

impl Body<'_> {
    /// One iteration; how the loop is left, if it ends.
    fn iterate(&mut self, run: &mut Interpreter<'_>, index: Item, element: &Item) -> Eval<Option<Flow>> {
        self.run = true;
        run.step()?;
        let frame = run.frame;
        run.tell(|tracer, _| tracer.element(&index.value, &element.value, frame, &self.range.pipe.declared));
        match &*self.range.pipe.declared {
            [] => {}
            [variable] => run.assign(variable, element.clone())?,
            [first, second, ..] => {
                run.assign(first, index)?;
                run.assign(second, element.clone())?;
            }
        }
        let flow = run.list(self.template, element, &self.range.list)?;
        run.tell(|tracer, _| tracer.close());
        match flow {
            Flow::Break => Ok(Some(Flow::Next)),
            Flow::Next | Flow::Continue => Ok(None),
        }
    }
}
