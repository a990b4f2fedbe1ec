//! What a plain text means to go-yaml v2: YAML 1.1 with changes.

use super::number::{is_float, parse_base, parse_dotted, parse_float, parse_int, parse_uint, signed};
use super::timestamp::is_timestamp;
use crate::Str;

/// What a text resolves to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Resolved {
    Null,
    Bool(bool),
    Int(i64),
    /// Past an int64.
    Uint(u64),
    Float(f64),
    /// A timestamp: a type of its own when written, a string when read.
    Timestamp,
    /// A string: the text itself.
    Str,
    /// The decoded bytes of `!!binary`.
    Binary(Str),
}

impl Resolved {
    pub(super) fn tag(&self) -> &'static str {
        match self {
            Self::Null => "!!null",
            Self::Bool(_) => "!!bool",
            Self::Int(_) | Self::Uint(_) => "!!int",
            Self::Float(_) => "!!float",
            Self::Timestamp => "!!timestamp",
            Self::Str | Self::Binary(_) => "!!str",
        }
    }
}

/// What a plain text is, by its first byte and then by its form.
pub(crate) fn resolve(text: &[u8]) -> Resolved {
    let Some(&first) = text.first() else { return Resolved::Null };
    match first {
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => word(text),
        b'.' => match text {
            b".nan" | b".NaN" | b".NAN" => Resolved::Float(f64::NAN),
            b".inf" | b".Inf" | b".INF" => Resolved::Float(f64::INFINITY),
            _ => parse_dotted(text).map_or(Resolved::Str, Resolved::Float),
        },
        b'0'..=b'9' if is_timestamp(text) => Resolved::Timestamp,
        b'0'..=b'9' | b'+' | b'-' => resolve_number(text),
        // `<<` too: go-yaml has it in its table, but not `<` among the first bytes that lead there.
        _ => Resolved::Str,
    }
}

fn word(text: &[u8]) -> Resolved {
    match text {
        b"y" | b"Y" | b"yes" | b"Yes" | b"YES" | b"true" | b"True" | b"TRUE" | b"on" | b"On" | b"ON" => {
            Resolved::Bool(true)
        }
        b"n" | b"N" | b"no" | b"No" | b"NO" | b"false" | b"False" | b"FALSE" | b"off" | b"Off" | b"OFF" => {
            Resolved::Bool(false)
        }
        b"~" | b"null" | b"Null" | b"NULL" => Resolved::Null,
        _ => Resolved::Str,
    }
}

pub(super) fn resolve_number(text: &[u8]) -> Resolved {
    match text {
        b"+.inf" | b"+.Inf" | b"+.INF" => return Resolved::Float(f64::INFINITY),
        b"-.inf" | b"-.Inf" | b"-.INF" => return Resolved::Float(f64::NEG_INFINITY),
        _ => {}
    }
    if text.contains(&b'_') {
        let plain: Vec<u8> = text.iter().copied().filter(|&b| b != b'_').collect();
        return plain_number(&plain);
    }
    plain_number(text)
}

fn plain_number(text: &[u8]) -> Resolved {
    if let Some(number) = parse_int(text) {
        return Resolved::Int(number);
    }
    if let Some(number) = parse_uint(text) {
        return Resolved::Uint(number);
    }
    if is_float(text) {
        return parse_float(text).map_or(Resolved::Str, Resolved::Float);
    }
    // After `-0b` and `0b` a sign may follow, as the original hands the rest to ParseInt.
    let binary = |negative: bool, digits: &[u8]| {
        let (flip, digits) = match digits {
            [b'-', digits @ ..] if !negative => (true, digits),
            [b'+', digits @ ..] if !negative => (false, digits),
            digits => (negative, digits),
        };
        signed(flip, parse_base(digits, 2)?)
    };
    match text {
        [b'0', b'b', digits @ ..] => binary(false, digits).map_or(Resolved::Str, Resolved::Int),
        [b'-', b'0', b'b', digits @ ..] => binary(true, digits).map_or(Resolved::Str, Resolved::Int),
        _ => Resolved::Str,
    }
}

/// Whether a plain text would be read as something else than a string.
pub(crate) fn is_typed(text: &[u8]) -> bool {
    resolve(text) != Resolved::Str
}

/// Whether all are octal digits that fit an int64.
pub(crate) fn is_octal(digits: &[u8]) -> bool {
    parse_base(digits, 8).is_some_and(|number| i64::try_from(number).is_ok())
}
