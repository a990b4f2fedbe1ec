//! A parsed template: immutable, shared by all threads, with variables and functions already resolved.
//!
//! Go remembers the node it last looked at and names it in errors; `id`s let the interpreter remember a number instead
//! and find the node when there is something to tell.

use std::ops::Range;

use crate::builtins::Core;
use crate::{Builtin, Str, quote};

/// A parsed template: the text of one file or `tpl` call, or one `define`d in it.
pub struct Template {
    /// Its name.
    pub(crate) name: Str,
    /// The name that the text was parsed under.
    pub(crate) file: Str,
    /// The whole text.
    pub(crate) text: Str,
    pub(crate) root: List,
    /// How many variables are alive at most, `$` included.
    pub(crate) slots: usize,
}

pub(crate) type List = Vec<Node>;

pub(crate) enum Node {
    Text(Range<u32>),
    Action(Pipe),
    If(Branch),
    With(Branch),
    Range(Box<Loop>),
    Template(Box<Call>),
    Break,
    Continue,
}

/// `if` or `with`: the first arm whose pipeline is true.
pub(crate) struct Branch {
    pub(crate) arms: Vec<Arm>,
    pub(crate) otherwise: Option<List>,
}

pub(crate) struct Arm {
    pub(crate) pipe: Pipe,
    pub(crate) list: List,
}

pub(crate) struct Loop {
    pub(crate) pipe: Pipe,
    pub(crate) list: List,
    pub(crate) otherwise: Option<List>,
}

/// `{{template "name" pipeline}}`.
pub(crate) struct Call {
    pub(crate) id: u32,
    pub(crate) span: Range<u32>,
    pub(crate) name: Str,
    pub(crate) pipe: Option<Pipe>,
}

pub(crate) struct Pipe {
    pub(crate) id: u32,
    pub(crate) span: Range<u32>,
    /// `=` and not `:=`.
    pub(crate) assign: bool,
    pub(crate) declared: Vec<Declared>,
    pub(crate) commands: Vec<Command>,
}

pub(crate) struct Declared {
    pub(crate) name: Str,
    /// Where the value goes; `None` when there is nothing to assign to.
    pub(crate) slot: Option<u32>,
    /// The variable of the same name that this one hides.
    pub(crate) hides: Option<u32>,
}

/// A function or value with its arguments; the first operand is what is called.
pub(crate) struct Command {
    pub(crate) id: u32,
    pub(crate) span: Range<u32>,
    pub(crate) operands: Vec<Operand>,
}

pub(crate) struct Operand {
    pub(crate) id: u32,
    /// Where Go says that it is: for `.a.b` at `.b`.
    pub(crate) at: u32,
    pub(crate) span: Range<u32>,
    pub(crate) kind: Kind,
}

pub(crate) enum Kind {
    Nil,
    Dot,
    Bool(bool),
    Str(Str),
    Number(Box<Number>),
    Field(Vec<Str>),
    Variable(Variable),
    Function(Function),
    Pipe(Box<Pipe>),
    Chain(Box<Operand>, Vec<Str>),
}

pub(crate) struct Variable {
    pub(crate) name: Str,
    /// `None`: no such variable when it is read.
    pub(crate) slot: Option<u32>,
    pub(crate) fields: Vec<Str>,
}

#[derive(Clone, Copy)]
pub(crate) enum Function {
    /// One of text/template's own.
    Core(Core),
    /// One of the host's.
    Host(Builtin),
}

/// An untyped constant, under every type that can hold it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Number {
    pub(crate) int: Option<i64>,
    pub(crate) float: Option<f64>,
    pub(crate) ideal: Ideal,
}

/// What an untyped constant is where anything goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Ideal {
    Int(i64),
    Float(f64),
    Complex(f64, f64),
    Overflow,
}

impl Function {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Core(core) => core.name(),
            Self::Host(builtin) => builtin.name,
        }
    }
}

/// A part of a template that an error can be about.
#[derive(Clone, Copy)]
pub(crate) enum Part<'t> {
    Call(&'t Call),
    Pipe(&'t Pipe),
    Command(&'t Command),
    Operand(&'t Operand),
}

impl Template {
    /// Its name.
    pub fn name(&self) -> &Str {
        &self.name
    }

    /// The name that its text was parsed under: the file.
    pub fn file(&self) -> &Str {
        &self.file
    }

    /// Whether it holds nothing but space.
    pub(crate) fn is_empty(&self) -> bool {
        self.root.iter().all(|node| match node {
            Node::Text(span) => self.slice(span).trim_ascii().is_empty(),
            _ => false,
        })
    }

    pub(crate) fn slice(&self, span: &Range<u32>) -> &[u8] {
        &self.text.as_bytes()[span.start as usize..span.end as usize]
    }

    /// The line (from 1) and byte column (from 0) of an offset.
    pub(crate) fn place(&self, offset: u32) -> (usize, usize) {
        place(&self.text, offset as usize)
    }

    /// The part with that id.
    pub(crate) fn part(&self, id: u32) -> Option<Part<'_>> {
        list(&self.root, id)
    }
}

pub(crate) fn place(text: &[u8], offset: usize) -> (usize, usize) {
    let before = &text[..offset.min(text.len())];
    let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|&&byte| byte != b'\n').count();
    (line, column)
}

fn list(nodes: &[Node], id: u32) -> Option<Part<'_>> {
    nodes.iter().find_map(|node| match node {
        Node::Text(_) | Node::Break | Node::Continue => None,
        Node::Action(inner) => pipe(inner, id),
        Node::If(branch) | Node::With(branch) => branch
            .arms
            .iter()
            .find_map(|arm| pipe(&arm.pipe, id).or_else(|| list(&arm.list, id)))
            .or_else(|| list(branch.otherwise.as_deref().unwrap_or_default(), id)),
        Node::Range(range) => pipe(&range.pipe, id)
            .or_else(|| list(&range.list, id))
            .or_else(|| list(range.otherwise.as_deref().unwrap_or_default(), id)),
        Node::Template(call) if call.id == id => Some(Part::Call(call)),
        Node::Template(call) => call.pipe.as_ref().and_then(|inner| pipe(inner, id)),
    })
}

