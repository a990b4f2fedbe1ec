//! Number literals, as Go reads untyped constants.

use crate::ast::{Ideal, Number};
use crate::lex::TokenKind;
use crate::quote;

impl Number {
    /// Reads a number, complex or character token.
    pub(crate) fn parse(text: &[u8], kind: TokenKind) -> Result<Self, String> {
        if kind == TokenKind::CharConstant {
            let rune = quote::unquote_rune(text)?;
            return Ok(Self { int: Some(rune), float: Some(rune as f64), ideal: Ideal::Int(rune) });
        }
        let illegal = || format!("illegal number syntax: {}", quote::quote(text));
        let text = std::str::from_utf8(text).map_err(|_| illegal())?;
        if kind == TokenKind::Complex {
            return parse_complex(text).map(|(real, imaginary)| Self::complex(real, imaginary)).ok_or_else(illegal);
        }
        if let Some(imaginary) = text.strip_suffix('i').and_then(parse_float) {
            return Ok(Self::complex(0.0, imaginary));
        }
        if let Some(int) = parse_int(text) {
            return Ok(Self { int: Some(int), float: Some(int as f64), ideal: Ideal::Int(int) });
        }
        if let Some(uint) = parse_uint(text) {
            return Ok(Self { int: None, float: Some(uint as f64), ideal: Ideal::Overflow });
        }
        let float = parse_float(text).ok_or_else(illegal)?;
        if !text.contains(['.', 'e', 'E', 'p', 'P']) {
            return Err(format!("integer overflow: {}", quote::quote(text.as_bytes())));
        }
        // Go takes a hexadecimal literal for a float only if it has an exponent in p; one without is an integer, and
        // one that is too large for an integer is refused above.
        Ok(Self { int: whole(float), float: Some(float), ideal: Ideal::Float(float) })
    }

    fn complex(real: f64, imaginary: f64) -> Self {
        let float = (imaginary == 0.0).then_some(real);
        Self { int: float.and_then(whole), float, ideal: Ideal::Complex(real, imaginary) }
    }
}

/// The integer that a float is, if an i64 holds it.
fn whole(float: f64) -> Option<i64> {
    let range = -9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0;
    (float.fract() == 0.0 && range.contains(&float)).then_some(float as i64)
}

/// `strconv.ParseInt(text, 0, 64)`.
pub(crate) fn parse_int(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix(['+', '-']) {
        Some(digits) => (text.starts_with('-'), digits),
        None => (false, text),
    };
    let magnitude = i128::from(parse_uint(digits)?);
    i64::try_from(if negative { -magnitude } else { magnitude }).ok()
}

/// `strconv.ParseUint(text, 0, 64)`.
pub(crate) fn parse_uint(text: &str) -> Option<u64> {
    let lower = text.to_ascii_lowercase();
    let (radix, digits) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', _, ..] => (8, &lower[1..]),
        _ => (10, lower.as_str()),
    };
    if !underscores_fit(&lower) || digits.starts_with(['+', '-']) {
        return None;
    }
    u64::from_str_radix(&digits.replace('_', ""), radix).ok()
}

/// `strconv.ParseFloat`; what is out of range is refused.
pub(crate) fn parse_float(text: &str) -> Option<f64> {
    let lower = text.to_ascii_lowercase();
    let unsigned = lower.strip_prefix(['+', '-']).unwrap_or(&lower);
    if !underscores_fit(unsigned) {
        return None;
    }
    let digits = unsigned.replace('_', "");
    let magnitude = match digits.strip_prefix("0x") {
        Some(hex) => parse_hex_float(hex)?,
        None if digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'+' | b'-')) => {
            digits.parse::<f64>().ok()?
        }
        None => return None,
    };
    magnitude.is_finite().then_some(if lower.starts_with('-') { -magnitude } else { magnitude })
}

/// `h.hhhp±d`, without the `0x`.
fn parse_hex_float(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once('p')?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
        return None;
    }
    let mut exponent = exponent.parse::<i64>().ok()?.clamp(-1_000_000, 1_000_000) - 4 * fraction.len() as i64;
    let mut bits: u64 = 0;
    for digit in whole.chars().chain(fraction.chars()) {
        let digit = u64::from(digit.to_digit(16)?);
        if bits >> 60 == 0 {
            bits = bits << 4 | digit;
        } else {
            // More than a float holds: only whether anything is lost matters for rounding.
            bits |= u64::from(digit != 0);
            exponent += 4;
        }
    }
    let mut float = bits as f64;
    while exponent != 0 && float != 0.0 && float.is_finite() {
        let step = exponent.clamp(-512, 512);
        float *= 2f64.powi(step as i32);
        exponent -= step;
    }
    Some(float)
}

fn parse_complex(text: &str) -> Option<(f64, f64)> {
    let text = text.strip_suffix('i')?;
    let bytes = text.as_bytes();
    let split = (1..bytes.len())
        .rev()
        .find(|&at| matches!(bytes[at], b'+' | b'-') && !(matches!(bytes[at - 1], b'e' | b'E' | b'p' | b'P')))?;
    Some((parse_part(&text[..split])?, parse_part(&text[split..])?))
}

/// A part of a complex literal: `fmt.Sscan` reads it, which knows no `0x` integers but floats.
fn parse_part(text: &str) -> Option<f64> {
    parse_float(text).or_else(|| parse_int(text).map(|int| int as f64))
}

/// Go's rule: an underscore stands between digits, or after a base prefix.
fn underscores_fit(text: &str) -> bool {
    if !text.contains('_') {
        return true;
    }
    let text = text.strip_prefix(['+', '-']).unwrap_or(text).to_ascii_lowercase();
    let (mut last, digits) = match text.as_bytes() {
        [b'0', b'b' | b'o' | b'x', rest @ ..] => ('0', rest),
        all => ('^', all),
    };
    let hex = text.starts_with("0x");
    for &byte in digits {
        last = match byte {
            b'0'..=b'9' => '0',
            b'a'..=b'f' if hex => '0',
            b'_' if last == '0' => '_',
            b'_' => return false,
            _ if last == '_' => return false,
            _ => '!',
        };
    }
    last != '_'
}
