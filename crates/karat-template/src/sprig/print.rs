//! How Go prints values: `%v`, `%q`, and Sprig's `strval`.

use crate::{CallError, Str, Value};

use super::limits::{Walk, check_text};
use super::runes::{is_print, runes};

/// Sprig's `strval`: strings and bytes as they are, everything else as `%v`.
pub(super) fn strval(value: &Value) -> Result<Str, CallError> {
    match value {
        Value::Str(text) | Value::Bytes(text) => Ok(text.clone()),
        _ => sprint(value),
    }
}

/// Sprig's `strslice`: a slice's items that are not nil as text; anything else as a slice of one.
pub(super) fn strslice(value: &Value) -> Result<Vec<Str>, CallError> {
    match super::args::items(value) {
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
    print(value, &mut out, &mut Walk::new())?;
    Ok(out.into())
}

fn print(value: &Value, out: &mut Vec<u8>, walk: &mut Walk) -> Result<(), CallError> {
    walk.enter()?;
    match value {
        Value::Nil => out.extend_from_slice(b"<nil>"),
        Value::Bool(truth) => out.extend_from_slice(if *truth { b"true" } else { b"false" }),
        Value::Int(crate::IntKind::Uint64, number) => out.extend_from_slice((*number as u64).to_string().as_bytes()),
        Value::Int(_, number) => out.extend_from_slice(number.to_string().as_bytes()),
        Value::Float(number) => out.extend_from_slice(float(*number).as_bytes()),
        Value::Str(text) => out.extend_from_slice(text),
        Value::Bytes(bytes) => {
            let numbers: Vec<String> = bytes.iter().map(ToString::to_string).collect();
            out.extend_from_slice(format!("[{}]", numbers.join(" ")).as_bytes());
        }
        Value::List(list) => {
            out.push(b'[');
            for (position, item) in list.items().iter().enumerate() {
                if position > 0 {
                    out.push(b' ');
                }
                print(item, out, walk)?;
            }
            out.push(b']');
        }
        Value::Map(map) => {
            out.extend_from_slice(b"map[");
            for (position, (key, item)) in map.borrow().iter().enumerate() {
                if position > 0 {
                    out.push(b' ');
                }
                out.extend_from_slice(key);
                out.push(b':');
                print(item, out, walk)?;
            }
            out.push(b']');
        }
        Value::Object(object) => out.extend_from_slice(&object.print()),
    }
    check_text(Some(out.len()))?;
    walk.leave();
    Ok(())
}

/// A float64 as `%v` prints it: the shortest text that reads back, with an exponent from 1e+06 on and below 1e-04.
pub(super) fn float(number: f64) -> String {
    if number.is_nan() {
        return "NaN".into();
    }
    if number.is_infinite() {
        return if number > 0.0 { "+Inf" } else { "-Inf" }.into();
    }
    if number == 0.0 {
        return if number.is_sign_negative() { "-0" } else { "0" }.into();
    }
    let (digits, exponent) = shortest(number);
    if !(-4..6).contains(&exponent) { with_exponent(&digits, exponent, number < 0.0) } else { number.to_string() }
}

/// The shortest digits of a finite number's magnitude, and the decimal exponent of the first digit.
pub(super) fn shortest(number: f64) -> (String, i32) {
    let text = format!("{:e}", number.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    (mantissa.replace('.', ""), exponent.parse().unwrap_or(0))
}

/// `d.ddde+XX`, with at least two digits of exponent.
fn with_exponent(digits: &str, exponent: i32, negative: bool) -> String {
    let (first, rest) = digits.split_at(1);
    let point = if rest.is_empty() { "" } else { "." };
    let sign = if negative { "-" } else { "" };
    let direction = if exponent < 0 { '-' } else { '+' };
    format!("{sign}{first}{point}{rest}e{direction}{:02}", exponent.unsigned_abs())
}

/// `%q`: the text as a Go string literal.
pub(super) fn quote(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 2);
    out.push(b'"');
    for rune in runes(text) {
        match rune.char {
            _ if rune.is_invalid() => out.extend_from_slice(format!("\\x{:02x}", rune.bytes[0]).as_bytes()),
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\u{7}' => out.extend_from_slice(b"\\a"),
            '\u{8}' => out.extend_from_slice(b"\\b"),
            '\u{C}' => out.extend_from_slice(b"\\f"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\t' => out.extend_from_slice(b"\\t"),
            '\u{B}' => out.extend_from_slice(b"\\v"),
            char if is_print(char) => out.extend_from_slice(rune.bytes),
            char @ ..='\u{7F}' => out.extend_from_slice(format!("\\x{:02x}", char as u32).as_bytes()),
            char @ ..='\u{FFFF}' => out.extend_from_slice(format!("\\u{:04x}", char as u32).as_bytes()),
            char => out.extend_from_slice(format!("\\U{:08x}", char as u32).as_bytes()),
        }
    }
    out.push(b'"');
    out
}
