//! Nunjucks as Backstage's templater has it: JavaScript's values, `${{ }}`, no loading of other templates.
//!
//! An engine of our own, because what a template means is JavaScript: an empty list is true, `1 == "1"`, `7 / 2` is 3.5
//! and `4 / 2` is 2, `undefined` renders as nothing. Every expression of the tests has its value from the original; what
//! is known to differ stands in `docs/reference/templates.md`.

mod ast;
mod budget;
mod convert;
mod eval;
mod expression;
mod filters;
pub(crate) mod json;
mod lexer;
mod methods;
pub(crate) mod number;
mod predicates;
mod regex;
mod scan;
mod scope;
mod statement;
mod value;

use std::rc::Rc;

use crate::Data;
use ast::{At, Node};
use budget::{Budget, Fault};
use eval::Evaluation;
use value::Value;

pub use budget::Fuel;
pub use scan::Syntax;

/// What an evaluation knows beside its variables.
#[derive(Clone, Copy, Debug, Default)]
struct Dialect {
    cookiecutter: bool,
    /// Whether `always()` and `failure()` are there.
    status: bool,
}

/// Why a template could not be rendered, and where; lines and columns from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {message}")]
pub struct Error {
    /// What is wrong.
    pub message: String,
    /// The line.
    pub line: u32,
    /// The column, in characters.
    pub column: u32,
}

impl Error {
    fn new(message: impl Into<String>, at: At) -> Self {
        Self { message: message.into(), line: at.line, column: at.column }
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::new(fault.message, fault.at.unwrap_or(At { line: 1, column: 1 }))
    }
}

/// Renders a template to text.
///
/// # Errors
/// The first thing that is wrong, with its place.
pub fn render(text: &str, context: &Data, syntax: Syntax, fuel: &Fuel) -> Result<String, Error> {
    let nodes = statement::parse(text, syntax)?;
    let dialect = Dialect { cookiecutter: syntax.cookiecutter, status: false };
    let evaluation = Evaluation::new(dialect, variables(context), Budget::of(fuel));
    let rendered = evaluation.budget.spend(weight(context)).and_then(|()| evaluation.render(&nodes));
    evaluation.budget.settle(fuel);
    Ok(rendered?)
}

/// Renders a text of a template's steps to a value: one interpolation keeps the type that it has, anything else is text.
/// `None` is JavaScript's `undefined`: what is not there.
///
/// # Errors
/// The first thing that is wrong, with its place.
pub fn value(text: &str, context: &Data, fuel: &Fuel) -> Result<Option<Data>, Error> {
    let nodes = statement::parse(text, Syntax::default())?;
    let dialect = Dialect { cookiecutter: false, status: true };
    let evaluation = Evaluation::new(dialect, variables(context), Budget::of(fuel));
    if nodes.len() == 1 && !matches!(nodes.as_slice(), [Node::Text(_)]) {
        *evaluation.encoded.borrow_mut() = Some(String::new());
    }
    let rendered = evaluation.budget.spend(weight(context)).and_then(|()| evaluation.render(&nodes));
    evaluation.budget.settle(fuel);
    let rendered = rendered?;
    // As the original: the value goes through JSON. What is not JSON in the end is the text after all.
    if let Some(encoded) = evaluation.encoded.take() {
        if encoded.is_empty() {
            return Ok(None);
        }
        if let Ok(data) = Data::from_json(&encoded) {
            return Ok(Some(data));
        }
    }
    Ok(if rendered.is_empty() { None } else { Some(Data::String(rendered)) })
}

/// `text.replace(new RegExp(pattern, 'g'), replacement)`; `None` if nothing matches.
pub(crate) fn replace(text: &str, pattern: &str, replacement: &str, fuel: &Fuel) -> Result<Option<String>, Error> {
    let budget = Budget::of(fuel);
    let replaced = regex::compiled(pattern, "g").and_then(|regex| {
        if regex.finds(text) { regex.replace(text, replacement, &budget).map(Some) } else { Ok(None) }
    });
    budget.settle(fuel);
    Ok(replaced?)
}

fn variables(context: &Data) -> Vec<(Rc<str>, Value)> {
    context.entries().iter().map(|(key, value)| (Rc::from(key.as_str()), Value::from(value))).collect()
}

/// What it costs to hand data to a template, in steps.
fn weight(data: &Data) -> usize {
    1 + match data {
        Data::String(text) => text.len() / 32,
        Data::List(items) => items.iter().map(weight).sum(),
        Data::Map(entries) => entries.iter().map(|(_, value)| weight(value)).sum(),
        _ => 0,
    }
}
