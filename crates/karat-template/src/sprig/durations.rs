//! `time.Duration`: reading and printing it.

use crate::{CallError, Object, Signature, Str, Value};

/// Nanoseconds in a second.
pub(super) const SECOND: i64 = 1_000_000_000;

/// A `time.Duration`, as the difference of two times gives it.
pub(super) struct Duration(pub(super) i64);

impl Object for Duration {
    fn go_type(&self) -> &'static str {
        "time.Duration"
    }

    fn kind(&self) -> &'static str {
        "int64"
    }

    fn field(&self, _name: &str) -> Option<Value> {
        None
    }

    fn method(&self, name: &str) -> Option<Signature> {
        const METHODS: [&str; 7] =
            ["String", "Hours", "Minutes", "Seconds", "Milliseconds", "Microseconds", "Nanoseconds"];
        METHODS.contains(&name).then_some(Signature::fixed(&[]))
    }

    fn call(&self, name: &str, _arguments: &[Value]) -> Option<Result<Value, CallError>> {
        let whole_and_rest = |unit: i64| (self.0 / unit) as f64 + (self.0 % unit) as f64 / unit as f64;
        Some(Ok(match name {
            "String" => Value::string(print(self.0)),
            "Hours" => Value::Float(whole_and_rest(3600 * SECOND)),
            "Minutes" => Value::Float(whole_and_rest(60 * SECOND)),
            "Seconds" => Value::Float(whole_and_rest(SECOND)),
            "Milliseconds" => Value::int64(self.0 / 1_000_000),
            "Microseconds" => Value::int64(self.0 / 1_000),
            "Nanoseconds" => Value::int64(self.0),
            _ => return None,
        }))
    }

    fn data(&self) -> Value {
        Value::int64(self.0)
    }

    fn print(&self) -> Str {
        print(self.0).into()
    }
}

/// `time.ParseDuration`: nanoseconds.
pub(super) fn parse(text: &[u8]) -> Result<i64, CallError> {
    let invalid = || CallError::from(format!("time: invalid duration {}", quote(text)));
    let (negative, mut rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    if rest == b"0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total = 0u64;
    while !rest.is_empty() {
        let (whole, after) = digits(rest);
        let value = whole.iter().try_fold(0u64, |sum, digit| {
            sum.checked_mul(10)?.checked_add(u64::from(digit - b'0')).filter(|sum| *sum <= 1 << 63)
        });
        let value = value.ok_or_else(invalid)?;
        let (fraction, after) = match after.strip_prefix(b".") {
            Some(after) => digits(after),
            None => (&[][..], after),
        };
        if whole.is_empty() && fraction.is_empty() {
            return Err(invalid());
        }
        let end = after.iter().position(|byte| *byte == b'.' || byte.is_ascii_digit()).unwrap_or(after.len());
        let (unit_name, after) = after.split_at(end);
        if unit_name.is_empty() {
            return Err(format!("time: missing unit in duration {}", quote(text)).into());
        }
        let unit: u64 = match unit_name {
            b"ns" => 1,
            b"us" | b"\xC2\xB5s" | b"\xCE\xBCs" => 1_000,
            b"ms" => 1_000_000,
            b"s" => 1_000_000_000,
            b"m" => 60_000_000_000,
            b"h" => 3_600_000_000_000,
            _ => return Err(format!("time: unknown unit {} in duration {}", quote(unit_name), quote(text)).into()),
        };
        let value = value.checked_mul(unit).ok_or_else(invalid)?;
        let value = value.checked_add(fraction_of(fraction, unit)).filter(|value| *value <= 1 << 63);
        total = value.and_then(|value| total.checked_add(value)).filter(|sum| *sum <= 1 << 63).ok_or_else(invalid)?;
        rest = after;
    }
    match (negative, i64::try_from(total)) {
        (false, Ok(total)) => Ok(total),
        (true, _) => Ok((total as i64).wrapping_neg()),
        (false, Err(_)) => Err(invalid()),
    }
}

fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(text.iter().take_while(|byte| byte.is_ascii_digit()).count())
}

/// A decimal fraction of a unit; digits beyond what 63 bits hold do not count.
fn fraction_of(digits: &[u8], unit: u64) -> u64 {
    let (mut value, mut scale) = (0u64, 1f64);
    for digit in digits {
        if value > (i64::MAX as u64) / 10 {
            break;
        }
        let next = value * 10 + u64::from(digit - b'0');
        if next > 1 << 63 {
            break;
        }
        value = next;
        scale *= 10.0;
    }
    (value as f64 * (unit as f64 / scale)) as u64
}

/// `Duration.String`: `72h3m0.5s`, `1.5ms`, `0s`.
pub(super) fn print(nanoseconds: i64) -> String {
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let magnitude = nanoseconds.unsigned_abs();
    let with_fraction = |unit: u64, places: usize| {
        let fraction = format!("{:0places$}", magnitude % unit);
        let fraction = fraction.trim_end_matches('0');
        let whole = magnitude / unit;
        if fraction.is_empty() || places == 0 { whole.to_string() } else { format!("{whole}.{fraction}") }
    };
    match magnitude {
        0 => "0s".into(),
        1..1_000 => format!("{sign}{magnitude}ns"),
        1_000..1_000_000 => format!("{sign}{}µs", with_fraction(1_000, 3)),
        1_000_000..1_000_000_000 => format!("{sign}{}ms", with_fraction(1_000_000, 6)),
        _ => {
            let seconds = with_fraction(SECOND as u64, 9);
            let (whole, fraction) = seconds.split_once('.').map_or((&*seconds, ""), |(whole, rest)| (whole, rest));
            let point = if fraction.is_empty() { "" } else { "." };
            let whole: u64 = whole.parse().unwrap_or(0);
            let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
            match (hours, minutes) {
                (0, 0) => format!("{sign}{seconds}{point}{fraction}s"),
                (0, _) => format!("{sign}{minutes}m{seconds}{point}{fraction}s"),
                _ => format!("{sign}{hours}h{minutes}m{seconds}{point}{fraction}s"),
            }
        }
    }
}

/// `Duration.Round` to whole seconds, half away from zero.
pub(super) fn round_to_seconds(nanoseconds: i64) -> i64 {
    let rest = nanoseconds % SECOND;
    let down = nanoseconds - rest;
    let away = if rest.abs() * 2 >= SECOND { SECOND * rest.signum() } else { 0 };
    down.saturating_add(away)
}

/// Sprig's `durationRound`: the largest unit that fits more than once, rounded down.
pub(super) fn largest_unit(nanoseconds: i64) -> String {
    let seconds = |count: u64| count * SECOND as u64;
    let units = [
        (seconds(365 * 86_400), "y"),
        (seconds(30 * 86_400), "mo"),
        (seconds(86_400), "d"),
        (seconds(3_600), "h"),
        (seconds(60), "m"),
        (seconds(1), "s"),
    ];
    let magnitude = nanoseconds.unsigned_abs();
    let unit = units.into_iter().find(|(unit, _)| magnitude > *unit);
    unit.map_or("0s".into(), |(unit, name)| format!("{}{name}", magnitude / unit))
}

/// How the `time` package quotes text in its messages: bytes beyond ASCII are escaped.
pub(super) fn quote(text: &[u8]) -> String {
    let mut quoted = String::from('"');
    for byte in text {
        match byte {
            ..b' ' | 0x80.. => quoted.push_str(&format!("\\x{byte:02x}")),
            b'"' | b'\\' => quoted.extend(['\\', char::from(*byte)]),
            _ => quoted.push(char::from(*byte)),
        }
    }
    quoted.push('"');
    quoted
}
