//! Evaluation: from nodes and variables to text, or to one value.

mod call;
mod repeat;

use std::cell::{Cell, RefCell};
use std::cmp::Ordering;
use std::rc::Rc;

use super::ast::{Comparison, Expr, Kind, Macro, Node, Operator};
use super::budget::{Budget, Fault, Outcome};
use super::scope::Scope;
use super::value::{Function, Value};
use super::{Dialect, convert, filters, json, methods, number, predicates, regex};

/// How many nodes and expressions may be under evaluation at a time, macros that call macros included.
const RUN_DEPTH: usize = 150;

/// Evaluated arguments.
#[derive(Debug, Default)]
pub(super) struct Given {
    pub(super) positional: Vec<Value>,
    pub(super) keyword: Vec<(Rc<str>, Value)>,
}

impl Given {
    /// The argument at `index`, or undefined.
    pub(super) fn at(&self, index: usize) -> &Value {
        self.positional.get(index).unwrap_or(&Value::Undefined)
    }
}

/// One rendering.
pub(super) struct Evaluation {
    pub(super) dialect: Dialect,
    pub(super) budget: Budget,
    depth: Cell<usize>,
    macros: RefCell<Vec<Definition>>,
    /// What macros see: what the template was given and what it sets outside loops and macros.
    exports: Rc<Scope>,
    /// Beside the text, what each output would be as JSON; see [`Evaluation::outputs`].
    pub(super) encoded: RefCell<Option<String>>,
    /// Whether `always()` or `failure()` was asked.
    pub(super) asked_for_status: Cell<bool>,
}

#[derive(Clone)]
struct Definition {
    body: Rc<Macro>,
    /// Around the body.
    scope: Rc<Scope>,
}

/// Where a node stands.
#[derive(Clone)]
struct Place {
    scope: Rc<Scope>,
    /// Outside loops, macros and blocks: what is set here, macros see.
    exported: bool,
    /// Output goes to the template's own, not into a capture.
    top: bool,
}

impl Evaluation {
    pub(super) fn new(dialect: Dialect, context: impl IntoIterator<Item = (Rc<str>, Value)>, budget: Budget) -> Self {
        let context = Scope::root(context);
        Self {
            dialect,
            budget,
            depth: Cell::new(0),
            macros: RefCell::default(),
            exports: Scope::within(&context, true),
            encoded: RefCell::default(),
            asked_for_status: Cell::default(),
        }
    }

    /// Renders the nodes.
    pub(super) fn render(&self, nodes: &[Node]) -> Outcome<String> {
        let place = Place { scope: Scope::within(&self.exports, true), exported: true, top: true };
        let mut out = String::new();
        self.nodes(nodes, &place, &mut out)?;
        Ok(out)
    }

    fn nodes(&self, nodes: &[Node], place: &Place, out: &mut String) -> Outcome<()> {
        nodes.iter().try_for_each(|node| self.node(node, place, out))
    }

    fn node(&self, node: &Node, place: &Place, out: &mut String) -> Outcome<()> {
        self.deeper(|| match node {
            Node::Text(text) => self.append(text, None, place, out),
            Node::Output(expression) => self.output(expression, place, out),
            Node::If { branches, otherwise } => {
                for (condition, body) in branches {
                    if self.value(condition, place)?.truthy() {
                        return self.nodes(body, place, out);
                    }
                }
                self.nodes(otherwise, place, out)
            }
            Node::For(parts) => self.repeat(parts, place, out),
            Node::Set { targets, value } => {
                let value = self.value(value, place)?;
                for target in targets {
                    place.scope.assign(target, value.clone());
                    if place.exported {
                        self.exports.bind(target, value.clone());
                    }
                }
                Ok(())
            }
            Node::Macro(body) => {
                let function = self.define(body, &self.exports);
                place.scope.bind(&body.name, function.clone());
                self.exports.bind(&body.name, function);
                Ok(())
            }
            Node::Call { target, arguments, caller, at } => self.call_block(target, arguments, caller, *at, place, out),
            Node::Block(body) => {
                let inner = Place { scope: Scope::within(&place.scope, true), exported: false, top: place.top };
                self.nodes(body, &inner, out)
            }
            Node::Switch { subject, cases, default } => self.switch(subject, cases, default, place, out),
        })
    }

