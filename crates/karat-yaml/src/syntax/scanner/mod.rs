//! From text to tokens: the queue, indentation, simple keys. Indicators are in `fetch`, scalars in `scalar`, tags and
//! directives in `tags`.
//!
//! A plain `key: value` shows that it is a key only at the `:`. So the scanner remembers where a *simple key* may have
//! started and, at the `:`, puts the KEY (and the start of the mapping) before the token that stood there.

mod fetch;
mod scalar;
mod tags;

use std::collections::VecDeque;

use super::chars::{BLANK, BREAK, END, WIDE, break_len, is, width};
use super::token::{Mark, NO_KEY, Token, TokenKind};

/// A fault that the scanner or the grammar found.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) message: &'static str,
    pub(super) mark: Mark,
    /// What the fault stands in starts here.
    pub(super) context: Mark,
    /// go-yaml names the line of a scanner's fault right, that of the grammar one too low.
    pub(super) from_scanner: bool,
}

pub(super) type Scan<T> = Result<T, Fault>;

/// A place where a key without `?` may have started, one per flow level.
#[derive(Clone, Copy, Default)]
struct SimpleKey {
    possible: bool,
    /// In block context at the indentation: nothing but a key can stand here.
    required: bool,
    token: usize,
    mark: Mark,
}

/// A key must end within so many characters.
const KEY_LIMIT: usize = 1024;

pub(super) struct Scanner<'s> {
    pub(super) source: &'s [u8],
    pub(super) at: usize,
    pub(super) line: u32,
    pub(super) line_start: usize,
    /// Texts that differ from their source: escapes, folds, indentation taken away.
    pub(super) cooked: Vec<u8>,
    /// The column of the current block collection, -1 outside of any.
    pub(super) indent: i64,
    indents: Vec<i64>,
    pub(super) flow_level: usize,
    pub(super) simple_key_allowed: bool,
    simple_keys: Vec<SimpleKey>,
    tokens: VecDeque<Token>,
    taken: usize,
    /// Whether the token in front may be used: no key can come before it any more.
    ready: bool,
    depth_limit: usize,
    /// Handles and prefixes of the `%TAG` directives that the grammar has not read yet.
    pub(super) directives: VecDeque<(Vec<u8>, Vec<u8>)>,
}

impl<'s> Scanner<'s> {
    pub(super) fn new(source: &'s [u8], start: usize, depth_limit: usize) -> Self {
        Self {
            source,
            at: start,
            line: 0,
            line_start: start,
            cooked: Vec::new(),
            indent: -1,
            indents: Vec::new(),
            flow_level: 0,
            simple_key_allowed: true,
            simple_keys: vec![SimpleKey::default()],
            tokens: VecDeque::new(),
            taken: 0,
            ready: false,
            depth_limit,
            directives: VecDeque::new(),
        }
    }

    /// The next token, which stays in front until it is taken.
    #[inline]
    pub(super) fn peek(&mut self) -> Scan<Token> {
        if !self.ready {
            self.fetch_more()?;
        }
        Ok(self.tokens[0])
    }

    /// Drops the token in front.
    #[inline]
    pub(super) fn take(&mut self) {
        self.ready = false;
        self.taken += 1;
        self.tokens.pop_front();
    }

    #[inline]
    pub(super) fn byte(&self, ahead: usize) -> u8 {
        self.source.get(self.at + ahead).copied().unwrap_or(0)
    }

