//! `fmt.Sprintf`: verbs, flags, widths, argument indexes, and what is printed when they do not fit.

use super::{Flags, Printer};
use crate::{Limit, Value, quote};

/// Widths and precisions beyond this are mistakes.
const MAX_NUMBER: i64 = 1_000_000;

/// Formats into `out`, which may grow to `limit` bytes.
pub(crate) fn printf(out: &mut Vec<u8>, format: &[u8], arguments: &[Value], limit: usize) -> Result<(), Limit> {
    let printer = Printer::new(out, limit);
    Formatter { printer, format, arguments, at: 0, argument: 0, reordered: false, good: true }.run()
}

struct Formatter<'o, 'a> {
    printer: Printer<'o>,
    format: &'a [u8],
    arguments: &'a [Value],
    /// The next byte of the format.
    at: usize,
    /// The next argument.
    argument: usize,
    /// Whether an explicit index was used anywhere.
    reordered: bool,
    /// Whether the indexes of this verb are valid.
    good: bool,
}

impl Formatter<'_, '_> {
    fn run(mut self) -> Result<(), Limit> {
        while self.at < self.format.len() {
            self.printer.check()?;
            self.good = true;
            let rest = &self.format[self.at..];
            let literal = rest.iter().position(|&byte| byte == b'%').unwrap_or(rest.len());
            self.printer.out.extend_from_slice(&rest[..literal]);
            self.at += literal + 1;
            if literal == rest.len() {
                break;
            }
            self.verb();
        }
        self.extra();
        self.printer.check()
    }

    fn byte(&self) -> Option<u8> {
        self.format.get(self.at).copied()
    }

    fn verb(&mut self) {
        self.printer.flags = Flags::default();
        self.flags();
        let mut indexed = self.index();
        self.width(&mut indexed);
        self.precision(&mut indexed);
        if !indexed {
            self.index();
        }
        let Some((verb, width)) = quote::decode(self.format.get(self.at..).unwrap_or_default()) else {
            return self.printer.put("%!(NOVERB)");
        };
        self.at += width;
        if verb == '%' {
            return self.printer.put("%");
        }
        if !self.good {
            return self.printer.put(&format!("%!{verb}(BADINDEX)"));
        }
        let Some(argument) = self.arguments.get(self.argument) else {
            return self.printer.put(&format!("%!{verb}(MISSING)"));
        };
        self.argument += 1;
        let flags = &mut self.printer.flags;
        if matches!(verb, 'v' | 'w') {
            flags.sharp_v = std::mem::take(&mut flags.sharp);
            flags.plus_v = std::mem::take(&mut flags.plus);
        }
        self.printer.argument(argument, verb);
    }

    fn flags(&mut self) {
        let flags = &mut self.printer.flags;
        while let Some(byte) = self.format.get(self.at) {
            match byte {
                b'#' => flags.sharp = true,
                b'0' => flags.zero = true,
                b'+' => flags.plus = true,
                b'-' => flags.minus = true,
                b' ' => flags.space = true,
                _ => return,
            }
            self.at += 1;
        }
    }

    fn width(&mut self, indexed: &mut bool) {
        if self.byte() == Some(b'*') {
            self.at += 1;
            let width = self.number_argument();
            let flags = &mut self.printer.flags;
            match width {
                Some(width) => {
                    flags.width = Some(width.unsigned_abs() as usize);
                    if width < 0 {
                        flags.minus = true;
                        flags.zero = false;
                    }
                }
                None => self.printer.put("%!(BADWIDTH)"),
            }
            *indexed = false;
        } else {
            let width = self.number();
            self.printer.flags.width = width;
            if *indexed && width.is_some() {
                self.good = false;
            }
        }
    }

    fn precision(&mut self, indexed: &mut bool) {
        if self.byte() != Some(b'.') || self.at + 1 >= self.format.len() {
            return;
        }
        self.at += 1;
        if *indexed {
            self.good = false;
        }
        *indexed = self.index();
        if self.byte() == Some(b'*') {
            self.at += 1;
            match self.number_argument().and_then(|precision| usize::try_from(precision).ok()) {
                Some(precision) => self.printer.flags.precision = Some(precision),
                None => self.printer.put("%!(BADPREC)"),
            }
            *indexed = false;
        } else {
            self.printer.flags.precision = Some(self.number().unwrap_or(0));
        }
    }

    /// A decimal number; one that is too large eats the rest of the format, as in Go.
    fn number(&mut self) -> Option<usize> {
        let mut number = None;
        while let Some(digit) = self.byte().filter(u8::is_ascii_digit) {
            let so_far = number.unwrap_or(0);
            if so_far > MAX_NUMBER as usize {
                self.at = self.format.len();
                return None;
            }
            number = Some(so_far * 10 + usize::from(digit - b'0'));
            self.at += 1;
        }
        number
    }

    /// The argument of a `*`.
    fn number_argument(&mut self) -> Option<i64> {
        let argument = self.arguments.get(self.argument)?;
        self.argument += 1;
        match argument {
            Value::Int(_, number) if (-MAX_NUMBER..=MAX_NUMBER).contains(number) => Some(*number),
            _ => None,
        }
    }

    /// An argument index such as `[3]`; whether there was one.
    fn index(&mut self) -> bool {
        if self.byte() != Some(b'[') {
            return false;
        }
        self.reordered = true;
        let rest = &self.format[self.at..];
        let Some(close) = rest.iter().position(|&byte| byte == b']').filter(|_| rest.len() >= 3) else {
            self.at += 1;
            self.good = false;
            return false;
        };
        let digits = &rest[1..close];
        self.at += close + 1;
        let number = std::str::from_utf8(digits).ok().filter(|text| !text.starts_with('+'));
        let number =
            number.and_then(|text| text.parse::<usize>().ok()).filter(|number| *number <= 10 * MAX_NUMBER as usize);
        match number {
            Some(number) if (1..=self.arguments.len()).contains(&number) => {
                self.argument = number - 1;
                true
            }
            other => {
                self.good = false;
                other.is_some()
            }
        }
    }

    /// What no verb asked for. With explicit indexes Go does not look.
    fn extra(&mut self) {
        if self.reordered || self.argument >= self.arguments.len() {
            return;
        }
        self.printer.flags = Flags::default();
        self.printer.put("%!(EXTRA ");
        for (index, argument) in self.arguments[self.argument..].iter().enumerate() {
            if index > 0 {
                self.printer.put(", ");
            }
            if !matches!(argument, Value::Nil) {
                self.printer.put(argument.go_type());
                self.printer.put("=");
            }
            self.printer.argument(argument, 'v');
        }
        self.printer.put(")");
    }
}
