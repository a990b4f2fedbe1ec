//! Members, methods, slices and ranges: the part of JavaScript's objects that templates see.

mod list;
mod sort;
mod text;

use std::rc::Rc;

use super::budget::{Budget, Fault, Outcome};
use super::convert::{from_units, strict_equal, to_integer, to_number, to_text, units};
use super::eval::Given;
use super::expression::is_reserved;
use super::value::{Function, Record, Value};
use super::{Dialect, number};

pub(super) use list::joined;
pub(super) use sort::sorted;

/// The most items that a list may get.
const ITEMS: usize = 100_000;

const TEXT_METHODS: [&str; 17] = [
    "charAt",
    "charCodeAt",
    "concat",
    "endsWith",
    "includes",
    "indexOf",
    "lastIndexOf",
    "replace",
    "slice",
    "split",
    "startsWith",
    "substring",
    "toLowerCase",
    "toUpperCase",
    "trim",
    "trimEnd",
    "trimStart",
];
const NUMBER_METHODS: [&str; 2] = ["toFixed", "toString"];
const LIST_METHODS: [&str; 15] = [
    "at",
    "concat",
    "flat",
    "includes",
    "indexOf",
    "join",
    "lastIndexOf",
    "pop",
    "push",
    "reverse",
    "shift",
    "slice",
    "sort",
    "splice",
    "unshift",
];
/// Of Jinja, for templates made for cookiecutter.
const JINJA_LIST_METHODS: [&str; 6] = ["append", "count", "find", "index", "insert", "remove"];
const JINJA_RECORD_METHODS: [&str; 5] = ["get", "has_key", "items", "keys", "values"];

/// What `key` names of `target`: its own value, else a method, else undefined.
pub(super) fn member(target: &Value, key: &Rc<str>, dialect: Dialect) -> Outcome<Value> {
    if is_reserved(key) {
        return Err(Fault::new(format!("`{key}` is reserved")));
    }
    if let Some(value) = own(target, key) {
        return Ok(value);
    }
    let known = |names: &[&str]| names.contains(&&**key);
    let found = match target {
        Value::Text(_) | Value::Safe(_) => known(&TEXT_METHODS),
        Value::Number(_) => known(&NUMBER_METHODS),
        Value::List(_) => known(&LIST_METHODS) || dialect.cookiecutter && known(&JINJA_LIST_METHODS),
        Value::Record(_) => dialect.cookiecutter && known(&JINJA_RECORD_METHODS),
        Value::Regex(_) => &**key == "test",
        Value::Function(Function::Cycler(cycler)) => {
            return Ok(match &**key {
                "next" => Value::Function(Function::CyclerNext(Rc::clone(cycler))),
                "reset" => Value::Function(Function::CyclerReset(Rc::clone(cycler))),
                "current" => match cycler.turn.get() {
                    0 => Value::Null,
                    turn => cycler.values.get(turn - 1).cloned().unwrap_or(Value::Undefined),
                },
                _ => Value::Undefined,
            });
        }
        _ => false,
    };
    Ok(if found {
        Value::Function(Function::Method(Box::new(target.clone()), Rc::clone(key)))
    } else {
        Value::Undefined
    })
}

/// A value that `target` itself has at `key`.
pub(super) fn own(target: &Value, key: &str) -> Option<Value> {
    let index = || {
        let index: usize = key.parse().ok()?;
        (index.to_string() == key).then_some(index)
    };
    match target {
        Value::Record(record) => record.get(key).cloned(),
        Value::List(list) if key == "length" => Some(Value::Number(list.items().len() as f64)),
        Value::List(list) => list.items().get(index()?).cloned(),
        Value::Text(text) | Value::Safe(text) if key == "length" => Some(Value::Number(length(text))),
        Value::Safe(text) if key == "val" => Some(Value::Text(Rc::clone(text))),
        Value::Text(text) | Value::Safe(text) => {
            text.encode_utf16().nth(index()?).map(|unit| Value::text(from_units(&[unit])))
        }
        _ => None,
    }
}

/// The length of a text in UTF-16 code units.
pub(super) fn length(text: &str) -> f64 {
    if text.is_ascii() { text.len() as f64 } else { text.encode_utf16().count() as f64 }
}

/// `needle in list`.
pub(super) fn contains(list: &Value, needle: &Value, budget: &Budget) -> Outcome<bool> {
    match list {
        Value::Text(text) => Ok(text.contains(&*to_text(needle, budget)?)),
        Value::Safe(_) => Ok(matches!(&*to_text(needle, budget)?, "length" | "val")),
        Value::List(list) => {
            budget.spend(list.items().len())?;
            Ok(list.items().iter().any(|item| strict_equal(item, needle)))
        }
        Value::Record(record) => Ok(record.get(&to_text(needle, budget)?).is_some()),
        other => Err(Fault::new(format!("`in` looks into a list, an object or a string, not into {}", other.kind()))),
    }
}

