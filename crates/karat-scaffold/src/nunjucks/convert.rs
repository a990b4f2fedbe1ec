//! JavaScript's conversions and comparisons.

use std::rc::Rc;

use super::budget::{Budget, DEPTH, Fault, Outcome};
use super::number;
use super::value::Value;

/// What a conversion to a primitive gives.
enum Primitive {
    Undefined,
    Null,
    Bool(bool),
    Number(f64),
    Text(Rc<str>),
}

fn primitive(value: &Value, budget: &Budget) -> Outcome<Primitive> {
    Ok(match value {
        Value::Undefined => Primitive::Undefined,
        Value::Null => Primitive::Null,
        Value::Bool(value) => Primitive::Bool(*value),
        Value::Number(number) => Primitive::Number(*number),
        Value::Text(text) | Value::Safe(text) => Primitive::Text(Rc::clone(text)),
        Value::List(_) => {
            let mut text = String::new();
            write(value, &mut text, budget, 0)?;
            Primitive::Text(text.into())
        }
        Value::Record(_) => Primitive::Text("[object Object]".into()),
        Value::Regex(regex) => Primitive::Text(regex.shown().into()),
        Value::Function(_) => return Err(Fault::new("a function is not a value: call it with ()")),
    })
}

impl Primitive {
    fn number(&self) -> f64 {
        match self {
            Self::Undefined => f64::NAN,
            Self::Null => 0.0,
            Self::Bool(value) => f64::from(u8::from(*value)),
            Self::Number(number) => *number,
            Self::Text(text) => number::parse(text),
        }
    }

    fn text(self) -> Rc<str> {
        match self {
            Self::Undefined => "undefined".into(),
            Self::Null => "null".into(),
            Self::Bool(value) => value.to_string().into(),
            Self::Number(number) => number::text(number).into(),
            Self::Text(text) => text,
        }
    }
}

/// `Number(value)`.
pub(super) fn to_number(value: &Value, budget: &Budget) -> Outcome<f64> {
    Ok(primitive(value, budget)?.number())
}

/// `String(value)`.
pub(super) fn to_text(value: &Value, budget: &Budget) -> Outcome<Rc<str>> {
    Ok(primitive(value, budget)?.text())
}

/// The text that an output writes: as `String`, but nothing for `null` and `undefined`.
pub(super) fn rendered(value: &Value, budget: &Budget) -> Outcome<Rc<str>> {
    if value.is_nullish() { Ok("".into()) } else { to_text(value, budget) }
}

/// A list as `join(',')` writes it: items that are null or undefined are empty.
fn write(value: &Value, out: &mut String, budget: &Budget, depth: usize) -> Outcome<()> {
    let Value::List(items) = value else {
        let text = rendered(value, budget)?;
        budget.grow(out.len(), text.len())?;
        out.push_str(&text);
        return Ok(());
    };
    if depth > DEPTH {
        return Err(Fault::new(format!("lists are nested more than {DEPTH} deep")));
    }
    for (index, item) in items.items().iter().enumerate() {
        budget.spend(1)?;
        if index > 0 {
            out.push(',');
        }
        write(item, out, budget, depth + 1)?;
    }
    Ok(())
}

/// `===`: containers are equal to themselves only.
pub(super) fn strict_equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Undefined, Value::Undefined) | (Value::Null, Value::Null) => true,
        (Value::Bool(left), Value::Bool(right)) => left == right,
        (Value::Number(left), Value::Number(right)) => left == right,
        (Value::Text(left), Value::Text(right)) => left == right,
        (Value::Safe(left), Value::Safe(right)) => Rc::ptr_eq(left, right),
        (Value::List(left), Value::List(right)) => Rc::ptr_eq(left, right),
        (Value::Record(left), Value::Record(right)) => Rc::ptr_eq(left, right),
        (Value::Regex(left), Value::Regex(right)) => Rc::ptr_eq(left, right),
        _ => false,
    }
}

/// `==`: what differs in kind is compared after conversion.
pub(super) fn loose_equal(left: &Value, right: &Value, budget: &Budget) -> Outcome<bool> {
    let container = |value: &Value| {
        matches!(value, Value::Safe(_) | Value::List(_) | Value::Record(_) | Value::Regex(_) | Value::Function(_))
    };
    if container(left) && container(right) {
        return Ok(strict_equal(left, right));
    }
    Ok(match (primitive(left, budget)?, primitive(right, budget)?) {
        (Primitive::Undefined | Primitive::Null, Primitive::Undefined | Primitive::Null) => true,
        (Primitive::Undefined | Primitive::Null, _) | (_, Primitive::Undefined | Primitive::Null) => false,
        (Primitive::Text(left), Primitive::Text(right)) => left == right,
        (left, right) => left.number() == right.number(),
    })
}

/// How two values are ordered: text by its UTF-16 code units if both are text, else as numbers; `None` with a NaN.
pub(super) fn order(left: &Value, right: &Value, budget: &Budget) -> Outcome<Option<std::cmp::Ordering>> {
    Ok(match (primitive(left, budget)?, primitive(right, budget)?) {
        (Primitive::Text(left), Primitive::Text(right)) => Some(left.encode_utf16().cmp(right.encode_utf16())),
        (left, right) => left.number().partial_cmp(&right.number()),
    })
}

/// `+`: joins if either is text.
pub(super) fn add(left: &Value, right: &Value, budget: &Budget) -> Outcome<Value> {
    match (primitive(left, budget)?, primitive(right, budget)?) {
        (left @ Primitive::Text(_), right) | (left, right @ Primitive::Text(_)) => {
            joined(&left.text(), &right.text(), budget)
        }
        (left, right) => Ok(Value::Number(left.number() + right.number())),
    }
}

/// `~`.
pub(super) fn concat(left: &Value, right: &Value, budget: &Budget) -> Outcome<Value> {
    joined(&to_text(left, budget)?, &to_text(right, budget)?, budget)
}

fn joined(left: &str, right: &str, budget: &Budget) -> Outcome<Value> {
    budget.text(left.len() + right.len())?;
    Ok(Value::text([left, right].concat()))
}

/// Rounded towards zero; NaN is 0.
pub(super) fn to_integer(value: &Value, budget: &Budget) -> Outcome<f64> {
    let number = to_number(value, budget)?;
    Ok(if number.is_nan() { 0.0 } else { number.trunc() })
}

/// The UTF-16 code units of a text: what JavaScript counts and cuts by.
pub(super) fn units(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

/// Text of code units; half a character becomes U+FFFD.
pub(super) fn from_units(units: &[u16]) -> String {
    String::from_utf16_lossy(units)
}
