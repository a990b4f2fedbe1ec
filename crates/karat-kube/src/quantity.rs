//! Quantities: `100m`, `1.5Gi`, `2e3`.

use std::cmp::Ordering;

use karat_yaml::Value;

/// A Kubernetes quantity, in nano-units (the finest that the API server keeps), rounded up as it does.
///
/// Held as i128: the largest quantity is 2^63-1 of the unit, which is under 2^94 nano-units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(i128);

const NANO: i128 = 1_000_000_000;
const MOST: i128 = i64::MAX as i128 * NANO;

impl Quantity {
    /// Reads the text of a quantity; nothing if it is none. What is beyond 2^63-1 counts as that, as in Kubernetes.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let end = digits.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(digits.len());
        let (number, suffix) = digits.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
            return None;
        }
        let scale = scale(suffix)?;
        // The value is digits × 10^-places × scale: exact in i128 for every sensible length, saturated beyond it.
        let mut value: i128 = 0;
        for digit in whole.bytes().chain(fraction.bytes()) {
            value = value.saturating_mul(10).saturating_add(i128::from(digit - b'0'));
        }
        let mut nanos = match scale {
            Scale::Times(factor) => value.saturating_mul(factor).saturating_mul(NANO),
            Scale::Power(power) if power >= 0 => value.saturating_mul(NANO).saturating_mul(pow10(power)),
            Scale::Power(power) => divide_up(value.saturating_mul(NANO), pow10(-power)),
        };
        nanos = divide_up(nanos, pow10(i32::try_from(fraction.len()).unwrap_or(i32::MAX)));
        nanos = nanos.min(MOST);
        Some(Self(if negative { -nanos } else { nanos }))
    }

    /// Reads a quantity as manifests write it: a string or a number.
    pub fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Int(number) => Some(Self(i128::from(*number) * NANO)),
            Value::Float(number) if number.is_finite() => Some(Self(((number * 1e9).ceil()) as i128)),
            _ => Self::parse(value.as_str()?),
        }
    }

    /// The quantity as a float of its unit (cores, bytes).
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// Whether it is nothing, more or less.
    pub fn sign(self) -> Ordering {
        self.0.cmp(&0)
    }
}

enum Scale {
    Times(i128),
    Power(i32),
}

fn scale(suffix: &str) -> Option<Scale> {
    Some(match suffix {
        "" => Scale::Power(0),
        "n" => Scale::Power(-9),
        "u" => Scale::Power(-6),
        "m" => Scale::Power(-3),
        "k" => Scale::Power(3),
        "M" => Scale::Power(6),
        "G" => Scale::Power(9),
        "T" => Scale::Power(12),
        "P" => Scale::Power(15),
        "E" => Scale::Power(18),
        "Ki" => Scale::Times(1 << 10),
        "Mi" => Scale::Times(1 << 20),
        "Gi" => Scale::Times(1 << 30),
        "Ti" => Scale::Times(1 << 40),
        "Pi" => Scale::Times(1 << 50),
        "Ei" => Scale::Times(1 << 60),
        _ => {
            let exponent = suffix.strip_prefix(['e', 'E'])?;
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
                return None;
            }
            Scale::Power(exponent.parse().ok()?)
        }
    })
}

fn pow10(power: i32) -> i128 {
    10_i128.checked_pow(power.unsigned_abs()).unwrap_or(i128::MAX)
}

fn divide_up(value: i128, by: i128) -> i128 {
    value / by + i128::from(value % by != 0)
}
