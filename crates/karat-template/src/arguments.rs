//! Arguments: how many, and what Go could assign to a parameter of a type.

use std::rc::Rc;

use crate::ast::{Ideal, Kind};
use crate::exec::{Eval, Item};
use crate::value::Complex;
use crate::{IntKind, List, Map, Problem, Str, Type, Value};

/// Checks a number of arguments; `given` are those written at the call, which is what Go says in one of the messages.
pub(crate) fn count(name: &str, fixed: usize, variadic: bool, given: usize, total: usize) -> Eval<()> {
    let fits = if variadic { total >= fixed } else { total == fixed };
    if fits {
        return Ok(());
    }
    let got = if variadic { given } else { total };
    Err(Problem::WrongCount { function: name.into(), want: fixed, at_least: variadic, got }.into())
}

pub(crate) fn ideal(ideal: Ideal) -> Eval<Value> {
    match ideal {
        Ideal::Int(number) => Ok(Value::Int(IntKind::Int, number)),
        Ideal::Float(number) => Ok(Value::Float(number)),
        Ideal::Complex(real, imaginary) => Ok(Value::Object(Rc::new(Complex(real, imaginary)))),
        Ideal::Overflow => Err(Problem::Overflow { node: Str::new() }.into()),
    }
}

pub(crate) fn nil_argument(wanted: Type) -> Eval<Value> {
    nil_of(wanted).ok_or_else(|| Problem::AssignNil(wanted.name()).into())
}

/// The nil of a type that has one.
fn nil_of(wanted: Type) -> Option<Value> {
    match wanted {
        Type::Any => Some(Value::Nil),
        Type::List => Some(Value::List(List::nil(List::ANY))),
        Type::Strings => Some(Value::List(List::nil(List::STRINGS))),
        Type::Bytes => Some(Value::Bytes(Str::new())),
        Type::Map => Some(Value::Map(Map::nil(Map::ANY))),
        Type::Named(name) if name.starts_with('*') => Some(Value::Nil),
        Type::String | Type::Bool | Type::Int | Type::Int64 | Type::Float | Type::Named(_) => None,
    }
}

/// A constant as an argument: an untyped number takes the type that is wanted.
pub(crate) fn literal(constant: &Kind, wanted: Type) -> Eval<Value> {
    let node = Str::new();
    let (value, expected) = match (wanted, constant) {
        (Type::Any | Type::Bool, Kind::Bool(truth)) => (Some(Value::Bool(*truth)), ""),
        (Type::Any | Type::String, Kind::Str(text)) => (Some(Value::Str(text.clone())), ""),
        (Type::Any, Kind::Number(number)) => return ideal(number.ideal),
        (Type::Int, Kind::Number(number)) => (number.int.map(|int| Value::Int(IntKind::Int, int)), "integer"),
        (Type::Int64, Kind::Number(number)) => (number.int.map(Value::int64), "integer"),
        (Type::Float, Kind::Number(number)) => (number.float.map(Value::Float), "float"),
        (Type::Bool, _) => (None, "bool"),
        (Type::String, _) => (None, "string"),
        (Type::Int | Type::Int64, _) => (None, "integer"),
        (Type::Float, _) => (None, "float"),
        _ => return Err(Problem::UnexpectedLiteral { expected: wanted.name(), node }.into()),
    };
    value.ok_or_else(|| Problem::WrongLiteral { expected, node }.into())
}

/// A value as an argument of that type, if Go could assign it.
pub(crate) fn fit(item: Item, wanted: Type) -> Eval<Value> {
    let value = item.value;
    let fits = match (wanted, &value) {
        (Type::Any, _)
        | (Type::String, Value::Str(_))
        | (Type::Bool, Value::Bool(_))
        | (Type::Int, Value::Int(IntKind::Int, _))
        | (Type::Int64, Value::Int(IntKind::Int64, _))
        | (Type::Float, Value::Float(_))
        | (Type::Bytes, Value::Bytes(_)) => true,
        (Type::List | Type::Strings, Value::List(list)) => assignable(list.go_type(), wanted.name()),
        (Type::Map, Value::Map(map)) => assignable(map.go_type(), wanted.name()),
        (Type::Named(name), Value::Object(object)) => {
            let go_type = object.go_type();
            go_type == name || go_type.strip_prefix('*') == Some(name)
        }
        (Type::List | Type::Strings | Type::Map | Type::Bytes, Value::Object(object)) => {
            let data = object.data();
            let named = !object.go_type().starts_with(['[', 'm', '*']) || object.go_type() == wanted.name();
            if named && data.go_type() == wanted.name() {
                return Ok(data);
            }
            false
        }
        (_, Value::Nil) if !item.boxed => {
            return nil_of(wanted).ok_or_else(|| Problem::InvalidValue(wanted.name()).into());
        }
        _ => false,
    };
    if fits {
        return Ok(value);
    }
    let got = if matches!(value, Value::Nil) { "interface {}".into() } else { value.go_type().into() };
    Err(Problem::WrongType { expected: wanted.name(), got }.into())
}

/// Whether a container type can be assigned to an unnamed one: the same, or a named type made of it.
fn assignable(from: &str, to: &str) -> bool {
    let named = !from.starts_with("map[") && !from.starts_with("[]");
    from == to || named && to != List::STRINGS
}
