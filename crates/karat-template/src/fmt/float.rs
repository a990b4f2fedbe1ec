//! Floats: `strconv.FormatFloat` and fmt's flags around it.

use super::Printer;

/// `strconv.FormatFloat(number, verb, precision, 64)`; no precision is the shortest text that reads back the same.
pub fn format_float(number: f64, verb: char, precision: Option<usize>) -> String {
    if number.is_nan() {
        return "NaN".into();
    }
    let sign = if number.is_sign_negative() { "-" } else { "" };
    let magnitude = number.abs();
    if magnitude.is_infinite() {
        return format!("{}Inf", if sign.is_empty() { "+" } else { sign });
    }
    // Numbers of a values file are floats, and most of them whole and small.
    if verb == 'g' && precision.is_none() && magnitude < 1e6 && magnitude.fract() == 0.0 {
        return format!("{sign}{}", magnitude as u32);
    }
    let text = match verb {
        'b' => binary(magnitude),
        'x' | 'X' => hexadecimal(magnitude, precision),
        'e' | 'E' => {
            let digits = Digits::new(magnitude, precision.map(|precision| precision.saturating_add(1)));
            digits.exponential(precision.unwrap_or(digits.text.len().saturating_sub(1)))
        }
        'f' | 'F' => fixed(magnitude, precision),
        _ => general(magnitude, precision),
    };
    let text = if verb.is_ascii_uppercase() && verb != 'F' { text.to_ascii_uppercase() } else { text };
    format!("{sign}{text}")
}

/// Decimal digits without trailing zeros, and where the point is: 0.ddd times ten to `point`.
struct Digits {
    text: String,
    point: i32,
}

impl Digits {
    fn new(magnitude: f64, count: Option<usize>) -> Self {
        if magnitude == 0.0 {
            return Self { text: String::new(), point: 0 };
        }
        let scientific = match count {
            // A float64 has no more than 767 significant digits.
            Some(count) => format!("{magnitude:.*e}", count.clamp(1, 800) - 1),
            None => shortest(magnitude),
        };
        let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
        let text = mantissa.replace('.', "").trim_end_matches('0').to_owned();
        Self { text, point: exponent.parse::<i32>().unwrap_or(0) + 1 }
    }

