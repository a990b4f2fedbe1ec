//! Values as text: Sprig's `strval` and `strslice` on top of Go's `%v`.

use crate::{CallError, Str, Value, fmt};

use super::args::items;
use super::limits::MAX_TEXT;

/// Sprig's `strval`: strings and bytes as they are, everything else as `%v`.
pub(super) fn strval(value: &Value) -> Result<Str, CallError> {
    match value {
        Value::Str(text) | Value::Bytes(text) => Ok(text.clone()),
        _ => sprint(value),
    }
}

/// Sprig's `strslice`: a slice's items that are not nil as text; anything else as a slice of one.
pub(super) fn strslice(value: &Value) -> Result<Vec<Str>, CallError> {
    match items(value) {
        Some(items) => items.iter().filter(|item| !matches!(item, Value::Nil)).map(strval).collect(),
        None if matches!(value, Value::Nil) => Ok(Vec::new()),
        None => Ok(vec![strval(value)?]),
    }
}

/// `fmt.Sprint(value)`, that is `%v`.
pub(super) fn sprint(value: &Value) -> Result<Str, CallError> {
    if let Value::Str(text) = value {
        return Ok(text.clone());
    }
    let mut out = Vec::new();
    fmt::print_within(&mut out, value, MAX_TEXT)?;
    Ok(out.into())
}

/// The shortest digits of a finite number's magnitude, as Go chooses them, and the decimal exponent of the first digit.
pub(super) fn shortest(number: f64) -> (String, i32) {
    let text = fmt::format_float(number.abs(), 'e', None);
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    (mantissa.replace('.', ""), exponent.parse().unwrap_or(0))
}
