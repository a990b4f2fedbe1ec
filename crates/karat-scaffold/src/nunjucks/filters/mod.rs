//! Filters: those of Nunjucks, and those that Backstage adds.

mod backstage;
mod list;
mod text;

use std::rc::Rc;

use super::budget::{Budget, Fault, Outcome};
use super::convert::{rendered, to_number, to_text};
use super::eval::Given;
use super::value::Value;
use super::{Dialect, json, number};

/// Applies the filter `name`.
pub(super) fn apply(name: &str, input: &Value, mut given: Given, dialect: Dialect, budget: &Budget) -> Outcome<Value> {
    let is_function = |value: &Value| matches!(value, Value::Function(_));
    if is_function(input) || given.positional.iter().any(is_function) {
        return Err(Fault::new("a function is not a value: call it with ()"));
    }
    let name = if name == "jsonify" && dialect.cookiecutter { "dump" } else { name };
    if let Some(value) = backstage::apply(name, input, &given, budget) {
        return value.map_err(|fault| named(name, fault));
    }
    lower(name, &mut given);
    let value = match text::apply(name, input, &given, budget) {
        Some(value) => value,
        None => match list::apply(name, input, &given, budget) {
            Some(value) => value,
            None => plain(name, input, &given, budget),
        },
    };
    value.map_err(|fault| named(name, fault))
}

fn named(name: &str, mut fault: Fault) -> Fault {
    if fault.at.is_none() {
        fault.message = format!("filter `{name}`: {}", fault.message);
    }
    fault
}

/// Named arguments as Nunjucks hands them on: `int` and `sort` know theirs, to any other filter they are one last object.
fn lower(name: &str, given: &mut Given) {
    let names: &[&str] = match name {
        "int" => &["default", "base"],
        "sort" => &["reverse", "case_sensitive", "attribute"],
        _ => {
            if !given.keyword.is_empty() {
                let mut entries = std::mem::take(&mut given.keyword);
                entries.push(("__keywords".into(), Value::Bool(true)));
                given.positional.push(Value::record(entries));
            }
            return;
        }
    };
    for name in &names[given.positional.len().min(names.len())..] {
        let value = given.keyword.iter().find(|(known, _)| **known == **name).map(|(_, value)| value.clone());
        given.positional.push(value.unwrap_or(Value::Undefined));
    }
}

/// Filters of single values.
fn plain(name: &str, input: &Value, given: &Given, budget: &Budget) -> Outcome<Value> {
    let first = given.at(0);
    let or = |number: f64, fallback: &Value| if number.is_nan() { fallback.clone() } else { Value::Number(number) };
    Ok(match name {
        "default" | "d" => {
            let missing = if given.at(1).truthy() { !input.truthy() } else { matches!(input, Value::Undefined) };
            if missing { first.clone() } else { input.clone() }
        }
        "dump" => {
            let indent = match first {
                Value::Text(text) => text.chars().take(10).collect(),
                Value::Number(number) if *number >= 1.0 => " ".repeat(number.min(10.0) as usize),
                _ => String::new(),
            };
            json::stringify(input, &indent, budget)?.map_or(Value::Undefined, Value::text)
        }
        "abs" => Value::Number(to_number(input, budget)?.abs()),
        "round" => {
            let digits = if first.truthy() { to_number(first, budget)? } else { 0.0 };
            let factor = number::power(10.0, digits);
            let scaled = to_number(input, budget)? * factor;
            let rounded = match given.at(1).as_text().map(|method| &**method) {
                Some("ceil") => scaled.ceil(),
                Some("floor") => scaled.floor(),
                _ => number::round(scaled),
            };
            Value::Number(rounded / factor)
        }
        "float" => or(number::parse_float(&to_text(input, budget)?), first),
        "int" => {
            let base = match given.at(1) {
                Value::Undefined => 10.0,
                base => to_number(base, budget)?.trunc(),
            };
            or(number::parse_int(&to_text(input, budget)?, base), first)
        }
        "string" if input.is_nullish() => return Err(Fault::new(format!("there is no text in {}", input.kind()))),
        "string" => match input {
            Value::Safe(_) => input.clone(),
            _ => Value::Text(rendered(input, budget)?),
        },
        "safe" => match input {
            Value::Safe(_) => input.clone(),
            _ => Value::Safe(rendered(input, budget)?),
        },
        "random" => return Err(Fault::new("the same answers give the same files, so nothing is random")),
        _ => return Err(Fault { message: format!("there is no such filter{}", suggestion(name)), at: None }),
    })
}

fn suggestion(name: &str) -> String {
    const OTHERS: [(&str, &str); 7] = [
        ("tojson", "dump"),
        ("to_json", "dump"),
        ("json", "dump"),
        ("split", "a method: .split(…)"),
        ("map", "pick, or a loop"),
        ("items", "a loop with two names"),
        ("lowercase", "lower"),
    ];
    let known = OTHERS.iter().find(|(other, _)| *other == name);
    known.map_or_else(String::new, |(_, ours)| format!("; Nunjucks has `{ours}`"))
}

/// Text of a value where null, undefined and false are empty; anything else must be text.
fn text_of(input: &Value) -> Outcome<Rc<str>> {
    match input {
        Value::Undefined | Value::Null | Value::Bool(false) => Ok("".into()),
        other => strictly(other),
    }
}

/// Text, or an error.
fn strictly(input: &Value) -> Outcome<Rc<str>> {
    input.as_text().map(Rc::clone).ok_or_else(|| Fault::new(format!("works on a string, not on {}", input.kind())))
}
