//! Pipelines, commands and operands.

use super::{Parser, Result};
use crate::ast::{Command, Declared, Function, Kind, Number, Operand, Pipe, Variable};
use crate::builtins::Core;
use crate::lex::{Token, TokenKind};
use crate::{ParseProblem, Str, quote};

impl Parser<'_> {
    pub(super) fn pipeline(&mut self, context: &'static str, end: TokenKind) -> Result<Pipe> {
        let start = self.peek_non_space().start;
        let id = self.id();
        let mut pipe = Pipe { id, span: start..start, assign: false, declared: Vec::new(), commands: Vec::new() };
        let names = self.declarations(context, &mut pipe.assign)?;
        loop {
            let token = self.next_non_space();
            match token.kind {
                kind if kind == end => break,
                TokenKind::Bool
                | TokenKind::CharConstant
                | TokenKind::Complex
                | TokenKind::Dot
                | TokenKind::Field
                | TokenKind::Identifier
                | TokenKind::Number
                | TokenKind::Nil
                | TokenKind::RawString
                | TokenKind::String
                | TokenKind::Variable
                | TokenKind::LeftParen => {
                    self.backup();
                    let command = self.command()?;
                    pipe.span.end = command.span.end;
                    pipe.commands.push(command);
                }
                _ => return self.unexpected(token, context),
            }
        }
        if pipe.commands.is_empty() {
            return self.fail(ParseProblem::MissingValue(context));
        }
        for (index, command) in pipe.commands.iter().enumerate().skip(1) {
            if let Kind::Bool(_) | Kind::Dot | Kind::Nil | Kind::Number(_) | Kind::Str(_) = command.operands[0].kind {
                return self.fail(ParseProblem::NotExecutable(index + 1));
            }
        }
        // Only now: in `$x := $x` the right one is the one declared before.
        pipe.declared = names.into_iter().map(|name| self.declare(name, pipe.assign)).collect();
        Ok(pipe)
    }

    fn declare(&mut self, name: Str, assign: bool) -> Declared {
        let hides = self.tree.declared.find(&name);
        if assign {
            return Declared { name, slot: hides, hides: None };
        }
        let slot = self.tree.declared.push(name.clone());
        self.tree.slots = self.tree.slots.max(slot as usize + 1);
        Declared { name, slot: Some(slot), hides }
    }

    /// The names before `:=` or `=`, if the pipeline starts with any.
    fn declarations(&mut self, context: &'static str, assign: &mut bool) -> Result<Vec<Str>> {
        let mut names = Vec::new();
        loop {
            let variable = self.peek_non_space();
            if variable.kind != TokenKind::Variable {
                return Ok(names);
            }
            self.next();
            // `$x foo` needs three tokens to see that `$x` is an argument: remember the space.
            let after = self.peek();
            let next = self.peek_non_space();
            match next.kind {
                TokenKind::Assign | TokenKind::Declare => {
                    *assign = next.kind == TokenKind::Assign;
                    self.next_non_space();
                    self.know(variable, &mut names);
                    return Ok(names);
                }
                TokenKind::Char if self.slice(next) == b"," => {
                    self.next_non_space();
                    self.know(variable, &mut names);
                    if context != "range" || names.len() > 1 {
                        return self.fail(ParseProblem::TooManyDeclarations(context));
                    }
                    let next = self.peek_non_space().kind;
                    if !matches!(next, TokenKind::Variable | TokenKind::RightDelim | TokenKind::RightParen) {
                        return self.fail(ParseProblem::RangeVariables);
                    }
                }
                _ => {
                    if after.kind == TokenKind::Space {
                        self.backup3(variable, after);
                    } else {
                        self.backup2(variable);
                    }
                    return Ok(names);
                }
            }
        }
    }

    fn know(&mut self, variable: Token, names: &mut Vec<Str>) {
        let name = self.name(variable);
        self.tree.known.push(name.clone());
        names.push(name);
    }

    fn command(&mut self) -> Result<Command> {
        let start = self.peek_non_space().start;
        let id = self.id();
        let mut command = Command { id, span: start..start, operands: Vec::new() };
        loop {
            self.peek_non_space();
            if let Some(operand) = self.operand()? {
                command.span.end = operand.span.end;
                command.operands.push(operand);
            }
            let token = self.next();
            match token.kind {
                TokenKind::Space => continue,
                TokenKind::RightDelim | TokenKind::RightParen => self.backup(),
                TokenKind::Pipe => {}
                _ => return self.unexpected(token, "operand"),
            }
            break;
        }
        if command.operands.is_empty() { self.fail(ParseProblem::EmptyCommand) } else { Ok(command) }
    }

    fn operand(&mut self) -> Result<Option<Operand>> {
        let Some(mut operand) = self.term()? else {
            return Ok(None);
        };
        if self.peek().kind != TokenKind::Field {
            return Ok(Some(operand));
        }
        let at = self.peek().start;
        let end = operand.span.end;
        let mut fields = Vec::new();
        while self.peek().kind == TokenKind::Field {
            let token = self.next();
            fields.push(self.slice(token)[1..].into());
            operand.span.end = token.end;
        }
        match &mut operand.kind {
            Kind::Field(names) => names.append(&mut fields),
            Kind::Variable(variable) => variable.fields.append(&mut fields),
            Kind::Bool(_) | Kind::Str(_) | Kind::Number(_) | Kind::Nil | Kind::Dot => {
                let term = quote::quote(&self.text.as_bytes()[operand.span.start as usize..end as usize]);
                return self.fail(ParseProblem::FieldOfLiteral(term));
            }
            Kind::Function(_) | Kind::Pipe(_) | Kind::Chain(..) => {
                let (id, span) = (self.id(), operand.span.clone());
                operand = Operand { id, at, span, kind: Kind::Chain(Box::new(operand), fields) };
            }
        }
        operand.at = at;
        Ok(Some(operand))
    }

    fn term(&mut self) -> Result<Option<Operand>> {
        let token = self.next_non_space();
        let kind = match token.kind {
            TokenKind::Identifier => Kind::Function(self.function(token)?),
            TokenKind::Dot => Kind::Dot,
            TokenKind::Nil => Kind::Nil,
            TokenKind::Bool => Kind::Bool(self.slice(token) == b"true"),
            TokenKind::Variable => {
                let name = self.name(token);
                if self.tree.known.find(&name).is_none() {
                    return self.fail(ParseProblem::UndefinedVariable(name));
                }
                Kind::Variable(Variable { slot: self.tree.declared.find(&name), name, fields: Vec::new() })
            }
            TokenKind::Field => Kind::Field(vec![self.slice(token)[1..].into()]),
            TokenKind::CharConstant | TokenKind::Complex | TokenKind::Number => {
                match Number::parse(self.slice(token), token.kind) {
                    Ok(number) => Kind::Number(Box::new(number)),
                    Err(message) => return self.fail(ParseProblem::Literal(message)),
                }
            }
            TokenKind::String | TokenKind::RawString => Kind::Str(self.unquote(token)?),
            TokenKind::LeftParen => {
                let pipe = self.deeper(|parser| parser.pipeline("parenthesized pipeline", TokenKind::RightParen))?;
                let span = token.start..self.tree.tokens[0].end;
                return Ok(Some(Operand { id: pipe.id, at: pipe.span.start, span, kind: Kind::Pipe(Box::new(pipe)) }));
            }
            _ => {
                self.backup();
                return Ok(None);
            }
        };
        let id = self.id();
        Ok(Some(Operand { id, at: token.start, span: token.span(), kind }))
    }

    fn function(&self, token: Token) -> Result<Function> {
        let name = self.slice(token);
        let name = std::str::from_utf8(name).unwrap_or_default();
        if let Some(builtin) = self.functions.get(name) {
            return Ok(Function::Host(*builtin));
        }
        match Core::find(name) {
            Some(core) => Ok(Function::Core(core)),
            None => self.fail(ParseProblem::UndefinedFunction(name.into())),
        }
    }
}
