//! Lists: building, cutting, searching, sorting. Each function has a `must` twin; in Helm both fail the render, as a
//! panic is an error too.

use std::borrow::Cow;

use rustc_hash::FxHashSet;

use crate::Type::{Any, Int};
use crate::{Builtin, CallError, Interpreter, List, Str, Value};

use super::args::{any, boolean, fixed, int, items, nil_dereference, panic, strings, tail, variadic};
use super::cast::to_int;
use super::equal::contains;
use super::limits::{Walk, check_items};
use super::print::{strslice, strval};

/// The family. Any slice type is taken, `[]interface {}` is given, but for `slice`, which keeps the type.
pub(super) const FUNCTIONS: &[Builtin] = &[
    // Building.
    variadic("list", &[], Any, |_, a| list(a.to_vec())),
    variadic("tuple", &[], Any, |_, a| list(a.to_vec())),
    fixed("append", &[Any, Any], |_, a| push(a)),
    fixed("push", &[Any, Any], |_, a| push(a)),
    fixed("mustAppend", &[Any, Any], |_, a| push(a)),
    fixed("mustPush", &[Any, Any], |_, a| push(a)),
    fixed("prepend", &[Any, Any], |_, a| prepend(a)),
    fixed("mustPrepend", &[Any, Any], |_, a| prepend(a)),
    variadic("concat", &[], Any, |_, a| concat(a)),
    // Cutting.
    fixed("first", &[Any], |_, a| Ok(slice_of("find first on", any(a, 0))?.first().cloned().unwrap_or_default())),
    fixed("mustFirst", &[Any], |_, a| Ok(slice_of("find first on", any(a, 0))?.first().cloned().unwrap_or_default())),
    fixed("last", &[Any], |_, a| Ok(slice_of("find last on", any(a, 0))?.last().cloned().unwrap_or_default())),
    fixed("mustLast", &[Any], |_, a| Ok(slice_of("find last on", any(a, 0))?.last().cloned().unwrap_or_default())),
    fixed("rest", &[Any], |_, a| rest(any(a, 0))),
    fixed("mustRest", &[Any], |_, a| rest(any(a, 0))),
    fixed("initial", &[Any], |_, a| initial(any(a, 0))),
    fixed("mustInitial", &[Any], |_, a| initial(any(a, 0))),
    variadic("slice", &[Any], Any, |_, a| slice(any(a, 0), tail(a, 1))),
    variadic("mustSlice", &[Any], Any, |_, a| slice(any(a, 0), tail(a, 1))),
    fixed("chunk", &[Int, Any], |_, a| chunk(int(a, 0), any(a, 1))),
    fixed("mustChunk", &[Int, Any], |_, a| chunk(int(a, 0), any(a, 1))),
    // Filtering and ordering.
    fixed("reverse", &[Any], |_, a| reverse(any(a, 0))),
    fixed("mustReverse", &[Any], |_, a| reverse(any(a, 0))),
    fixed("sortAlpha", &[Any], |_, a| match any(a, 0) {
        Value::List(list) if list.is_nil() && list.go_type() == List::STRINGS => Ok(any(a, 0).clone()),
        value => strings(sort_alpha(value)?),
    }),
    fixed("uniq", &[Any], |i, a| uniq(i, any(a, 0))),
    fixed("mustUniq", &[Any], |i, a| uniq(i, any(a, 0))),
    fixed("compact", &[Any], |_, a| compact(any(a, 0))),
    fixed("mustCompact", &[Any], |_, a| compact(any(a, 0))),
    variadic("without", &[Any], Any, |i, a| without(i, any(a, 0), tail(a, 1))),
    variadic("mustWithout", &[Any], Any, |i, a| without(i, any(a, 0), tail(a, 1))),
    // Searching.
    fixed("has", &[Any, Any], |i, a| boolean(has(i, any(a, 0), any(a, 1))?)),
    fixed("mustHas", &[Any, Any], |i, a| boolean(has(i, any(a, 0), any(a, 1))?)),
];

/// The items of a slice, or Sprig's complaint: `Cannot push on type string`.
fn slice_of<'a>(action: &str, value: &'a Value) -> Result<Cow<'a, [Value]>, CallError> {
    match (items(value), value) {
        (Some(items), _) => Ok(items),
        (None, Value::Nil) => Err(nil_dereference()),
        (None, _) => Err(format!("Cannot {action} type {}", value.kind()).into()),
    }
}

fn list(items: Vec<Value>) -> Result<Value, CallError> {
    check_items(items.len())?;
    Ok(Value::list(items))
}

fn nil_list() -> Value {
    Value::List(List::nil(List::ANY))
}

fn push(arguments: &[Value]) -> Result<Value, CallError> {
    let items = slice_of("push on", any(arguments, 0))?;
    list(items.iter().chain([any(arguments, 1)]).cloned().collect())
}

fn prepend(arguments: &[Value]) -> Result<Value, CallError> {
    let items = slice_of("prepend on", any(arguments, 0))?;
    list([any(arguments, 1)].into_iter().chain(items.iter()).cloned().collect())
}

/// Nothing concatenated is a nil slice.
fn concat(lists: &[Value]) -> Result<Value, CallError> {
    let mut all = Vec::new();
    for value in lists {
        match (items(value), value) {
            (Some(items), _) => all.extend_from_slice(&items),
            (None, Value::Nil) => return Err(nil_dereference()),
            (None, _) => return Err(format!("Cannot concat type {} as list", value.kind()).into()),
        }
        check_items(all.len())?;
    }
    if all.is_empty() { Ok(nil_list()) } else { list(all) }
}

