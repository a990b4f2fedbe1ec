//! Numbers as JavaScript writes and reads them.

/// `String(number)`: the shortest digits that read back, an exponent from 1e21 on and below 1e-6.
pub(crate) fn text(number: f64) -> String {
    if number.is_nan() {
        return "NaN".into();
    }
    if number.is_infinite() {
        return if number > 0.0 { "Infinity".into() } else { "-Infinity".into() };
    }
    if number == 0.0 {
        return "0".into();
    }
    let sign = if number < 0.0 { "-" } else { "" };
    let shortest = format!("{:e}", number.abs());
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let digits = mantissa.replace('.', "");
    let point = exponent.parse::<i32>().unwrap_or(0) + 1;
    let count = i32::try_from(digits.len()).unwrap_or(0);
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or(0));
    let at = usize::try_from(point).unwrap_or(0);
    let body = if point >= count && point <= 21 {
        format!("{digits}{}", zeros(point - count))
    } else if point > 0 && point <= 21 {
        format!("{}.{}", &digits[..at], &digits[at..])
    } else if point > -6 && point <= 0 {
        format!("0.{}{digits}", zeros(-point))
    } else {
        let (first, rest) = digits.split_at(1);
        let dot = if rest.is_empty() { "" } else { "." };
        format!("{first}{dot}{rest}e{}{}", if point > 0 { '+' } else { '-' }, (point - 1).abs())
    };
    format!("{sign}{body}")
}

/// `Number(text)`: the whole text is a number, or it is not one.
pub(super) fn parse(text: &str) -> f64 {
    let text = text.trim_matches(is_space);
    if text.is_empty() {
        return 0.0;
    }
    for (prefix, radix) in [("0x", 16), ("0X", 16), ("0o", 8), ("0O", 8), ("0b", 2), ("0B", 2)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            let all = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
            return if all { radix_value(digits, radix) } else { f64::NAN };
        }
    }
    match decimal(text) {
        Some(length) if length == text.len() => value(text),
        _ => f64::NAN,
    }
}

/// `parseFloat(text)`: the longest number that the text begins with.
pub(super) fn parse_float(text: &str) -> f64 {
    let text = text.trim_start_matches(is_space);
    decimal(text).map_or(f64::NAN, |length| value(&text[..length]))
}

/// `parseInt(text, radix)`.
pub(super) fn parse_int(text: &str, radix: f64) -> f64 {
    let text = text.trim_start_matches(is_space);
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    let radix = if radix.is_finite() { radix.trunc() } else { 0.0 };
    let hexadecimal = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X"));
    let (radix, digits) = match (radix, hexadecimal) {
        (0.0 | 16.0, Some(rest)) => (16, rest),
        (0.0, None) => (10, digits),
        (2.0..=36.0, _) => (radix as u32, digits),
        _ => return f64::NAN,
    };
    let length = digits.find(|digit: char| !digit.is_digit(radix)).unwrap_or(digits.len());
    if length == 0 { f64::NAN } else { sign * radix_value(&digits[..length], radix) }
}

fn radix_value(digits: &str, radix: u32) -> f64 {
    // In base 10 Rust rounds once, as JavaScript does; the other bases are exact up to 53 bits in both.
    if radix == 10 {
        return digits.parse().unwrap_or(f64::NAN);
    }
    digits
        .chars()
        .filter_map(|digit| digit.to_digit(radix))
        .fold(0.0, |value, digit| value * f64::from(radix) + f64::from(digit))
}

/// The length of the decimal literal that `text` begins with.
fn decimal(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    if text[at..].starts_with("Infinity") {
        return Some(at + "Infinity".len());
    }
    let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let whole = digits(at);
    at += whole;
    let mut fraction = 0;
    if bytes.get(at) == Some(&b'.') {
        fraction = digits(at + 1);
        if whole + fraction > 0 {
            at += 1 + fraction;
        }
    }
    if whole + fraction == 0 {
        return None;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let exponent = if at + 1 + sign <= bytes.len() { digits(at + 1 + sign) } else { 0 };
        if exponent > 0 {
            at += 1 + sign + exponent;
        }
    }
    Some(at)
}

fn value(literal: &str) -> f64 {
    match literal {
        "Infinity" | "+Infinity" => f64::INFINITY,
        "-Infinity" => f64::NEG_INFINITY,
        _ => literal.parse().unwrap_or(f64::NAN),
    }
}

