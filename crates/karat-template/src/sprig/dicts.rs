//! Dicts. `set`, `unset` and the merges change the caller's map. Go's random order of keys is sorted order here.

use crate::Type::{Any, Map as Dict, String as Text};
use crate::{Builtin, CallError, Interpreter, List, Map, Str, Value};

use super::args::{any, boolean, fixed, map, strings, tail, text, variadic};
use super::limits::{Walk, check_items};
use super::merge;
use super::print::strval;

/// The family.
pub(super) const FUNCTIONS: &[Builtin] =
    &[
        // Building.
        variadic("dict", &[], Any, |_, a| dict(a)),
        fixed("deepCopy", &[Any], |i, a| deep_copy(i, any(a, 0))),
        fixed("mustDeepCopy", &[Any], |i, a| deep_copy(i, any(a, 0))),
        // Reading.
        fixed("get", &[Dict, Text], |_, a| Ok(entry(any(a, 0), text(a, 1)).unwrap_or_else(|| Value::string("")))),
        fixed("hasKey", &[Dict, Text], |_, a| boolean(entry(any(a, 0), text(a, 1)).is_some())),
        variadic("dig", &[], Any, |_, a| dig(a)),
        variadic("pluck", &[Text], Dict, |_, a| {
            Ok(Value::list(tail(a, 1).iter().filter_map(|dict| entry(dict, text(a, 0))).collect()))
        }),
        variadic("keys", &[], Dict, |_, a| keys(a)),
        fixed("values", &[Dict], |_, a| {
            Ok(Value::list(map(a, 0).map(|map| map.borrow().values().cloned().collect()).unwrap_or_default()))
        }),
        variadic("pick", &[Dict], Text, |_, a| Ok(filtered(any(a, 0), |key| has_text(tail(a, 1), key)))),
        variadic("omit", &[Dict], Text, |_, a| Ok(filtered(any(a, 0), |key| !has_text(tail(a, 1), key)))),
        // Changing.
        fixed("set", &[Dict, Text, Any], |_, a| set(any(a, 0), text(a, 1), any(a, 2))),
        fixed("unset", &[Dict, Text], |_, a| unset(any(a, 0), text(a, 1))),
        variadic("merge", &[Dict], Dict, |i, a| {
            Ok(merge::all(i, any(a, 0), tail(a, 1), false)?.unwrap_or_else(empty_text))
        }),
        variadic("mergeOverwrite", &[Dict], Dict, |i, a| {
            Ok(merge::all(i, any(a, 0), tail(a, 1), true)?.unwrap_or_else(empty_text))
        }),
        variadic("mustMerge", &[Dict], Dict, |i, a| {
            merge::all(i, any(a, 0), tail(a, 1), false)?.ok_or_else(merge::mismatch)
        }),
        variadic("mustMergeOverwrite", &[Dict], Dict, |i, a| {
            merge::all(i, any(a, 0), tail(a, 1), true)?.ok_or_else(merge::mismatch)
        }),
    ];

/// What the merges without `must` give when they fail.
fn empty_text() -> Value {
    Value::string("")
}

/// From keys and values in turn; a last key without a value gets an empty string.
fn dict(pairs: &[Value]) -> Result<Value, CallError> {
    let map = Map::new(Default::default());
    for pair in pairs.chunks(2) {
        map.set(strval(&pair[0])?, pair.get(1).cloned().unwrap_or_else(empty_text));
    }
    Ok(Value::Map(map))
}

fn entry(dict: &Value, key: &[u8]) -> Option<Value> {
    match dict {
        Value::Map(map) => map.borrow().get(key).cloned(),
        _ => None,
    }
}

fn has_text(texts: &[Value], key: &Str) -> bool {
    texts.iter().any(|text| matches!(text, Value::Str(text) if text == key))
}

fn keys(dicts: &[Value]) -> Result<Value, CallError> {
    let mut all = Vec::new();
    for dict in dicts {
        if let Value::Map(map) = dict {
            all.extend(map.borrow().keys().cloned());
        }
        check_items(all.len())?;
    }
    strings(all)
}