fn pipe(this: &Pipe, id: u32) -> Option<Part<'_>> {
    if this.id == id {
        return Some(Part::Pipe(this));
    }
    this.commands.iter().find_map(|command| {
        if command.id == id {
            return Some(Part::Command(command));
        }
        command.operands.iter().find_map(|inner| operand(inner, id))
    })
}

fn operand(this: &Operand, id: u32) -> Option<Part<'_>> {
    match &this.kind {
        _ if this.id == id => Some(Part::Operand(this)),
        Kind::Pipe(inner) => pipe(inner, id),
        Kind::Chain(inner, _) => operand(inner, id),
        _ => None,
    }
}

impl Part<'_> {
    /// Where Go says that it is.
    pub(crate) fn at(&self) -> u32 {
        match self {
            Self::Operand(operand) => operand.at,
            _ => self.span().start,
        }
    }

    pub(crate) fn span(&self) -> &Range<u32> {
        match self {
            Self::Call(call) => &call.span,
            Self::Pipe(pipe) => &pipe.span,
            Self::Command(command) => &command.span,
            Self::Operand(operand) => &operand.span,
        }
    }

    /// As Go prints it: without the author's spaces and comments.
    pub(crate) fn print(&self, template: &Template) -> Str {
        let mut text = Vec::new();
        match self {
            Self::Call(call) => {
                text.extend_from_slice(b"{{template ");
                text.extend_from_slice(quote::quote(&call.name).as_bytes());
                if let Some(pipe) = &call.pipe {
                    text.push(b' ');
                    print_pipe(template, pipe, &mut text);
                }
                text.extend_from_slice(b"}}");
            }
            Self::Pipe(pipe) => print_pipe(template, pipe, &mut text),
            Self::Command(command) => print_command(template, command, &mut text),
            Self::Operand(operand) => print_operand(template, operand, &mut text),
        }
        text.into()
    }
}

fn print_pipe(template: &Template, pipe: &Pipe, text: &mut Vec<u8>) {
    for (index, declared) in pipe.declared.iter().enumerate() {
        if index > 0 {
            text.extend_from_slice(b", ");
        }
        text.extend_from_slice(&declared.name);
    }
    if !pipe.declared.is_empty() {
        text.extend_from_slice(if pipe.assign { b" = " } else { b" := " });
    }
    for (index, command) in pipe.commands.iter().enumerate() {
        if index > 0 {
            text.extend_from_slice(b" | ");
        }
        print_command(template, command, text);
    }
}

fn print_command(template: &Template, command: &Command, text: &mut Vec<u8>) {
    for (index, operand) in command.operands.iter().enumerate() {
        if index > 0 {
            text.push(b' ');
        }
        print_enclosed(template, operand, text);
    }
}

fn print_enclosed(template: &Template, operand: &Operand, text: &mut Vec<u8>) {
    let parenthesised = matches!(operand.kind, Kind::Pipe(_));
    if parenthesised {
        text.push(b'(');
    }
    print_operand(template, operand, text);
    if parenthesised {
        text.push(b')');
    }
}

fn print_operand(template: &Template, operand: &Operand, text: &mut Vec<u8>) {
    let dotted = |text: &mut Vec<u8>, names: &[Str]| {
        for name in names {
            text.push(b'.');
            text.extend_from_slice(name);
        }
    };
    match &operand.kind {
        Kind::Nil => text.extend_from_slice(b"nil"),
        Kind::Dot => text.push(b'.'),
        Kind::Bool(truth) => text.extend_from_slice(if *truth { b"true" } else { b"false" }),
        Kind::Str(_) | Kind::Number(_) => text.extend_from_slice(template.slice(&operand.span)),
        Kind::Field(names) => dotted(text, names),
        Kind::Variable(variable) => {
            text.extend_from_slice(&variable.name);
            dotted(text, &variable.fields);
        }
        Kind::Function(function) => text.extend_from_slice(function.name().as_bytes()),
        Kind::Pipe(pipe) => print_pipe(template, pipe, text),
        Kind::Chain(inner, names) => {
            print_enclosed(template, inner, text);
            dotted(text, names);
        }
    }
}
