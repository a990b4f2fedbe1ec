//! Tests: `value is name(arguments)`.

use super::budget::{Budget, Fault, Outcome};
use super::convert::{order, strict_equal, to_number};
use super::eval::Given;
use super::value::Value;

/// Names and how many arguments they take.
const TESTS: [(&str, usize); 26] = [
    ("callable", 0),
    ("defined", 0),
    ("divisibleby", 1),
    ("escaped", 0),
    ("eq", 1),
    ("equalto", 1),
    ("even", 0),
    ("falsy", 0),
    ("ge", 1),
    ("greaterthan", 1),
    ("gt", 1),
    ("iterable", 0),
    ("le", 1),
    ("lessthan", 1),
    ("lower", 0),
    ("lt", 1),
    ("mapping", 0),
    ("ne", 1),
    ("null", 0),
    ("number", 0),
    ("odd", 0),
    ("sameas", 1),
    ("string", 0),
    ("truthy", 0),
    ("undefined", 0),
    ("upper", 0),
];

/// Whether `input` passes the test.
pub(super) fn test(name: &str, input: &Value, given: &Given, budget: &Budget) -> Outcome<bool> {
    let Some((_, arity)) = TESTS.iter().find(|(known, _)| *known == name) else {
        return Err(Fault::new(format!("there is no test `{name}`")));
    };
    if given.positional.len() != *arity || !given.keyword.is_empty() {
        let arguments = if *arity == 1 { "1 argument" } else { "no arguments" };
        return Err(Fault::new(format!("the test `{name}` takes {arguments}")));
    }
    let other = given.at(0);
    let is_function = |value: &Value| matches!(value, Value::Function(_));
    if name == "callable" {
        return Ok(is_function(input));
    }
    if is_function(input) || is_function(other) {
        return Err(Fault::new("a function is not a value: call it with ()"));
    }
    let cased = |convert: fn(&str) -> String| match input {
        Value::Text(text) => Ok(convert(text) == **text),
        Value::Safe(_) => Ok(false),
        other => Err(Fault::new(format!("the test `{name}` asks about a string, not about {}", other.kind()))),
    };
    Ok(match name {
        "defined" => !matches!(input, Value::Undefined),
        "undefined" => matches!(input, Value::Undefined),
        "null" => matches!(input, Value::Null),
        "number" => matches!(input, Value::Number(_)),
        "string" => matches!(input, Value::Text(_)),
        "escaped" => matches!(input, Value::Safe(_)),
        "truthy" => input.truthy(),
        "falsy" => !input.truthy(),
        "mapping" => matches!(input, Value::Record(_) | Value::Safe(_) | Value::Regex(_)),
        "iterable" if input.is_nullish() => return Err(Fault::new("the test `iterable` asks about a value")),
        "iterable" => matches!(input, Value::Text(_) | Value::Safe(_) | Value::List(_)),
        "divisibleby" => to_number(input, budget)? % to_number(other, budget)? == 0.0,
        "even" => to_number(input, budget)? % 2.0 == 0.0,
        "odd" => to_number(input, budget)? % 2.0 == 1.0,
        "eq" | "equalto" | "sameas" => strict_equal(input, other),
        "ne" => !strict_equal(input, other),
        "lower" => cased(str::to_lowercase)?,
        "upper" => cased(str::to_uppercase)?,
        _ => {
            let ordering = order(input, other, budget)?;
            ordering.is_some_and(|ordering| match name {
                "ge" => ordering.is_ge(),
                "gt" | "greaterthan" => ordering.is_gt(),
                "le" => ordering.is_le(),
                _ => ordering.is_lt(),
            })
        }
    })
}
