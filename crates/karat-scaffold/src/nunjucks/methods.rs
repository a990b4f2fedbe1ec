//! Members, methods, slices and ranges: the part of JavaScript's objects that templates see.

use std::cmp::Ordering;
use std::rc::Rc;

use super::budget::{Budget, Fault, Outcome};
use super::convert::{self, from_units, order, strict_equal, to_integer, to_number, to_text, units};
use super::eval::Given;
use super::expression::is_reserved;
use super::value::{Function, List, Record, Value};
use super::{Dialect, number};

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
        Value::Text(text) | Value::Safe(text) => of_text(text, name, given, budget),
        Value::Number(number) => of_number(*number, name, given, budget),
        Value::List(list) => of_list(list, name, given, dialect, budget),
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

fn of_text(text: &Rc<str>, name: &str, given: &Given, budget: &Budget) -> Outcome<Value> {
    let (least, most) = match name {
        "replace" => (2, 2),
        "split" | "slice" | "substring" => (0, 2),
        "includes" | "startsWith" | "endsWith" | "indexOf" | "lastIndexOf" => (1, 2),
        "charAt" | "charCodeAt" => (0, 1),
        "concat" => (0, usize::MAX),
        _ => (0, 0),
    };
    arguments(name, given, least, most)?;
    budget.text(text.len())?;
    let all = || units(text);
    let cut = |range: std::ops::Range<usize>| Value::text(from_units(&all()[range]));
    let count = length(text) as usize;
    let (first, second) = (given.at(0), given.at(1));
    Ok(match name {
        "trim" => Value::text(text.trim_matches(number::is_space)),
        "trimStart" => Value::text(text.trim_start_matches(number::is_space)),
        "trimEnd" => Value::text(text.trim_end_matches(number::is_space)),
        "toLowerCase" => Value::text(text.to_lowercase()),
        "toUpperCase" => Value::text(text.to_uppercase()),
        "concat" => {
            let mut joined = text.to_string();
            for value in &given.positional {
                let value = to_text(value, budget)?;
                budget.grow(joined.len(), value.len())?;
                joined.push_str(&value);
            }
            Value::text(joined)
        }
        "charAt" => {
            let at = to_integer(first, budget)?;
            if at < 0.0 || at >= count as f64 { Value::text("") } else { cut(at as usize..at as usize + 1) }
        }
        "charCodeAt" => {
            let at = to_integer(first, budget)?;
            let unit = if at < 0.0 { None } else { all().get(at as usize).copied() };
            Value::Number(unit.map_or(f64::NAN, f64::from))
        }
        "slice" => {
            let start = position(first, 0.0, count, true, budget)?;
            let stop = position(second, count as f64, count, true, budget)?;
            cut(start..stop.max(start))
        }
        "substring" => {
            let start = position(first, 0.0, count, false, budget)?;
            let stop = position(second, count as f64, count, false, budget)?;
            cut(start.min(stop)..start.max(stop))
        }
        "split" => split(text, first, second, budget)?,
        "replace" => {
            let replacement = to_text(second, budget)?;
            match first {
                Value::Regex(regex) => Value::text(regex.replace(text, &replacement, budget)?),
                _ => {
                    let needle = to_text(first, budget)?;
                    budget.text(text.len() + replacement.len())?;
                    // `$` patterns count in a plain replacement too.
                    let plain = super::regex::compiled(&regex::escape(&needle), "")?;
                    Value::text(plain.replace(text, &replacement, budget)?)
                }
            }
        }
        _ => {
            let needle = units(&to_text(first, budget)?);
            find(&all(), &needle, name, second, budget)?
        }
    })
}

fn split(text: &str, separator: &Value, limit: &Value, budget: &Budget) -> Outcome<Value> {
    let limit = match limit {
        Value::Undefined => usize::MAX,
        limit => {
            let number = to_number(limit, budget)?;
            if number.is_finite() { number.trunc().rem_euclid(4_294_967_296.0) as usize } else { 0 }
        }
    };
    let parts: Vec<Value> = match separator {
        Value::Undefined => vec![Value::text(text)],
        Value::Regex(regex) => {
            let parts = regex.split(text, budget)?;
            parts.into_iter().map(|part| part.map_or(Value::Undefined, Value::text)).collect()
        }
        separator => {
            let separator = to_text(separator, budget)?;
            if separator.is_empty() {
                units(text).iter().map(|unit| Value::text(from_units(&[*unit]))).collect()
            } else {
                text.split(&*separator).map(Value::text).collect()
            }
        }
    };
    room(parts.len())?;
    budget.spend(parts.len())?;
    Ok(Value::list(parts.into_iter().take(limit).collect()))
}

