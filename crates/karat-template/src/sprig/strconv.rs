//! Go's `strconv`: how Go reads numbers.

/// Why a number was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NumberError {
    /// Not a number.
    Syntax,
    /// Out of range; the nearest number that fits.
    Range(i64),
}

/// `strconv.ParseInt(text, base, 64)`; base 0 takes Go's prefixes and underscores.
pub(super) fn parse_int(text: &[u8], base: u32) -> Result<i64, NumberError> {
    let (negative, digits) = sign(text);
    let magnitude = parse_uint(digits, base, text)?;
    match magnitude {
        Some(magnitude) if !negative && magnitude <= i64::MAX as u64 => Ok(magnitude as i64),
        Some(magnitude) if negative && magnitude <= 1 << 63 => Ok((magnitude as i64).wrapping_neg()),
        _ => Err(NumberError::Range(if negative { i64::MIN } else { i64::MAX })),
    }
}

/// The magnitude, or `None` when it does not fit 64 bits.
fn parse_uint(digits: &[u8], base: u32, whole: &[u8]) -> Result<Option<u64>, NumberError> {
    if digits.is_empty() {
        return Err(NumberError::Syntax);
    }
    let (radix, rest) = match (base, digits) {
        (0, [b'0', b'b' | b'B', _, ..]) => (2, &digits[2..]),
        (0, [b'0', b'o' | b'O', _, ..]) => (8, &digits[2..]),
        (0, [b'0', b'x' | b'X', _, ..]) => (16, &digits[2..]),
        (0, [b'0', ..]) => (8, &digits[1..]),
        (0, _) => (10, digits),
        (base, _) => (base, digits),
    };
    let mut value = Some(0u64);
    let mut underscores = false;
    for &byte in rest {
        if byte == b'_' && base == 0 {
            underscores = true;
            continue;
        }
        let digit = char::from(byte).to_digit(radix).ok_or(NumberError::Syntax)?;
        value = value.and_then(|value| value.checked_mul(u64::from(radix))?.checked_add(u64::from(digit)));
    }
    if underscores && !underscores_separate_digits(whole) {
        return Err(NumberError::Syntax);
    }
    Ok(value)
}

/// `strconv.ParseFloat(text, 64)`; out of range is an error, as callers treat it as one.
pub(super) fn parse_float(text: &[u8]) -> Result<f64, NumberError> {
    if let Some(special) = special_float(text) {
        return Ok(special);
    }
    let (negative, digits) = sign(text);
    let magnitude = match digits {
        [b'0', b'x' | b'X', rest @ ..] => parse_hex_float(rest)?,
        _ => parse_decimal_float(digits)?,
    };
    if digits.contains(&b'_') && !underscores_separate_digits(text) {
        return Err(NumberError::Syntax);
    }
    if magnitude.is_infinite() {
        return Err(NumberError::Range(0));
    }
    Ok(if negative { -magnitude } else { magnitude })
}

fn special_float(text: &[u8]) -> Option<f64> {
    let (negative, word) = sign(text);
    if word.eq_ignore_ascii_case(b"inf") || word.eq_ignore_ascii_case(b"infinity") {
        return Some(if negative { f64::NEG_INFINITY } else { f64::INFINITY });
    }
    text.eq_ignore_ascii_case(b"nan").then_some(f64::NAN)
}

fn parse_decimal_float(text: &[u8]) -> Result<f64, NumberError> {
    // Rust reads the same grammar once underscores, and the words that Rust knows too, are out of the way.
    if !text.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-' | b'_'))
        || text.first().is_some_and(|byte| matches!(byte, b'+' | b'-'))
    {
        return Err(NumberError::Syntax);
    }
    let plain: String = text.iter().filter(|byte| **byte != b'_').map(|byte| char::from(*byte)).collect();
    plain.parse().map_err(|_| NumberError::Syntax)
}

/// A hexadecimal float without its prefix; the exponent is mandatory.
fn parse_hex_float(text: &[u8]) -> Result<f64, NumberError> {
    let mut mantissa = 0u64;
    let mut exponent = 0i64;
    let mut digits = false;
    let mut point = false;
    let mut rest = text.iter().copied();
    loop {
        match rest.next() {
            Some(b'_') => {}
            Some(b'.') if !point => point = true,
            Some(b'p' | b'P') => break,
            Some(byte) => {
                let digit = char::from(byte).to_digit(16).ok_or(NumberError::Syntax)?;
                digits = true;
                if mantissa < 1 << 59 {
                    mantissa = mantissa << 4 | u64::from(digit);
                    exponent -= if point { 4 } else { 0 };
                } else {
                    mantissa |= u64::from(digit != 0);
                    exponent += if point { 0 } else { 4 };
                }
            }
            None => return Err(NumberError::Syntax),
        }
    }
    let power: Vec<u8> = rest.filter(|byte| *byte != b'_').collect();
    if !digits || power.is_empty() {
        return Err(NumberError::Syntax);
    }
    exponent += match parse_int(&power, 10) {
        Ok(power) => power.clamp(-100_000, 100_000),
        Err(NumberError::Range(nearest)) => nearest.signum() * 100_000,
        Err(NumberError::Syntax) => return Err(NumberError::Syntax),
    };
    let mut value = mantissa as f64;
    let step = if exponent < 0 { 0.5 } else { 2.0 };
    for _ in 0..exponent.unsigned_abs() {
        value *= step;
        if value == 0.0 || value.is_infinite() {
            break;
        }
    }
    Ok(value)
}

fn sign(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    }
}

/// Go's rule for `_` in number literals: between digits, or between a base prefix and a digit.
fn underscores_separate_digits(text: &[u8]) -> bool {
    let (_, mut rest) = sign(text);
    let mut after_digit = false;
    let mut after_underscore = false;
    let mut hex = false;
    if let [b'0', prefix @ (b'b' | b'B' | b'o' | b'O' | b'x' | b'X'), tail @ ..] = rest {
        after_digit = true;
        hex = prefix.eq_ignore_ascii_case(&b'x');
        rest = tail;
    }
    for byte in rest {
        let digit = byte.is_ascii_digit() || hex && byte.is_ascii_hexdigit();
        if *byte == b'_' && !after_digit || after_underscore && !digit {
            return false;
        }
        after_digit = digit;
        after_underscore = *byte == b'_';
    }
    !after_underscore
}
