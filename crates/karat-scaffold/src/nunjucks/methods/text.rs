//! Methods of strings.

use std::rc::Rc;

use super::{arguments, length, position, room};
use crate::nunjucks::budget::{Budget, Outcome};
use crate::nunjucks::convert::{from_units, to_integer, to_number, to_text, units};
use crate::nunjucks::eval::Given;
use crate::nunjucks::number;
use crate::nunjucks::value::Value;

/// Calls a method of `text`.
pub(super) fn invoke(text: &Rc<str>, name: &str, given: &Given, budget: &Budget) -> Outcome<Value> {
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
                    let plain = crate::nunjucks::regex::compiled(&regex::escape(&needle), "")?;
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