fn rest(value: &Value) -> Result<Value, CallError> {
    match slice_of("find rest on", value)?.split_first() {
        Some((_, rest)) => list(rest.to_vec()),
        None => Ok(nil_list()),
    }
}

fn initial(value: &Value) -> Result<Value, CallError> {
    match slice_of("find initial on", value)?.split_last() {
        Some((_, initial)) => list(initial.to_vec()),
        None => Ok(nil_list()),
    }
}

/// `list[start:end]`; nil for an empty list.
fn slice(value: &Value, indices: &[Value]) -> Result<Value, CallError> {
    let items = match (items(value), value) {
        (Some(items), _) => items,
        (None, Value::Nil) => return Err(nil_dereference()),
        (None, _) => return Err(format!("list should be type of slice or array but {}", value.kind()).into()),
    };
    if items.is_empty() {
        return Ok(Value::Nil);
    }
    let start = indices.first().map_or(0, to_int);
    let end = indices.get(1).map_or(items.len() as i64, to_int);
    let range = usize::try_from(start).ok().zip(usize::try_from(end).ok()).filter(|(start, end)| start <= end);
    let part = range.and_then(|(start, end)| items.get(start..end));
    let part = part.ok_or_else(|| CallError::from("reflect.Value.Slice: slice index out of bounds"))?;
    match value {
        Value::List(list) => Ok(Value::List(List::typed(list.go_type(), part.to_vec()))),
        Value::Bytes(bytes) => Ok(Value::Bytes(bytes[start as usize..end as usize].into())),
        _ => list(part.to_vec()),
    }
}

/// Lists of `size` items, the last one shorter. Odd sizes take Sprig's own floating-point path to their panics.
fn chunk(size: i64, value: &Value) -> Result<Value, CallError> {
    let items = match (items(value), value) {
        (Some(items), _) => items,
        (None, Value::Nil) => return Err(nil_dereference()),
        (None, _) => return Err(format!("Cannot chunk type {}", value.kind()).into()),
    };
    let length = items.len() as f64;
    let chunks = super::cast::float_to_int(((length - 1.0) / size as f64).floor() + 1.0);
    let mut all = Vec::new();
    if chunks < 0 {
        return Err(panic("makeslice: len out of range"));
    }
    for position in 0..chunks {
        let mut count = size;
        if position == chunks - 1 {
            count = super::cast::float_to_int((length % size as f64).floor());
            if count == 0 {
                count = size;
            }
        }
        let start = usize::try_from(position.wrapping_mul(size)).unwrap_or(usize::MAX);
        let count = usize::try_from(count).map_err(|_| panic("makeslice: len out of range"))?;
        let part = items.get(start..start.saturating_add(count));
        all.push(Value::list(part.ok_or_else(|| CallError::from("reflect: slice index out of range"))?.to_vec()));
    }
    Ok(Value::List(List::typed("[][]interface {}", all)))
}

fn reverse(value: &Value) -> Result<Value, CallError> {
    list(slice_of("find reverse on", value)?.iter().rev().cloned().collect())
}

/// The items' texts in byte order; what is no list is a list of one.
fn sort_alpha(value: &Value) -> Result<Vec<Str>, CallError> {
    if items(value).is_none() {
        return Ok(vec![strval(value)?]);
    }
    let mut texts = strslice(value)?;
    texts.sort();
    Ok(texts)
}

/// Each item once, in the order of first occurrence.
fn uniq(interpreter: &mut Interpreter<'_>, value: &Value) -> Result<Value, CallError> {
    let items = slice_of("find uniq on", value)?;
    let mut texts = FxHashSet::default();
    let mut others = Vec::new();
    let mut kept = Vec::new();
    let mut walk = Walk::new();
    for item in items.iter() {
        let new = match item {
            Value::Str(text) => texts.insert(text.clone()),
            _ => !contains(&others, item, &mut walk)?,
        };
        if new {
            kept.push(item.clone());
            if !matches!(item, Value::Str(_)) {
                others.push(item.clone());
            }
        }
    }
    walk.end(interpreter)?;
    list(kept)
}

fn compact(value: &Value) -> Result<Value, CallError> {
    list(slice_of("compact on", value)?.iter().filter(|item| item.truth()).cloned().collect())
}

fn without(interpreter: &mut Interpreter<'_>, value: &Value, omitted: &[Value]) -> Result<Value, CallError> {
    let items = slice_of("find without on", value)?;
    let mut walk = Walk::new();
    let mut kept = Vec::new();
    for item in items.iter() {
        if !contains(omitted, item, &mut walk)? {
            kept.push(item.clone());
        }
    }
    walk.end(interpreter)?;
    list(kept)
}

/// Nothing is in nil.
fn has(interpreter: &mut Interpreter<'_>, needle: &Value, haystack: &Value) -> Result<bool, CallError> {
    match haystack {
        Value::Nil => Ok(false),
        _ => {
            let mut walk = Walk::new();
            let found = contains(&slice_of("find has on", haystack)?, needle, &mut walk)?;
            walk.end(interpreter)?;
            Ok(found)
        }
    }
}
