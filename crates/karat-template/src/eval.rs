//! Evaluating pipelines, commands and their operands, with text/template's rules for what fits where.

use crate::arguments::{count, fit, ideal, literal, nil_argument};
use crate::ast::{Command, Function, Kind, Operand, Pipe, Variable};
use crate::builtins::{self, Core};
use crate::exec::{Eval, Fault, Item};
use crate::trace::Tracer;
use crate::{Builtin, Interpreter, Map, MissingKey, Object, Problem, Signature, Str, Type, Value};

/// The steps of a call: a function takes about a microsecond, an action some fifty nanoseconds.
const CALL_STEPS: usize = 16;

impl Interpreter<'_> {
    /// The value of a pipeline, out of its interface; its variables are set.
    pub(crate) fn pipeline(&mut self, dot: &Item, pipe: &Pipe) -> Eval<Value> {
        self.at = pipe.id;
        self.tell(Tracer::begin);
        let mut value = None;
        for command in &pipe.commands {
            value = Some(self.command(dot, command, value)?);
        }
        let value = value.unwrap_or_default();
        for declared in &pipe.declared {
            self.assign(declared, Item::plain(value.clone()))?;
        }
        let frame = self.frame;
        self.tell(|tracer, _| tracer.assigned(frame, &pipe.declared));
        Ok(value)
    }

    /// `last` is the value of the command before, which comes as the last argument.
    fn command(&mut self, dot: &Item, command: &Command, last: Option<Value>) -> Eval<Value> {
        self.step()?;
        let first = &command.operands[0];
        let more = command.operands.len() > 1 || last.is_some();
        let constant = match &first.kind {
            Kind::Field(names) => {
                self.at = first.id;
                return Ok(self.fields_of_dot(dot, names, &command.operands, last)?.value);
            }
            Kind::Function(function) => {
                return self.function(dot, function, first.id, command.id, &command.operands, last);
            }
            Kind::Variable(variable) => {
                self.at = first.id;
                return Ok(self.variable(dot, variable, &command.operands, last)?.value);
            }
            Kind::Chain(inner, names) => {
                self.at = first.id;
                let inner = self.argument(dot, None, inner)?;
                return Ok(self.fields(dot, &inner, names, &command.operands, last)?.value);
            }
            Kind::Pipe(pipe) => {
                if more {
                    return not_a_function(first);
                }
                self.check_stack()?;
                return self.pipeline(dot, pipe);
            }
            constant => constant,
        };
        self.at = first.id;
        if more {
            return not_a_function(first);
        }
        match constant {
            Kind::Dot => Ok(self.dot(dot).value),
            Kind::Bool(truth) => Ok(Value::Bool(*truth)),
            Kind::Str(text) => Ok(Value::Str(text.clone())),
            Kind::Number(number) => ideal(number.ideal),
            _ => Err(Problem::NilCommand.into()),
        }
    }

    fn variable(&mut self, dot: &Item, variable: &Variable, operands: &[Operand], last: Option<Value>) -> Eval<Item> {
        let value = variable.slot.and_then(|slot| self.variables[self.frame + slot as usize].clone());
        let Some(value) = value else {
            return Err(Problem::UndefinedVariable(variable.name.clone()).into());
        };
        let slot = variable.slot.map(|slot| self.frame + slot as usize);
        if !variable.fields.is_empty() {
            return match self.tracer {
                None => self.fields(dot, &value, &variable.fields, operands, last),
                Some(_) => self.fields_traced(dot, &value, &variable.fields, operands, last, slot),
            };
        }
        if operands.len() > 1 || last.is_some() {
            return not_a_function(&operands[0]);
        }
        self.tell(|tracer, _| tracer.variable(slot, &value.value));
        Ok(value)
    }

    #[inline(always)]
    fn dot(&mut self, dot: &Item) -> Item {
        self.tell(|tracer, _| tracer.dot(&dot.value));
        dot.clone()
    }

    /// [`fields`](Self::fields) of the dot.
    #[inline(always)]
    fn fields_of_dot(&mut self, dot: &Item, names: &[Str], operands: &[Operand], last: Option<Value>) -> Eval<Item> {
        match self.tracer {
            None => self.fields(dot, dot, names, operands, last),
            Some(_) => self.fields_traced(dot, dot, names, operands, last, None),
        }
    }

    /// [`fields`](Self::fields) of the variable in a slot, or of the dot.
    #[cold]
    #[inline(never)]
    fn fields_traced(
        &mut self,
        dot: &Item,
        receiver: &Item,
        names: &[Str],
        operands: &[Operand],
        last: Option<Value>,
        slot: Option<usize>,
    ) -> Eval<Item> {
        self.tell(Tracer::begin);
        let item = self.fields(dot, receiver, names, operands, last)?;
        self.tell(|tracer, _| tracer.fields(slot, &item.value));
        Ok(item)
    }

    /// Evaluates `.X.Y.Z`, possibly followed by arguments, from `receiver` on.
    fn fields(
        &mut self,
        dot: &Item,
        receiver: &Item,
        names: &[Str],
        operands: &[Operand],
        mut last: Option<Value>,
    ) -> Eval<Item> {
        let mut current: Option<Item> = None;
        let end = names.len() - 1;
        for (index, name) in names.iter().enumerate() {
            let receiver = current.as_ref().unwrap_or(receiver);
            let (operands, last) = if index == end { (operands, last.take()) } else { (&[][..], None) };
            let next = match &receiver.value {
                Value::Map(map) if let Some(method) = self.set.functions().method(map.go_type(), name) => {
                    let (method, receiver) = (*method, receiver.value.clone());
                    self.map_method(dot, &method, receiver, operands, last)?
                }
                Value::Map(map) => {
                    if operands.len() > 1 || last.is_some() {
                        return Err(Problem::NotAMethod(name.clone()).into());
                    }
                    self.entry(map, name)?
                }
                Value::Nil if !receiver.boxed => match self.missing_key {
                    MissingKey::Error => return Err(Problem::NilData(name.clone()).into()),
                    _ => return Ok(Item::default()),
                },
                Value::Nil => {
                    let go_type = receiver.go_type().into();
                    return Err(Problem::NilPointer { go_type, field: name.clone() }.into());
                }
                Value::Object(object) => {
                    let object = object.clone();
                    let go_type: Str = receiver.go_type().into();
                    self.member(dot, &*object, go_type, name, operands, last)?
                }
                _ => {
                    let go_type = receiver.go_type().into();
                    return Err(Problem::NoField { go_type, field: name.clone() }.into());
                }
            };
            current = Some(next);
        }
        Ok(current.unwrap_or_default())
    }

    fn entry(&mut self, map: &Map, name: &Str) -> Eval<Item> {
        self.tell(|tracer, _| tracer.reads(map, name));
        if let Some(value) = map.borrow().get(name.as_bytes()) {
            return Ok(Item::element(value.clone(), map.go_type()));
        }
        match self.missing_key {
            MissingKey::Default => Ok(Item::default()),
            MissingKey::Zero => Ok(Item::element(Item::zero_element(map.go_type()), map.go_type())),
            MissingKey::Error => Err(Problem::NoKey(name.clone()).into()),
        }
    }

    /// Calls a method of a map's type.
    fn map_method(
        &mut self,
        dot: &Item,
        method: &Builtin,
        receiver: Value,
        operands: &[Operand],
        last: Option<Value>,
    ) -> Eval<Item> {
        let at = self.at;
        let mut arguments = self.arguments(dot, method.name, &method.signature, operands, last)?;
        arguments.insert(0, receiver);
        let result = (method.call)(self, &arguments);
        arguments.clear();
        self.spare.push(arguments);
        self.at = at;
        result.map(Item::plain).map_err(|error| Self::call_failed(method.name, error))
    }

    /// A method, field or entry of an object.
    fn member(
        &mut self,
        dot: &Item,
        object: &dyn Object,
        go_type: Str,
        name: &Str,
        operands: &[Operand],
        last: Option<Value>,
    ) -> Eval<Item> {
        let text = name.as_str().unwrap_or_default();
        let more = operands.len() > 1 || last.is_some();
        let signature = object.method(text);
        if signature.is_none() {
            if let Some(value) = object.field(text) {
                return if more {
                    Err(Problem::FieldNotInvocable(name.clone()).into())
                } else {
                    Ok(Item::plain(value))
                };
            }
            if object.kind() == "map"
                && let Value::Map(map) = object.data()
                && (!more || map.get(text).is_some())
            {
                // A method that does not tell its signature goes before an entry.
                if let Some(result) = object.call(text, &[]) {
                    return result.map(Item::plain).map_err(|error| Self::call_failed(text, error));
                }
                return if more { Err(Problem::NotAMethod(name.clone()).into()) } else { self.entry(&map, name) };
            }
        }
        let signature = signature.unwrap_or(Signature { params: &[], variadic: Some(Type::Any) });
        let at = self.at;
        let mut arguments = self.arguments(dot, text, &signature, operands, last)?;
        let result = object.call(text, &arguments);
        arguments.clear();
        self.spare.push(arguments);
        match result {
            Some(Ok(value)) => Ok(Item::plain(value)),
            Some(Err(error)) => {
                self.at = at;
                Err(Self::call_failed(text, error))
            }
            None => Err(Problem::NoField { go_type, field: name.clone() }.into()),
        }
    }

    /// Calls a function. Errors in its arguments are about them, its own about `call`.
    fn function(
        &mut self,
        dot: &Item,
        function: &Function,
        id: u32,
        call: u32,
        operands: &[Operand],
        last: Option<Value>,
    ) -> Eval<Value> {
        self.at = id;
        let builtin = match function {
            Function::Core(core) => return self.core(dot, *core, call, operands, last),
            Function::Host(builtin) => builtin,
        };
        self.tell(Tracer::begin);
        let mut arguments = self.arguments(dot, builtin.name, &builtin.signature, operands, last)?;
        self.tell(|tracer, _| tracer.calling());
        // A function does more than a step, and reads what it is given.
        let given: usize = arguments.iter().map(Value::length).sum();
        let result = self.work(CALL_STEPS + given / 1024).and_then(|()| (builtin.call)(self, &arguments));
        self.tell(|tracer, _| tracer.called(builtin.name, &arguments, &result));
        arguments.clear();
        self.spare.push(arguments);
        self.called(builtin.name, call, result)
    }

    /// What a function gave: errors get the call's place, long texts and lists count.
    fn called(&mut self, name: &str, call: u32, result: Result<Value, crate::CallError>) -> Eval<Value> {
        let result = result.and_then(|value| {
            match &value {
                Value::Str(text) | Value::Bytes(text) => self.charge(text.len())?,
                Value::List(list) => self.charge(size_of_val(list.items()))?,
                _ => {}
            }
            Ok(value)
        });
        result.map_err(|error| {
            self.at = call;
            Self::call_failed(name, error)
        })
    }

    /// Calls one of text/template's own functions.
    fn core(&mut self, dot: &Item, core: Core, call: u32, operands: &[Operand], last: Option<Value>) -> Eval<Value> {
        let (fixed, variadic) = core.arity();
        let given = operands.len() - 1;
        count(core.name(), fixed, variadic, given, given + usize::from(last.is_some()))?;
        match core {
            Core::And | Core::Or => return self.and_or(dot, core == Core::Or, &operands[1..], last),
            Core::Len => {
                let item = match last {
                    Some(value) => Item::plain(value),
                    None => self.argument(dot, Some(Type::Any), &operands[1])?,
                };
                return self.called("len", call, builtins::length(&item));
            }
            Core::Call => return self.call(dot, call, operands, last),
            Core::Printf => {
                // The one parameter that is not an `interface {}` or `reflect.Value`.
                const SIGNATURE: Signature = Signature { params: &[Type::String], variadic: Some(Type::Any) };
                let mut arguments = self.arguments(dot, "printf", &SIGNATURE, operands, last)?;
                let result = core.call(&arguments, self.limits.output);
                arguments.clear();
                self.spare.push(arguments);
                return self.called("printf", call, result);
            }
            _ => {}
        }
        let mut arguments = self.spare.pop().unwrap_or_default();
        for operand in &operands[1..] {
            arguments.push(self.argument(dot, Some(Type::Any), operand)?.value);
        }
        arguments.extend(last);
        let result = core.call(&arguments, self.limits.output);
        self.tell(|tracer, _| tracer.called(core.name(), &arguments, &result));
        arguments.clear();
        self.spare.push(arguments);
        self.called(core.name(), call, result)
    }

    fn and_or(&mut self, dot: &Item, or: bool, operands: &[Operand], last: Option<Value>) -> Eval<Value> {
        let mut value = Value::Nil;
        for (index, operand) in operands.iter().enumerate() {
            value = self.argument(dot, Some(Type::Any), operand)?.value;
            if value.truth() == or {
                for skipped in &operands[index + 1..] {
                    self.forget(skipped);
                }
                return Ok(value);
            }
        }
        Ok(last.unwrap_or(value))
    }

    /// Undoes the declarations of an argument that is not evaluated: Go would not have made them.
    fn forget(&mut self, operand: &Operand) {
        match &operand.kind {
            Kind::Chain(inner, _) => self.forget(inner),
            Kind::Pipe(pipe) => {
                for declared in pipe.declared.iter().filter(|_| !pipe.assign) {
                    let hidden = declared.hides.and_then(|slot| self.variables[self.frame + slot as usize].clone());
                    if let Some(slot) = declared.slot {
                        self.variables[self.frame + slot as usize] = hidden;
                    }
                }
                for operand in pipe.commands.iter().flat_map(|command| &command.operands) {
                    self.forget(operand);
                }
            }
            _ => {}
        }
    }

    /// `call`: no value is a function, so that it always fails.
    fn call(&mut self, dot: &Item, call: u32, operands: &[Operand], last: Option<Value>) -> Eval<Value> {
        let mut first = None;
        for operand in &operands[1..] {
            let value = self.argument(dot, Some(Type::Any), operand)?.value;
            first.get_or_insert(value);
        }
        self.at = call;
        let go_type = |value: &Value| Str::from(value.go_type());
        Err(match (first.or(last), operands.get(1)) {
            (None | Some(Value::Nil), _) => Self::call_failed("call", "call of nil".into()),
            (Some(value), Some(operand)) => Box::new(Fault::Called { operand: operand.id, go_type: go_type(&value) }),
            // There is no text of it at the call: Go says the value, if it is a string.
            (Some(Value::Str(text)), None) => {
                Self::call_failed("call", format!("non-function {text} of type string").into())
            }
            (Some(value), None) => {
                let go_type = go_type(&value);
                Self::call_failed("call", format!("non-function <{go_type} Value> of type {go_type}").into())
            }
        })
    }

    /// The arguments of a call, checked against its signature.
    fn arguments(
        &mut self,
        dot: &Item,
        name: &str,
        signature: &Signature,
        operands: &[Operand],
        last: Option<Value>,
    ) -> Eval<Vec<Value>> {
        let operands = operands.get(1..).unwrap_or_default();
        let total = operands.len() + usize::from(last.is_some());
        count(name, signature.params.len(), signature.variadic.is_some(), operands.len(), total)?;
        let parameter = |index: usize| signature.params.get(index).copied().or(signature.variadic).unwrap_or(Type::Any);
        let mut arguments = self.spare.pop().unwrap_or_default();
        for (index, operand) in operands.iter().enumerate() {
            arguments.push(self.argument(dot, Some(parameter(index)), operand)?.value);
        }
        if let Some(value) = last {
            arguments.push(fit(Item::plain(value), parameter(operands.len()))?);
        }
        Ok(arguments)
    }

    /// An operand as an argument of that type; `None` is whatever it is.
    fn argument(&mut self, dot: &Item, wanted: Option<Type>, operand: &Operand) -> Eval<Item> {
        self.at = operand.id;
        let item = match &operand.kind {
            Kind::Dot => self.dot(dot),
            Kind::Field(names) => self.fields_of_dot(dot, names, &[], None)?,
            Kind::Variable(variable) => self.variable(dot, variable, &[], None)?,
            Kind::Pipe(pipe) => {
                self.check_stack()?;
                Item::plain(self.pipeline(dot, pipe)?)
            }
            Kind::Function(function) => {
                let alone = std::slice::from_ref(operand);
                Item::plain(self.function(dot, function, operand.id, operand.id, alone, None)?)
            }
            Kind::Chain(inner, names) => {
                let inner = self.argument(dot, None, inner)?;
                self.fields(dot, &inner, names, &[], None)?
            }
            Kind::Nil => return nil_argument(wanted.unwrap_or(Type::Any)).map(Item::plain),
            constant => return literal(constant, wanted.unwrap_or(Type::Any)).map(Item::plain),
        };
        match wanted {
            None | Some(Type::Any) => Ok(item),
            Some(wanted) => fit(item, wanted).map(Item::plain),
        }
    }
}

fn not_a_function<T>(operand: &Operand) -> Eval<T> {
    Err(Box::new(Fault::Here(Problem::NotAFunction { node: Str::new() }, Some(operand.id))))
}
