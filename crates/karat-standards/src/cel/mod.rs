//! Expressions: the one place that knows the `cel` and `kube-cel` crates.
//!
//! A [`Program`] is compiled once per standard; an [`Engine`] holds the functions and the settings, one per thread; a
//! [`Scope`] holds what one object binds. Nothing passes because it could not be evaluated: every error is told.

mod functions;
mod rewrite;
mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use cel::common::ast::IdedExpr;
use cel::common::types::{CelBool, CelString};
use cel::common::value::Val;
use cel::{Context, ExecutionError, Value};

pub(crate) use tree::Tree;

/// The longest expression that is read, in bytes.
const LONGEST: usize = 8 << 10;

/// The deepest expression that is read; see [`nesting`].
const DEEPEST: usize = 100;

/// A compiled expression.
#[derive(Debug)]
pub(crate) struct Program {
    /// As it was written.
    pub(crate) text: String,
    expression: IdedExpr,
    uses: rewrite::Uses,
}

impl Program {
    /// Compiles `text`, in which only `variables` are known. The error says what is wrong, without the place.
    pub(crate) fn compile(text: &str, variables: &[&str]) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err(format!("an expression of {} bytes, more than the limit of {LONGEST}", text.len()));
        }
        if nesting(text)? > DEEPEST {
            return Err(format!("more than {DEEPEST} brackets, operators and fields within each other"));
        }
        let program = cel::Program::compile(text).map_err(|errors| {
            let first = errors.errors.first();
            first.map_or_else(
                || "not an expression".to_owned(),
                |error| format!("{} at line {}, column {}", error.msg, error.pos.0, error.pos.1),
            )
        })?;
        let mut expression = program.expression().clone();
        let uses = rewrite::rewrite(&mut expression, variables)?;
        Ok(Self { text: text.to_owned(), expression, uses })
    }

    /// Whether it uses the variable `name`.
    pub(crate) fn uses(&self, name: &str) -> bool {
        self.uses.variables.contains(name)
    }

    /// The kinds of `objects` that it reads; nothing if it may read any.
    pub(crate) fn kinds(&self) -> Option<&BTreeSet<String>> {
        (!self.uses.all_kinds).then_some(&self.uses.kinds)
    }
}

/// At most how deep the tree of an expression is: brackets around it, and links of the chains it is in (`a.b.c`, `1 + 2 + 3`).
/// The parser, the interpreter and even dropping the tree recurse that deep. What would hide brackets from this count is
/// refused.
fn nesting(text: &str) -> Result<usize, String> {
    // The links counted so far at each open bracket, and their sum.
    let mut open = vec![0_usize];
    let (mut links, mut deepest) = (0_usize, 0);
    let mut quote = None;
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        let rest = &text.as_bytes()[at..];
        let before = at.checked_sub(1).map(|before| text.as_bytes()[before]);
        match (quote, byte) {
            (Some(_), b'\\') => {
                bytes.next();
            }
            (Some(end), _) => quote = (byte != end).then_some(end),
            (None, b'\'' | b'"') => {
                if rest.starts_with(&[byte; 3]) || matches!(before, Some(b'r' | b'R')) {
                    return Err("raw and triple-quoted texts are not supported".to_owned());
                }
                quote = Some(byte);
            }
            (None, b'/') if rest.starts_with(b"//") => return Err("comments are not supported".to_owned()),
            (None, b'(' | b'[' | b'{') => {
                if let Some(here) = open.last_mut() {
                    *here += 1;
                }
                links += 1;
                open.push(0);
            }
            (None, b')' | b']' | b'}') => {
                if open.len() > 1 {
                    links -= open.pop().unwrap_or_default();
                }
            }
            // `?` has no end: what follows is within it.
            (None, b'.' | b'+' | b'-' | b'*' | b'/' | b'%' | b'!' | b'<' | b'>' | b'=' | b'?') => {
                if let Some(here) = open.last_mut() {
                    *here += 1;
                }
                links += 1;
            }
            (None, b',' | b'&' | b'|') => {
                if let Some(here) = open.last_mut() {
                    links -= std::mem::take(here);
                }
            }
            (None, _) => {}
        }
        deepest = deepest.max(links);
    }
    Ok(deepest)
}

