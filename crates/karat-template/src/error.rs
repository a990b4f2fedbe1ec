//! What can go wrong, as Go says it, with the place in the template.

use std::fmt;
use std::ops::Range;

use crate::{CallError, Str};

/// Why a template could not be parsed or executed. `Display` is Go's text.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The text is not a template.
    #[error(transparent)]
    Parse(#[from] Box<ParseError>),
    /// There is no template of that name to start with.
    #[error("template: no template {} associated with template {}", quoted(name), quoted(set))]
    NoTemplate {
        /// The name asked for.
        name: Str,
        /// The name of the set.
        set: Str,
    },
    /// An action failed.
    #[error(transparent)]
    Exec(#[from] Box<ExecError>),
}

/// A text that is not a template.
#[derive(Clone, Debug, thiserror::Error)]
#[error("template: {file}:{line}: {problem}")]
pub struct ParseError {
    /// The name that the text was parsed under.
    pub file: Str,
    /// The line, from 1.
    pub line: usize,
    /// The byte column, from 0. Go's message does not say it.
    pub column: usize,
    /// The offending token, in bytes of the text.
    pub span: Range<usize>,
    /// What is wrong.
    pub problem: ParseProblem,
}

/// What is wrong with a text that is not a template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum ParseProblem {
    #[error("unexpected {token} in {context}")]
    Unexpected { token: String, context: &'static str },
    /// The lexer could not go on; `started` is where the action began, if on another line.
    #[error("{message}{}", Started(message, started.as_ref()))]
    Lexical { message: String, started: Option<(Str, usize)> },
    #[error("unexpected EOF")]
    UnexpectedEnd,
    #[error("unexpected {0}")]
    Stray(&'static str),
    #[error("expected end; found {0}")]
    ExpectedEnd(&'static str),
    #[error("function {} not defined", quoted(.0))]
    UndefinedFunction(Str),
    #[error("undefined variable {}", quoted(.0))]
    UndefinedVariable(Str),
    #[error("missing value for {0}")]
    MissingValue(&'static str),
    #[error("empty command")]
    EmptyCommand,
    #[error("non executable command in pipeline stage {0}")]
    NotExecutable(usize),
    #[error("range can only initialize variables")]
    RangeVariables,
    #[error("too many declarations in {0}")]
    TooManyDeclarations(&'static str),
    #[error("unexpected . after term {0}")]
    FieldOfLiteral(String),
    #[error("{0} outside {{{{range}}}}")]
    OutsideRange(&'static str),
    #[error("template: multiple definition of template {}", quoted(.0))]
    Redefined(Str),
    #[error("{0}")]
    Literal(String),
    /// Nested deeper than Karat goes (Go: 10,000 parentheses, any number of blocks).
    #[error("max expression depth exceeded")]
    TooDeep,
}

/// An action that failed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("template: {file}:{line}:{column}: executing {} at <{node}>: {problem}", quoted(template))]
pub struct ExecError {
    /// The template that was executing: a file's name or a `define`d one.
    pub template: Str,
    /// The name that its text was parsed under.
    pub file: Str,
    /// The line of the failing part, from 1.
    pub line: usize,
    /// Its byte column, from 0, as Go counts.
    pub column: usize,
    /// Its bytes in the text.
    pub span: Range<usize>,
    /// The failing part, as Go prints it: `.Values.image.tag`.
    pub node: Str,
    /// What is wrong.
    pub problem: Problem,
    /// The `template` actions that led here, innermost first. Go's message leaves them out; `include`s are in the
    /// chain of [`CallError::Nested`] instead.
    pub callers: Vec<Site>,
}

/// A place in a template.
#[derive(Clone, Debug)]
pub struct Site {
    /// The template.
    pub template: Str,
    /// The name that its text was parsed under.
    pub file: Str,
    /// The line, from 1.
    pub line: usize,
    /// The byte column, from 0.
    pub column: usize,
}

/// What is wrong with an action.
#[derive(Clone, Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum Problem {
    #[error("nil pointer evaluating {go_type}.{field}")]
    NilPointer { go_type: Str, field: Str },
    #[error("can't evaluate field {field} in type {go_type}")]
    NoField { go_type: Str, field: Str },
    #[error("map has no entry for key {}", quoted(.0))]
    NoKey(Str),
    #[error("nil data; no entry for key {}", quoted(.0))]
    NilData(Str),
    #[error("{0} is not a method but has arguments")]
    NotAMethod(Str),
    #[error("{0} has arguments but cannot be invoked as function")]
    FieldNotInvocable(Str),
    #[error("can't give argument to non-function {node}")]
    NotAFunction { node: Str },
    #[error("nil is not a command")]
    NilCommand,
    #[error("wrong number of args for {function}: want {} got {got}", if *at_least { format!("at least {want}") } else { want.to_string() })]
    WrongCount { function: Str, want: usize, at_least: bool, got: usize },
    #[error("wrong type for value; expected {expected}; got {got}")]
    WrongType { expected: &'static str, got: Str },
    #[error("invalid value; expected {0}")]
    InvalidValue(&'static str),
    #[error("cannot assign nil to {0}")]
    AssignNil(&'static str),
    #[error("expected {expected}; found {node}")]
    WrongLiteral { expected: &'static str, node: Str },
    #[error("can't handle {node} for arg of type {expected}")]
    UnexpectedLiteral { expected: &'static str, node: Str },
    #[error("{node} overflows int")]
    Overflow { node: Str },
    #[error("undefined variable: {0}")]
    UndefinedVariable(Str),
    #[error("range can't iterate over {0}")]
    NotIterable(Str),
    #[error("can't use {0} to iterate over more than one variable")]
    TooManyRangeVariables(Str),
    #[error("template {} not defined", quoted(.0))]
    NoTemplate(Str),
    #[error("exceeded maximum template depth ({0})")]
    Depth(usize),
    #[error("error calling {function}: {error}")]
    Call { function: Str, error: CallError },
    #[error(transparent)]
    Limit(#[from] Limit),
}

/// A bound on what a rendering may take; see [`Limits`](crate::Limits).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Limit {
    /// The rendering takes too long: an endless `range` or recursion?
    #[error("rendering took more than {0} steps")]
    Steps(u64),
    /// The rendered text is too long.
    #[error("rendering gave more than {0} bytes")]
    Output(usize),
    /// All texts made on the way are too long together.
    #[error("rendering made texts of more than {0} bytes in all")]
    Produced(usize),
    /// A value that was to be printed is nested too deeply: does it contain itself?
    #[error("printing a value that nests more than {0} levels deep")]
    Depth(usize),
    /// Templates that run templates are nested too deeply for the stack.
    #[error("rendering is nested too deeply for a stack of {0} bytes")]
    Stack(usize),
}

impl Problem {
    /// Says which part of the template the problem is about, where the message names it.
    pub(crate) fn name_node(&mut self, text: Str) {
        match self {
            Self::NotAFunction { node }
            | Self::WrongLiteral { node, .. }
            | Self::UnexpectedLiteral { node, .. }
            | Self::Overflow { node } => *node = text,
            _ => {}
        }
    }
}

impl Error {
    /// The errors from this one inwards: through `include` and `tpl` to where it began.
    pub fn chain(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |error| match error {
            Self::Exec(exec) => match &exec.problem {
                Problem::Call { error: CallError::Nested { source, .. }, .. } => Some(source),
                _ => None,
            },
            _ => None,
        })
    }
}

fn quoted(name: &Str) -> Str {
    crate::quote::quote(name).into()
}

struct Started<'a>(&'a str, Option<&'a (Str, usize)>);

impl fmt::Display for Started<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.1 {
            Some((file, line)) if self.0.ends_with(" action") => write!(f, " started at {file}:{line}"),
            Some((file, line)) => write!(f, " in action started at {file}:{line}"),
            None => Ok(()),
        }
    }
}
