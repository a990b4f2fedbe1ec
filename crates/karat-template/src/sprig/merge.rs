//! dario.cat/mergo 1.0.1, as Sprig's `merge` and `mergeOverwrite` use it.
//!
//! The destination is changed in place, level by level, and what it takes from a source is shared with that source, not
//! copied: charts see both.

use crate::{CallError, Interpreter, Map, Str, Value};

use super::limits::Walk;

/// Merges each source into `dst`, changing it, and gives `dst`; `None` when types cannot be merged.
pub(super) fn all(
    interpreter: &mut Interpreter<'_>,
    dst: &Value,
    sources: &[Value],
    overwrite: bool,
) -> Result<Option<Value>, CallError> {
    // Go's nil map becomes a new one when there is something to put into it.
    let mut result = dst.clone();
    let mut walk = Walk::new();
    for source in sources {
        if let (Value::Map(dst), Value::Map(source)) = (&result, source)
            && dst.is_nil()
            && !source.is_nil()
        {
            result = Value::empty_map();
        }
        if let (Value::Map(dst), Value::Map(source)) = (&result, source)
            && !merge(dst, source, overwrite, &mut walk)?
        {
            return Ok(None);
        }
    }
    walk.end(interpreter)?;
    Ok(Some(result))
}

/// mergo's `ErrDifferentArgumentsTypes`.
pub(super) fn mismatch() -> CallError {
    "src and dst must be of same type".into()
}

/// Merges `src` into `dst`; false when types cannot be merged.
fn merge(dst: &Map, src: &Map, overwrite: bool, walk: &mut Walk) -> Result<bool, CallError> {
    walk.enter()?;
    let keys: Vec<Str> = src.borrow().keys().cloned().collect();
    for key in keys {
        let Some(theirs) = src.borrow().get(&*key).cloned() else {
            continue;
        };
        let ours = dst.borrow().get(&*key).cloned();
        if matches!(theirs, Value::Nil) {
            if overwrite {
                assign(dst, src, key, theirs)?;
            }
            continue;
        }
        let both_maps = match (&ours, &theirs) {
            (Some(Value::Map(ours)), Value::Map(theirs)) => {
                if !merge(ours, theirs, overwrite, walk)? {
                    return Ok(false);
                }
                true
            }
            // A pointer does not merge with a map.
            (Some(Value::Object(ours)), Value::Map(_)) if ours.kind() == "ptr" && !overwrite => return Ok(false),
            _ => false,
        };
        // A map that is still empty after merging is replaced by theirs: from here on both are one map.
        let filled = ours.as_ref().is_some_and(Value::truth);
        if !filled || overwrite && !both_maps {
            assign(dst, src, key, theirs)?;
        }
    }
    walk.leave();
    Ok(true)
}

/// Sets an entry. A `map[string]string` takes no value from a map of anything: Go panics.
fn assign(dst: &Map, src: &Map, key: Str, value: Value) -> Result<(), CallError> {
    if dst.go_type() == Map::STRINGS && src.go_type() != Map::STRINGS {
        return Err("reflect.Value.SetMapIndex: value of type interface {} is not assignable to type string".into());
    }
    dst.set(key, value);
    Ok(())
}