/// White space and line ends, as `trim` takes them off.
pub(super) fn is_space(character: char) -> bool {
    (character.is_whitespace() && character != '\u{85}') || character == '\u{feff}'
}

/// `number.toFixed(digits)`: halves go away from zero, decided on the exact value.
pub(super) fn fixed(number: f64, digits: usize) -> String {
    if !number.is_finite() || number.abs() >= 1e21 {
        return text(number);
    }
    // Every double has an exact decimal expansion of at most 1,074 places.
    let exact = format!("{:.1074}", number.abs());
    let (whole, fraction) = exact.split_once('.').unwrap_or((&exact, ""));
    let kept: Vec<u8> = whole.bytes().chain(fraction.bytes().take(digits)).collect();
    let up = fraction.as_bytes().get(digits).is_some_and(|digit| *digit >= b'5');
    let mut figures = kept;
    if up {
        let nine = figures.iter().rposition(|digit| *digit != b'9');
        let carried = nine.map_or(0, |at| at + 1);
        for digit in &mut figures[carried..] {
            *digit = b'0';
        }
        match nine {
            Some(at) => figures[at] += 1,
            None => figures.insert(0, b'1'),
        }
    }
    let mut shown: String = figures.iter().map(|digit| char::from(*digit)).collect();
    if digits > 0 {
        shown.insert(shown.len() - digits, '.');
    }
    if number < 0.0 { format!("-{shown}") } else { shown }
}

/// `number.toString(radix)` of a whole number.
pub(super) fn in_radix(number: f64, radix: u32) -> Option<String> {
    if radix == 10 || !number.is_finite() {
        return Some(text(number));
    }
    if number.fract() != 0.0 || number.abs() > 9_007_199_254_740_991.0 {
        return None;
    }
    let mut rest = number.abs() as u64;
    let mut digits = Vec::new();
    loop {
        digits.push(char::from_digit((rest % u64::from(radix)) as u32, radix)?);
        rest /= u64::from(radix);
        if rest == 0 {
            break;
        }
    }
    let sign = if number < 0.0 { "-" } else { "" };
    Some(sign.chars().chain(digits.into_iter().rev()).collect())
}

/// `base ** exponent`.
pub(super) fn power(base: f64, exponent: f64) -> f64 {
    // C's pow gives 1 where JavaScript gives NaN.
    if exponent.is_nan() || (base.abs() == 1.0 && exponent.is_infinite()) { f64::NAN } else { base.powf(exponent) }
}

/// `Math.round`: halves go up.
pub(super) fn round(number: f64) -> f64 {
    let floor = number.floor();
    if number - floor >= 0.5 { floor + 1.0 } else { floor }
}

#[cfg(test)]
mod tests {
    use super::{fixed, in_radix, parse, parse_float, parse_int, text};

    #[test]
    fn written_as_javascript_writes() {
        for (number, written) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (-2.5, "-2.5"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e21, "1e+21"),
            (123_456_789_012_345_680_000.0, "123456789012345680000"),
            (1e-6, "0.000001"),
            (1.5e-7, "1.5e-7"),
            (f64::MAX, "1.7976931348623157e+308"),
            (100.0, "100"),
        ] {
            assert_eq!(text(number), written);
        }
    }

    #[test]
    fn read_as_javascript_reads() {
        for (written, number) in [("", 0.0), (" 12 ", 12.0), ("1e3", 1000.0), (".5", 0.5), ("5.", 5.0), ("0x1F", 31.0)]
        {
            assert_eq!(parse(written), number, "{written}");
        }
        for written in ["1a", "0x", "--1", "1e", "inf", "nan", "1_000"] {
            assert!(parse(written).is_nan(), "{written}");
        }
        assert_eq!((parse_float("3.5kg"), parse_float("1e+x")), (3.5, 1.0));
        assert_eq!((parse_int("-17.9", 10.0), parse_int("ff", 16.0), parse_int("0x1f", 10.0)), (-17.0, 255.0, 0.0));
    }

    #[test]
    fn fixed_rounds_exact_values() {
        assert_eq!(
            (fixed(0.5, 0), fixed(2.5, 0), fixed(1.005, 2), fixed(-1.25, 1)),
            ("1".into(), "3".into(), "1.00".into(), "-1.3".into())
        );
        assert_eq!((fixed(9.99, 1), in_radix(255.0, 16)), ("10.0".into(), Some("ff".into())));
    }
}