/// Engines with the same constants: making one takes longer than most evaluations, so they are used again.
pub(crate) struct Engines {
    constants: Vec<(&'static str, Tree)>,
    patterns: Arc<functions::Patterns>,
    idle: Mutex<Vec<Engine>>,
}

impl Engines {
    /// Engines in which `constants` are bound.
    pub(crate) fn new(constants: impl IntoIterator<Item = (&'static str, Tree)>) -> Self {
        Self { constants: constants.into_iter().collect(), patterns: Arc::default(), idle: Mutex::default() }
    }

    /// Runs `work` with an engine that nobody else uses meanwhile.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&Engine) -> T) -> T {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = idle().pop();
        let engine = taken.unwrap_or_else(|| Engine::new(self.constants.iter().cloned(), Arc::clone(&self.patterns)));
        let result = work(&engine);
        idle().push(engine);
        result
    }
}

/// Functions and constants, for the evaluations of one thread.
pub(crate) struct Engine {
    context: Context<'static>,
    iterations: Arc<AtomicU32>,
}

impl Engine {
    fn new<'k>(constants: impl IntoIterator<Item = (&'k str, Tree)>, patterns: Arc<functions::Patterns>) -> Self {
        let iterations = Arc::new(AtomicU32::new(0));
        let mut context = Context::default();
        functions::register(&mut context, Arc::clone(&iterations), patterns);
        bind(&mut context, constants);
        Self { context, iterations }
    }

    /// One engine by itself.
    #[cfg(test)]
    pub(crate) fn alone<'k>(constants: impl IntoIterator<Item = (&'k str, Tree)>) -> Self {
        Self::new(constants, Arc::default())
    }

    /// A scope in which `variables` are bound besides the constants.
    pub(crate) fn scope<'k>(&self, variables: impl IntoIterator<Item = (&'k str, Tree)>) -> Scope<'_> {
        let mut context = self.context.new_inner_scope();
        bind(&mut context, variables);
        Scope { context, iterations: &self.iterations }
    }
}

/// Bound variables.
pub(crate) struct Scope<'e> {
    context: Context<'e>,
    iterations: &'e AtomicU32,
}

impl Scope<'_> {
    /// This scope and one more variable.
    pub(crate) fn with(&self, name: &str, value: Tree) -> Scope<'_> {
        let mut context = self.context.new_inner_scope();
        bind(&mut context, [(name, value)]);
        Scope { context, iterations: self.iterations }
    }

    /// Whether `program` holds. An error if it cannot be evaluated or gives no boolean.
    pub(crate) fn holds(&self, program: &Program) -> Result<bool, String> {
        let value = self.evaluate(program)?;
        match value.as_ref().downcast_ref::<CelBool>() {
            Some(truth) => Ok(*truth.inner()),
            None => Err(format!("gives {}, not true or false", value.as_ref().get_type().name())),
        }
    }

    /// What `program` gives, as text for a message.
    pub(crate) fn text(&self, program: &Program) -> Result<String, String> {
        let value = self.evaluate(program)?;
        if let Some(text) = value.as_ref().downcast_ref::<CelString>() {
            return Ok(text.inner().to_owned());
        }
        match functions::plain(value.as_ref()).map_err(|error| explain(&error))? {
            Value::Int(number) => Ok(number.to_string()),
            Value::UInt(number) => Ok(number.to_string()),
            Value::Float(number) => Ok(number.to_string()),
            Value::Bool(truth) => Ok(truth.to_string()),
            other => Err(format!("gives {}, not a text", other.type_of())),
        }
    }

    fn evaluate<'a>(&'a self, program: &'a Program) -> Result<std::borrow::Cow<'a, dyn Val>, String> {
        self.iterations.store(functions::ITERATIONS, Ordering::Relaxed);
        Value::resolve_val(&program.expression, &self.context).map_err(|error| explain(&error))
    }
}

fn bind<'k>(context: &mut Context<'_>, bound: impl IntoIterator<Item = (&'k str, Tree)>) {
    // `add_variable` would take the crate's own values only, and copy them.
    let variables: &mut BTreeMap<String, Box<dyn Val>> = match context {
        Context::Root { variables, .. } | Context::Child { variables, .. } => variables,
    };
    variables.extend(bound.into_iter().map(|(name, value)| (name.to_owned(), value.as_val().clone_as_boxed())));
}

/// An error of an evaluation as a reader wants it: the crate's own texts print whole objects.
fn explain(error: &ExecutionError) -> String {
    match error {
        ExecutionError::NoSuchKey(key) => format!("there is no `{key}`"),
        ExecutionError::NoSuchOverload => "an operator or a field of a value of the wrong type".to_owned(),
        // The crate's text for a value lists all of it, and for what is expected all types.
        ExecutionError::UnexpectedType { got, want } if got.len() + want.len() < 60 => {
            format!("{got} where {want} is expected")
        }
        ExecutionError::UnexpectedType { got, .. } => {
            format!("a value of the wrong type ({})", got.chars().take(20).collect::<String>())
        }
        ExecutionError::FunctionError { function, message } => format!("{function}: {message}"),
        ExecutionError::InvalidArgumentCount { expected, actual } => {
            format!("{actual} arguments where {expected} are expected")
        }
        ExecutionError::UnsupportedBinaryOperator(operator, ..) => format!("`{operator}` of values of the wrong types"),
        ExecutionError::ValuesNotComparable(..) => "a comparison of values of different types".to_owned(),
        ExecutionError::IndexOutOfBounds(_) => "an index beyond the end of a list".to_owned(),
        other => other.to_string().chars().take(160).collect(),
    }
}

#[cfg(test)]
mod tests;