    fn output(&self, expression: &Expr, place: &Place, out: &mut String) -> Outcome<()> {
        let value = self.value(expression, place)?;
        let wants_json = place.top && self.encoded.borrow().is_some();
        let rendered = convert::rendered(&value, &self.budget).map_err(|fault| fault.or_at(expression.at))?;
        let encoded = if wants_json { json::stringify(&value, "", &self.budget)? } else { None };
        self.append(&rendered, wants_json.then(|| encoded.as_deref().unwrap_or_default()), place, out)
    }

    fn append(&self, text: &str, encoded: Option<&str>, place: &Place, out: &mut String) -> Outcome<()> {
        self.budget.grow(out.len(), text.len())?;
        out.push_str(text);
        if place.top
            && let Some(all) = self.encoded.borrow_mut().as_mut()
        {
            all.push_str(encoded.unwrap_or(text));
        }
        Ok(())
    }

    fn capture(&self, nodes: &[Node], scope: &Rc<Scope>) -> Outcome<String> {
        let mut out = String::new();
        self.nodes(nodes, &Place { scope: Rc::clone(scope), exported: false, top: false }, &mut out)?;
        Ok(out)
    }

    fn switch(
        &self,
        subject: &Expr,
        cases: &[(Expr, Vec<Node>)],
        default: &[Node],
        place: &Place,
        out: &mut String,
    ) -> Outcome<()> {
        let subject = self.value(subject, place)?;
        let mut matched = false;
        for (value, body) in cases {
            matched = matched || convert::strict_equal(&subject, &self.value(value, place)?);
            if matched && !body.is_empty() {
                return self.nodes(body, place, out);
            }
        }
        self.nodes(default, place, out)
    }

    /// Evaluates an expression; a fault gets its place.
    fn value(&self, expression: &Expr, place: &Place) -> Outcome<Value> {
        self.deeper(|| self.kind(expression, place)).map_err(|fault| fault.or_at(expression.at))
    }

    fn kind(&self, expression: &Expr, place: &Place) -> Outcome<Value> {
        let budget = &self.budget;
        match &expression.kind {
            Kind::Null => Ok(Value::Null),
            Kind::Bool(value) => Ok(Value::Bool(*value)),
            Kind::Number(number) => Ok(Value::Number(*number)),
            Kind::Text(text) => Ok(Value::Text(Rc::clone(text))),
            Kind::Regex { source, flags } => Ok(Value::Regex(Rc::new(regex::compiled(source, flags)?))),
            Kind::Name(name) => Ok(self.name(name, &place.scope)),
            Kind::List(items) => Ok(Value::list(self.all(items, place)?)),
            Kind::Group(items) => Ok(self.all(items, place)?.pop().unwrap_or(Value::Undefined)),
            Kind::Dict(entries) => self.dict(entries, place),
            Kind::Member(target, key) => {
                let target = self.value(target, place)?;
                let key = convert::to_text(&self.value(key, place)?, budget)?;
                methods::member(&target, &key, self.dialect)
            }
            Kind::Slice { target, start, stop, step } => {
                let target = self.value(target, place)?;
                let part = |part: &Option<Box<Expr>>| part.as_ref().map(|part| self.value(part, place)).transpose();
                methods::slice(&target, part(start)?, part(stop)?, part(step)?, budget)
            }
            Kind::If { then, condition, otherwise } => match (self.value(condition, place)?.truthy(), otherwise) {
                (true, _) => self.value(then, place),
                (false, Some(otherwise)) => self.value(otherwise, place),
                (false, None) => Ok(Value::text("")),
            },
            Kind::Or(left, right) => {
                let left = self.value(left, place)?;
                if left.truthy() { Ok(left) } else { self.value(right, place) }
            }
            Kind::And(left, right) => {
                let left = self.value(left, place)?;
                if left.truthy() { self.value(right, place) } else { Ok(left) }
            }
            Kind::Not(target) => Ok(Value::Bool(!self.value(target, place)?.truthy())),
            Kind::Negative(target) => Ok(Value::Number(-self.number(target, place)?)),
            Kind::Positive(target) => Ok(Value::Number(self.number(target, place)?)),
            Kind::Floor(target) => Ok(Value::Number(self.number(target, place)?.floor())),
            Kind::Binary(operator, left, right) => {
                let (left, right) = (self.value(left, place)?, self.value(right, place)?);
                self.binary(*operator, &left, &right)
            }
            Kind::Compare(first, rest) => self.comparison(first, rest, place),
            Kind::In(needle, list) => {
                let needle = self.value(needle, place)?;
                methods::contains(&self.value(list, place)?, &needle, budget).map(Value::Bool)
            }
            Kind::Is { input, test, arguments } => {
                let input = self.value(input, place)?;
                let given = self.given(arguments, place)?;
                predicates::test(test, &input, &given, budget).map(Value::Bool)
            }
            Kind::Filter { input, name, arguments } => {
                let input = self.value(input, place)?;
                let given = self.given(arguments, place)?;
                filters::apply(name, &input, given, self.dialect, budget)
            }
            Kind::Call { target, arguments } => self.call(target, arguments, place),
            Kind::Capture(nodes) => self.capture(nodes, &Scope::within(&place.scope, false)).map(Value::text),
        }
    }

