//! Writing scalars: folding at the width, escapes, literal blocks.

use super::Emitter;
use super::analysis::{Analysis, Flavour, Writing, break_len, is_printable};
use crate::syntax::width;

/// go-yaml v2 folds a line at a space behind this column.
const WIDTH: usize = 80;

impl Emitter<'_> {
    /// Writes a scalar. `indent` is that of its own further lines; keys are not folded.
    pub(super) fn write_scalar(
        &mut self,
        text: &[u8],
        writing: Writing,
        analysis: Analysis,
        indent: usize,
        fold: bool,
    ) {
        let fold = fold && self.flavour == Flavour::V2;
        match writing {
            Writing::Plain => self.write_plain(text, analysis.ascii, indent, fold),
            Writing::SingleQuoted => self.write_single_quoted(text, analysis.ascii, indent, fold),
            Writing::DoubleQuoted => self.write_double_quoted(text, indent, fold),
            Writing::Literal => self.write_literal(text, indent),
        }
    }

    /// Text that is known to be short, ASCII and plain: numbers, words.
    pub(super) fn write_word(&mut self, text: &[u8]) {
        self.separate();
        self.out.extend_from_slice(text);
        self.whitespace = false;
        self.indention = false;
    }

    fn separate(&mut self) {
        if !self.whitespace {
            self.out.push(b' ');
        }
    }

    fn write_plain(&mut self, text: &[u8], ascii: bool, indent: usize, fold: bool) {
        self.separate();
        if ascii && (!fold || self.column() + text.len() <= WIDTH) {
            self.out.extend_from_slice(text);
        } else {
            self.write_folded(text, indent, fold, false);
        }
        self.whitespace = false;
        self.indention = false;
    }

    fn write_single_quoted(&mut self, text: &[u8], ascii: bool, indent: usize, fold: bool) {
        self.separate();
        self.out.push(b'\'');
        self.whitespace = false;
        self.indention = false;
        let short = !fold || self.column() + text.len() <= WIDTH;
        if ascii && short && !text.iter().any(|b| matches!(b, b'\'' | b'\n' | b'\r')) {
            self.out.extend_from_slice(text);
        } else {
            self.write_folded(text, indent, fold, true);
        }
        self.out.push(b'\'');
        self.whitespace = false;
        self.indention = false;
    }

    /// Plain and single-quoted text. In quotes the first and the last space stay.
    fn write_folded(&mut self, text: &[u8], indent: usize, fold: bool, quoted: bool) {
        let (mut after_space, mut after_break) = (false, false);
        let mut at = 0;
        while at < text.len() {
            let rest = &text[at..];
            let end = at + width(rest[0]).min(rest.len());
            if rest[0] == b' ' {
                let inside = !quoted || at > 0 && at + 1 < text.len();
                let folds = fold && !after_space && inside && rest.get(1) != Some(&b' ') && self.column() > WIDTH;
                if folds {
                    self.write_indent(indent);
                } else {
                    self.out.push(b' ');
                }
                after_space = true;
            } else if break_len(rest) > 0 {
                if !after_break && rest[0] == b'\n' {
                    self.put_break();
                }
                self.write_break(rest);
                self.indention = true;
                after_break = true;
            } else {
                if after_break {
                    self.write_indent(indent);
                }
                if quoted && rest[0] == b'\'' {
                    self.out.push(b'\'');
                }
                self.put(&text[at..end]);
                self.indention = false;
                (after_space, after_break) = (false, false);
            }
            at = end;
        }
    }

    fn write_double_quoted(&mut self, text: &[u8], indent: usize, fold: bool) {
        self.separate();
        self.out.push(b'"');
        self.whitespace = false;
        self.indention = false;
        let mut after_space = false;
        let mut at = 0;
        while at < text.len() {
            let rest = &text[at..];
            let end = at + width(rest[0]).min(rest.len());
            let byte_order_mark = text.starts_with(&[0xEF, 0xBB, 0xBF]);
            if matches!(rest[0], b'"' | b'\\') || byte_order_mark || !is_printable(rest) || break_len(rest) > 0 {
                self.write_escape(&text[at..end]);
                after_space = false;
            } else if rest[0] == b' ' {
                if fold && !after_space && at > 0 && at + 1 < text.len() && self.column() > WIDTH {
                    self.write_indent(indent);
                    if rest.get(1) == Some(&b' ') {
                        self.out.push(b'\\');
                    }
                } else {
                    self.out.push(b' ');
                }
                after_space = true;
            } else {
                self.put(&text[at..end]);
                after_space = false;
            }
            at = end;
        }
        self.out.push(b'"');
        self.whitespace = false;
        self.indention = false;
    }

    fn write_escape(&mut self, character: &[u8]) {
        let value = std::str::from_utf8(character).ok().and_then(|text| text.chars().next()).map_or(0xFFFD, u32::from);
        let short = match value {
            0x00 => b'0',
            0x07 => b'a',
            0x08 => b'b',
            0x09 => b't',
            0x0A => b'n',
            0x0B => b'v',
            0x0C => b'f',
            0x0D => b'r',
            0x1B => b'e',
            0x22 => b'"',
            0x5C => b'\\',
            0x85 => b'N',
            0xA0 => b'_',
            0x2028 => b'L',
            0x2029 => b'P',
            _ => 0,
        };
        let text = match value {
            _ if short != 0 => format!("\\{}", char::from(short)),
            0..=0xFF => format!("\\x{value:02X}"),
            0x100..=0xFFFF => format!("\\u{value:04X}"),
            _ => format!("\\U{value:08X}"),
        };
        self.out.extend_from_slice(text.as_bytes());
    }

    fn write_literal(&mut self, text: &[u8], indent: usize) {
        self.separate();
        self.out.push(b'|');
        if text.first() == Some(&b' ') || break_len(text) > 0 {
            self.out.push(b'2');
        }
        self.out.extend_from_slice(chomping(text));
        self.put_break();
        self.indention = true;
        self.whitespace = true;
        let mut after_break = true;
        let mut at = 0;
        while at < text.len() {
            let rest = &text[at..];
            let len = break_len(rest);
            if len > 0 {
                self.write_break(rest);
                self.indention = true;
                after_break = true;
                at += len;
                continue;
            }
            if after_break {
                self.write_indent(indent);
            }
            let end = line_end(rest);
            self.put(&rest[..end]);
            self.indention = false;
            after_break = false;
            at += end;
        }
    }

    /// Text without line breaks.
    fn put(&mut self, text: &[u8]) {
        self.out.extend_from_slice(text);
        if text.len() > 1 || text[0] >= 0x80 {
            self.wide += text.iter().filter(|&b| b & 0xC0 == 0x80).count();
        }
    }

    /// Copies the line break at the start of `rest`.
    fn write_break(&mut self, rest: &[u8]) {
        if rest[0] == b'\n' {
            self.put_break();
            return;
        }
        self.out.extend_from_slice(&rest[..break_len(rest)]);
        self.line_start = self.out.len();
        self.wide = 0;
    }
}

/// Up to the next line break.
fn line_end(text: &[u8]) -> usize {
    let mut at = 0;
    while at < text.len() {
        match text[at] {
            b'\n' | b'\r' => return at,
            0xC2 | 0xE2 if break_len(&text[at..]) > 0 => return at,
            _ => at += 1,
        }
    }
    at
}

/// `-` without a final line break, `+` with several, nothing with one.
fn chomping(text: &[u8]) -> &'static [u8] {
    let last =
        |text: &[u8]| (1..=3).rev().find(|&len| len <= text.len() && break_len(&text[text.len() - len..]) == len);
    match last(text) {
        None => b"-",
        Some(len) if len == text.len() || last(&text[..text.len() - len]).is_some() => b"+",
        Some(_) => b"",
    }
}
