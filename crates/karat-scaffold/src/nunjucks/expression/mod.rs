//! The grammar of expressions.

mod operands;
mod operators;
mod parser;

use std::rc::Rc;

use super::Error;
use super::ast::{Arguments, At, Expr, Parameters};
use super::lexer::{Token, tokens};

/// Names that a template can neither read nor write: they are ways to JavaScript's prototypes.
const RESERVED: [&str; 3] = ["constructor", "prototype", "__proto__"];

pub(super) fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name)
}

/// Reads the tokens of one expression.
pub(super) struct Parser {
    tokens: Vec<(Token, At)>,
    next: usize,
    depth: usize,
}

type Parsed<T> = Result<T, Error>;

impl Parser {
    pub(super) fn new(text: &str, start: At) -> Parsed<Self> {
        Ok(Self { tokens: tokens(text, start)?, next: 0, depth: 0 })
    }

    /// The whole text as one expression.
    pub(super) fn whole(mut self) -> Parsed<Expr> {
        let expression = self.inline_if()?;
        self.end()?;
        Ok(expression)
    }

    /// Names separated by commas, then nothing.
    pub(super) fn whole_targets(mut self) -> Parsed<Vec<Rc<str>>> {
        let targets = self.targets()?;
        self.end()?;
        Ok(targets)
    }

    /// `a, b in list`.
    pub(super) fn for_header(mut self) -> Parsed<(Vec<Rc<str>>, Expr)> {
        let targets = self.targets()?;
        if !self.word("in") {
            return Err(self.unexpected("`in` and a list"));
        }
        Ok((targets, self.whole()?))
    }

    /// `a, b = value`, or without a value.
    pub(super) fn set_header(mut self) -> Parsed<(Vec<Rc<str>>, Option<Expr>)> {
        let targets = self.targets()?;
        if !self.eat("=") {
            self.end()?;
            return Ok((targets, None));
        }
        Ok((targets, Some(self.whole()?)))
    }

    /// `name(parameters)`.
    pub(super) fn macro_header(mut self) -> Parsed<(Rc<str>, Parameters)> {
        let name = self.binding()?;
        self.expect("(")?;
        let parameters = self.parameters()?;
        self.end()?;
        Ok((name, parameters))
    }

    /// `(parameters) macro(arguments)`, the parameters optional.
    pub(super) fn call_header(mut self) -> Parsed<(Parameters, Expr)> {
        let parameters = if self.eat("(") { self.parameters()? } else { Vec::new() };
        Ok((parameters, self.whole()?))
    }

    /// A filter and its arguments, on `input`.
    pub(super) fn filter_header(mut self, input: Expr) -> Parsed<Expr> {
        let filter = self.filter_on(input)?;
        self.end()?;
        Ok(filter)
    }

    fn targets(&mut self) -> Parsed<Vec<Rc<str>>> {
        let mut targets = vec![self.binding()?];
        while self.eat(",") {
            targets.push(self.binding()?);
        }
        Ok(targets)
    }

    fn binding(&mut self) -> Parsed<Rc<str>> {
        let (name, at) = self.name()?;
        if matches!(&*name, "true" | "false" | "none" | "null") {
            return Err(Error::new(format!("`{name}` is a value, not a name"), at));
        }
        Ok(name)
    }

    fn parameters(&mut self) -> Parsed<Parameters> {
        let mut parameters = Vec::new();
        if self.eat(")") {
            return Ok(parameters);
        }
        loop {
            let name = self.binding()?;
            let default = if self.eat("=") { Some(self.inline_if()?) } else { None };
            parameters.push((name, default));
            if !self.eat(",") {
                break;
            }
        }
        self.expect(")")?;
        // Those without a default come first when arguments are handed out.
        parameters.sort_by_key(|(_, default)| default.is_some());
        Ok(parameters)
    }
}

impl Arguments {
    fn height(&self) -> usize {
        self.positional
            .iter()
            .chain(self.keyword.iter().map(|(_, value)| value))
            .map(|value| value.height)
            .max()
            .unwrap_or(0)
    }
}

fn allowed(name: &str, at: At) -> Parsed<()> {
    if is_reserved(name) { Err(Error::new(format!("`{name}` is reserved"), at)) } else { Ok(()) }
}
