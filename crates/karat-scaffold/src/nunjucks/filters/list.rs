//! Filters of lists and objects.

use std::cmp::Ordering;
use std::rc::Rc;

use crate::nunjucks::budget::{Budget, Fault, Outcome};
use crate::nunjucks::convert::{add, from_units, order, strict_equal, to_number, to_text, units};
use crate::nunjucks::eval::Given;
use crate::nunjucks::expression::is_reserved;
use crate::nunjucks::value::Value;
use crate::nunjucks::{methods, predicates};

/// Applies a filter of lists; `None` if there is none of this name.
pub(super) fn apply(name: &str, input: &Value, given: &Given, budget: &Budget) -> Option<Outcome<Value>> {
    Some(match name {
        "length" => Ok(length(input)),
        "first" | "last" => edge(input, name == "last"),
        "list" => list(input),
        "reverse" => reverse(input, budget),
        "join" => join(input, given, budget),
        "sum" => sum(input, given, budget),
        "sort" => sort(input, given, budget),
        "dictsort" => dictsort(input, given, budget),
        "groupby" => groupby(input, given, budget),
        "batch" => batch(input, given, budget),
        "slice" => slice(input, given, budget),
        "select" | "reject" => select(input, given, name == "select", budget),
        "selectattr" | "rejectattr" => select_attribute(input, given, name == "selectattr", budget),
        _ => return None,
    })
}

fn length(input: &Value) -> Value {
    Value::Number(match input {
        Value::List(list) => list.items().len() as f64,
        Value::Record(record) => record.entries().len() as f64,
        Value::Text(text) | Value::Safe(text) => methods::length(text),
        Value::Undefined | Value::Null | Value::Bool(false) => 0.0,
        _ => return Value::Undefined,
    })
}

fn edge(input: &Value, last: bool) -> Outcome<Value> {
    if input.is_nullish() {
        return Err(Fault::new(format!("works on a list, not on {}", input.kind())));
    }
    let key = match (last, methods::own(input, "length")) {
        (true, Some(Value::Number(length))) if length >= 1.0 => (length as usize - 1).to_string(),
        (true, _) => return Ok(Value::Undefined),
        (false, _) => "0".to_owned(),
    };
    Ok(methods::own(input, &key).unwrap_or(Value::Undefined))
}

fn list(input: &Value) -> Outcome<Value> {
    let pair = |(key, value): &(Rc<str>, Value)| {
        Value::record([(Rc::from("key"), Value::Text(Rc::clone(key))), (Rc::from("value"), value.clone())])
    };
    match input {
        Value::List(_) => Ok(input.clone()),
        Value::Text(_) | Value::Safe(_) => Ok(Value::list(sequence(input).unwrap_or_default())),
        Value::Record(record) => Ok(Value::list(record.entries().iter().map(pair).collect())),
        other => Err(Fault::new(format!("makes no list of {}", other.kind()))),
    }
}

/// The items of a list, the characters of a text.
fn sequence(input: &Value) -> Option<Vec<Value>> {
    match input {
        Value::List(list) => Some(list.items().clone()),
        Value::Text(text) | Value::Safe(text) => {
            Some(units(text).iter().map(|unit| Value::text(from_units(&[*unit]))).collect())
        }
        _ => None,
    }
}

/// As [`sequence`]; an object is a list by its `length`.
fn listed(input: &Value, budget: &Budget) -> Outcome<Option<Vec<Value>>> {
    let Value::Record(record) = input else {
        let items = sequence(input);
        budget.spend(items.as_ref().map_or(0, Vec::len))?;
        return Ok(items);
    };
    let length = match record.get("length") {
        Some(length) => to_number(length, budget)?,
        None => 0.0,
    };
    let count = if length > 0.0 { length.ceil().min(1e12) as usize } else { 0 };
    budget.spend(count)?;
    methods::room(count)?;
    Ok(Some((0..count).map(|index| record.get(&index.to_string()).cloned().unwrap_or(Value::Undefined)).collect()))
}

fn reverse(input: &Value, budget: &Budget) -> Outcome<Value> {
    if let Some(text) = input.as_text() {
        let reversed: Vec<u16> = units(text).into_iter().rev().collect();
        return Ok(input.like(from_units(&reversed)));
    }
    let mut items = listed(input, budget)?.unwrap_or_default();
    items.reverse();
    Ok(Value::list(items))
}

