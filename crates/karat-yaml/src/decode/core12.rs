//! What a scalar means in the core schema of YAML 1.2.

use super::number::{display, is_float, parse_base, parse_float, signed};
use super::{Numbers, go, is_implicit};
use crate::{Node, Str, Value};

pub(super) fn scalar(node: Node<'_>, numbers: Numbers) -> Value {
    let bytes = node.text();
    let value = match node.tag() {
        b"" if !is_implicit(node) => None,
        b"" => resolve(bytes),
        b"tag:yaml.org,2002:null" => Some(Value::Null),
        b"tag:yaml.org,2002:bool" => resolve(bytes).filter(|value| matches!(value, Value::Bool(_))),
        b"tag:yaml.org,2002:int" => resolve(bytes).filter(|value| matches!(value, Value::Int(_))),
        b"tag:yaml.org,2002:float" => match resolve(bytes) {
            Some(Value::Int(number)) => Some(Value::Float(number as f64)),
            value => value.filter(|value| matches!(value, Value::Float(_))),
        },
        _ => None,
    };
    match (value, numbers) {
        (None, _) => Value::Str(bytes.into()),
        (Some(Value::Int(number)), Numbers::Float) => Value::Float(number as f64),
        (Some(Value::Float(number)), Numbers::Kept) => go::kept(number),
        (Some(value), _) => value,
    }
}

/// A key as text: as JavaScript would name the property.
pub(super) fn key(node: Node<'_>) -> Str {
    match scalar(node, Numbers::Kept) {
        Value::Null => "null".into(),
        Value::Bool(truth) => truth.to_string().into(),
        Value::Int(number) => number.to_string().into(),
        Value::Float(number) => display(number).into(),
        Value::Str(text) => text,
        Value::Seq(_) | Value::Map(_) => Str::new(),
    }
}

fn resolve(text: &[u8]) -> Option<Value> {
    match text {
        b"" | b"~" | b"null" | b"Null" | b"NULL" => Some(Value::Null),
        b"true" | b"True" | b"TRUE" => Some(Value::Bool(true)),
        b"false" | b"False" | b"FALSE" => Some(Value::Bool(false)),
        b".nan" | b".NaN" | b".NAN" => Some(Value::Float(f64::NAN)),
        b".inf" | b".Inf" | b".INF" | b"+.inf" | b"+.Inf" | b"+.INF" => Some(Value::Float(f64::INFINITY)),
        b"-.inf" | b"-.Inf" | b"-.INF" => Some(Value::Float(f64::NEG_INFINITY)),
        [b'0', b'o', digits @ ..] => Some(integer(false, parse_base(digits, 8)?)),
        [b'0', b'x', digits @ ..] => Some(integer(false, parse_base(digits, 16)?)),
        [b'0'..=b'9' | b'+' | b'-' | b'.', ..] => decimal(text),
        _ => None,
    }
}

fn decimal(text: &[u8]) -> Option<Value> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if let Some(number) = parse_base(digits, 10) {
        return Some(integer(negative, number));
    }
    if is_float(text) { parse_float(text).map(Value::Float) } else { None }
}

fn integer(negative: bool, magnitude: u64) -> Value {
    signed(negative, magnitude)
        .map_or_else(|| Value::Float(if negative { -(magnitude as f64) } else { magnitude as f64 }), Value::Int)
}