    pub(super) fn rest(&self) -> &'s [u8] {
        self.source.get(self.at..).unwrap_or_default()
    }

    #[inline]
    pub(super) fn mark(&self) -> Mark {
        Mark { at: self.at as u32, line: self.line, column: self.column() as u32 }
    }

    #[inline]
    pub(super) fn column(&self) -> usize {
        self.at - self.line_start
    }

    /// Whether the character `ahead` ends a word: blank, line break or the end.
    #[inline]
    pub(super) fn is_blankz(&self, ahead: usize) -> bool {
        let byte = self.byte(ahead);
        is(byte, BLANK | BREAK | END) || is(byte, WIDE) && self.is_wide_break(ahead)
    }

    #[inline]
    pub(super) fn is_breakz(&self, ahead: usize) -> bool {
        let byte = self.byte(ahead);
        is(byte, BREAK | END) || is(byte, WIDE) && self.is_wide_break(ahead)
    }

    fn is_wide_break(&self, ahead: usize) -> bool {
        self.source.get(self.at + ahead..).is_some_and(|rest| break_len(rest) > 0)
    }

    /// Passes a line break, if one is here.
    pub(super) fn skip_break(&mut self) -> bool {
        let len = break_len(self.rest());
        if len > 0 {
            self.at += len;
            self.line += 1;
            self.line_start = self.at;
        }
        len > 0
    }

    pub(super) fn skip_blanks(&mut self) {
        while is(self.byte(0), BLANK) {
            self.at += 1;
        }
    }

    /// Passes a comment up to the line break.
    pub(super) fn skip_comment(&mut self) {
        if self.byte(0) == b'#' {
            while !self.is_breakz(0) {
                self.at += 1;
            }
        }
    }

    pub(super) fn fault<T>(&self, message: &'static str, context: Mark) -> Scan<T> {
        Err(Fault { message, mark: self.mark(), context, from_scanner: true })
    }

    /// Whether `---` or `...` stands here, at the start of a line.
    pub(super) fn is_document_indicator(&self) -> bool {
        self.at == self.line_start
            && matches!(self.rest(), [b'-', b'-', b'-', ..] | [b'.', b'.', b'.', ..])
            && self.is_blankz(3)
    }

    pub(super) fn push(&mut self, kind: TokenKind, start: Mark) {
        let end = self.mark();
        self.push_until(kind, start, end);
    }

    /// Appends a token; if a simple key was saved for it, says so on the token.
    fn push_until(&mut self, kind: TokenKind, start: Mark, end: Mark) {
        let number = self.taken + self.tokens.len();
        let level = self.simple_keys.len() - 1;
        let level = match kind {
            // The key of a flow collection was saved one level up, before the level was raised.
            TokenKind::FlowSequence | TokenKind::FlowMapping => level.wrapping_sub(1),
            _ => level,
        };
        let key = self.simple_keys.get(level).is_some_and(|key| key.possible && key.token == number);
        let key_level = if key { level as u32 } else { NO_KEY };
        self.tokens.push_back(Token { kind, start, end, key_level });
    }

    /// Scans until the token in front cannot become a key any more.
    fn fetch_more(&mut self) -> Scan<()> {
        loop {
            if let Some(front) = self.tokens.front() {
                let level = front.key_level as usize;
                let saved = self.simple_keys.get(level).is_some_and(|key| key.possible && key.token == self.taken);
                if !saved || !self.is_key_valid(level)? {
                    break;
                }
            }
            self.fetch_next()?;
        }
        self.ready = true;
        Ok(())
    }

    /// Passes blanks, comments and line breaks. A tab may not stand where a key could start.
    fn skip_to_token(&mut self) {
        loop {
            while self.byte(0) == b' ' || self.byte(0) == b'\t' && (self.flow_level > 0 || !self.simple_key_allowed) {
                self.at += 1;
            }
            self.skip_comment();
            if !self.skip_break() {
                return;
            }
            if self.flow_level == 0 {
                self.simple_key_allowed = true;
            }
        }
    }

    /// Puts a token before the one with this number, or last if that one is gone already.
    fn insert(&mut self, number: usize, token: Token) {
        match number.checked_sub(self.taken).filter(|&index| index <= self.tokens.len()) {
            Some(index) => self.tokens.insert(index, token),
            None => self.tokens.push_back(token),
        }
    }

    // Simple keys.

    fn is_key_valid(&mut self, level: usize) -> Scan<bool> {
        let key = self.simple_keys[level];
        if !key.possible {
            return Ok(false);
        }
        if key.mark.line < self.line || self.is_far(key.mark.at as usize) {
            if key.required {
                return self.fault("could not find expected ':'", key.mark);
            }
            self.simple_keys[level].possible = false;
            return Ok(false);
        }
        Ok(true)
    }

    /// Whether more than the limit of characters lies between `from` and here.
    fn is_far(&self, from: usize) -> bool {
        let bytes = self.at - from;
        bytes > KEY_LIMIT
            && (bytes > 4 * KEY_LIMIT
                || self.source[from..self.at].iter().filter(|&b| b & 0xC0 != 0x80).count() > KEY_LIMIT)
    }

    fn save_simple_key(&mut self) -> Scan<()> {
        if self.simple_key_allowed {
            let key = SimpleKey {
                possible: true,
                required: self.flow_level == 0 && self.indent == self.column() as i64,
                token: self.taken + self.tokens.len(),
                mark: self.mark(),
            };
            self.remove_simple_key()?;
            if let Some(last) = self.simple_keys.last_mut() {
                *last = key;
            }
        }
        Ok(())
    }

    fn remove_simple_key(&mut self) -> Scan<()> {
        let level = self.simple_keys.len() - 1;
        let key = self.simple_keys[level];
        if key.possible && key.required {
            return self.fault("could not find expected ':'", key.mark);
        }
        self.simple_keys[level].possible = false;
        Ok(())
    }

    // Indentation.

    /// Starts a block collection if this column is deeper; `number` is the token before which it starts.
    fn roll_indent(&mut self, column: usize, number: Option<usize>, kind: TokenKind, mark: Mark) -> Scan<()> {
        if self.flow_level > 0 || self.indent >= column as i64 {
            return Ok(());
        }
        self.indents.push(self.indent);
        self.indent = column as i64;
        if self.indents.len() > self.depth_limit {
            return self.fault(crate::limits::TOO_DEEP, mark);
        }
        let token = Token { kind, start: mark, end: mark, key_level: NO_KEY };
        match number {
            Some(number) => self.insert(number, token),
            None => self.tokens.push_back(token),
        }
        Ok(())
    }

    /// Ends the block collections that are deeper than `column`.
    fn unroll_indent(&mut self, column: i64) {
        if self.flow_level > 0 {
            return;
        }
        while self.indent > column {
            let mark = self.mark();
            self.tokens.push_back(Token { kind: TokenKind::BlockEnd, start: mark, end: mark, key_level: NO_KEY });
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    /// Passes one character.
    pub(super) fn skip(&mut self) {
        self.at += width(self.byte(0));
    }
}
