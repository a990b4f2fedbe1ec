//! Operators, from `if` and `else`, which bind least, to powers.

use super::super::Error;
use super::super::ast::{Arguments, At, Comparison, Expr, Kind, Operator};
use super::super::lexer::Token;
use super::{Parsed, Parser};

/// An operand and what follows it.
type Sequence = (Expr, Vec<(Operator, Expr)>);

impl Parser {
    pub(super) fn inline_if(&mut self) -> Parsed<Expr> {
        let then = self.or()?;
        if !self.word("if") {
            return Ok(then);
        }
        let condition = self.or()?;
        let otherwise = if self.word("else") { Some(self.nested(Self::or)?) } else { None };
        let height = 1 + then.height.max(condition.height).max(otherwise.as_ref().map_or(0, |other| other.height));
        let at = then.at;
        self.make(
            at,
            height,
            Kind::If { then: then.into(), condition: condition.into(), otherwise: otherwise.map(Box::new) },
        )
    }

    pub(super) fn or(&mut self) -> Parsed<Expr> {
        let mut left = self.and()?;
        while self.word("or") {
            let right = self.and()?;
            left = self.pair(left, right, Kind::Or)?;
        }
        Ok(left)
    }

    pub(super) fn and(&mut self) -> Parsed<Expr> {
        let mut left = self.not()?;
        while self.word("and") {
            let right = self.not()?;
            left = self.pair(left, right, Kind::And)?;
        }
        Ok(left)
    }

    pub(super) fn not(&mut self) -> Parsed<Expr> {
        let at = self.at();
        if !self.word("not") {
            return self.membership();
        }
        let target = self.nested(Self::not)?;
        self.negated(target, at)
    }

    /// `not` binds as tightly as JavaScript's `!`: `not a == b` is `(not a) == b`.
    pub(super) fn negated(&mut self, target: Expr, at: At) -> Parsed<Expr> {
        match target.kind {
            Kind::Binary(operator, left, right) if operator != Operator::Power => {
                let left = self.negated(*left, at)?;
                self.pair(left, *right, |left, right| Kind::Binary(operator, left, right))
            }
            Kind::Compare(first, rest) => {
                let first = self.negated(*first, at)?;
                let height = target.height + 1;
                self.make(at, height, Kind::Compare(first.into(), rest))
            }
            _ => {
                let height = target.height + 1;
                self.make(at, height, Kind::Not(target.into()))
            }
        }
    }

    pub(super) fn membership(&mut self) -> Parsed<Expr> {
        let mut left = self.test()?;
        loop {
            let negative = self.peeks("not")
                && matches!(self.tokens.get(self.next + 1), Some((Token::Name(name), _)) if &**name == "in");
            if negative {
                self.next += 1;
            }
            if !self.word("in") {
                return Ok(left);
            }
            let right = self.test()?;
            left = self.pair(left, right, Kind::In)?;
            if negative {
                let (at, height) = (left.at, left.height + 1);
                left = self.make(at, height, Kind::Not(left.into()))?;
            }
        }
    }

    pub(super) fn test(&mut self) -> Parsed<Expr> {
        let input = self.equality()?;
        if !self.word("is") {
            return Ok(input);
        }
        let negative = self.word("not");
        let at = self.at();
        let (test, arguments) = match self.take() {
            Token::Name(name) => {
                let arguments = if self.eat("(") { self.nested(Self::arguments)? } else { Arguments::default() };
                (name, arguments)
            }
            _ => return Err(Error::new("expected the name of a test after `is`", at)),
        };
        let height = 1 + input.height.max(arguments.height());
        let is = self.make(at, height, Kind::Is { input: input.into(), test, arguments })?;
        if negative { self.make(at, height + 1, Kind::Not(is.into())) } else { Ok(is) }
    }

    pub(super) fn equality(&mut self) -> Parsed<Expr> {
        const EQUALITIES: [(&str, Comparison); 4] = [
            ("==", Comparison::Equal),
            ("===", Comparison::StrictEqual),
            ("!=", Comparison::NotEqual),
            ("!==", Comparison::StrictNotEqual),
        ];
        self.comparison(&EQUALITIES, Self::relation)
    }

