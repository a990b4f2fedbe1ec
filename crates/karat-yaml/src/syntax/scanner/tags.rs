//! Tags and directives.

use super::super::chars::{ALPHA, BLANK, is, width};
use super::super::token::{Mark, Text, TokenKind};
use super::{Scan, Scanner};

impl Scanner<'_> {
    /// `%YAML 1.1` or `%TAG !yaml! tag:yaml.org,2002:`, to the end of its line.
    pub(super) fn scan_directive(&mut self) -> Scan<TokenKind> {
        let start = self.mark();
        self.at += 1;
        let from = self.at;
        while is(self.byte(0), ALPHA) {
            self.at += 1;
        }
        if self.at == from {
            return self.fault("could not find expected directive name", start);
        }
        if !self.is_blankz(0) {
            return self.fault("found unexpected non-alphabetical character", start);
        }
        let kind = match &self.source[from..self.at] {
            b"YAML" => self.scan_version(start)?,
            b"TAG" => self.scan_tag_directive(start)?,
            _ => return self.fault("found unknown directive name", start),
        };
        self.skip_blanks();
        self.skip_comment();
        if !self.is_breakz(0) {
            return self.fault("did not find expected comment or line break", start);
        }
        self.skip_break();
        Ok(kind)
    }

    fn scan_version(&mut self, start: Mark) -> Scan<TokenKind> {
        self.skip_blanks();
        let major = self.scan_number(start)?;
        if self.byte(0) != b'.' {
            return self.fault("did not find expected digit or '.' character", start);
        }
        self.at += 1;
        let minor = self.scan_number(start)?;
        Ok(TokenKind::Version { major, minor })
    }

    fn scan_number(&mut self, start: Mark) -> Scan<u8> {
        let from = self.at;
        let mut number = 0;
        while self.byte(0).is_ascii_digit() {
            if self.at - from == 2 {
                return self.fault("found extremely long version number", start);
            }
            number = number * 10 + (self.byte(0) - b'0');
            self.at += 1;
        }
        if self.at == from {
            return self.fault("did not find expected version number", start);
        }
        Ok(number)
    }

    fn scan_tag_directive(&mut self, start: Mark) -> Scan<TokenKind> {
        self.skip_blanks();
        let handle = self.scan_handle(true, start)?;
        if !is(self.byte(0), BLANK) {
            return self.fault("did not find expected whitespace", start);
        }
        self.skip_blanks();
        let from = self.cooked.len();
        self.scan_uri(false, start)?;
        let prefix = self.cooked.split_off(from);
        if !self.is_blankz(0) {
            return self.fault("did not find expected whitespace or line break", start);
        }
        self.directives.push_back((handle.of(self.source, &self.cooked).to_vec(), prefix));
        Ok(TokenKind::TagDirective)
    }

    /// `!`, `!suffix`, `!!suffix`, `!handle!suffix` or `!<uri>`.
    pub(super) fn scan_tag(&mut self) -> Scan<TokenKind> {
        let start = self.mark();
        let (handle, suffix);
        if self.byte(1) == b'<' {
            self.at += 2;
            let from = self.cooked.len();
            self.scan_uri(false, start)?;
            (handle, suffix) = (Text::default(), Text::cooked(from, self.cooked.len()));
            if self.byte(0) != b'>' {
                return self.fault("did not find the expected '>'", start);
            }
            self.at += 1;
        } else {
            let first = self.scan_handle(false, start)?;
            // Handles are as they stand in the source.
            let name = first.of(self.source, &[]);
            let from = self.cooked.len();
            if name.len() > 1 && name.ends_with(b"!") {
                self.scan_uri(false, start)?;
                (handle, suffix) = (first, Text::cooked(from, self.cooked.len()));
            } else {
                // What looked like a handle is the start of the suffix.
                self.cooked.extend_from_slice(&name[1..]);
                self.scan_uri(true, start)?;
                let bang = Text::source(start.at as usize, start.at as usize + 1);
                let rest = Text::cooked(from, self.cooked.len());
                (handle, suffix) = if rest.is_empty() { (Text::default(), bang) } else { (bang, rest) };
            }
        }
        if !self.is_blankz(0) {
            return self.fault("did not find expected whitespace or line break", start);
        }
        Ok(TokenKind::Tag { handle, suffix })
    }

    fn scan_handle(&mut self, directive: bool, start: Mark) -> Scan<Text> {
        if self.byte(0) != b'!' {
            return self.fault("did not find expected '!'", start);
        }
        let from = self.at;
        self.at += 1;
        while is(self.byte(0), ALPHA) {
            self.at += 1;
        }
        if self.byte(0) == b'!' {
            self.at += 1;
        } else if directive && self.at - from > 1 {
            return self.fault("did not find expected '!'", start);
        }
        Ok(Text::source(from, self.at))
    }

    /// Appends a URI to the cooked texts, `%` escapes decoded.
    fn scan_uri(&mut self, may_be_empty: bool, start: Mark) -> Scan<()> {
        let from = self.at;
        loop {
            match self.byte(0) {
                b'%' => self.scan_uri_escape(start)?,
                byte if is(byte, ALPHA) || b";/?:@&=+$,.!~*'()[]".contains(&byte) => {
                    self.cooked.push(byte);
                    self.at += 1;
                }
                _ => break,
            }
        }
        if self.at == from && !may_be_empty {
            return self.fault("did not find expected tag URI", start);
        }
        Ok(())
    }

    /// One character, each of its bytes written as `%xx`.
    fn scan_uri_escape(&mut self, start: Mark) -> Scan<()> {
        let mut left = 0;
        let from = self.cooked.len();
        loop {
            let digits = [self.byte(1), self.byte(2)].map(|digit| char::from(digit).to_digit(16));
            let (b'%', [Some(high), Some(low)]) = (self.byte(0), digits) else {
                return self.fault("did not find URI escaped octet", start);
            };
            let octet = (high << 4 | low) as u8;
            if self.cooked.len() == from {
                if matches!(octet, 0x80..0xC0 | 0xF8..) {
                    return self.fault("found an incorrect leading UTF-8 octet", start);
                }
                left = width(octet);
            } else if octet & 0xC0 != 0x80 {
                return self.fault("found an incorrect trailing UTF-8 octet", start);
            }
            self.cooked.push(octet);
            self.at += 3;
            left -= 1;
            if left == 0 {
                return Ok(());
            }
        }
    }
}
