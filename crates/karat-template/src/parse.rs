//! Tokens into templates: text/template's grammar, with its messages.
//!
//! Variables become slots of a frame and functions are bound here, so that execution looks nothing up. Go keeps one
//! list of the variables it has seen, assigned ones included, and asks the dynamic stack when it executes; where the
//! two disagree (`{{$x = 1}}` without a declaration) the slot is missing and execution says so, as in Go.

use std::ops::Range;

use rustc_hash::FxHashMap;

use crate::ast::{
    Arm, Branch, Call, Command, Declared, Function, Kind, List, Loop, Node, Number, Operand, Pipe, Template, Variable,
    place,
};
use crate::builtins::Core;
use crate::lex::{Keyword, Lexer, Token, TokenKind};
use crate::{FuncMap, ParseError, ParseProblem, Str, quote};

/// How deep parentheses and blocks may nest. Go allows 10,000 parentheses; nobody writes 200.
const MAX_DEPTH: usize = 200;

type Result<T> = std::result::Result<T, Box<ParseError>>;

/// Parses `text`, found in the file `name`: the templates it defines, in order, and the one of that name, which is the
/// text itself.
pub(crate) fn parse(name: &Str, text: &Str, functions: &FuncMap) -> Result<(Vec<Template>, Template)> {
    let mut lexer = Lexer::new(text);
    lexer.break_keyword = functions.get("break").is_none();
    lexer.continue_keyword = functions.get("continue").is_none();
    let mut parser = Parser {
        file: name,
        text,
        functions,
        lexer,
        tree: Tree::default(),
        templates: Vec::new(),
        places: FxHashMap::default(),
        depth: 0,
    };
    let root = parser.file()?;
    parser.add(name.clone(), root)?;
    let main = parser.templates.remove(parser.places[name]);
    Ok((parser.templates, main))
}

struct Parser<'t> {
    file: &'t Str,
    text: &'t Str,
    functions: &'t FuncMap,
    lexer: Lexer<'t>,
    tree: Tree,
    templates: Vec<Template>,
    /// The index of each in `templates`.
    places: FxHashMap<Str, usize>,
    depth: usize,
}

/// What belongs to the template being parsed, and not to the file.
struct Tree {
    /// Three tokens of look-ahead; `tokens[0]` was read last, and Go reports its line.
    tokens: [Token; 3],
    peeked: usize,
    /// The names that may be used, as Go's parser sees it.
    known: Names,
    /// The variables that exist, by slot.
    declared: Names,
    slots: usize,
    ids: u32,
    action: Option<usize>,
    ranges: usize,
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
struct Names {
    stack: Vec<Str>,
    places: FxHashMap<Str, Vec<u32>>,
}

impl Names {
    fn dollar() -> Self {
        let mut names = Self::default();
        names.push("$".into());
        names
    }

    fn push(&mut self, name: Str) -> u32 {
        let place = self.stack.len() as u32;
        self.places.entry(name.clone()).or_default().push(place);
        self.stack.push(name);
        place
    }

    fn find(&self, name: &Str) -> Option<u32> {
        self.places.get(name)?.last().copied()
    }

    fn truncate(&mut self, length: usize) {
        while self.stack.len() > length {
            if let Some(places) = self.stack.pop().and_then(|name| self.places.get_mut(&name)) {
                places.pop();
            }
        }
    }
}

/// What stands between text: a node, or what ends a list of them.
enum Item {
    Node(Node),
    Else,
    End,
}

impl Item {
    fn name(&self) -> &'static str {
        match self {
            Self::Else => "{{else}}",
            Self::End => "{{end}}",
            Self::Node(_) => "node",
        }
    }
}

