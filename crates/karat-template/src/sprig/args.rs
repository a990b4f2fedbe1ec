//! Reading arguments. The engine has checked them against the signature, so what does not fit cannot happen and reads
//! as the zero value.

use std::borrow::Cow;

use crate::{Builtin, CallError, Interpreter, List, Map, Signature, Str, Type, Value};

/// The body of a function.
pub(super) type Call = fn(&mut Interpreter<'_>, &[Value]) -> Result<Value, CallError>;

/// A function with fixed parameters.
pub(super) const fn fixed(name: &'static str, params: &'static [Type], call: Call) -> Builtin {
    Builtin { name, signature: Signature::fixed(params), call }
}

/// A function with a variadic tail.
pub(super) const fn variadic(name: &'static str, params: &'static [Type], tail: Type, call: Call) -> Builtin {
    Builtin { name, signature: Signature::variadic(params, tail), call }
}

const NIL: &Value = &Value::Nil;
const EMPTY: &Str = &Str::new();

/// The argument at `position`.
pub(super) fn any(arguments: &[Value], position: usize) -> &Value {
    arguments.get(position).unwrap_or(NIL)
}

/// A `string`.
pub(super) fn text(arguments: &[Value], position: usize) -> &Str {
    match any(arguments, position) {
        Value::Str(text) => text,
        _ => EMPTY,
    }
}

/// An `int`.
pub(super) fn int(arguments: &[Value], position: usize) -> i64 {
    match any(arguments, position) {
        Value::Int(_, number) => *number,
        _ => 0,
    }
}

/// A `bool`.
pub(super) fn truth(arguments: &[Value], position: usize) -> bool {
    matches!(any(arguments, position), Value::Bool(true))
}

/// A `map[string]interface {}`; nothing for Go's nil map.
pub(super) fn map(arguments: &[Value], position: usize) -> Option<&Map> {
    match any(arguments, position) {
        Value::Map(map) => Some(map),
        _ => None,
    }
}

/// The arguments from `position` on.
pub(super) fn tail(arguments: &[Value], position: usize) -> &[Value] {
    arguments.get(position..).unwrap_or(&[])
}

/// The items of a slice of any type, `[]byte` included.
pub(super) fn items(value: &Value) -> Option<Cow<'_, [Value]>> {
    match value {
        Value::List(list) => Some(Cow::Borrowed(list.items())),
        Value::Bytes(bytes) => {
            Some(bytes.iter().map(|byte| Value::Int(crate::IntKind::Uint8, i64::from(*byte))).collect())
        }
        Value::Object(object) if object.kind() == "slice" => match object.data() {
            Value::List(list) => Some(Cow::Owned(list.items().to_vec())),
            _ => None,
        },
        _ => None,
    }
}

/// A Go `string` result.
pub(super) fn string(text: impl Into<Str>) -> Result<Value, CallError> {
    Ok(Value::Str(text.into()))
}

/// A Go `bool` result.
pub(super) fn boolean(truth: bool) -> Result<Value, CallError> {
    Ok(Value::Bool(truth))
}

/// A Go `[]string` result.
pub(super) fn strings(items: Vec<Str>) -> Result<Value, CallError> {
    Ok(Value::List(List::strings(items)))
}

/// A Go runtime panic, which text/template reports as the call's error.
pub(super) fn panic(message: impl std::fmt::Display) -> CallError {
    format!("runtime error: {message}").into()
}

/// What Go says when a nil value is used as if it had a type.
pub(super) fn nil_dereference() -> CallError {
    panic("invalid memory address or nil pointer dereference")
}
