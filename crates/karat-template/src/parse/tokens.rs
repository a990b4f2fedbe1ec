//! Three tokens of look-ahead, what is known about the template being parsed, and errors at the right token.

use rustc_hash::FxHashMap;

use super::{Parser, Result};
use crate::ast::place;
use crate::lex::{Token, TokenKind};
use crate::{ParseError, ParseProblem, Str, quote};

/// What belongs to the template being parsed, and not to the file.
pub(super) struct Tree {
    /// Three tokens of look-ahead; `tokens[0]` was read last, and Go reports its line.
    pub(super) tokens: [Token; 3],
    pub(super) peeked: usize,
    /// The names that may be used, as Go's parser sees it.
    pub(super) known: Names,
    /// The variables that exist, by slot.
    pub(super) declared: Names,
    pub(super) slots: usize,
    pub(super) ids: u32,
    pub(super) action: Option<u32>,
    pub(super) ranges: usize,
}

impl Default for Tree {
    fn default() -> Self {
        Self {
            tokens: Default::default(),
            peeked: 0,
            known: Names::dollar(),
            declared: Names::dollar(),
            slots: 1,
            ids: 0,
            action: None,
            ranges: 0,
        }
    }
}

/// A stack of names that knows where each was pushed last.
#[derive(Default)]
pub(super) struct Names {
    pub(super) stack: Vec<Str>,
    pub(super) places: FxHashMap<Str, Vec<u32>>,
}

impl Names {
    pub(super) fn dollar() -> Self {
        let mut names = Self::default();
        names.push("$".into());
        names
    }

    pub(super) fn push(&mut self, name: Str) -> u32 {
        let place = self.stack.len() as u32;
        self.places.entry(name.clone()).or_default().push(place);
        self.stack.push(name);
        place
    }

    pub(super) fn find(&self, name: &Str) -> Option<u32> {
        self.places.get(name)?.last().copied()
    }

    pub(super) fn truncate(&mut self, length: usize) {
        while self.stack.len() > length {
            if let Some(places) = self.stack.pop().and_then(|name| self.places.get_mut(&name)) {
                places.pop();
            }
        }
    }
}

impl Parser<'_> {
    pub(super) fn next(&mut self) -> Token {
        if self.tree.peeked > 0 {
            self.tree.peeked -= 1;
        } else {
            self.tree.tokens[0] = self.lexer.token();
        }
        self.tree.tokens[self.tree.peeked]
    }

    pub(super) fn backup(&mut self) {
        self.tree.peeked += 1;
    }

    /// Gives back two tokens; the last one is still there.
    pub(super) fn backup2(&mut self, first: Token) {
        self.tree.tokens[1] = first;
        self.tree.peeked = 2;
    }

    pub(super) fn backup3(&mut self, first: Token, second: Token) {
        self.tree.tokens[1] = second;
        self.tree.tokens[2] = first;
        self.tree.peeked = 3;
    }

    pub(super) fn peek(&mut self) -> Token {
        if self.tree.peeked == 0 {
            self.tree.peeked = 1;
            self.tree.tokens[0] = self.lexer.token();
        }
        self.tree.tokens[self.tree.peeked - 1]
    }

    pub(super) fn next_non_space(&mut self) -> Token {
        loop {
            let token = self.next();
            if token.kind != TokenKind::Space {
                return token;
            }
        }
    }

    pub(super) fn peek_non_space(&mut self) -> Token {
        let token = self.next_non_space();
        self.backup();
        token
    }

    pub(super) fn expect(&mut self, kind: TokenKind, context: &'static str) -> Result<Token> {
        let token = self.next_non_space();
        if token.kind == kind { Ok(token) } else { self.unexpected(token, context) }
    }

    pub(super) fn slice(&self, token: Token) -> &[u8] {
        &self.text.as_bytes()[token.start as usize..token.end as usize]
    }

    pub(super) fn name(&self, token: Token) -> Str {
        self.slice(token).into()
    }

    pub(super) fn id(&mut self) -> u32 {
        self.tree.ids += 1;
        self.tree.ids
    }

    pub(super) fn fail<T>(&self, problem: ParseProblem) -> Result<T> {
        let span = self.tree.tokens[0].span();
        let span = span.start as usize..span.end as usize;
        let (line, column) = place(self.text, span.start);
        Err(Box::new(ParseError { file: self.file.clone(), line, column, span, problem }))
    }

    pub(super) fn unexpected<T>(&self, token: Token, context: &'static str) -> Result<T> {
        if token.kind == TokenKind::Error {
            let line = |offset: u32| place(self.text, offset as usize).0;
            let started = self.tree.action.map(line).filter(|started| *started != line(token.start));
            let started = started.map(|line| (self.file.clone(), line));
            return self.fail(ParseProblem::Lexical { message: self.lexer.message().to_owned(), started });
        }
        let text = self.slice(token);
        let token = match token.kind {
            TokenKind::End => "EOF".into(),
            TokenKind::Keyword(_) | TokenKind::Dot | TokenKind::Nil => format!("<{}>", String::from_utf8_lossy(text)),
            _ if text.len() > 10 => {
                let start: Vec<u8> = quote::chars(text).take(10).flat_map(|(_, bytes)| bytes.iter().copied()).collect();
                format!("{}...", quote::quote(&start))
            }
            _ => quote::quote(text),
        };
        self.fail(ParseProblem::Unexpected { token, context })
    }
}
