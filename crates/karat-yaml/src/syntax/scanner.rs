//! From text to tokens: indentation, simple keys, indicators. Scalars are in `scalar`, tags and directives in `tags`.
//!
//! A plain `key: value` shows that it is a key only at the `:`. So the scanner remembers where a *simple key* may have
//! started and, at the `:`, puts the KEY (and the start of the mapping) before the token that stood there.

use std::collections::VecDeque;

use super::chars::{ALPHA, BLANK, BREAK, END, INDICATOR, WIDE, break_len, is, width};
use super::token::{Mark, NO_KEY, Text, Token, TokenKind};

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

    fn fetch_next(&mut self) -> Scan<()> {
        self.skip_to_token();
        self.unroll_indent(self.column() as i64);
        let start = self.mark();
        let first = self.byte(0);
        if first == 0 {
            return self.fetch_stream_end();
        }
        if start.column == 0 {
            if first == b'%' {
                return self.fetch_directive();
            }
            if self.is_document_indicator() {
                let kind = if first == b'-' { TokenKind::DocumentStart } else { TokenKind::DocumentEnd };
                return self.fetch_document_indicator(kind);
            }
        }
        let in_flow = self.flow_level > 0;
        match first {
            b'[' => self.fetch_flow_start(TokenKind::FlowSequence),
            b'{' => self.fetch_flow_start(TokenKind::FlowMapping),
            b']' => self.fetch_flow_end(TokenKind::FlowSequenceEnd),
            b'}' => self.fetch_flow_end(TokenKind::FlowMappingEnd),
            b',' => {
                self.remove_simple_key()?;
                self.simple_key_allowed = true;
                self.at += 1;
                self.push(TokenKind::FlowEntry, start);
                Ok(())
            }
            b'-' if self.is_blankz(1) => self.fetch_block_entry(),
            b'?' if in_flow || self.is_blankz(1) => self.fetch_key(),
            b':' if in_flow || self.is_blankz(1) => self.fetch_value(),
            b'*' => self.fetch_anchor(TokenKind::Alias),
            b'&' => self.fetch_anchor(TokenKind::Anchor),
            b'!' => {
                self.save_simple_key()?;
                self.simple_key_allowed = false;
                let kind = self.scan_tag()?;
                self.push(kind, start);
                Ok(())
            }
            b'|' | b'>' if !in_flow => {
                self.remove_simple_key()?;
                self.simple_key_allowed = true;
                let (kind, end) = self.scan_block_scalar(first == b'|')?;
                self.push_until(kind, start, end);
                Ok(())
            }
            b'\'' | b'"' => {
                self.save_simple_key()?;
                self.simple_key_allowed = false;
                let kind = self.scan_quoted(first)?;
                self.push(kind, start);
                Ok(())
            }
            _ if self.may_start_plain(first) => {
                self.save_simple_key()?;
                self.simple_key_allowed = false;
                let (kind, end) = self.scan_plain()?;
                self.push_until(kind, start, end);
                Ok(())
            }
            _ => self.fault("found character that cannot start any token", start),
        }
    }

    fn may_start_plain(&self, first: u8) -> bool {
        !(self.is_blankz(0) || is(first, INDICATOR))
            || first == b'-' && !is(self.byte(1), BLANK)
            || self.flow_level == 0 && (first == b'?' || first == b':') && !self.is_blankz(1)
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

    // Tokens.

    fn fetch_stream_end(&mut self) -> Scan<()> {
        if self.column() != 0 {
            self.line += 1;
            self.line_start = self.at;
        }
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        self.push(TokenKind::StreamEnd, self.mark());
        Ok(())
    }

    fn fetch_directive(&mut self) -> Scan<()> {
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.mark();
        let kind = self.scan_directive()?;
        self.push(kind, start);
        Ok(())
    }

    fn fetch_document_indicator(&mut self, kind: TokenKind) -> Scan<()> {
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.mark();
        self.at += 3;
        self.push(kind, start);
        Ok(())
    }

    fn fetch_flow_start(&mut self, kind: TokenKind) -> Scan<()> {
        self.save_simple_key()?;
        self.simple_keys.push(SimpleKey { token: self.taken + self.tokens.len(), ..SimpleKey::default() });
        self.flow_level += 1;
        let start = self.mark();
        if self.flow_level > self.depth_limit {
            return self.fault(crate::limits::TOO_DEEP, start);
        }
        self.simple_key_allowed = true;
        self.at += 1;
        self.push(kind, start);
        Ok(())
    }

    fn fetch_flow_end(&mut self, kind: TokenKind) -> Scan<()> {
        self.remove_simple_key()?;
        if self.flow_level > 0 {
            self.flow_level -= 1;
            // go-yaml forgets here which token the level's key started with. Before the level has one, that is the
            // opening bracket: so an empty collection is no key, however it goes on.
            if let Some(level) = self.simple_keys.pop()
                && let Some(index) = level.token.checked_sub(self.taken)
                && let Some(token) = self.tokens.get_mut(index)
            {
                token.key_level = NO_KEY;
            }
        }
        self.simple_key_allowed = false;
        let start = self.mark();
        self.at += 1;
        self.push(kind, start);
        Ok(())
    }

    fn fetch_block_entry(&mut self) -> Scan<()> {
        let start = self.mark();
        // In flow context the grammar reports it, with its context.
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return self.fault("block sequence entries are not allowed in this context", start);
            }
            self.roll_indent(self.column(), None, TokenKind::BlockSequence, start)?;
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        self.at += 1;
        self.push(TokenKind::BlockEntry, start);
        Ok(())
    }

    fn fetch_key(&mut self) -> Scan<()> {
        let start = self.mark();
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return self.fault("mapping keys are not allowed in this context", start);
            }
            self.roll_indent(self.column(), None, TokenKind::BlockMapping, start)?;
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = self.flow_level == 0;
        self.at += 1;
        self.push(TokenKind::Key, start);
        Ok(())
    }

    fn fetch_value(&mut self) -> Scan<()> {
        let start = self.mark();
        let level = self.simple_keys.len() - 1;
        if self.is_key_valid(level)? {
            let key = self.simple_keys[level];
            let token = Token { kind: TokenKind::Key, start: key.mark, end: key.mark, key_level: NO_KEY };
            self.insert(key.token, token);
            self.roll_indent(key.mark.column as usize, Some(key.token), TokenKind::BlockMapping, key.mark)?;
            self.simple_keys[level].possible = false;
            self.simple_key_allowed = false;
        } else {
            if self.flow_level == 0 {
                if !self.simple_key_allowed {
                    return self.fault("mapping values are not allowed in this context", start);
                }
                self.roll_indent(self.column(), None, TokenKind::BlockMapping, start)?;
            }
            self.simple_key_allowed = self.flow_level == 0;
        }
        self.at += 1;
        self.push(TokenKind::Value, start);
        Ok(())
    }

    fn fetch_anchor(&mut self, kind: fn(Text) -> TokenKind) -> Scan<()> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.mark();
        self.at += 1;
        let from = self.at;
        while is(self.byte(0), ALPHA) {
            self.at += 1;
        }
        let ends = self.is_blankz(0) || matches!(self.byte(0), b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`');
        if self.at == from || !ends {
            return self.fault("did not find expected alphabetic or numeric character", start);
        }
        self.push(kind(Text::source(from, self.at)), start);
        Ok(())
    }

    /// Passes one character.
    pub(super) fn skip(&mut self) {
        self.at += width(self.byte(0));
    }
}