/// `includes`, `startsWith`, `endsWith`, `indexOf`, `lastIndexOf` of code units.
fn find(all: &[u16], needle: &[u16], name: &str, from: &Value, budget: &Budget) -> Outcome<Value> {
    let count = all.len();
    budget.spend(1 + count / 8)?;
    let at = |index: usize| all[index..].starts_with(needle);
    let last = count.saturating_sub(needle.len());
    let fits = needle.len() <= count;
    let start = position(from, 0.0, count, false, budget)?;
    let first = || (start..=last).find(|index| fits && at(*index));
    Ok(match name {
        "startsWith" => Value::Bool(all[start..].starts_with(needle)),
        "endsWith" => Value::Bool(all[..position(from, count as f64, count, false, budget)?].ends_with(needle)),
        "includes" => Value::Bool(first().is_some()),
        "indexOf" => Value::Number(first().map_or(-1.0, |index| index as f64)),
        _ => {
            let number = to_number(from, budget)?;
            let from = if number.is_nan() { last } else { (number.clamp(0.0, count as f64) as usize).min(last) };
            let found = (0..=from).rev().find(|index| fits && at(*index));
            Value::Number(found.map_or(-1.0, |index| index as f64))
        }
    })
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

fn of_list(list: &Rc<List>, name: &str, given: &Given, dialect: Dialect, budget: &Budget) -> Outcome<Value> {
    let (least, most) = match name {
        "at" | "append" | "count" | "index" | "find" | "remove" => (1, 1),
        "insert" => (2, 2),
        "includes" | "indexOf" | "lastIndexOf" => (1, 2),
        "flat" | "join" => (0, 1),
        "slice" => (0, 2),
        "pop" => (0, usize::from(dialect.cookiecutter)),
        "shift" | "sort" | "reverse" => (0, 0),
        _ => (0, usize::MAX),
    };
    arguments(name, given, least, most)?;
    let mut items = list.items().clone();
    let count = items.len();
    budget.spend(1 + count)?;
    let (first, second) = (given.at(0), given.at(1));
    let found = |at: Option<usize>| Value::Number(at.map_or(-1.0, |at| at as f64));
    let value = match name {
        "at" => {
            let at = to_integer(first, budget)?;
            let at = if at < 0.0 { at + count as f64 } else { at };
            return Ok(if at < 0.0 {
                Value::Undefined
            } else {
                items.get(at as usize).cloned().unwrap_or(Value::Undefined)
            });
        }
        "concat" => {
            for value in &given.positional {
                match value {
                    Value::List(other) => items.extend(other.items().iter().cloned()),
                    other => items.push(other.clone()),
                }
                room(items.len())?;
            }
            return Ok(Value::list(items));
        }
        "flat" => {
            let depth = if matches!(first, Value::Undefined) { 1.0 } else { to_integer(first, budget)? };
            let mut flat = Vec::new();
            flatten(&mut flat, &items, depth.clamp(0.0, 100.0) as usize, budget)?;
            return Ok(Value::list(flat));
        }
        "includes" | "indexOf" => {
            let from = position(second, 0.0, count, true, budget)?;
            let same = |item: &Value| {
                let nan = |value: &Value| matches!(value, Value::Number(number) if number.is_nan());
                strict_equal(item, first) || name == "includes" && nan(item) && nan(first)
            };
            let at = items[from..].iter().position(same).map(|at| at + from);
            return Ok(if name == "includes" { Value::Bool(at.is_some()) } else { found(at) });
        }
        "lastIndexOf" => {
            let to = if matches!(second, Value::Undefined) { count as f64 - 1.0 } else { to_integer(second, budget)? };
            let to = if to < 0.0 && !matches!(second, Value::Undefined) { to + count as f64 } else { to };
            let end = ((to + 1.0).clamp(0.0, count as f64)) as usize;
            return Ok(found(items[..end].iter().rposition(|item| strict_equal(item, first))));
        }
        "join" => {
            let separator = if matches!(first, Value::Undefined) { ",".into() } else { to_text(first, budget)? };
            return joined(&items, &separator, budget);
        }
        "slice" => {
            let start = position(first, 0.0, count, true, budget)?;
            let stop = position(second, count as f64, count, true, budget)?;
            return Ok(Value::list(items[start..stop.max(start)].to_vec()));
        }
        "count" => return Ok(Value::Number(items.iter().filter(|item| strict_equal(item, first)).count() as f64)),
        "index" | "find" => return Ok(found(items.iter().position(|item| strict_equal(item, first)))),
        "push" | "append" => {
            items.extend(given.positional.iter().cloned());
            Value::Number(items.len() as f64)
        }
        "unshift" => {
            items.splice(0..0, given.positional.iter().cloned());
            Value::Number(items.len() as f64)
        }
        "pop" => match first {
            Value::Undefined => items.pop().unwrap_or(Value::Undefined),
            index => {
                let at = to_integer(index, budget)?;
                let at = if at < 0.0 { at + count as f64 } else { at };
                if at < 0.0 || at >= count as f64 { Value::Undefined } else { items.remove(at as usize) }
            }
        },
        "shift" => {
            if items.is_empty() {
                Value::Undefined
            } else {
                items.remove(0)
            }
        }
        "splice" => {
            let start = position(first, 0.0, count, true, budget)?;
            let stop = match given.positional.len() {
                0 => start,
                1 => count,
                _ => start + position(second, 0.0, count - start, false, budget)?,
            };
            Value::list(items.splice(start..stop, given.positional.iter().skip(2).cloned()).collect())
        }
        "insert" => {
            let at = position(first, 0.0, count, true, budget)?;
            items.insert(at, second.clone());
            Value::list(Vec::new())
        }
        "remove" => match items.iter().position(|item| strict_equal(item, first)) {
            Some(at) => Value::list(vec![items.remove(at)]),
            None => Value::list(Vec::new()),
        },
        "reverse" => {
            items.reverse();
            Value::List(Rc::clone(list))
        }
        _ => {
            let by_text = |left: &Value, right: &Value| {
                order(&Value::Text(to_text(left, budget)?), &Value::Text(to_text(right, budget)?), budget)
            };
            items = sorted(items, budget, |left, right| Ok(by_text(left, right)?.unwrap_or(Ordering::Equal)))?;
            Value::List(Rc::clone(list))
        }
    };
    room(items.len())?;
    list.replace(items);
    Ok(value)
}

/// `items.join(separator)`.
pub(super) fn joined(items: &[Value], separator: &str, budget: &Budget) -> Outcome<Value> {
    let mut text = String::new();
    for (index, item) in items.iter().enumerate() {
        let item = convert::rendered(item, budget)?;
        budget.grow(text.len(), item.len() + separator.len())?;
        if index > 0 {
            text.push_str(separator);
        }
        text.push_str(&item);
    }
    Ok(Value::text(text))
}

fn flatten(flat: &mut Vec<Value>, items: &[Value], depth: usize, budget: &Budget) -> Outcome<()> {
    for item in items {
        budget.spend(1)?;
        match item {
            Value::List(inner) if depth > 0 => flatten(flat, &inner.items(), depth - 1, budget)?,
            other => flat.push(other.clone()),
        }
    }
    Ok(())
}

/// Sorted stably, undefined last. Ours and not the standard library's, which may give up on an order that contradicts
/// itself, as JavaScript's comparison of texts with numbers does: short lists go the way that V8 goes, so that even those
/// come out alike.
pub(super) fn sorted(
    items: Vec<Value>,
    budget: &Budget,
    mut compare: impl FnMut(&Value, &Value) -> Outcome<Ordering>,
) -> Outcome<Vec<Value>> {
    const SHORT: usize = 63;
    let (undefined, items): (Vec<Value>, Vec<Value>) =
        items.into_iter().partition(|item| matches!(item, Value::Undefined));
    let mut runs: Vec<Vec<Value>> = Vec::new();
    for chunk in items.chunks(SHORT) {
        budget.spend(chunk.len() * 6)?;
        runs.push(inserted(chunk.to_vec(), &mut compare)?);
    }
    while runs.len() > 1 {
        let mut merged = Vec::with_capacity(runs.len().div_ceil(2));
        let mut pairs = runs.into_iter();
        while let Some(left) = pairs.next() {
            let right = pairs.next().unwrap_or_default();
            budget.spend(left.len() + right.len())?;
            let mut run = Vec::with_capacity(left.len() + right.len());
            let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
            while let (Some(first), Some(second)) = (left.peek(), right.peek()) {
                run.extend(if compare(second, first)?.is_lt() { right.next() } else { left.next() });
            }
            run.extend(left);
            run.extend(right);
            merged.push(run);
        }
        runs = merged;
    }
    let mut items = runs.pop().unwrap_or_default();
    items.extend(undefined);
    Ok(items)
}

/// Sorted by binary insertion after the run that the list begins with.
fn inserted(
    mut items: Vec<Value>,
    compare: &mut impl FnMut(&Value, &Value) -> Outcome<Ordering>,
) -> Outcome<Vec<Value>> {
    if items.len() < 2 {
        return Ok(items);
    }
    let falls = compare(&items[1], &items[0])?.is_lt();
    let mut run = 2;
    while run < items.len() && compare(&items[run], &items[run - 1])?.is_lt() == falls {
        run += 1;
    }
    if falls {
        items[..run].reverse();
    }
    for start in run..items.len() {
        let (mut left, mut right) = (0, start);
        while left < right {
            let middle = left + (right - left) / 2;
            if compare(&items[start], &items[middle])?.is_lt() {
                right = middle;
            } else {
                left = middle + 1;
            }
        }
        items[left..=start].rotate_right(1);
    }
    Ok(items)
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
