//! What the grammar stands on: looking at tokens, taking them, making nodes that are not too deep.

use std::rc::Rc;

use super::super::Error;
use super::super::ast::{At, Expr, Kind};
use super::super::budget::DEPTH;
use super::super::lexer::Token;
use super::{Parsed, Parser, allowed};

impl Parser {
    pub(super) fn name(&mut self) -> Parsed<(Rc<str>, At)> {
        let at = self.at();
        match self.take() {
            Token::Name(name) => {
                allowed(&name, at)?;
                Ok((name, at))
            }
            _ => {
                self.next -= 1;
                Err(self.unexpected("a name"))
            }
        }
    }

    pub(super) fn pair(
        &mut self,
        left: Expr,
        right: Expr,
        kind: impl FnOnce(Box<Expr>, Box<Expr>) -> Kind,
    ) -> Parsed<Expr> {
        let (at, height) = (left.at, 1 + left.height.max(right.height));
        self.make(at, height, kind(left.into(), right.into()))
    }

    pub(super) fn make(&self, at: At, height: usize, kind: Kind) -> Parsed<Expr> {
        if height > DEPTH {
            return Err(Error::new(format!("an expression is nested more than {DEPTH} deep"), at));
        }
        Ok(Expr { at, height, kind })
    }

    pub(super) fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth == DEPTH {
            return Err(Error::new(format!("an expression is nested more than {DEPTH} deep"), self.at()));
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    pub(super) fn at(&self) -> At {
        self.tokens.get(self.next).or(self.tokens.last()).map_or(At { line: 1, column: 1 }, |(_, at)| *at)
    }

    pub(super) fn take(&mut self) -> Token {
        let token = self.tokens.get(self.next).map_or(Token::End, |(token, _)| token.clone());
        self.next += 1;
        token
    }

    pub(super) fn peeks(&self, word: &str) -> bool {
        matches!(self.tokens.get(self.next), Some((Token::Name(name), _)) if &**name == word)
    }

    pub(super) fn peeks_operator(&self, operator: &str) -> bool {
        matches!(self.tokens.get(self.next), Some((Token::Operator(found), _)) if *found == operator)
    }

    pub(super) fn word(&mut self, word: &str) -> bool {
        let found = self.peeks(word);
        self.next += usize::from(found);
        found
    }

    pub(super) fn eat(&mut self, operator: &str) -> bool {
        let found = self.peeks_operator(operator);
        self.next += usize::from(found);
        found
    }

    pub(super) fn expect(&mut self, operator: &'static str) -> Parsed<()> {
        if self.eat(operator) { Ok(()) } else { Err(self.unexpected(&format!("`{operator}`"))) }
    }

    pub(super) fn end(&self) -> Parsed<()> {
        match self.tokens.get(self.next) {
            Some((Token::End, _)) | None => Ok(()),
            _ => Err(self.unexpected("the end of the tag")),
        }
    }

    pub(super) fn unexpected(&self, expected: &str) -> Error {
        let found = match self.tokens.get(self.next).map(|(token, _)| token) {
            Some(Token::Name(name)) => format!("`{name}`"),
            Some(Token::Number(number)) => format!("`{number}`"),
            Some(Token::Text(_)) => "a string".to_owned(),
            Some(Token::Regex { .. }) => "a regular expression".to_owned(),
            Some(Token::Operator(operator)) => format!("`{operator}`"),
            Some(Token::End) | None => "the end of the tag".to_owned(),
        };
        Error::new(format!("expected {expected}, found {found}"), self.at())
    }
}
