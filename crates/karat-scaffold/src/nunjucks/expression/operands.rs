//! What operators stand between: values, with their filters, members, calls and signs.

use std::rc::Rc;

use super::super::Error;
use super::super::ast::{Arguments, Expr, Kind};
use super::super::lexer::Token;
use super::{Parsed, Parser, allowed};

impl Parser {
    pub(super) fn filtered(&mut self) -> Parsed<Expr> {
        let mut input = self.unary()?;
        while self.eat("|") {
            input = self.filter_on(input)?;
        }
        Ok(input)
    }

    pub(super) fn filter_on(&mut self, input: Expr) -> Parsed<Expr> {
        let (first, at) = self.name()?;
        let mut name = first.to_string();
        while self.eat(".") {
            name.push('.');
            name.push_str(&self.name()?.0);
        }
        let arguments = if self.eat("(") { self.nested(Self::arguments)? } else { Arguments::default() };
        let height = 1 + input.height.max(arguments.height());
        self.make(at, height, Kind::Filter { input: input.into(), name: name.into(), arguments })
    }

    pub(super) fn unary(&mut self) -> Parsed<Expr> {
        let at = self.at();
        for (sign, kind) in [("-", Kind::Negative as fn(Box<Expr>) -> Kind), ("+", Kind::Positive)] {
            if self.eat(sign) {
                let target = self.nested(Self::unary)?;
                let repeated = matches!((sign, &target.kind), ("-", Kind::Negative(_)) | ("+", Kind::Positive(_)));
                if repeated {
                    return Err(Error::new(format!("`{sign}{sign}` is not an operator"), target.at));
                }
                let height = target.height + 1;
                return self.make(at, height, kind(target.into()));
            }
        }
        self.postfix()
    }

    pub(super) fn postfix(&mut self) -> Parsed<Expr> {
        let mut target = self.primary()?;
        loop {
            if self.eat(".") {
                let (name, at) = self.name()?;
                let key = Expr { at, height: 1, kind: Kind::Text(name) };
                let height = target.height + 1;
                target = self.make(at, height, Kind::Member(target.into(), key.into()))?;
            } else if self.eat("[") {
                target = self.nested(|parser| parser.subscript(target))?;
            } else if self.eat("(") {
                let arguments = self.nested(Self::arguments)?;
                let (at, height) = (target.at, 1 + target.height.max(arguments.height()));
                target = self.make(at, height, Kind::Call { target: target.into(), arguments })?;
            } else {
                return Ok(target);
            }
        }
    }

    pub(super) fn subscript(&mut self, target: Expr) -> Parsed<Expr> {
        let at = self.at();
        let mut parts: Vec<Option<Expr>> = Vec::new();
        let mut colons = 0;
        loop {
            let empty = self.peeks_operator(":") || self.peeks_operator("]");
            parts.push(if empty { None } else { Some(self.inline_if()?) });
            if colons == 2 || !self.eat(":") {
                break;
            }
            colons += 1;
        }
        self.expect("]")?;
        let height = 1 + parts.iter().flatten().map(|part| part.height).max().unwrap_or(0).max(target.height);
        let mut parts = parts.into_iter();
        let mut part = || parts.next().flatten().map(Box::new);
        if colons == 0 {
            let key = part().ok_or_else(|| Error::new("expected a key between the brackets", at))?;
            if let Kind::Text(name) = &key.kind {
                allowed(name, at)?;
            }
            return self.make(at, height, Kind::Member(target.into(), key));
        }
        let (start, stop, step) = (part(), part(), part());
        self.make(at, height, Kind::Slice { target: target.into(), start, stop, step })
    }

    pub(super) fn primary(&mut self) -> Parsed<Expr> {
        let at = self.at();
        let kind = match self.take() {
            Token::Number(number) => Kind::Number(number),
            Token::Text(text) => Kind::Text(text),
            Token::Regex { source, flags } => Kind::Regex { source, flags },
            Token::Name(name) => match &*name {
                "true" => Kind::Bool(true),
                "false" => Kind::Bool(false),
                "none" | "null" => Kind::Null,
                _ => {
                    allowed(&name, at)?;
                    Kind::Name(name)
                }
            },
            Token::Operator("(") => {
                let items = self.nested(|parser| parser.items(")"))?;
                if items.is_empty() {
                    return Err(Error::new("expected an expression between the parentheses", at));
                }
                let height = tallest(&items);
                return self.make(at, height, Kind::Group(items));
            }
            Token::Operator("[") => {
                let items = self.nested(|parser| parser.items("]"))?;
                let height = tallest(&items);
                return self.make(at, height, Kind::List(items));
            }
            Token::Operator("{") => {
                let entries = self.nested(Self::entries)?;
                let height = 1 + entries.iter().map(|(_, value)| value.height).max().unwrap_or(0);
                return self.make(at, height, Kind::Dict(entries));
            }
            _ => {
                self.next -= 1;
                return Err(self.unexpected("an expression"));
            }
        };
        self.make(at, 1, kind)
    }

    pub(super) fn items(&mut self, close: &'static str) -> Parsed<Vec<Expr>> {
        let mut items = Vec::new();
        if self.eat(close) {
            return Ok(items);
        }
        loop {
            items.push(self.inline_if()?);
            if !self.eat(",") {
                break;
            }
        }
        self.expect(close)?;
        Ok(items)
    }

    pub(super) fn entries(&mut self) -> Parsed<Vec<(Rc<str>, Expr)>> {
        let mut entries = Vec::new();
        if self.eat("}") {
            return Ok(entries);
        }
        loop {
            let at = self.at();
            let key = match self.take() {
                Token::Text(key) => key,
                Token::Name(key) if !matches!(&*key, "true" | "false" | "none" | "null") => key,
                _ => return Err(Error::new("the keys of an object are strings or names", at)),
            };
            allowed(&key, at)?;
            self.expect(":")?;
            entries.push((key, self.inline_if()?));
            if !self.eat(",") {
                break;
            }
        }
        self.expect("}")?;
        Ok(entries)
    }

    pub(super) fn arguments(&mut self) -> Parsed<Arguments> {
        let mut arguments = Arguments::default();
        if self.eat(")") {
            return Ok(arguments);
        }
        loop {
            let named = matches!(self.tokens.get(self.next), Some((Token::Name(_), _)))
                && matches!(self.tokens.get(self.next + 1), Some((Token::Operator("="), _)));
            if named {
                let (name, _) = self.name()?;
                self.expect("=")?;
                arguments.keyword.push((name, self.inline_if()?));
            } else {
                arguments.positional.push(self.inline_if()?);
            }
            if !self.eat(",") {
                break;
            }
        }
        self.expect(")")?;
        Ok(arguments)
    }
}

fn tallest(items: &[Expr]) -> usize {
    1 + items.iter().map(|item| item.height).max().unwrap_or(0)
}
