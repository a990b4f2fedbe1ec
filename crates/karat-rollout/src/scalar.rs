//! Go's durations, and numbers that may be written as strings.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Kubernetes' `IntOrString`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum IntOrString {
    /// A number.
    Int(i32),
    /// A text: a number, or (for a pause) a duration; in a template often `{{args.name}}`.
    String(String),
}

impl IntOrString {
    /// The number; 0 for a text that is none, as in Go's `IntValue`.
    pub fn number(&self) -> i64 {
        match self {
            Self::Int(number) => i64::from(*number),
            Self::String(text) => text.parse().unwrap_or_default(),
        }
    }
}

/// Go's `time.ParseDuration`: `1h30m`, `1.5s`, `300ms`, `-2m`, `0`. `None` for what is none, or does not fit 64 bits of
/// nanoseconds.
pub(crate) fn duration(text: &str) -> Option<SignedDuration> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(SignedDuration::ZERO);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|sign: char| !sign.is_ascii_digit() && sign != '.')?;
        let (number, after) = rest.split_at(digits);
        let end = after.find(|sign: char| sign.is_ascii_digit() || sign == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        let unit: i128 = match unit {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return None,
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() && fraction.is_empty() || whole.len() > 18 || fraction.contains('.') {
            return None;
        }
        let parse = |digits: &str| if digits.is_empty() { Some(0) } else { digits.parse::<i128>().ok() };
        // Digits beyond a nanosecond of an hour say nothing.
        let fraction = &fraction[..fraction.len().min(16)];
        let scale = 10_i128.pow(fraction.len() as u32);
        total = total.checked_add(parse(whole)? * unit + parse(fraction)? * unit / scale)?;
        rest = after;
    }
    let nanoseconds = i64::try_from(if negative { -total } else { total }).ok()?;
    Some(SignedDuration::from_nanos(nanoseconds))
}

/// `time` and `by` later; the end of time where that is none.
pub(crate) fn later(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// The earlier of two, of which there may be none.
pub(crate) fn earlier(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
