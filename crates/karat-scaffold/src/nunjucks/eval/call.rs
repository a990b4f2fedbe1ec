//! Calls: macros, methods, functions of the language.

use std::cell::Cell;
use std::rc::Rc;

use super::{Definition, Evaluation, Given, Place};
use crate::nunjucks::ast::{Arguments, At, Expr, Kind, Macro};
use crate::nunjucks::budget::{Fault, Outcome};
use crate::nunjucks::expression::is_reserved;
use crate::nunjucks::scope::Scope;
use crate::nunjucks::value::{Cycler, Function, Value};
use crate::nunjucks::{convert, methods};

impl Evaluation {
    pub(super) fn given(&self, arguments: &Arguments, place: &Place) -> Outcome<Given> {
        let positional = arguments.positional.iter().map(|value| self.value(value, place)).collect::<Outcome<_>>()?;
        let mut keyword: Vec<(Rc<str>, Value)> = Vec::new();
        for (name, value) in &arguments.keyword {
            let value = self.value(value, place)?;
            keyword.retain(|(known, _)| known != name);
            keyword.push((Rc::clone(name), value));
        }
        Ok(Given { positional, keyword })
    }

    pub(super) fn call(&self, target: &Expr, arguments: &Arguments, place: &Place) -> Outcome<Value> {
        let function = match self.value(target, place)? {
            Value::Function(function) => function,
            other => {
                let name = path(target).map_or_else(|| "this".to_owned(), |path| format!("`{path}`"));
                return Err(Fault::new(format!("{name} is {}, not a function", other.kind())));
            }
        };
        let given = self.given(arguments, place)?;
        if let Function::Macro(id) = function {
            return self.expand(id, given);
        }
        if let Some((name, _)) = given.keyword.first() {
            return Err(Fault::new(format!("a function takes no named arguments, but is given `{name}`")));
        }
        if given.positional.iter().any(|value| matches!(value, Value::Function(_))) {
            return Err(Fault::new("a function is not a value: call it with ()"));
        }
        match function {
            Function::Macro(_) => Ok(Value::Undefined),
            Function::Method(receiver, name) => methods::invoke(&receiver, &name, &given, self.dialect, &self.budget),
            Function::Global(name) => self.global(&name, given),
            Function::Joiner(separator, used) => {
                Ok(Value::Text(if used.replace(true) { separator } else { "".into() }))
            }
            Function::CyclerNext(cycler) => {
                let turn = cycler.turn.get();
                let value = cycler.values.get(turn % cycler.values.len().max(1)).cloned();
                cycler.turn.set(turn % cycler.values.len().max(1) + 1);
                Ok(value.unwrap_or(Value::Undefined))
            }
            Function::CyclerReset(cycler) => {
                cycler.turn.set(0);
                Ok(Value::Undefined)
            }
            Function::Cycler(_) => Err(Fault::new("a cycler is asked by `.next()`")),
        }
    }

    pub(super) fn global(&self, name: &str, given: Given) -> Outcome<Value> {
        match name {
            "range" => methods::range(&given, &self.budget),
            "cycler" => {
                Ok(Value::Function(Function::Cycler(Rc::new(Cycler { values: given.positional, turn: Cell::new(0) }))))
            }
            "joiner" => {
                let separator = given.at(0);
                let separator =
                    if separator.truthy() { convert::to_text(separator, &self.budget)? } else { ",".into() };
                Ok(Value::Function(Function::Joiner(separator, Rc::default())))
            }
            _ => {
                // A step that failed ends a run here, so that no later step can ask after one.
                self.asked_for_status.set(true);
                Ok(Value::Bool(name == "always"))
            }
        }
    }

    pub(super) fn define(&self, body: &Rc<Macro>, scope: &Rc<Scope>) -> Value {
        let mut macros = self.macros.borrow_mut();
        macros.push(Definition { body: Rc::clone(body), scope: Rc::clone(scope) });
        Value::Function(Function::Macro(macros.len() - 1))
    }

    pub(super) fn call_block(
        &self,
        target: &Expr,
        arguments: &Arguments,
        caller: &Rc<Macro>,
        at: At,
        place: &Place,
        out: &mut String,
    ) -> Outcome<()> {
        let Value::Function(Function::Macro(id)) = self.value(target, place)? else {
            return Err(Fault::new("a call block calls a macro of this template").or_at(at));
        };
        let mut given = self.given(arguments, place)?;
        given.keyword.push(("caller".into(), self.define(caller, &place.scope)));
        let value = self.expand(id, given).map_err(|fault| fault.or_at(at))?;
        self.append(&convert::rendered(&value, &self.budget)?, None, place, out)
    }

    /// Runs a macro.
    pub(super) fn expand(&self, id: usize, mut given: Given) -> Outcome<Value> {
        let definition = self.macros.borrow().get(id).cloned();
        let Some(Definition { body, scope }) = definition else { return Ok(Value::Undefined) };
        let local = Scope::within(&scope, true);
        let required = body.parameters.iter().filter(|(_, default)| default.is_none()).count();
        // What is given beyond the parameters without a default goes to those with one, in order.
        let surplus = given.positional.split_off(required.min(given.positional.len()));
        for ((name, _), value) in body.parameters[required..].iter().zip(surplus) {
            given.keyword.retain(|(known, _)| known != name);
            given.keyword.push((Rc::clone(name), value));
        }
        let place = Place { scope: Rc::clone(&local), exported: false, top: false };
        let mut positional = given.positional.into_iter();
        let mut named = |name: &Rc<str>| {
            let at = given.keyword.iter().position(|(known, _)| known == name)?;
            Some(given.keyword.remove(at).1)
        };
        for (name, default) in &body.parameters {
            let value = match default {
                None => positional.next().or_else(|| named(name)).unwrap_or(Value::Undefined),
                Some(default) => match named(name) {
                    Some(value) => value,
                    None => self.value(default, &place)?,
                },
            };
            local.bind(name, value);
        }
        let caller: Rc<str> = "caller".into();
        if let Some(value) = named(&caller) {
            local.bind(&caller, value);
        }
        let mut text = String::new();
        self.nodes(&body.body, &place, &mut text)?;
        Ok(Value::Safe(text.into()))
    }
}

/// `a.b.c`, for messages.
fn path(expression: &Expr) -> Option<String> {
    match &expression.kind {
        Kind::Name(name) => Some(name.to_string()),
        Kind::Member(target, key) => match &key.kind {
            Kind::Text(key) if !is_reserved(key) => Some(format!("{}.{key}", path(target)?)),
            _ => None,
        },
        _ => None,
    }
}
