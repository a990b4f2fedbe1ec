//! Methods of lists.

use std::cmp::Ordering;
use std::rc::Rc;

use super::sort::sorted;
use super::{arguments, position, room};
use crate::nunjucks::Dialect;
use crate::nunjucks::budget::{Budget, Outcome};
use crate::nunjucks::convert::{self, order, strict_equal, to_integer, to_text};
use crate::nunjucks::eval::Given;
use crate::nunjucks::value::{List, Value};

/// Calls a method of `list`.
pub(super) fn invoke(list: &Rc<List>, name: &str, given: &Given, dialect: Dialect, budget: &Budget) -> Outcome<Value> {
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
pub(crate) fn joined(items: &[Value], separator: &str, budget: &Budget) -> Outcome<Value> {
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