fn filtered(dict: &Value, keep: impl Fn(&Str) -> bool) -> Value {
    match dict {
        Value::Map(map) => {
            let kept = map.borrow().iter().filter(|(key, _)| keep(key)).map(|(k, v)| (k.clone(), v.clone())).collect();
            Value::Map(Map::new(kept))
        }
        _ => Value::empty_map(),
    }
}

/// The map, unless it is Go's nil map.
fn not_nil(dict: &Value) -> Option<&Map> {
    match dict {
        Value::Map(map) if !map.is_nil() => Some(map),
        _ => None,
    }
}

fn set(dict: &Value, key: &Str, value: &Value) -> Result<Value, CallError> {
    let Some(map) = not_nil(dict) else {
        return Err("assignment to entry in nil map".into());
    };
    map.set(key.clone(), value.clone());
    Ok(dict.clone())
}

fn unset(dict: &Value, key: &[u8]) -> Result<Value, CallError> {
    if let Value::Map(map) = dict {
        map.borrow_mut().remove(key);
    }
    Ok(dict.clone())
}

/// `dig KEY... DEFAULT DICT`: fails, as in Go, where a key names something that is not a dict.
fn dig(arguments: &[Value]) -> Result<Value, CallError> {
    let [keys @ .., default, dict] = arguments else {
        return Err("dig needs at least three arguments".into());
    };
    if keys.is_empty() {
        return Err("dig needs at least three arguments".into());
    }
    let mut at = as_dict(dict)?.clone();
    let keys = keys.iter().map(as_text).collect::<Result<Vec<_>, _>>()?;
    for (position, key) in keys.iter().enumerate() {
        let step = at.borrow().get(&***key).cloned();
        match step {
            None => return Ok(default.clone()),
            Some(step) if position + 1 == keys.len() => return Ok(step),
            Some(step) => at = as_dict(&step)?.clone(),
        }
    }
    Ok(default.clone())
}

fn as_dict(value: &Value) -> Result<&Map, CallError> {
    match value {
        Value::Map(map) if map.go_type() == Map::ANY => Ok(map),
        _ => Err(conversion(value, Map::ANY)),
    }
}

fn as_text(value: &Value) -> Result<&Str, CallError> {
    match value {
        Value::Str(text) => Ok(text),
        _ => Err(conversion(value, "string")),
    }
}

/// Go's failed type assertion.
fn conversion(value: &Value, wanted: &str) -> CallError {
    let found = match value {
        Value::Nil => "nil",
        _ => value.go_type(),
    };
    format!("interface conversion: interface {{}} is {found}, not {wanted}").into()
}

/// copystructure's `Copy`: maps and slices are new, all else is shared.
fn deep_copy(interpreter: &mut Interpreter<'_>, value: &Value) -> Result<Value, CallError> {
    if matches!(value, Value::Nil) {
        return Err("reflect: call of reflect.Value.Type on zero Value".into());
    }
    let mut walk = Walk::new();
    let copied = copy(value, &mut walk)?;
    walk.end(interpreter)?;
    Ok(copied)
}

fn copy(value: &Value, walk: &mut Walk) -> Result<Value, CallError> {
    walk.enter()?;
    let copied = match value {
        Value::Map(map) if !map.is_nil() => {
            let entries = map.borrow();
            let copies = entries.iter().map(|(key, item)| Ok((key.clone(), copy(item, walk)?)));
            Value::Map(Map::typed(map.go_type(), copies.collect::<Result<_, CallError>>()?))
        }
        Value::List(list) if !list.is_nil() => {
            let copies = list.items().iter().map(|item| copy(item, walk)).collect::<Result<_, _>>()?;
            Value::List(List::typed(list.go_type(), copies))
        }
        _ => value.clone(),
    };
    walk.leave();
    Ok(copied)
}