// Tokens.
impl Parser<'_> {
    fn next(&mut self) -> Token {
        if self.tree.peeked > 0 {
            self.tree.peeked -= 1;
        } else {
            self.tree.tokens[0] = self.lexer.token();
        }
        self.tree.tokens[self.tree.peeked].clone()
    }

    fn backup(&mut self) {
        self.tree.peeked += 1;
    }

    /// Gives back two tokens; the last one is still there.
    fn backup2(&mut self, first: Token) {
        self.tree.tokens[1] = first;
        self.tree.peeked = 2;
    }

    fn backup3(&mut self, first: Token, second: Token) {
        self.tree.tokens[1] = second;
        self.tree.tokens[2] = first;
        self.tree.peeked = 3;
    }

    fn peek(&mut self) -> &Token {
        if self.tree.peeked == 0 {
            self.tree.peeked = 1;
            self.tree.tokens[0] = self.lexer.token();
        }
        &self.tree.tokens[self.tree.peeked - 1]
    }

    fn next_non_space(&mut self) -> Token {
        loop {
            let token = self.next();
            if token.kind != TokenKind::Space {
                return token;
            }
        }
    }

    fn peek_non_space(&mut self) -> Token {
        let token = self.next_non_space();
        self.backup();
        token
    }

    fn expect(&mut self, kind: &TokenKind, context: &'static str) -> Result<Token> {
        let token = self.next_non_space();
        if token.kind == *kind { Ok(token) } else { self.unexpected(&token, context) }
    }

    fn slice(&self, span: &Range<usize>) -> &[u8] {
        &self.text.as_bytes()[span.clone()]
    }

    fn name(&self, token: &Token) -> Str {
        self.slice(&token.span).into()
    }

    fn id(&mut self) -> u32 {
        self.tree.ids += 1;
        self.tree.ids
    }

    fn fail<T>(&self, problem: ParseProblem) -> Result<T> {
        let span = self.tree.tokens[0].span.clone();
        let (line, column) = place(self.text, span.start);
        Err(Box::new(ParseError { file: self.file.clone(), line, column, span, problem }))
    }

    fn unexpected<T>(&self, token: &Token, context: &'static str) -> Result<T> {
        if let TokenKind::Error(message) = &token.kind {
            let line = |offset| place(self.text, offset).0;
            let started = self.tree.action.map(line).filter(|started| *started != line(token.span.start));
            let started = started.map(|line| (self.file.clone(), line));
            return self.fail(ParseProblem::Lexical { message: message.clone(), started });
        }
        let text = self.slice(&token.span);
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

fn span(range: &Range<usize>) -> Range<u32> {
    range.start as u32..range.end as u32
}

// Templates and the nodes in them.
impl Parser<'_> {
    fn file(&mut self) -> Result<List> {
        let mut root = List::new();
        loop {
            match self.peek().kind {
                TokenKind::End => return Ok(root),
                TokenKind::LeftDelim => {
                    let delim = self.next();
                    if self.next_non_space().kind == TokenKind::Keyword(Keyword::Define) {
                        self.definition()?;
                        continue;
                    }
                    self.backup2(delim);
                }
                _ => {}
            }
            match self.text_or_action()? {
                Item::Node(node) => root.push(node),
                stray => return self.fail(ParseProblem::Stray(stray.name())),
            }
        }
    }

    /// Parses another template in the middle of this one.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let outer = std::mem::take(&mut self.tree);
        let parsed = parse(self)?;
        self.tree = outer;
        Ok(parsed)
    }

    fn definition(&mut self) -> Result<()> {
        self.nested(|parser| {
            const CONTEXT: &str = "define clause";
            let token = parser.next_non_space();
            let name = parser.template_name(&token, CONTEXT)?;
            parser.expect(&TokenKind::RightDelim, CONTEXT)?;
            let stray = parser.body(name)?;
            parser.no_stray(stray, CONTEXT)
        })
    }

    /// The rest of a definition; what ended it, if not `end`.
    fn body(&mut self, name: Str) -> Result<Option<&'static str>> {
        let (root, end) = self.list()?;
        match end {
            Item::End => self.add(name, root).map(|()| None),
            stray => Ok(Some(stray.name())),
        }
    }

    fn no_stray(&self, stray: Option<&'static str>, context: &'static str) -> Result<()> {
        match stray {
            None => Ok(()),
            Some(stray) => self.fail(ParseProblem::Unexpected { token: stray.to_owned(), context }),
        }
    }

    fn add(&mut self, name: Str, root: List) -> Result<()> {
        let template =
            Template { name, file: self.file.clone(), text: self.text.clone(), root, slots: self.tree.slots };
        let old = self.places.get(&template.name).map(|place| &mut self.templates[*place]);
        match old {
            None => {
                self.places.insert(template.name.clone(), self.templates.len());
                self.templates.push(template);
            }
            Some(old) if old.is_empty() => *old = template,
            Some(_) if template.is_empty() => {}
            Some(_) => return self.fail(ParseProblem::Redefined(template.name)),
        }
        Ok(())
    }

    fn list(&mut self) -> Result<(List, Item)> {
        let mut list = List::new();
        while self.peek_non_space().kind != TokenKind::End {
            match self.text_or_action()? {
                Item::Node(node) => list.push(node),
                end => return Ok((list, end)),
            }
        }
        self.fail(ParseProblem::UnexpectedEnd)
    }

    fn text_or_action(&mut self) -> Result<Item> {
        let token = self.next_non_space();
        match token.kind {
            TokenKind::Text => Ok(Item::Node(Node::Text(span(&token.span)))),
            TokenKind::LeftDelim => {
                self.tree.action = Some(token.span.start);
                let item = self.action();
                self.tree.action = None;
                item
            }
            _ => self.unexpected(&token, "input"),
        }
    }

    fn action(&mut self) -> Result<Item> {
        let token = self.next_non_space();
        let TokenKind::Keyword(keyword) = token.kind else {
            self.backup();
            return Ok(Item::Node(Node::Action(self.pipeline("command", &TokenKind::RightDelim)?)));
        };
        let node = match keyword {
            Keyword::Block => self.block()?,
            Keyword::Break => self.leave("{{break}}", Node::Break)?,
            Keyword::Continue => self.leave("{{continue}}", Node::Continue)?,
            Keyword::If => Node::If(self.branch(keyword, "if")?),
            Keyword::With => Node::With(self.branch(keyword, "with")?),
            Keyword::Range => self.range()?,
            Keyword::Template => self.template()?,
            Keyword::End => {
                self.expect(&TokenKind::RightDelim, "end")?;
                return Ok(Item::End);
            }
            Keyword::Else => {
                let next = self.peek_non_space().kind;
                if !matches!(next, TokenKind::Keyword(Keyword::If | Keyword::With)) {
                    self.expect(&TokenKind::RightDelim, "else")?;
                }
                return Ok(Item::Else);
            }
            Keyword::Define => {
                self.backup();
                return self.pipeline("command", &TokenKind::RightDelim).map(|pipe| Item::Node(Node::Action(pipe)));
            }
        };
        Ok(Item::Node(node))
    }

    fn leave(&mut self, name: &'static str, node: Node) -> Result<Node> {
        let token = self.next_non_space();
        match token.kind {
            TokenKind::RightDelim if self.tree.ranges == 0 => self.fail(ParseProblem::OutsideRange(name)),
            TokenKind::RightDelim => Ok(node),
            _ => self.unexpected(&token, name),
        }
    }

    /// Runs `parse` one level deeper; its variables end with it.
    fn scope<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let (known, declared) = (self.tree.known.stack.len(), self.tree.declared.stack.len());
        self.deeper(|parser| {
            let parsed = parse(parser)?;
            parser.tree.known.truncate(known);
            parser.tree.declared.truncate(declared);
            Ok(parsed)
        })
    }

    fn deeper<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth == MAX_DEPTH {
            return self.fail(ParseProblem::TooDeep);
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    fn branch(&mut self, keyword: Keyword, context: &'static str) -> Result<Branch> {
        self.scope(|parser| {
            let mut arms = Vec::new();
            loop {
                let pipe = parser.pipeline(context, &TokenKind::RightDelim)?;
                let (list, end) = parser.list()?;
                arms.push(Arm { pipe, list });
                if matches!(end, Item::End) {
                    return Ok(Branch { arms, otherwise: None });
                }
                if parser.peek().kind != TokenKind::Keyword(keyword) {
                    return Ok(Branch { arms, otherwise: Some(parser.last_list()?) });
                }
                parser.next();
            }
        })
    }

    fn last_list(&mut self) -> Result<List> {
        match self.list()? {
            (list, Item::End) => Ok(list),
            (_, stray) => self.fail(ParseProblem::ExpectedEnd(stray.name())),
        }
    }

    fn range(&mut self) -> Result<Node> {
        self.scope(|parser| {
            let pipe = parser.pipeline("range", &TokenKind::RightDelim)?;
            parser.tree.ranges += 1;
            let (list, end) = parser.list()?;
            parser.tree.ranges -= 1;
            let otherwise = match end {
                Item::End => None,
                _ => Some(parser.last_list()?),
            };
            Ok(Node::Range(Box::new(Loop { pipe, list, otherwise })))
        })
    }

    fn block(&mut self) -> Result<Node> {
        const CONTEXT: &str = "block clause";
        let token = self.next_non_space();
        let name = self.template_name(&token, CONTEXT)?;
        let pipe = Some(self.pipeline(CONTEXT, &TokenKind::RightDelim)?);
        let stray = self.deeper(|parser| parser.nested(|parser| parser.body(name.clone())))?;
        self.no_stray(stray, CONTEXT)?;
        let id = self.id();
        Ok(Node::Template(Box::new(Call { id, span: span(&token.span), name, pipe })))
    }

    fn template(&mut self) -> Result<Node> {
        const CONTEXT: &str = "template clause";
        let token = self.next_non_space();
        let name = self.template_name(&token, CONTEXT)?;
        let mut pipe = None;
        if self.next_non_space().kind != TokenKind::RightDelim {
            self.backup();
            pipe = Some(self.pipeline(CONTEXT, &TokenKind::RightDelim)?);
        }
        let id = self.id();
        Ok(Node::Template(Box::new(Call { id, span: span(&token.span), name, pipe })))
    }

    fn template_name(&mut self, token: &Token, context: &'static str) -> Result<Str> {
        match token.kind {
            TokenKind::String | TokenKind::RawString => self.unquote(token),
            _ => self.unexpected(token, context),
        }
    }

    fn unquote(&self, token: &Token) -> Result<Str> {
        match quote::unquote(self.slice(&token.span)) {
            Some(text) => Ok(text.into()),
            None => self.fail(ParseProblem::Literal("invalid syntax".into())),
        }
    }
}