/// `target[start:stop:step]`.
pub(super) fn slice(
    target: &Value,
    start: Option<Value>,
    stop: Option<Value>,
    step: Option<Value>,
    budget: &Budget,
) -> Outcome<Value> {
    // What is no list has no length, and a slice of it without an end does not end: the budget does.
    let empty = Value::list(Vec::new());
    let target = if target.truthy() { target } else { &empty };
    let units = target.as_text().map(|text| units(text));
    budget.spend(units.as_ref().map_or(0, Vec::len))?;
    let length = match own(target, "length") {
        Some(length) => to_number(&length, budget)?,
        None => f64::NAN,
    };
    let numeric = |value: Option<Value>| {
        value.filter(|value| !matches!(value, Value::Null)).map(|value| to_number(&value, budget)).transpose()
    };
    let step = numeric(step)?.unwrap_or(1.0);
    if !step.is_finite() || step == 0.0 {
        return Err(Fault::new("the step of a slice is a number other than 0"));
    }
    let wrapped = |at: f64| if at < 0.0 { at + length } else { at };
    let stop = numeric(stop)?.map_or(if step < 0.0 { -1.0 } else { length }, wrapped);
    let mut at = wrapped(numeric(start)?.unwrap_or(if step < 0.0 { length - 1.0 } else { 0.0 }));
    let mut part = Vec::new();
    while !(at < 0.0 || at > length || step > 0.0 && at >= stop || step < 0.0 && at <= stop) {
        budget.spend(1)?;
        room(part.len() + 1)?;
        let found = match &units {
            Some(units) if at.fract() == 0.0 => units.get(at as usize).map(|unit| Value::text(from_units(&[*unit]))),
            Some(_) => None,
            None => own(target, &number::text(at)),
        };
        part.push(found.unwrap_or(Value::Undefined));
        at += step;
    }
    Ok(Value::list(part))
}

/// `range(stop)`, `range(start, stop, step)`.
pub(super) fn range(given: &Given, budget: &Budget) -> Outcome<Value> {
    if given.positional.len() > 3 {
        return Err(Fault::new("`range` takes at most 3 arguments: start, stop, step"));
    }
    let (start, stop) = match given.at(1) {
        Value::Undefined => (0.0, to_number(given.at(0), budget)?),
        stop => (to_number(given.at(0), budget)?, to_number(stop, budget)?),
    };
    let step = match given.at(2) {
        step if step.truthy() && !matches!(given.at(1), Value::Undefined) => to_number(step, budget)?,
        _ => 1.0,
    };
    let mut items = Vec::new();
    let mut at = start;
    while if step > 0.0 { at < stop } else { at > stop } {
        room(items.len() + 1)?;
        budget.spend(1)?;
        items.push(Value::Number(at));
        at += step;
    }
    Ok(Value::list(items))
}

/// Whether a list may have so many items.
pub(super) fn room(items: usize) -> Outcome<()> {
    if items > ITEMS { Err(Fault::new(format!("a list has more than {ITEMS} items"))) } else { Ok(()) }
}

/// Calls a method.
pub(super) fn invoke(receiver: &Value, name: &str, given: &Given, dialect: Dialect, budget: &Budget) -> Outcome<Value> {
    match receiver {
        Value::Text(text) | Value::Safe(text) => text::invoke(text, name, given, budget),
        Value::Number(number) => of_number(*number, name, given, budget),
        Value::List(list) => list::invoke(list, name, given, dialect, budget),
        Value::Record(record) => of_record(record, name, given, budget),
        Value::Regex(regex) => {
            arguments(name, given, 1, 1)?;
            Ok(Value::Bool(regex.test(&to_text(given.at(0), budget)?)))
        }
        other => Err(Fault::new(format!("{} has no method `{name}`", other.kind()))),
    }
}

fn arguments(name: &str, given: &Given, least: usize, most: usize) -> Outcome<()> {
    let count = given.positional.len();
    if (least..=most).contains(&count) {
        return Ok(());
    }
    let expected = if least == most { least.to_string() } else { format!("{least} to {most}") };
    Err(Fault::new(format!("`{name}` takes {expected} arguments, not {count}")))
}

/// An integer argument cut to `0..=length`; negative ones count from the end if `wraps`.
fn position(value: &Value, missing: f64, length: usize, wraps: bool, budget: &Budget) -> Outcome<usize> {
    let at = if matches!(value, Value::Undefined) { missing } else { to_integer(value, budget)? };
    let at = if wraps && at < 0.0 { at + length as f64 } else { at };
    Ok(at.clamp(0.0, length as f64) as usize)
}

fn of_number(value: f64, name: &str, given: &Given, budget: &Budget) -> Outcome<Value> {
    arguments(name, given, 0, 1)?;
    let argument = match given.at(0) {
        Value::Undefined => None,
        argument => Some(to_integer(argument, budget)?),
    };
    match name {
        "toFixed" => match argument.unwrap_or(0.0) {
            digits @ 0.0..=100.0 => Ok(Value::text(number::fixed(value, digits as usize))),
            _ => Err(Fault::new("`toFixed` takes 0 to 100 digits")),
        },
        _ => match argument.unwrap_or(10.0) {
            radix @ 2.0..=36.0 => number::in_radix(value, radix as u32)
                .map(Value::text)
                .ok_or_else(|| Fault::new("only whole numbers are written in a base other than 10")),
            _ => Err(Fault::new("`toString` takes a base from 2 to 36")),
        },
    }
}

fn of_record(record: &Record, name: &str, given: &Given, budget: &Budget) -> Outcome<Value> {
    let entries = record.entries().iter();
    let key = |key: &Rc<str>| Value::Text(Rc::clone(key));
    Ok(match name {
        "get" => {
            arguments(name, given, 1, 2)?;
            record.get(&to_text(given.at(0), budget)?).unwrap_or(given.at(1)).clone()
        }
        "has_key" => {
            arguments(name, given, 1, 1)?;
            Value::Bool(record.get(&to_text(given.at(0), budget)?).is_some())
        }
        "keys" => Value::list(entries.map(|(name, _)| key(name)).collect()),
        "values" => Value::list(entries.map(|(_, value)| value.clone()).collect()),
        _ => Value::list(entries.map(|(name, value)| Value::list(vec![key(name), value.clone()])).collect()),
    })
}
