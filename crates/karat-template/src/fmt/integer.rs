//! Integers: bases, characters and code points.

use super::Printer;
use crate::{IntKind, Value, quote};

impl Printer<'_> {
    pub(super) fn integer(&mut self, kind: IntKind, number: i64, value: &Value, verb: char, depth: usize) {
        let signed = !matches!(kind, IntKind::Uint8 | IntKind::Uint64);
        let magnitude = if signed { number.unsigned_abs() } else { number as u64 };
        let negative = signed && number < 0;
        match verb {
            'v' if self.flags.sharp_v && !signed => {
                let sharp = std::mem::replace(&mut self.flags.sharp, true);
                self.digits(magnitude, negative, 16, 'v');
                self.flags.sharp = sharp;
            }
            'v' | 'd' => self.digits(magnitude, negative, 10, verb),
            'b' => self.digits(magnitude, negative, 2, verb),
            'o' | 'O' => self.digits(magnitude, negative, 8, verb),
            'x' | 'X' => self.digits(magnitude, negative, 16, verb),
            'c' => self.pad(rune(number).encode_utf8(&mut [0; 4]).as_bytes()),
            'q' => {
                let quoted = quote::quote_rune(rune(number), self.flags.plus);
                self.pad(quoted.as_bytes());
            }
            'U' => self.unicode(number as u64),
            _ => self.bad_verb(value, verb, depth),
        }
    }

    pub(super) fn digits(&mut self, magnitude: u64, negative: bool, base: u32, verb: char) {
        let flags = self.flags;
        if flags.precision == Some(0) && magnitude == 0 {
            self.flags.zero = false;
            self.padding(flags.width.unwrap_or(0));
            self.flags.zero = flags.zero;
            return;
        }
        let signed = negative || flags.plus || flags.space;
        let precision = match (flags.precision, flags.width) {
            (Some(precision), _) => precision,
            (None, Some(width)) if flags.zero && !flags.minus => width.saturating_sub(usize::from(signed)),
            _ => 0,
        };
        let digits = match (base, verb) {
            (2, _) => format!("{magnitude:b}"),
            (8, _) => format!("{magnitude:o}"),
            (16, 'X') => format!("{magnitude:X}"),
            (16, _) => format!("{magnitude:x}"),
            _ => magnitude.to_string(),
        };
        let zeros = precision.saturating_sub(digits.len());
        let mut text = Vec::with_capacity(zeros + digits.len() + 4);
        if negative {
            text.push(b'-');
        } else if flags.plus {
            text.push(b'+');
        } else if flags.space {
            text.push(b' ');
        }
        if verb == 'O' {
            text.extend_from_slice(b"0o");
        }
        if flags.sharp {
            match base {
                2 => text.extend_from_slice(b"0b"),
                8 if zeros == 0 && !digits.starts_with('0') => text.push(b'0'),
                16 if verb == 'X' => text.extend_from_slice(b"0X"),
                16 => text.extend_from_slice(b"0x"),
                _ => {}
            }
        }
        text.resize(text.len() + zeros, b'0');
        text.extend_from_slice(digits.as_bytes());
        self.flags.zero = false;
        self.pad(&text);
        self.flags.zero = flags.zero;
    }

    fn unicode(&mut self, code: u64) {
        let precision = self.flags.precision.unwrap_or(4).max(4);
        let mut text = format!("U+{}{code:X}", "0".repeat(precision.saturating_sub(format!("{code:X}").len())));
        let char = u32::try_from(code).ok().and_then(char::from_u32);
        if let Some(char) = char.filter(|char| self.flags.sharp && quote::is_print(*char)) {
            text.push_str(&format!(" '{char}'"));
        }
        let zero = std::mem::replace(&mut self.flags.zero, false);
        self.pad(text.as_bytes());
        self.flags.zero = zero;
    }
}

/// The character of a code point; U+FFFD if there is none.
fn rune(number: i64) -> char {
    u32::try_from(number).ok().and_then(char::from_u32).unwrap_or('\u{FFFD}')
}