fn attribute(value: &Value) -> Outcome<Option<Rc<str>>> {
    if !value.truthy() {
        return Ok(None);
    }
    let key = value.as_text().cloned().unwrap_or_else(|| "undefined".into());
    if is_reserved(&key) { Err(Fault::new(format!("`{key}` is reserved"))) } else { Ok(Some(key)) }
}

/// `item.key`; an item that is null or undefined is an error.
fn look_up(item: &Value, key: &str) -> Outcome<Value> {
    if item.is_nullish() {
        return Err(Fault::new(format!("{} has no `{key}`", item.kind())));
    }
    Ok(methods::own(item, key).unwrap_or(Value::Undefined))
}

/// `item.a.b.c`, undefined where it ends early.
fn look_up_path(item: &Value, path: Option<&str>) -> Outcome<Value> {
    let Some(path) = path else { return Ok(item.clone()) };
    path.split('.').try_fold(item.clone(), |item, key| look_up(&item, key))
}

fn join(input: &Value, given: &Given, budget: &Budget) -> Outcome<Value> {
    let separator = if given.at(0).truthy() { to_text(given.at(0), budget)? } else { "".into() };
    let items = match attribute(given.at(1))? {
        None => match input {
            Value::List(list) => list.items().clone(),
            other => return Err(Fault::new(format!("works on a list, not on {}", other.kind()))),
        },
        Some(key) => {
            let items = listed(input, budget)?.unwrap_or_default();
            items.iter().map(|item| look_up(item, &key)).collect::<Outcome<_>>()?
        }
    };
    methods::joined(&items, &separator, budget)
}

fn sum(input: &Value, given: &Given, budget: &Budget) -> Outcome<Value> {
    let key = attribute(given.at(0))?;
    let items = match (&key, input) {
        (None, Value::List(list)) => list.items().clone(),
        (None, other) => return Err(Fault::new(format!("works on a list, not on {}", other.kind()))),
        (Some(_), input) => listed(input, budget)?.unwrap_or_default(),
    };
    let mut total = Value::Number(0.0);
    for item in &items {
        let item = key.as_ref().map_or_else(|| Ok(item.clone()), |key| look_up(item, key))?;
        total = add(&total, &item, budget)?;
    }
    let start = if matches!(given.at(1), Value::Undefined) { Value::Number(0.0) } else { given.at(1).clone() };
    add(&start, &total, budget)
}

fn sort(input: &Value, given: &Given, budget: &Budget) -> Outcome<Value> {
    let items = listed(input, budget)?.unwrap_or_default();
    let (reverse, sensitive) = (given.at(0).truthy(), given.at(1).truthy());
    let path = attribute(given.at(2))?;
    let key = |item: &Value| -> Outcome<Value> {
        let value = look_up_path(item, path.as_deref())?;
        Ok(value)
    };
    let sorted = methods::sorted(items, budget, |left, right| {
        let (mut left, mut right) = (key(left)?, key(right)?);
        if let (false, Some(first), Some(second)) = (sensitive, left.as_text(), right.as_text()) {
            (left, right) = (Value::text(first.to_lowercase()), Value::text(second.to_lowercase()));
        }
        let ordering = order(&left, &right, budget)?.unwrap_or(Ordering::Equal);
        Ok(if reverse { ordering.reverse() } else { ordering })
    })?;
    Ok(Value::list(sorted))
}

fn dictsort(input: &Value, given: &Given, budget: &Budget) -> Outcome<Value> {
    let Value::Record(record) = input else {
        return Err(Fault::new(format!("works on an object, not on {}", input.kind())));
    };
    let by = match given.at(1) {
        Value::Undefined => "key",
        by => by.as_text().map_or("", |by| by),
    };
    let column = match by {
        "key" => "0",
        "value" => "1",
        _ => return Err(Fault::new("sorts by `key` or by `value`")),
    };
    let sensitive = given.at(0).truthy();
    let pairs =
        record.entries().iter().map(|(key, value)| Value::list(vec![Value::Text(Rc::clone(key)), value.clone()]));
    let sorted = methods::sorted(pairs.collect(), budget, |left, right| {
        let fold = |pair: &Value| {
            let value = methods::own(pair, column).unwrap_or(Value::Undefined);
            match value.as_text() {
                Some(text) if !sensitive => Value::text(text.to_uppercase()),
                _ => value,
            }
        };
        let (left, right) = (fold(left), fold(right));
        Ok(match order(&left, &right, budget)? {
            Some(Ordering::Greater) => Ordering::Greater,
            _ if strict_equal(&left, &right) => Ordering::Equal,
            _ => Ordering::Less,
        })
    })?;
    Ok(Value::list(sorted))
}