    pub(super) fn relation(&mut self) -> Parsed<Expr> {
        const RELATIONS: [(&str, Comparison); 4] = [
            ("<", Comparison::Less),
            ("<=", Comparison::LessOrEqual),
            (">", Comparison::Greater),
            (">=", Comparison::GreaterOrEqual),
        ];
        self.comparison(&RELATIONS, Self::sum)
    }

    pub(super) fn comparison(
        &mut self,
        known: &[(&'static str, Comparison)],
        below: fn(&mut Self) -> Parsed<Expr>,
    ) -> Parsed<Expr> {
        let first = below(self)?;
        let mut rest = Vec::new();
        while let Some((_, comparison)) = known.iter().copied().find(|(text, _)| self.eat(text)) {
            rest.push((comparison, below(self)?));
        }
        if rest.is_empty() {
            return Ok(first);
        }
        let height = 1 + rest.iter().map(|(_, other)| other.height).max().unwrap_or(0).max(first.height);
        let at = first.at;
        self.make(at, height, Kind::Compare(first.into(), rest))
    }

    pub(super) fn sum(&mut self) -> Parsed<Expr> {
        let mut left = self.product()?;
        loop {
            let operator = match () {
                () if self.eat("+") => Operator::Add,
                () if self.eat("-") => Operator::Subtract,
                () if self.eat("~") => Operator::Concat,
                () => return Ok(left),
            };
            let right = self.product()?;
            left = self.pair(left, right, |left, right| Kind::Binary(operator, left, right))?;
        }
    }

    /// `*`, `/` and `%` go left to right; `//` rounds down what stands before it.
    pub(super) fn product(&mut self) -> Parsed<Expr> {
        let (first, rest) = self.multiplied()?;
        self.chained(first, rest)
    }

    pub(super) fn multiplied(&mut self) -> Parsed<Sequence> {
        self.sequence("*", Operator::Multiply, Self::divided)
    }

    pub(super) fn divided(&mut self) -> Parsed<Sequence> {
        self.sequence("/", Operator::Divide, Self::floored)
    }

    pub(super) fn sequence(
        &mut self,
        text: &'static str,
        operator: Operator,
        below: fn(&mut Self) -> Parsed<Sequence>,
    ) -> Parsed<Sequence> {
        let (first, mut rest) = below(self)?;
        while self.eat(text) {
            let (right, more) = below(self)?;
            rest.push((operator, right));
            rest.extend(more);
        }
        Ok((first, rest))
    }

    pub(super) fn floored(&mut self) -> Parsed<Sequence> {
        let (mut first, mut rest) = self.remainder()?;
        while self.eat("//") {
            let (right, more) = self.remainder()?;
            rest.push((Operator::Divide, right));
            rest.extend(more);
            let target = self.chained(first, std::mem::take(&mut rest))?;
            let (at, height) = (target.at, target.height + 1);
            first = self.make(at, height, Kind::Floor(target.into()))?;
        }
        Ok((first, rest))
    }

    pub(super) fn remainder(&mut self) -> Parsed<Sequence> {
        let first = self.power()?;
        let mut rest = Vec::new();
        while self.eat("%") {
            rest.push((Operator::Remainder, self.power()?));
        }
        Ok((first, rest))
    }

    pub(super) fn chained(&mut self, first: Expr, rest: Vec<(Operator, Expr)>) -> Parsed<Expr> {
        rest.into_iter().try_fold(first, |left, (operator, right)| {
            self.pair(left, right, |left, right| Kind::Binary(operator, left, right))
        })
    }

    pub(super) fn power(&mut self) -> Parsed<Expr> {
        let mut left = self.filtered()?;
        while self.eat("**") {
            let right = self.filtered()?;
            left = self.pair(left, right, |left, right| Kind::Binary(Operator::Power, left, right))?;
        }
        Ok(left)
    }
}
