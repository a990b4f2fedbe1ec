//! Text into tokens, as text/template's lexer does it: trimming happens here, and spaces inside actions are tokens.

use std::ops::Range;

use crate::quote;

/// A token; its text is from `start` to `end` in the source.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Token {
    fn new(kind: TokenKind, start: usize, end: usize) -> Self {
        Self { kind, start: start as u32, end: end as u32 }
    }

    pub(crate) fn span(&self) -> Range<u32> {
        self.start..self.end
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum TokenKind {
    #[default]
    End,
    /// The lexer cannot go on; it knows why.
    Error,
    Bool,
    /// Another printable ASCII character.
    Char,
    CharConstant,
    Complex,
    Assign,
    Declare,
    /// `.name`
    Field,
    Identifier,
    LeftDelim,
    LeftParen,
    Number,
    Pipe,
    RawString,
    RightDelim,
    RightParen,
    Space,
    String,
    Text,
    /// `$` or `$name`
    Variable,
    Dot,
    Nil,
    Keyword(Keyword),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keyword {
    Block,
    Break,
    Continue,
    Define,
    Else,
    End,
    If,
    Range,
    Template,
    With,
}

pub(crate) struct Lexer<'t> {
    text: &'t [u8],
    position: usize,
    start: usize,
    parens: usize,
    inside: bool,
    /// Why there is nothing more to read.
    failed: Option<String>,
    /// Whether `break` is a keyword; not if a function has that name.
    pub(crate) break_keyword: bool,
    /// The same for `continue`.
    pub(crate) continue_keyword: bool,
}

impl<'t> Lexer<'t> {
    pub(crate) fn new(text: &'t [u8]) -> Self {
        Self {
            text,
            position: 0,
            start: 0,
            parens: 0,
            inside: false,
            failed: None,
            break_keyword: true,
            continue_keyword: true,
        }
    }

    /// The next token; after the last one, `End` for ever.
    pub(crate) fn token(&mut self) -> Token {
        if self.failed.is_some() {
            let kind = if self.inside { TokenKind::Error } else { TokenKind::End };
            return Token::new(kind, self.start, self.start);
        }
        loop {
            let token = if self.inside { Some(self.inside_action()) } else { self.text() };
            if let Some(token) = token {
                return token;
            }
        }
    }

    /// Why the last token is an error.
    pub(crate) fn message(&self) -> &str {
        self.failed.as_deref().unwrap_or_default()
    }

    fn rest(&self) -> &'t [u8] {
        &self.text[self.position..]
    }

    fn peek(&self) -> Option<char> {
        quote::decode(self.rest()).map(|(char, _)| char)
    }

    fn next(&mut self) -> Option<char> {
        let (char, width) = quote::decode(self.rest())?;
        self.position += width;
        Some(char)
    }

    fn emit(&mut self, kind: TokenKind) -> Token {
        let token = Token::new(kind, self.start, self.position);
        self.start = self.position;
        token
    }

    fn fail(&mut self, message: impl Into<String>) -> Token {
        self.failed = Some(message.into());
        Token::new(TokenKind::Error, self.start, self.position.max(self.start))
    }

    fn accept(&mut self, valid: &[u8]) -> bool {
        let found = self.rest().first().is_some_and(|byte| valid.contains(byte));
        self.position += usize::from(found);
        found
    }

    fn accept_run(&mut self, valid: &[u8]) {
        while self.accept(valid) {}
    }

    /// Text up to the next action; `None` after a comment.
    fn text(&mut self) -> Option<Token> {
        let Some(length) = find(self.rest(), b"{{") else {
            self.position = self.text.len();
            return Some(if self.position > self.start {
                self.emit(TokenKind::Text)
            } else {
                self.emit(TokenKind::End)
            });
        };
        let delim = self.position + length;
        if length > 0 {
            let mut end = delim;
            if has_left_trim_marker(&self.text[delim + 2..]) {
                end = self.start + trim_end(&self.text[self.start..delim]).len();
            }
            self.position = end;
            let token = self.emit(TokenKind::Text);
            self.position = delim;
            self.start = delim;
            if token.start < token.end {
                return Some(token);
            }
        }
        self.left_delim()
    }

    fn left_delim(&mut self) -> Option<Token> {
        self.position += 2;
        let marker = if has_left_trim_marker(self.rest()) { 2 } else { 0 };
        if self.text[self.position + marker..].starts_with(b"/*") {
            self.position += marker;
            self.start = self.position;
            return self.comment();
        }
        let token = self.emit(TokenKind::LeftDelim);
        self.inside = true;
        self.position += marker;
        self.start = self.position;
        self.parens = 0;
        Some(token)
    }

    fn comment(&mut self) -> Option<Token> {
        self.position += 2;
        let Some(length) = find(self.rest(), b"*/") else {
            return Some(self.fail("unclosed comment"));
        };
        self.position += length + 2;
        let Some(trim) = self.at_right_delim() else {
            return Some(self.fail("comment ends before closing delimiter"));
        };
        self.skip_right_delim(trim);
        None
    }

    /// Whether a right delimiter is next, and if so whether it trims.
    fn at_right_delim(&self) -> Option<bool> {
        let rest = self.rest();
        if has_right_trim_marker(rest) && rest[2..].starts_with(b"}}") {
            Some(true)
        } else {
            rest.starts_with(b"}}").then_some(false)
        }
    }

    fn skip_right_delim(&mut self, trim: bool) {
        if trim {
            self.position += 4;
            self.position += self.rest().iter().take_while(|byte| is_space_byte(**byte)).count();
        } else {
            self.position += 2;
        }
        self.start = self.position;
    }

    fn right_delim(&mut self) -> Token {
        let trim = self.at_right_delim().unwrap_or(false);
        let start = self.position + if trim { 2 } else { 0 };
        self.skip_right_delim(trim);
        self.inside = false;
        Token::new(TokenKind::RightDelim, start, start + 2)
    }

    fn inside_action(&mut self) -> Token {
        if self.at_right_delim().is_some() {
            return if self.parens == 0 { self.right_delim() } else { self.fail("unclosed left paren") };
        }
        let Some(char) = self.next() else {
            return self.fail("unclosed action");
        };
        match char {
            ' ' | '\t' | '\r' | '\n' => self.space(),
            '=' => self.emit(TokenKind::Assign),
            ':' if self.next() == Some('=') => self.emit(TokenKind::Declare),
            ':' => self.fail("expected :="),
            '|' => self.emit(TokenKind::Pipe),
            '"' => self.quoted('"', TokenKind::String, "unterminated quoted string"),
            '\'' => self.quoted('\'', TokenKind::CharConstant, "unterminated character constant"),
            '`' => self.raw_string(),
            '$' => self.field_or_variable(TokenKind::Variable),
            '.' if self.rest().first().is_some_and(|byte| !byte.is_ascii_digit()) => {
                self.field_or_variable(TokenKind::Field)
            }
            '.' | '+' | '-' | '0'..='9' => {
                self.position -= 1;
                self.number()
            }
            _ if is_alphanumeric(char) => self.identifier(),
            '(' => {
                self.parens += 1;
                self.emit(TokenKind::LeftParen)
            }
            ')' if self.parens == 0 => self.fail("unexpected right paren"),
            ')' => {
                self.parens -= 1;
                self.emit(TokenKind::RightParen)
            }
            '!'..='~' => self.emit(TokenKind::Char),
            _ => self.fail(format!("unrecognized character in action: {}", unicode(char))),
        }
    }

    fn space(&mut self) -> Token {
        while self.rest().first().is_some_and(|byte| is_space_byte(*byte)) {
            self.position += 1;
        }
        let last = &self.text[self.position - 1..];
        if has_right_trim_marker(last) && last[2..].starts_with(b"}}") {
            self.position -= 1;
            if self.position == self.start {
                return self.right_delim();
            }
        }
        self.emit(TokenKind::Space)
    }

    fn identifier(&mut self) -> Token {
        self.alphanumerics();
        if !self.at_terminator() {
            return self.bad_character();
        }
        let kind = match &self.text[self.start..self.position] {
            b"true" | b"false" => TokenKind::Bool,
            b"nil" => TokenKind::Nil,
            b"block" => TokenKind::Keyword(Keyword::Block),
            b"break" if self.break_keyword => TokenKind::Keyword(Keyword::Break),
            b"continue" if self.continue_keyword => TokenKind::Keyword(Keyword::Continue),
            b"define" => TokenKind::Keyword(Keyword::Define),
            b"else" => TokenKind::Keyword(Keyword::Else),
            b"end" => TokenKind::Keyword(Keyword::End),
            b"if" => TokenKind::Keyword(Keyword::If),
            b"range" => TokenKind::Keyword(Keyword::Range),
            b"template" => TokenKind::Keyword(Keyword::Template),
            b"with" => TokenKind::Keyword(Keyword::With),
            _ => TokenKind::Identifier,
        };
        self.emit(kind)
    }

    /// The `.` or `$` is read.
    fn field_or_variable(&mut self, kind: TokenKind) -> Token {
        if self.at_terminator() {
            return self.emit(if kind == TokenKind::Field { TokenKind::Dot } else { kind });
        }
        self.alphanumerics();
        if self.at_terminator() { self.emit(kind) } else { self.bad_character() }
    }

    fn alphanumerics(&mut self) {
        while self.peek().is_some_and(is_alphanumeric) {
            self.next();
        }
    }

    fn bad_character(&mut self) -> Token {
        let char = self.peek().unwrap_or_default();
        self.fail(format!("bad character {}", unicode(char)))
    }

    fn at_terminator(&self) -> bool {
        match self.rest().first() {
            None | Some(b' ' | b'\t' | b'\r' | b'\n' | b'.' | b',' | b'|' | b':' | b')' | b'(') => true,
            _ => self.rest().starts_with(b"}}"),
        }
    }

    fn quoted(&mut self, mark: char, kind: TokenKind, message: &str) -> Token {
        loop {
            let next = self.next();
            let broken = match next {
                Some('\\') => matches!(self.next(), None | Some('\n')),
                Some(char) if char == mark => return self.emit(kind),
                _ => matches!(next, None | Some('\n')),
            };
            if broken {
                return self.fail(message);
            }
        }
    }

    fn raw_string(&mut self) -> Token {
        match self.rest().iter().position(|&byte| byte == b'`') {
            Some(length) => {
                self.position += length + 1;
                self.emit(TokenKind::RawString)
            }
            None => self.fail("unterminated raw quoted string"),
        }
    }

    fn number(&mut self) -> Token {
        if !self.scan_number() {
            return self.bad_number();
        }
        if !matches!(self.rest().first(), Some(b'+' | b'-')) {
            return self.emit(TokenKind::Number);
        }
        if !self.scan_number() || self.text[self.position - 1] != b'i' {
            return self.bad_number();
        }
        self.emit(TokenKind::Complex)
    }

    fn bad_number(&mut self) -> Token {
        self.fail(format!("bad number syntax: {}", quote::quote(&self.text[self.start..self.position])))
    }

    /// Not perfect, like Go's: what it wrongly lets pass, the parser refuses.
    fn scan_number(&mut self) -> bool {
        self.accept(b"+-");
        let mut digits: &[u8] = b"0123456789_";
        if self.accept(b"0") {
            if self.accept(b"xX") {
                digits = b"0123456789abcdefABCDEF_";
            } else if self.accept(b"oO") {
                digits = b"01234567_";
            } else if self.accept(b"bB") {
                digits = b"01_";
            }
        }
        self.accept_run(digits);
        if self.accept(b".") {
            self.accept_run(digits);
        }
        let exponent: &[u8] = match digits.len() {
            11 => b"eE",
            23 => b"pP",
            _ => b"",
        };
        if self.accept(exponent) {
            self.accept(b"+-");
            self.accept_run(b"0123456789_");
        }
        self.accept(b"i");
        if self.peek().is_some_and(is_alphanumeric) {
            self.next();
            return false;
        }
        true
    }
}

/// As Go's `%#U` prints a character: `U+0040 '@'`.
fn unicode(char: char) -> String {
    let code = u32::from(char);
    if quote::is_print(char) { format!("U+{code:04X} '{char}'") } else { format!("U+{code:04X}") }
}

fn find(text: &[u8], needle: &[u8; 2]) -> Option<usize> {
    let mut from = 0;
    while let Some(found) = text[from..].iter().position(|&byte| byte == needle[0]) {
        from += found;
        if text.get(from + 1) == Some(&needle[1]) {
            return Some(from);
        }
        from += 1;
    }
    None
}

fn trim_end(text: &[u8]) -> &[u8] {
    let spaces = text.iter().rev().take_while(|byte| is_space_byte(**byte)).count();
    &text[..text.len() - spaces]
}

fn is_space_byte(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

fn is_alphanumeric(char: char) -> bool {
    char == '_' || quote::is_letter(char) || quote::is_digit(char)
}

fn has_left_trim_marker(text: &[u8]) -> bool {
    matches!(text, [b'-', space, ..] if is_space_byte(*space))
}

fn has_right_trim_marker(text: &[u8]) -> bool {
    matches!(text, [space, b'-', ..] if is_space_byte(*space))
}
