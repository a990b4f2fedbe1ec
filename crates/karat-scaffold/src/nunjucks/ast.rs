//! What a template says: nodes and expressions, each with its place.

use std::rc::Rc;

/// A place in the template's text; lines and columns from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct At {
    pub(super) line: u32,
    pub(super) column: u32,
}

/// A part of a template.
#[derive(Debug)]
pub(super) enum Node {
    /// Text as it is.
    Text(Rc<str>),
    /// `${{ expression }}`, and `{% filter f %}text{% endfilter %}`.
    Output(Expr),
    /// `{% if %}`, `{% elif %}`, `{% else %}`: the first branch whose condition holds.
    If { branches: Vec<(Expr, Vec<Self>)>, otherwise: Vec<Self> },
    /// `{% for a, b in list %}`, `{% else %}`.
    For(Box<For>),
    /// `{% set a, b = value %}`.
    Set { targets: Vec<Rc<str>>, value: Expr },
    /// `{% macro name(parameters) %}`.
    Macro(Rc<Macro>),
    /// `{% call(parameters) macro(arguments) %}`.
    Call { target: Expr, arguments: Arguments, caller: Rc<Macro>, at: At },
    /// `{% block name %}`: templates are never extended, so it is a scope of its own.
    Block(Vec<Self>),
    /// `{% switch %}`, `{% case %}`, `{% default %}`; an empty case falls through to the next.
    Switch { subject: Expr, cases: Vec<(Expr, Vec<Self>)>, default: Vec<Self> },
}

#[derive(Debug)]
pub(super) struct For {
    pub(super) targets: Vec<Rc<str>>,
    pub(super) list: Expr,
    pub(super) body: Vec<Node>,
    pub(super) otherwise: Vec<Node>,
    pub(super) at: At,
}

/// Parameters and their defaults; those without one come first.
pub(super) type Parameters = Vec<(Rc<str>, Option<Expr>)>;

/// A macro, or the body of a call block.
#[derive(Debug)]
pub(super) struct Macro {
    pub(super) name: Rc<str>,
    pub(super) parameters: Parameters,
    pub(super) body: Vec<Node>,
}

/// An expression and its place.
#[derive(Debug)]
pub(super) struct Expr {
    pub(super) at: At,
    /// The longest way down, which bounds the recursion of whoever walks it.
    pub(super) height: usize,
    pub(super) kind: Kind,
}

#[derive(Debug)]
pub(super) enum Kind {
    Null,
    Bool(bool),
    Number(f64),
    Text(Rc<str>),
    Regex {
        source: Rc<str>,
        flags: Rc<str>,
    },
    Name(Rc<str>),
    List(Vec<Expr>),
    /// `(a, b)`: all are evaluated, the last one counts.
    Group(Vec<Expr>),
    Dict(Vec<(Rc<str>, Expr)>),
    /// `target.key`, `target[key]`.
    Member(Box<Expr>, Box<Expr>),
    /// `target[start:stop:step]`.
    Slice {
        target: Box<Expr>,
        start: Option<Box<Expr>>,
        stop: Option<Box<Expr>>,
        step: Option<Box<Expr>>,
    },
    /// `then if condition else otherwise`.
    If {
        then: Box<Expr>,
        condition: Box<Expr>,
        otherwise: Option<Box<Expr>>,
    },
    Or(Box<Expr>, Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Not(Box<Expr>),
    Negative(Box<Expr>),
    Positive(Box<Expr>),
    Floor(Box<Expr>),
    Binary(Operator, Box<Expr>, Box<Expr>),
    /// `a < b < c` compares `a < b` with `c`, as JavaScript does.
    Compare(Box<Expr>, Vec<(Comparison, Expr)>),
    /// `needle in list`.
    In(Box<Expr>, Box<Expr>),
    /// `value is test(arguments)`.
    Is {
        input: Box<Expr>,
        test: Rc<str>,
        arguments: Arguments,
    },
    /// `input | name(arguments)`.
    Filter {
        input: Box<Expr>,
        name: Rc<str>,
        arguments: Arguments,
    },
    Call {
        target: Box<Expr>,
        arguments: Arguments,
    },
    /// The output of nodes, as text.
    Capture(Vec<Node>),
}

/// The arguments of a call.
#[derive(Debug, Default)]
pub(super) struct Arguments {
    pub(super) positional: Vec<Expr>,
    pub(super) keyword: Vec<(Rc<str>, Expr)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Concat,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Power,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    StrictEqual,
    NotEqual,
    StrictNotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}