// Pipelines.
impl Parser<'_> {
    fn pipeline(&mut self, context: &'static str, end: &TokenKind) -> Result<Pipe> {
        let start = self.peek_non_space().span.start;
        let id = self.id();
        let mut pipe =
            Pipe { id, span: start as u32..start as u32, assign: false, declared: Vec::new(), commands: Vec::new() };
        let names = self.declarations(context, &mut pipe.assign)?;
        loop {
            let token = self.next_non_space();
            match token.kind {
                ref kind if kind == end => break,
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
                _ => return self.unexpected(&token, context),
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
            let after = self.peek().clone();
            let next = self.peek_non_space();
            match next.kind {
                TokenKind::Assign | TokenKind::Declare => {
                    *assign = next.kind == TokenKind::Assign;
                    self.next_non_space();
                    self.know(&variable, &mut names);
                    return Ok(names);
                }
                TokenKind::Char if self.slice(&next.span) == b"," => {
                    self.next_non_space();
                    self.know(&variable, &mut names);
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

    fn know(&mut self, variable: &Token, names: &mut Vec<Str>) {
        let name = self.name(variable);
        self.tree.known.push(name.clone());
        names.push(name);
    }

    fn command(&mut self) -> Result<Command> {
        let start = self.peek_non_space().span.start as u32;
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
                _ => return self.unexpected(&token, "operand"),
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
        let at = self.peek().span.start as u32;
        let end = operand.span.end;
        let mut fields = Vec::new();
        while self.peek().kind == TokenKind::Field {
            let token = self.next();
            fields.push(self.slice(&token.span)[1..].into());
            operand.span.end = token.span.end as u32;
        }
        match &mut operand.kind {
            Kind::Field(names) => names.append(&mut fields),
            Kind::Variable(variable) => variable.fields.append(&mut fields),
            Kind::Bool(_) | Kind::Str(_) | Kind::Number(_) | Kind::Nil | Kind::Dot => {
                let term = quote::quote(self.slice(&(operand.span.start as usize..end as usize)));
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
            TokenKind::Identifier => Kind::Function(self.function(&token)?),
            TokenKind::Dot => Kind::Dot,
            TokenKind::Nil => Kind::Nil,
            TokenKind::Bool => Kind::Bool(self.slice(&token.span) == b"true"),
            TokenKind::Variable => {
                let name = self.name(&token);
                if self.tree.known.find(&name).is_none() {
                    return self.fail(ParseProblem::UndefinedVariable(name));
                }
                Kind::Variable(Variable { slot: self.tree.declared.find(&name), name, fields: Vec::new() })
            }
            TokenKind::Field => Kind::Field(vec![self.slice(&token.span)[1..].into()]),
            TokenKind::CharConstant | TokenKind::Complex | TokenKind::Number => {
                match Number::parse(self.slice(&token.span), &token.kind) {
                    Ok(number) => Kind::Number(Box::new(number)),
                    Err(message) => return self.fail(ParseProblem::Literal(message)),
                }
            }
            TokenKind::String | TokenKind::RawString => Kind::Str(self.unquote(&token)?),
            TokenKind::LeftParen => {
                let pipe = self.deeper(|parser| parser.pipeline("parenthesized pipeline", &TokenKind::RightParen))?;
                let span = token.span.start as u32..self.tree.tokens[0].span.end as u32;
                return Ok(Some(Operand { id: pipe.id, at: pipe.span.start, span, kind: Kind::Pipe(Box::new(pipe)) }));
            }
            _ => {
                self.backup();
                return Ok(None);
            }
        };
        let id = self.id();
        Ok(Some(Operand { id, at: token.span.start as u32, span: span(&token.span), kind }))
    }

    fn function(&self, token: &Token) -> Result<Function> {
        let name = self.slice(&token.span);
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