    fn exponential(&self, precision: usize) -> String {
        let first = self.text.get(..1).unwrap_or("0");
        let rest = self.text.get(1..).unwrap_or_default();
        let mut text = first.to_owned();
        if precision > 0 {
            text.push('.');
            text.push_str(&rest[..rest.len().min(precision)]);
            text.push_str(&"0".repeat(precision.saturating_sub(rest.len())));
        }
        let exponent = if self.text.is_empty() { 0 } else { self.point - 1 };
        text.push_str(&format!("e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs()));
        text
    }
}

fn fixed(magnitude: f64, precision: Option<usize>) -> String {
    match precision {
        // 1074 digits are exact; the rest are zeros.
        Some(precision) => {
            let exact = precision.min(1100);
            let mut text = format!("{magnitude:.exact$}");
            text.push_str(&"0".repeat(precision - exact));
            text
        }
        None => {
            let digits = Digits::new(magnitude, None);
            plain(&digits.text, i64::from(digits.point))
        }
    }
}

fn general(magnitude: f64, precision: Option<usize>) -> String {
    let digits = Digits::new(magnitude, precision);
    let count = digits.text.len();
    let mut limit = precision.unwrap_or(6).max(1) as i64;
    let point = i64::from(digits.point);
    if limit > count as i64 && count as i64 >= point {
        limit = count as i64;
    }
    if precision.is_none() {
        limit = 6;
    }
    let exponent = point - 1;
    if exponent < -4 || exponent >= limit {
        return digits.exponential(count.saturating_sub(1));
    }
    plain(&digits.text, point)
}

/// Digits with the point where it belongs, without an exponent.
fn plain(digits: &str, point: i64) -> String {
    if digits.is_empty() {
        return "0".into();
    }
    if point <= 0 {
        return format!("0.{}{digits}", "0".repeat(-point as usize));
    }
    let point = point as usize;
    if digits.len() <= point {
        format!("{digits}{}", "0".repeat(point - digits.len()))
    } else {
        format!("{}.{}", &digits[..point], &digits[point..])
    }
}

/// The fewest digits that read back the same. Where two texts of that length do, Rust takes the greater and Go the one
/// that is nearest to the float, or even.
fn shortest(magnitude: f64) -> String {
    let text = format!("{magnitude:e}");
    let digits = text.bytes().take_while(|byte| *byte != b'e').filter(u8::is_ascii_digit).count();
    if digits < 16 {
        return text;
    }
    let nearest = format!("{magnitude:.*e}", digits - 1);
    if nearest.parse() == Ok(magnitude) { nearest } else { text }
}

/// The fraction's bits and the exponent of a finite float: `bits` times two to `exponent`.
fn parts(magnitude: f64) -> (u64, i64) {
    let bits = magnitude.to_bits();
    let (exponent, fraction) = ((bits >> 52 & 0x7FF) as i64, bits & ((1 << 52) - 1));
    if exponent == 0 { (fraction, -1074) } else { (fraction | 1 << 52, exponent - 1075) }
}

fn binary(magnitude: f64) -> String {
    let (bits, exponent) = parts(magnitude);
    format!("{bits}p{exponent:+}")
}

fn hexadecimal(magnitude: f64, precision: Option<usize>) -> String {
    let (mut bits, exponent) = parts(magnitude);
    let mut exponent = if bits == 0 { 0 } else { exponent + 52 };
    // One bit before the point, 60 after it: fifteen digits.
    bits <<= 8;
    while bits != 0 && bits >> 60 == 0 {
        bits <<= 1;
        exponent -= 1;
    }
    if let Some(precision) = precision.filter(|precision| *precision < 15) {
        let shift = 60 - 4 * precision;
        let (kept, extra, half) = (bits >> shift, bits & ((1 << shift) - 1), 1u64 << (shift - 1));
        bits = (kept + u64::from(extra > half || extra == half && kept & 1 == 1)) << shift;
        if bits >> 61 != 0 {
            bits >>= 1;
            exponent += 1;
        }
    }
    let mut digits = format!("{:015x}", bits & ((1 << 60) - 1));
    match precision {
        Some(precision) => {
            digits.truncate(precision);
            digits.push_str(&"0".repeat(precision.saturating_sub(digits.len())));
        }
        None => digits.truncate(digits.trim_end_matches('0').len()),
    }
    let point = if digits.is_empty() { "" } else { "." };
    format!("0x{}{point}{digits}p{}{:02}", bits >> 60, if exponent < 0 { '-' } else { '+' }, exponent.abs())
}

impl Printer<'_> {
    pub(super) fn float(&mut self, number: f64, verb: char, precision: Option<usize>) {
        let flags = self.flags;
        let precision = flags.precision.or(precision);
        let mut text = format_float(number, verb, precision);
        if !text.starts_with(['-', '+']) {
            text.insert(0, '+');
        }
        if flags.space && text.starts_with('+') && !flags.plus {
            text.replace_range(..1, " ");
        }
        if !number.is_finite() {
            if number.is_nan() && !flags.space && !flags.plus || text.starts_with('+') && !flags.plus {
                text.remove(0);
                if number.is_infinite() {
                    text.insert(0, '+');
                }
            }
            self.flags.zero = false;
            self.pad(text.as_bytes());
            self.flags.zero = flags.zero;
            return;
        }
        if flags.sharp && verb != 'b' {
            text = with_point(&text, verb, precision);
        }
        if !flags.plus && text.starts_with('+') {
            return self.pad(&text.as_bytes()[1..]);
        }
        match flags.width {
            Some(width) if flags.zero && !flags.minus && width > text.len() => {
                self.put(&text[..1]);
                self.padding(width - text.len());
                self.put(&text[1..]);
            }
            _ => self.pad(text.as_bytes()),
        }
    }
}

/// The `#` flag: always a decimal point, and for `%g` the zeros that it leaves out.
fn with_point(text: &str, verb: char, precision: Option<usize>) -> String {
    let hexadecimal = matches!(verb, 'x' | 'X');
    let exponent: &[char] = if hexadecimal { &['p', 'P'] } else { &['e', 'E'] };
    let at = text.find(exponent).unwrap_or(text.len());
    let (number, tail) = text.split_at(at);
    let mut digits = match verb {
        'v' | 'g' | 'G' | 'x' => precision.unwrap_or(6) as i64,
        _ => 0,
    };
    let mut seen = false;
    for char in number[1..].chars().filter(|char| *char != '.') {
        seen |= char != '0';
        digits -= i64::from(seen);
    }
    let mut number = number.to_owned();
    if !number.contains('.') {
        if number.len() == 2 && number.ends_with('0') {
            digits -= 1;
        }
        number.push('.');
    }
    number.push_str(&"0".repeat(digits.max(0) as usize));
    number + tail
}