    fn all(&self, items: &[Expr], place: &Place) -> Outcome<Vec<Value>> {
        items.iter().map(|item| self.value(item, place).and_then(no_function)).collect()
    }

    fn dict(&self, entries: &[(Rc<str>, Expr)], place: &Place) -> Outcome<Value> {
        let entries: Outcome<Vec<_>> = entries
            .iter()
            .map(|(key, value)| Ok((Rc::clone(key), self.value(value, place).and_then(no_function)?)))
            .collect();
        Ok(Value::record(entries?))
    }

    fn number(&self, expression: &Expr, place: &Place) -> Outcome<f64> {
        convert::to_number(&self.value(expression, place)?, &self.budget)
    }

    fn binary(&self, operator: Operator, left: &Value, right: &Value) -> Outcome<Value> {
        match operator {
            Operator::Add => return convert::add(left, right, &self.budget),
            Operator::Concat => return convert::concat(left, right, &self.budget),
            _ => {}
        }
        let (left, right) = (convert::to_number(left, &self.budget)?, convert::to_number(right, &self.budget)?);
        Ok(Value::Number(match operator {
            Operator::Subtract => left - right,
            Operator::Multiply => left * right,
            Operator::Divide => left / right,
            Operator::Remainder => left % right,
            _ => number::power(left, right),
        }))
    }

    fn comparison(&self, first: &Expr, rest: &[(Comparison, Expr)], place: &Place) -> Outcome<Value> {
        let mut left = self.value(first, place)?;
        for (comparison, right) in rest {
            let right = self.value(right, place)?;
            let ordered = |holds: fn(Ordering) -> bool| -> Outcome<bool> {
                Ok(convert::order(&left, &right, &self.budget)?.is_some_and(holds))
            };
            left = Value::Bool(match comparison {
                Comparison::Equal => convert::loose_equal(&left, &right, &self.budget)?,
                Comparison::NotEqual => !convert::loose_equal(&left, &right, &self.budget)?,
                Comparison::StrictEqual => convert::strict_equal(&left, &right),
                Comparison::StrictNotEqual => !convert::strict_equal(&left, &right),
                Comparison::Less => ordered(Ordering::is_lt)?,
                Comparison::LessOrEqual => ordered(Ordering::is_le)?,
                Comparison::Greater => ordered(Ordering::is_gt)?,
                Comparison::GreaterOrEqual => ordered(Ordering::is_ge)?,
            });
        }
        Ok(left)
    }

    fn name(&self, name: &Rc<str>, scope: &Scope) -> Value {
        if let Some(value) = scope.get(name) {
            return value;
        }
        match &**name {
            "True" if self.dialect.cookiecutter => Value::Bool(true),
            "False" if self.dialect.cookiecutter => Value::Bool(false),
            "None" if self.dialect.cookiecutter => Value::Null,
            "range" | "cycler" | "joiner" => Value::Function(Function::Global(Rc::clone(name))),
            "always" | "failure" if self.dialect.status => Value::Function(Function::Global(Rc::clone(name))),
            _ => Value::Undefined,
        }
    }

    fn deeper<T>(&self, evaluate: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
        self.budget.spend(1)?;
        let depth = self.depth.get();
        if depth >= RUN_DEPTH {
            return Err(Fault::new(format!(
                "the template is more than {RUN_DEPTH} deep, or a macro calls itself without end"
            )));
        }
        self.depth.set(depth + 1);
        let outcome = evaluate();
        self.depth.set(depth);
        outcome
    }
}

fn no_function(value: Value) -> Outcome<Value> {
    match value {
        Value::Function(_) => Err(Fault::new("a function is not a value: call it with ()")),
        value => Ok(value),
    }
}
