//! How Sprig turns anything into a number: spf13/cast 1.7, errors swallowed.

use crate::Value;

use super::strconv;
use super::times::named_int;

/// `cast.ToInt64` and, on 64 bits, `cast.ToInt`: what cannot be converted is 0.
pub(super) fn to_int(value: &Value) -> i64 {
    match value {
        Value::Int(_, number) => *number,
        Value::Float(number) => float_to_int(*number),
        Value::Str(text) => strconv::parse_int(trim_zero_fraction(text), 0).unwrap_or(0),
        Value::Bool(truth) => i64::from(*truth),
        Value::Object(object) => named_int(&**object).unwrap_or(0),
        _ => 0,
    }
}

/// `cast.ToFloat64`: what cannot be converted is 0.
pub(super) fn to_float(value: &Value) -> f64 {
    match value {
        Value::Int(crate::IntKind::Uint64, number) => *number as u64 as f64,
        Value::Int(_, number) => *number as f64,
        Value::Float(number) => *number,
        Value::Str(text) => strconv::parse_float(text).unwrap_or(0.0),
        Value::Bool(truth) => f64::from(u8::from(*truth)),
        Value::Object(object) => named_int(&**object).unwrap_or(0) as f64,
        _ => 0.0,
    }
}

/// Go's `int64(f)` on amd64: what does not fit becomes the smallest integer.
pub(super) fn float_to_int(number: f64) -> i64 {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if (-LIMIT..LIMIT).contains(&number) { number as i64 } else { i64::MIN }
}

/// `"1.00"` reads as `1`; `"1."` and `"1.50"` stay, and fail to parse.
fn trim_zero_fraction(text: &[u8]) -> &[u8] {
    let whole = text.len() - text.iter().rev().take_while(|byte| **byte == b'0').count();
    if whole < text.len() && whole > 0 && text[whole - 1] == b'.' { &text[..whole - 1] } else { text }
}
