//! `reflect.DeepEqual`.

use std::rc::Rc;

use crate::{CallError, Interpreter, Value};

use super::limits::Walk;

/// Whether two values have the same type and contents. NaN differs from itself, a nil slice from an empty one.
pub(super) fn deep_equal(interpreter: &mut Interpreter<'_>, left: &Value, right: &Value) -> Result<bool, CallError> {
    let mut walk = Walk::new();
    let equal = equal(left, right, &mut walk)?;
    walk.end(interpreter)?;
    Ok(equal)
}

/// Whether `needle` is among `items`; `walk` bounds the work of many such calls.
pub(super) fn contains(items: &[Value], needle: &Value, walk: &mut Walk) -> Result<bool, CallError> {
    for item in items {
        if equal(needle, item, walk)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn equal(left: &Value, right: &Value, walk: &mut Walk) -> Result<bool, CallError> {
    walk.enter()?;
    let equal = match (left, right) {
        (Value::Nil, Value::Nil) => true,
        (Value::Bool(left), Value::Bool(right)) => left == right,
        (Value::Int(kind, left), Value::Int(other, right)) => kind == other && left == right,
        (Value::Float(left), Value::Float(right)) => left == right,
        (Value::Str(left), Value::Str(right)) | (Value::Bytes(left), Value::Bytes(right)) => left == right,
        (Value::List(left), Value::List(right)) => {
            let (a, b) = (left.items(), right.items());
            left.same(right)
                || left.go_type() == right.go_type()
                    && left.is_nil() == right.is_nil()
                    && a.len() == b.len()
                    && pairs_equal(a.iter().zip(b), walk)?
        }
        (Value::Map(left), Value::Map(right)) if left.same(right) => true,
        (Value::Map(left), Value::Map(right)) => {
            let (a, b) = (left.borrow(), right.borrow());
            left.go_type() == right.go_type()
                && left.is_nil() == right.is_nil()
                && a.len() == b.len()
                && a.keys().eq(b.keys())
                && pairs_equal(a.values().zip(b.values()), walk)?
        }
        (Value::Object(left), Value::Object(right)) => {
            Rc::ptr_eq(left, right)
                || left.go_type() == right.go_type()
                    && left.print() == right.print()
                    && equal(&left.data(), &right.data(), walk)?
        }
        _ => false,
    };
    walk.leave();
    Ok(equal)
}

fn pairs_equal<'a>(pairs: impl Iterator<Item = (&'a Value, &'a Value)>, walk: &mut Walk) -> Result<bool, CallError> {
    for (left, right) in pairs {
        if !equal(left, right, walk)? {
            return Ok(false);
        }
    }
    Ok(true)
}
