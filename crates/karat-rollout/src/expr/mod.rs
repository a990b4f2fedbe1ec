//! The part of [expr-lang](https://expr-lang.org) that conditions of metrics are written in, as Go's `expr` v1.17 decides
//! them, types first.
//!
//! Known are literals, `result`, operators but `matches`, `?:`, `?.`, indices and slices, lists, pipes, predicates (`all`,
//! `any`, `none`, `one`, `filter`, `map`, `find`, `count`, `sum`), the functions of numbers and lists, and Argo Rollouts'
//! own (`asInt`, `asFloat`, `isNaN`, `isInf`, `isNil`, `default`). What is not known is refused by name when the template
//! is read. A text has at most [`MAX_BYTES`] bytes, a tree [`MAX_NODES`] nodes, an evaluation [`MAX_STEPS`] steps.

mod check;
mod eval;
mod fold;
mod functions;
mod lex;
mod parse;
mod tree;
mod value;

pub use value::Value;

/// The longest expression, in bytes.
pub const MAX_BYTES: usize = 8 << 10;
/// The most nodes of a tree.
pub const MAX_NODES: usize = 400;
/// The deepest nesting.
pub const MAX_DEPTH: usize = 32;
/// The most steps of an evaluation; an item of a list is one.
pub const MAX_STEPS: usize = 1_000_000;

/// What is wrong with an expression, or with its value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Go's `expr` would know it; we do not.
    #[error("{0} is not supported")]
    Unsupported(String),
    /// It is wrong in Go's `expr` too, or beyond a limit of ours.
    #[error("{0}")]
    Wrong(String),
}

impl Problem {
    fn wrong(what: impl Into<String>) -> Self {
        Self::Wrong(what.into())
    }

    fn unsupported(what: impl Into<String>) -> Self {
        Self::Unsupported(what.into())
    }
}

/// A condition that has been read.
#[derive(Clone, Debug)]
pub struct Expression(tree::Expr);

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// It is none, has a part that is not known here, or is too large.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        if text.len() > MAX_BYTES {
            return Err(Problem::wrong(format!("longer than {MAX_BYTES} bytes")));
        }
        parse::parse(text).map(Self)
    }

    /// Whether it holds for `result`.
    ///
    /// # Errors
    /// Its types do not fit this result, it fails on it (an index that is not there), or gives no truth value.
    pub fn holds(&self, result: &Value) -> Result<bool, Problem> {
        let mut tree = self.0.clone();
        check::check(&mut tree, result)?;
        match eval::eval(&fold::fold(tree)?, result)? {
            Value::Bool(truth) => Ok(truth),
            other => Err(Problem::wrong(format!("expected bool, but got {}", other.kind()))),
        }
    }
}
