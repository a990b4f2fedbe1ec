//! Tokens to a tree, as `expr`'s parser makes it.

use super::lex::{Token, lex};
use super::tree::{Binary, Each, Expr, Function, UNSUPPORTED, Unary};
use super::{MAX_DEPTH, MAX_NODES, Problem};

pub(super) fn parse(text: &str) -> Result<Expr, Problem> {
    let mut parser = Parser { tokens: lex(text)?, at: 0, nodes: 0, depth: 0, predicates: 0 };
    let expression = parser.expression(0)?;
    match parser.peek() {
        Token::End => Ok(expression),
        token if token.is(";") => Err(Problem::unsupported("a sequence of expressions")),
        token => Err(Problem::wrong(format!("unexpected {}", token.shown()))),
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    nodes: usize,
    depth: usize,
    /// How many predicates we are in: `#` and `.field` mean something there only.
    predicates: usize,
}

impl Parser {
    fn peek(&self) -> &Token {
        // The last token is `End`, and nothing steps over it.
        self.tokens.get(self.at).unwrap_or(&Token::End)
    }

    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.at += 1;
        token
    }

    fn take(&mut self, operator: &str) -> bool {
        let there = self.peek().is(operator);
        self.at += usize::from(there);
        there
    }

    fn bracket(&mut self, sign: char) -> bool {
        let there = *self.peek() == Token::Bracket(sign);
        self.at += usize::from(there);
        there
    }

    fn expect(&mut self, sign: char) -> Result<(), Problem> {
        if self.bracket(sign) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn unexpected(&self) -> Problem {
        Problem::wrong(format!("unexpected {}", self.peek().shown()))
    }

    fn node(&mut self, node: Expr) -> Result<Expr, Problem> {
        self.count(1)?;
        Ok(node)
    }

    fn count(&mut self, nodes: usize) -> Result<(), Problem> {
        self.nodes += nodes;
        if self.nodes > MAX_NODES {
            return Err(Problem::wrong(format!("more than {MAX_NODES} parts")));
        }
        Ok(())
    }

    fn expression(&mut self, precedence: u16) -> Result<Expr, Problem> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Problem::wrong(format!("nested deeper than {MAX_DEPTH}")));
        }
        let expression = self.operators(precedence)?;
        self.depth -= 1;
        Ok(expression)
    }

    fn operators(&mut self, precedence: u16) -> Result<Expr, Problem> {
        for word in ["let", "if"] {
            if self.peek().is(word) {
                return Err(Problem::unsupported(format!("`{word}`")));
            }
        }
        let mut left = self.primary()?;
        let mut coalesced = false;
        while let Token::Op(text) = self.peek().clone() {
            let negated = text == "not";
            let text = if negated {
                match self.tokens.get(self.at + 1) {
                    Some(Token::Op(next))
                        if matches!(&**next, "in" | "matches" | "contains" | "startsWith" | "endsWith") =>
                    {
                        next.clone()
                    }
                    _ => return Err(self.unexpected()),
                }
            } else {
                text
            };
            if text == "matches" {
                return Err(Problem::unsupported("`matches`"));
            }
            if text == "|" {
                if precedence > 0 {
                    break;
                }
                self.at += 1;
                let Token::Name(name) = self.next() else { return Err(self.unexpected()) };
                left = self.call(&name, Some(left))?;
                coalesced = false;
                continue;
            }
            let Some((operator, binds, right_first)) = Binary::of(&text).filter(|&(_, binds, _)| binds >= precedence)
            else {
                break;
            };
            if coalesced && operator != Binary::Coalesce {
                return Err(Problem::wrong(format!("`{text}` and `??` cannot be mixed without parentheses")));
            }
            self.at += 1 + usize::from(negated);
            if operator.is_comparison() {
                left = self.comparison(left, operator, binds)?;
                coalesced = false;
                continue;
            }
            let right = self.expression(if right_first { binds } else { binds + 1 })?;
            left = self.node(Expr::Binary(operator, Box::new(left), Box::new(right)))?;
            if negated {
                left = self.node(Expr::Unary(Unary::Not, Box::new(left)))?;
            }
            coalesced = operator == Binary::Coalesce;
        }
        if precedence == 0 {
            left = self.condition(left)?;
        }
        Ok(left)
    }

    /// `a < b < c` is `a < b && b < c`.
    fn comparison(&mut self, left: Expr, operator: Binary, binds: u16) -> Result<Expr, Problem> {
        let (mut left, mut operator, mut whole) = (left, operator, None);
        loop {
            let right = self.expression(binds + 1)?;
            self.count(right.size())?;
            let one = self.node(Expr::Binary(operator, Box::new(left), Box::new(right.clone())))?;
            whole = Some(match whole {
                None => one,
                Some(whole) => self.node(Expr::Binary(Binary::And, Box::new(whole), Box::new(one)))?,
            });
            left = right;
            let Token::Op(text) = self.peek() else { break };
            let Some((next, ..)) = Binary::of(text).filter(|(next, ..)| next.is_comparison()) else { break };
            operator = next;
            self.at += 1;
        }
        whole.ok_or_else(|| self.unexpected())
    }

    fn condition(&mut self, condition: Expr) -> Result<Expr, Problem> {
        let mut condition = condition;
        while self.take("?") {
            let (yes, no) = if self.take(":") {
                self.count(condition.size())?;
                (condition.clone(), self.expression(0)?)
            } else {
                let yes = self.expression(0)?;
                if !self.take(":") {
                    return Err(self.unexpected());
                }
                (yes, self.expression(0)?)
            };
            condition = self.node(Expr::Condition(Box::new(condition), Box::new(yes), Box::new(no)))?;
        }
        Ok(condition)
    }

    fn primary(&mut self) -> Result<Expr, Problem> {
        if let Token::Op(text) = self.peek().clone() {
            let unary = match &*text {
                "not" | "!" => Some((Unary::Not, 50)),
                "-" => Some((Unary::Minus, 90)),
                "+" => Some((Unary::Plus, 90)),
                _ => None,
            };
            if let Some((unary, precedence)) = unary {
                self.at += 1;
                let operand = self.expression(precedence)?;
                let node = self.node(Expr::Unary(unary, Box::new(operand)))?;
                return self.postfix(node);
            }
            if self.predicates > 0 && matches!(&*text, "#" | ".") {
                if text == "#" {
                    self.at += 1;
                    if let Token::Name(name) = self.peek() {
                        return Err(Problem::unsupported(format!("`#{name}`")));
                    }
                }
                let node = self.node(Expr::Element)?;
                return self.postfix(node);
            }
            return Err(if text == "::" { Problem::unsupported("`::`") } else { self.unexpected() });
        }
        if self.bracket('(') {
            let inner = self.expression(0)?;
            self.expect(')')?;
            return self.postfix(inner);
        }
        self.literal()
    }

    fn literal(&mut self) -> Result<Expr, Problem> {
        let node = match self.next() {
            Token::Name(name) => match &*name {
                // What follows these is not looked at: `nil.a` is an error.
                "true" => return self.node(Expr::Bool(true)),
                "false" => return self.node(Expr::Bool(false)),
                "nil" => return self.node(Expr::Nil),
                _ if *self.peek() == Token::Bracket('(') => self.call(&name, None)?,
                "result" => self.node(Expr::Result)?,
                name => return Err(unknown(name)),
            },
            Token::Number(text) => {
                let node = number(&text)?;
                return self.node(node);
            }
            Token::Str(text) => self.node(Expr::Str(text))?,
            Token::Bracket('[') => {
                let items = self.items(']')?;
                self.node(Expr::List(items))?
            }
            Token::Bracket('{') => return Err(Problem::unsupported("a mapping")),
            token => return Err(Problem::wrong(format!("unexpected {}", token.shown()))),
        };
        self.postfix(node)
    }

    /// What is between an opening bracket, which was taken, and the closing one.
    fn items(&mut self, close: char) -> Result<Vec<Expr>, Problem> {
        let mut items = Vec::new();
        while !self.bracket(close) {
            if !items.is_empty() {
                if !self.take(",") {
                    return Err(self.unexpected());
                }
                if self.bracket(close) {
                    break;
                }
            }
            items.push(self.expression(0)?);
        }
        Ok(items)
    }

    /// A call; `piped` is what stands before `|`.
    fn call(&mut self, name: &str, piped: Option<Expr>) -> Result<Expr, Problem> {
        let Some(function) = Each::of(name) else {
            let Some(function) = Function::of(name) else { return Err(unknown(name)) };
            self.expect('(')?;
            let mut arguments: Vec<Expr> = piped.into_iter().collect();
            arguments.extend(self.items(')')?);
            return self.node(Expr::Call(function, arguments));
        };
        self.expect('(')?;
        let was_piped = piped.is_some();
        let list = match piped {
            Some(list) => list,
            None => self.expression(0)?,
        };
        let ends = *self.peek() == Token::Bracket(')') && matches!(function, Each::Count | Each::Sum);
        let predicate = if ends {
            None
        } else {
            if !was_piped && !self.take(",") {
                return Err(self.unexpected());
            }
            Some(Box::new(self.predicate()?))
        };
        self.take(",");
        self.expect(')')?;
        self.node(Expr::Each { function, list: Box::new(list), predicate })
    }

    fn predicate(&mut self) -> Result<Expr, Problem> {
        let braces = self.bracket('{');
        self.predicates += 1;
        let predicate = self.expression(0)?;
        self.predicates -= 1;
        if self.peek().is(";") {
            return Err(Problem::unsupported("a sequence of expressions"));
        }
        if braces {
            self.expect('}')?;
        }
        Ok(predicate)
    }

    fn postfix(&mut self, node: Expr) -> Result<Expr, Problem> {
        let mut node = node;
        loop {
            let optional = self.peek().is("?.");
            let indexed = if optional || self.peek().is(".") {
                self.at += 1;
                optional && *self.peek() == Token::Bracket('[')
            } else if *self.peek() == Token::Bracket('[') {
                true
            } else {
                return Ok(node);
            };
            node = if indexed { self.index(node, optional)? } else { self.field(node, optional)? };
        }
    }

    fn field(&mut self, base: Expr, optional: bool) -> Result<Expr, Problem> {
        let name = match self.next() {
            Token::Name(name) => name,
            // Words that are operators are names here.
            Token::Op(word) if word.starts_with(char::is_alphabetic) => word,
            token => return Err(Problem::wrong(format!("expected a name, not {}", token.shown()))),
        };
        if *self.peek() == Token::Bracket('(') {
            return Err(Problem::unsupported(format!("the method `{name}`")));
        }
        let (base, chained) = match base {
            Expr::Chain(inner) => (*inner, true),
            base => (base, optional),
        };
        let key = Box::new(self.node(Expr::Str(name))?);
        let node = self.node(Expr::Member { base: Box::new(base), key, optional })?;
        if chained { self.node(Expr::Chain(Box::new(node))) } else { Ok(node) }
    }

    fn index(&mut self, base: Expr, optional: bool) -> Result<Expr, Problem> {
        self.expect('[')?;
        let base = Box::new(base);
        let from = if self.peek().is(":") { None } else { Some(Box::new(self.expression(0)?)) };
        if self.take(":") {
            let to = if *self.peek() == Token::Bracket(']') { None } else { Some(Box::new(self.expression(0)?)) };
            self.expect(']')?;
            return self.node(Expr::Slice { base, from, to });
        }
        self.expect(']')?;
        let Some(key) = from else { return Err(self.unexpected()) };
        let node = self.node(Expr::Member { base, key, optional })?;
        if optional { self.node(Expr::Chain(Box::new(node))) } else { Ok(node) }
    }
}

fn unknown(name: &str) -> Problem {
    if UNSUPPORTED.contains(&name) || Each::of(name).is_some() || Function::of(name).is_some() {
        Problem::unsupported(format!("`{name}`"))
    } else {
        Problem::wrong(format!("unknown name `{name}`"))
    }
}

fn number(text: &str) -> Result<Expr, Problem> {
    let wrong = || Problem::wrong(format!("bad number `{text}`"));
    let digits = text.replace('_', "").to_ascii_lowercase();
    let radix = match digits.get(..2) {
        Some("0x") => 16,
        Some("0o") => 8,
        Some("0b") => 2,
        _ => 10,
    };
    if radix != 10 {
        return i64::from_str_radix(&digits[2..], radix).map(Expr::Int).map_err(|_| wrong());
    }
    if digits.contains(['.', 'e']) {
        let number: f64 = digits.parse().map_err(|_| wrong())?;
        return if number.is_finite() { Ok(Expr::Float(number)) } else { Err(wrong()) };
    }
    digits.parse().map(Expr::Int).map_err(|_| wrong())
}