fn groupby(input: &Value, given: &Given, budget: &Budget) -> Outcome<Value> {
    if input.is_nullish() {
        return Err(Fault::new(format!("works on a list, not on {}", input.kind())));
    }
    let path = attribute(given.at(0))?;
    let mut groups: Vec<(Rc<str>, Vec<Value>)> = Vec::new();
    let mut known = std::collections::BTreeMap::new();
    for item in listed(input, budget)?.unwrap_or_default() {
        let key = to_text(&look_up_path(&item, path.as_deref())?, budget)?;
        if is_reserved(&key) {
            return Err(Fault::new(format!("`{key}` is reserved")));
        }
        let at = *known.entry(Rc::clone(&key)).or_insert_with(|| {
            groups.push((key, Vec::new()));
            groups.len() - 1
        });
        groups[at].1.push(item);
    }
    Ok(Value::record(groups.into_iter().map(|(key, items)| (key, Value::list(items)))))
}

fn whole(value: &Value, budget: &Budget) -> Outcome<usize> {
    let number = to_number(value, budget)?.trunc();
    if (1.0..=1e9).contains(&number) {
        Ok(number as usize)
    } else {
        Err(Fault::new("the count is a whole number from 1 on"))
    }
}

fn batch(input: &Value, given: &Given, budget: &Budget) -> Outcome<Value> {
    if input.is_nullish() {
        return Err(Fault::new(format!("works on a list, not on {}", input.kind())));
    }
    let width = whole(given.at(0), budget)?;
    let items = listed(input, budget)?.unwrap_or_default();
    let mut rows: Vec<Vec<Value>> = items.chunks(width).map(<[Value]>::to_vec).collect();
    if let (true, Some(last)) = (given.at(1).truthy(), rows.last_mut()) {
        methods::room(width)?;
        last.resize(width, given.at(1).clone());
    }
    Ok(Value::list(rows.into_iter().map(Value::list).collect()))
}

fn slice(input: &Value, given: &Given, budget: &Budget) -> Outcome<Value> {
    let Some(items) = sequence(input) else {
        return Err(Fault::new(format!("works on a list, not on {}", input.kind())));
    };
    let count = whole(given.at(0), budget)?;
    methods::room(count)?;
    budget.spend(items.len() + count)?;
    let (base, extra) = (items.len() / count, items.len() % count);
    let text = input.as_text().is_some();
    let mut parts = Vec::with_capacity(count);
    let mut start = 0;
    for index in 0..count {
        let stop = start + base + usize::from(index < extra);
        let mut part = items[start..stop].to_vec();
        start = stop;
        let fill = given.at(1).truthy() && index >= extra;
        if text {
            if fill {
                return Err(Fault::new("a string is not filled up"));
            }
            parts.push(methods::joined(&part, "", budget)?);
            continue;
        }
        if fill {
            part.push(given.at(1).clone());
        }
        parts.push(Value::list(part));
    }
    Ok(Value::list(parts))
}

fn select(input: &Value, given: &Given, keep: bool, budget: &Budget) -> Outcome<Value> {
    let name = if matches!(given.at(0), Value::Undefined) { "truthy".into() } else { to_text(given.at(0), budget)? };
    if input.is_nullish() {
        return Err(Fault::new(format!("works on a list, not on {}", input.kind())));
    }
    let arguments = Given { positional: given.positional.iter().skip(1).cloned().collect(), keyword: Vec::new() };
    let mut kept = Vec::new();
    for item in listed(input, budget)?.unwrap_or_default() {
        if predicates::test(&name, &item, &arguments, budget)? == keep {
            kept.push(item);
        }
    }
    Ok(Value::list(kept))
}

fn select_attribute(input: &Value, given: &Given, keep: bool, budget: &Budget) -> Outcome<Value> {
    let Value::List(list) = input else {
        return Err(Fault::new(format!("works on a list, not on {}", input.kind())));
    };
    let key = to_text(given.at(0), budget)?;
    if is_reserved(&key) {
        return Err(Fault::new(format!("`{key}` is reserved")));
    }
    let mut kept = Vec::new();
    for item in list.items().iter() {
        budget.spend(1)?;
        if look_up(item, &key)?.truthy() == keep {
            kept.push(item.clone());
        }
    }
    Ok(Value::list(kept))
}
