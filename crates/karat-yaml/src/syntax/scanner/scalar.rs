//! Scalars: plain, quoted and block. A text that is the same as its source is not copied.

use super::super::chars::{BLANK, BREAK, CLASS, COLON, END, FLOW, WIDE, break_len, is};
use super::super::token::{Mark, Text, TokenKind};
use super::super::tree::Style;
use super::{Scan, Scanner};

/// Line breaks between two pieces of text, to be folded.
#[derive(Default)]
struct Breaks {
    /// The first one, as it is written; CR, LF, CRLF and NEL all count as LF.
    first: Vec<u8>,
    more: Vec<u8>,
}

impl Breaks {
    /// A single break becomes a space; of several, the first is dropped.
    fn fold_into(&mut self, text: &mut Vec<u8>) {
        if self.first.first() == Some(&b'\n') {
            if self.more.is_empty() {
                text.push(b' ');
            }
        } else {
            text.extend_from_slice(&self.first);
        }
        text.extend_from_slice(&self.more);
        self.first.clear();
        self.more.clear();
    }
}

impl Scanner<'_> {
    /// Passes a line break and appends it as go-yaml reads it: as LF, but U+2028 and U+2029 as they are.
    fn read_break(&mut self, into: &mut Vec<u8>) {
        let rest = self.rest();
        match break_len(rest) {
            0 => return,
            3 => into.extend_from_slice(&rest[..3]),
            _ => into.push(b'\n'),
        }
        self.skip_break();
    }

    pub(super) fn scan_plain(&mut self) -> Scan<(TokenKind, Mark)> {
        let start = self.mark();
        let stops = if self.flow_level > 0 { FLOW } else { 0 } | BLANK | BREAK | END | WIDE | COLON;
        let indent = self.indent + 1;
        let mut cooked: Option<usize> = None;
        // Where the piece that is not in `cooked` yet starts, and where the text ends.
        let (mut piece, mut end) = (self.at, start);
        let mut breaks = Breaks::default();
        let mut after_break = false;
        loop {
            if after_break && self.is_document_indicator() || self.byte(0) == b'#' {
                break;
            }
            let from = self.at;
            self.pass_plain(stops);
            if self.at > from {
                if after_break {
                    let begin = *cooked.get_or_insert(self.cooked.len());
                    debug_assert!(begin <= self.cooked.len());
                    self.cooked.extend_from_slice(&self.source[piece..end.at as usize]);
                    breaks.fold_into(&mut self.cooked);
                    piece = from;
                    after_break = false;
                }
                end = self.mark();
            }
            if !self.pass_space(&mut breaks, &mut after_break, indent, start)? {
                break;
            }
            if self.flow_level == 0 && (self.column() as i64) < indent {
                break;
            }
        }
        if after_break {
            self.simple_key_allowed = true;
        }
        let text = match cooked {
            None => Text::source(piece, end.at as usize),
            Some(begin) => {
                self.cooked.extend_from_slice(&self.source[piece..end.at as usize]);
                Text::cooked(begin, self.cooked.len())
            }
        };
        Ok((TokenKind::Scalar(text, Style::Plain), end))
    }

    /// Passes the characters of a plain scalar up to a blank, a break or an indicator that ends it.
    #[inline]
    fn pass_plain(&mut self, stops: u8) {
        loop {
            while let Some(&byte) = self.source.get(self.at)
                && CLASS[byte as usize] & stops == 0
            {
                self.at += 1;
            }
            match self.byte(0) {
                b':' if !self.is_blankz(1) => self.at += 1,
                0xC2 | 0xE2 if !self.is_blankz(0) => self.skip(),
                _ => return,
            }
        }
    }

    /// Passes blanks and breaks after a piece of a plain scalar; false if there were none.
    fn pass_space(&mut self, breaks: &mut Breaks, after_break: &mut bool, indent: i64, start: Mark) -> Scan<bool> {
        let from = self.at;
        loop {
            let byte = self.byte(0);
            if is(byte, BLANK) {
                if *after_break && byte == b'\t' && (self.column() as i64) < indent {
                    return self.fault("found a tab character that violates indentation", start);
                }
                self.at += 1;
            } else if break_len(self.rest()) > 0 {
                self.read_break(if *after_break { &mut breaks.more } else { &mut breaks.first });
                *after_break = true;
            } else {
                return Ok(self.at > from);
            }
        }
    }

    pub(super) fn scan_quoted(&mut self, quote: u8) -> Scan<TokenKind> {
        let start = self.mark();
        let style = if quote == b'"' { Style::DoubleQuoted } else { Style::SingleQuoted };
        self.at += 1;
        let from = self.at;
        // Most are on one line and without escapes.
        let plain = |byte: u8| byte != quote && byte != b'\\' && !is(byte, BREAK | END | WIDE);
        while plain(self.byte(0)) {
            self.at += 1;
        }
        if self.byte(0) == quote && self.byte(1) != quote {
            let text = Text::source(from, self.at);
            self.at += 1;
            return Ok(TokenKind::Scalar(text, style));
        }
        self.at = from;
        let begin = self.cooked.len();
        self.cook_quoted(quote, start)?;
        Ok(TokenKind::Scalar(Text::cooked(begin, self.cooked.len()), style))
    }

    /// The text of a quoted scalar up to and past its closing quote, with escapes and folded lines.
    fn cook_quoted(&mut self, quote: u8, start: Mark) -> Scan<()> {
        let mut breaks = Breaks::default();
        loop {
            if self.is_document_indicator() {
                return self.fault("found unexpected document indicator", start);
            }
            if self.byte(0) == 0 {
                return self.fault("found unexpected end of stream", start);
            }
            let mut after_break = self.cook_words(quote, start)?;
            if self.byte(0) == quote {
                self.at += 1;
                return Ok(());
            }
            let blanks = self.at;
            let mut blanks_end = self.at;
            loop {
                if is(self.byte(0), BLANK) {
                    self.at += 1;
                    if !after_break {
                        blanks_end = self.at;
                    }
                } else if break_len(self.rest()) > 0 {
                    self.read_break(if after_break { &mut breaks.more } else { &mut breaks.first });
                    after_break = true;
                } else {
                    break;
                }
            }
            if after_break {
                // An escaped break leaves no first one, and so no space.
                if breaks.first.is_empty() {
                    self.cooked.append(&mut breaks.more);
                } else {
                    breaks.fold_into(&mut self.cooked);
                }
            } else {
                self.cooked.extend_from_slice(&self.source[blanks..blanks_end]);
            }
        }
    }

    /// The characters up to a blank, a break or the closing quote; true if an escaped line break ended them.
    fn cook_words(&mut self, quote: u8, start: Mark) -> Scan<bool> {
        while !self.is_blankz(0) {
            let from = self.at;
            match self.byte(0) {
                b'\'' if quote == b'\'' => {
                    if self.byte(1) != b'\'' {
                        break;
                    }
                    self.cooked.push(b'\'');
                    self.at += 2;
                }
                b'"' if quote == b'"' => break,
                b'\\' if quote == b'"' => {
                    if self.is_breakz(1) && self.byte(1) != 0 {
                        self.at += 1;
                        self.skip_break();
                        return Ok(true);
                    }
                    self.scan_escape(start)?;
                }
                _ => {
                    self.skip();
                    self.cooked.extend_from_slice(&self.source[from..self.at]);
                }
            }
        }
        Ok(false)
    }

    fn scan_escape(&mut self, start: Mark) -> Scan<()> {
        let text: &[u8] = match self.byte(1) {
            b'0' => b"\0",
            b'a' => b"\x07",
            b'b' => b"\x08",
            b't' | b'\t' => b"\t",
            b'n' => b"\n",
            b'v' => b"\x0B",
            b'f' => b"\x0C",
            b'r' => b"\r",
            b'e' => b"\x1B",
            b' ' => b" ",
            b'"' => b"\"",
            b'\'' => b"'",
            b'\\' => b"\\",
            b'N' => "\u{85}".as_bytes(),
            b'_' => "\u{A0}".as_bytes(),
            b'L' => "\u{2028}".as_bytes(),
            b'P' => "\u{2029}".as_bytes(),
            b'x' => return self.scan_code(2, start),
            b'u' => return self.scan_code(4, start),
            b'U' => return self.scan_code(8, start),
            _ => return self.fault("found unknown escape character", start),
        };
        self.cooked.extend_from_slice(text);
        self.at += 2;
        Ok(())
    }

    fn scan_code(&mut self, digits: usize, start: Mark) -> Scan<()> {
        self.at += 2;
        let mut value: u32 = 0;
        for ahead in 0..digits {
            let Some(digit) = char::from(self.byte(ahead)).to_digit(16) else {
                return self.fault("did not find expected hexdecimal number", start);
            };
            value = value.wrapping_shl(4) | digit;
        }
        let Some(character) = char::from_u32(value) else {
            return self.fault("found invalid Unicode character escape code", start);
        };
        self.cooked.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        self.at += digits;
        Ok(())
    }

    pub(super) fn scan_block_scalar(&mut self, literal: bool) -> Scan<(TokenKind, Mark)> {
        let start = self.mark();
        self.at += 1;
        let (chomp, increment) = self.scan_block_header(start)?;
        let mut end = self.mark();
        let mut indent = if increment > 0 { self.indent.max(0) + increment } else { 0 };
        let begin = self.cooked.len();
        let (mut leading, mut trailing) = (Vec::new(), Vec::new());
        self.scan_block_breaks(&mut indent, &mut trailing, start, &mut end)?;
        let mut leading_blank = false;
        while self.column() as i64 == indent && self.byte(0) != 0 {
            let blank = is(self.byte(0), BLANK);
            if !literal && !leading_blank && !blank && leading.first() == Some(&b'\n') {
                if trailing.is_empty() {
                    self.cooked.push(b' ');
                }
                leading.clear();
            } else {
                self.cooked.append(&mut leading);
            }
            self.cooked.append(&mut trailing);
            leading_blank = blank;
            let from = self.at;
            self.pass_line();
            self.cooked.extend_from_slice(&self.source[from..self.at]);
            self.read_break(&mut leading);
            self.scan_block_breaks(&mut indent, &mut trailing, start, &mut end)?;
        }
        if chomp != Chomp::Strip {
            self.cooked.append(&mut leading);
        }
        if chomp == Chomp::Keep {
            self.cooked.append(&mut trailing);
        }
        let style = if literal { Style::Literal } else { Style::Folded };
        Ok((TokenKind::Scalar(Text::cooked(begin, self.cooked.len()), style), end))
    }

    fn pass_line(&mut self) {
        loop {
            while let Some(&byte) = self.source.get(self.at)
                && CLASS[byte as usize] & (BREAK | WIDE) == 0
            {
                self.at += 1;
            }
            if self.is_breakz(0) {
                return;
            }
            self.skip();
        }
    }

    /// What follows `|` or `>` on its line: how to chomp and how deep the text is indented, in either order.
    fn scan_block_header(&mut self, start: Mark) -> Scan<(Chomp, i64)> {
        let mut chomp = Chomp::Clip;
        let mut increment = 0;
        for _ in 0..2 {
            match self.byte(0) {
                b'0' if increment == 0 => return self.fault("found an indentation indicator equal to 0", start),
                digit @ b'1'..=b'9' if increment == 0 => increment = i64::from(digit - b'0'),
                b'+' if chomp == Chomp::Clip => chomp = Chomp::Keep,
                b'-' if chomp == Chomp::Clip => chomp = Chomp::Strip,
                _ => break,
            }
            self.at += 1;
        }
        self.skip_blanks();
        self.skip_comment();
        if !self.is_breakz(0) {
            return self.fault("did not find expected comment or line break", start);
        }
        self.skip_break();
        Ok((chomp, increment))
    }

    /// Passes indentation and empty lines; finds out how deep the text is indented if that is not known (0).
    fn scan_block_breaks(&mut self, indent: &mut i64, breaks: &mut Vec<u8>, start: Mark, end: &mut Mark) -> Scan<()> {
        *end = self.mark();
        let mut deepest = 0;
        loop {
            while (*indent == 0 || (self.column() as i64) < *indent) && self.byte(0) == b' ' {
                self.at += 1;
            }
            let column = self.column() as i64;
            deepest = deepest.max(column);
            if (*indent == 0 || column < *indent) && self.byte(0) == b'\t' {
                return self.fault("found a tab character where an indentation space is expected", start);
            }
            if break_len(self.rest()) == 0 {
                break;
            }
            self.read_break(breaks);
            *end = self.mark();
        }
        if *indent == 0 {
            *indent = deepest.max(self.indent + 1).max(1);
        }
        Ok(())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomp {
    Strip,
    Clip,
    Keep,
}
