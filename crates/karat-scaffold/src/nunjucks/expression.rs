//! The grammar of expressions.

use std::rc::Rc;

use super::Error;
use super::ast::{Arguments, At, Comparison, Expr, Kind, Operator, Parameters};
use super::budget::DEPTH;
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

    fn inline_if(&mut self) -> Parsed<Expr> {
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

    fn or(&mut self) -> Parsed<Expr> {
        let mut left = self.and()?;
        while self.word("or") {
            let right = self.and()?;
            left = self.pair(left, right, Kind::Or)?;
        }
        Ok(left)
    }

    fn and(&mut self) -> Parsed<Expr> {
        let mut left = self.not()?;
        while self.word("and") {
            let right = self.not()?;
            left = self.pair(left, right, Kind::And)?;
        }
        Ok(left)
    }

    fn not(&mut self) -> Parsed<Expr> {
        let at = self.at();
        if !self.word("not") {
            return self.membership();
        }
        let target = self.nested(Self::not)?;
        self.negated(target, at)
    }

    /// `not` binds as tightly as JavaScript's `!`: `not a == b` is `(not a) == b`.
    fn negated(&mut self, target: Expr, at: At) -> Parsed<Expr> {
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

    fn membership(&mut self) -> Parsed<Expr> {
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

    fn test(&mut self) -> Parsed<Expr> {
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

    fn equality(&mut self) -> Parsed<Expr> {
        const EQUALITIES: [(&str, Comparison); 4] = [
            ("==", Comparison::Equal),
            ("===", Comparison::StrictEqual),
            ("!=", Comparison::NotEqual),
            ("!==", Comparison::StrictNotEqual),
        ];
        self.comparison(&EQUALITIES, Self::relation)
    }

    fn relation(&mut self) -> Parsed<Expr> {
        const RELATIONS: [(&str, Comparison); 4] = [
            ("<", Comparison::Less),
            ("<=", Comparison::LessOrEqual),
            (">", Comparison::Greater),
            (">=", Comparison::GreaterOrEqual),
        ];
        self.comparison(&RELATIONS, Self::sum)
    }

    fn comparison(
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

    fn sum(&mut self) -> Parsed<Expr> {
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
    fn product(&mut self) -> Parsed<Expr> {
        let (first, rest) = self.multiplied()?;
        self.chained(first, rest)
    }

    fn multiplied(&mut self) -> Parsed<Sequence> {
        self.sequence("*", Operator::Multiply, Self::divided)
    }

    fn divided(&mut self) -> Parsed<Sequence> {
        self.sequence("/", Operator::Divide, Self::floored)
    }

    fn sequence(
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

    fn floored(&mut self) -> Parsed<Sequence> {
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

    fn remainder(&mut self) -> Parsed<Sequence> {
        let first = self.power()?;
        let mut rest = Vec::new();
        while self.eat("%") {
            rest.push((Operator::Remainder, self.power()?));
        }
        Ok((first, rest))
    }

    fn chained(&mut self, first: Expr, rest: Vec<(Operator, Expr)>) -> Parsed<Expr> {
        rest.into_iter().try_fold(first, |left, (operator, right)| {
            self.pair(left, right, |left, right| Kind::Binary(operator, left, right))
        })
    }

    fn power(&mut self) -> Parsed<Expr> {
        let mut left = self.filtered()?;
        while self.eat("**") {
            let right = self.filtered()?;
            left = self.pair(left, right, |left, right| Kind::Binary(Operator::Power, left, right))?;
        }
        Ok(left)
    }

    fn filtered(&mut self) -> Parsed<Expr> {
        let mut input = self.unary()?;
        while self.eat("|") {
            input = self.filter_on(input)?;
        }
        Ok(input)
    }

    fn filter_on(&mut self, input: Expr) -> Parsed<Expr> {
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

    fn unary(&mut self) -> Parsed<Expr> {
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

    fn postfix(&mut self) -> Parsed<Expr> {
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

    fn subscript(&mut self, target: Expr) -> Parsed<Expr> {
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

    fn primary(&mut self) -> Parsed<Expr> {
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

    fn items(&mut self, close: &'static str) -> Parsed<Vec<Expr>> {
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

    fn entries(&mut self) -> Parsed<Vec<(Rc<str>, Expr)>> {
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

    fn arguments(&mut self) -> Parsed<Arguments> {
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

    fn name(&mut self) -> Parsed<(Rc<str>, At)> {
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

    fn pair(&mut self, left: Expr, right: Expr, kind: impl FnOnce(Box<Expr>, Box<Expr>) -> Kind) -> Parsed<Expr> {
        let (at, height) = (left.at, 1 + left.height.max(right.height));
        self.make(at, height, kind(left.into(), right.into()))
    }

    fn make(&self, at: At, height: usize, kind: Kind) -> Parsed<Expr> {
        if height > DEPTH {
            return Err(Error::new(format!("an expression is nested more than {DEPTH} deep"), at));
        }
        Ok(Expr { at, height, kind })
    }

    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth == DEPTH {
            return Err(Error::new(format!("an expression is nested more than {DEPTH} deep"), self.at()));
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    fn at(&self) -> At {
        self.tokens.get(self.next).or(self.tokens.last()).map_or(At { line: 1, column: 1 }, |(_, at)| *at)
    }

    fn take(&mut self) -> Token {
        let token = self.tokens.get(self.next).map_or(Token::End, |(token, _)| token.clone());
        self.next += 1;
        token
    }

    fn peeks(&self, word: &str) -> bool {
        matches!(self.tokens.get(self.next), Some((Token::Name(name), _)) if &**name == word)
    }

    fn peeks_operator(&self, operator: &str) -> bool {
        matches!(self.tokens.get(self.next), Some((Token::Operator(found), _)) if *found == operator)
    }

    fn word(&mut self, word: &str) -> bool {
        let found = self.peeks(word);
        self.next += usize::from(found);
        found
    }

    fn eat(&mut self, operator: &str) -> bool {
        let found = self.peeks_operator(operator);
        self.next += usize::from(found);
        found
    }

    fn expect(&mut self, operator: &'static str) -> Parsed<()> {
        if self.eat(operator) { Ok(()) } else { Err(self.unexpected(&format!("`{operator}`"))) }
    }

    fn end(&self) -> Parsed<()> {
        match self.tokens.get(self.next) {
            Some((Token::End, _)) | None => Ok(()),
            _ => Err(self.unexpected("the end of the tag")),
        }
    }

    fn unexpected(&self, expected: &str) -> Error {
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

/// An operand and what follows it.
type Sequence = (Expr, Vec<(Operator, Expr)>);

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

fn tallest(items: &[Expr]) -> usize {
    1 + items.iter().map(|item| item.height).max().unwrap_or(0)
}

fn allowed(name: &str, at: At) -> Parsed<()> {
    if is_reserved(name) { Err(Error::new(format!("`{name}` is reserved"), at)) } else { Ok(()) }
}
