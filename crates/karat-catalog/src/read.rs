//! Catalog files: several YAML documents, each an entity or a problem, each field with its place.

use std::fmt;
use std::sync::Arc;

use karat_yaml::{Dialect, Document, Position, Span, Step};
use serde_json::Value;

use crate::entity::Entity;
use crate::json;

/// The most documents that are read of one file.
pub const MAX_DOCUMENTS: usize = 10_000;

/// The largest text of one file, in bytes.
pub const MAX_BYTES: usize = 8 << 20;

/// One document of a catalog file.
#[derive(Clone, Debug)]
pub struct Descriptor {
    /// The file, as the caller named it.
    pub file: Arc<str>,
    /// Where it begins.
    pub position: Position,
    /// What it is.
    pub content: Result<Entity, Problem>,
    document: Option<Document>,
}

/// Why a document is no entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// What, as a sentence. For a wrong envelope it is Backstage's.
    pub message: String,
}

/// A place in a file; lines and columns from 1.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file.
    pub file: Arc<str>,
    /// The line.
    pub line: u32,
    /// The column in characters.
    pub column: u32,
}

impl Place {
    fn new(file: &Arc<str>, position: Position) -> Self {
        Self { file: file.clone(), line: position.line, column: position.column }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

impl Descriptor {
    /// Where a field is, such as `["spec", "owner"]`; as far as the path leads.
    pub fn place<'k>(&self, path: impl IntoIterator<Item = impl Into<Step<'k>>>) -> Place {
        Place::new(&self.file, self.span(path).map_or(self.position, |span| span.start))
    }

    /// The text that a field takes.
    pub fn span<'k>(&self, path: impl IntoIterator<Item = impl Into<Step<'k>>>) -> Option<Span> {
        self.document.as_ref().map(|document| document.root().locate(path))
    }

    /// Where a JSON pointer leads, as the sentences of validation name fields (`/spec/owner must be string`).
    pub fn place_of_pointer(&self, pointer: &str) -> Place {
        let keys: Vec<String> =
            pointer.split('/').skip(1).map(|key| key.replace("~1", "/").replace("~0", "~")).collect();
        let step = |key: &str| -> Option<usize> { key.parse().ok() };
        // A number is an index only in a list; `locate` stops where a step does not fit.
        let steps: Vec<Step<'_>> = keys.iter().map(|key| step(key).map_or(Step::Key(key), Step::Index)).collect();
        self.place(steps)
    }
}

/// Reads a catalog file. Documents without content are left out, as Backstage does; whatever else is no entity is a problem
/// beside those that are.
pub fn read(text: &[u8], file: &str) -> Vec<Descriptor> {
    let file: Arc<str> = file.into();
    let problem = |position: Position, message: String| Descriptor {
        file: file.clone(),
        position,
        content: Err(Problem { place: Place::new(&file, position), message }),
        document: None,
    };
    let start = Position { offset: 0, line: 1, column: 1 };
    if text.len() > MAX_BYTES {
        let message = format!(
            "{} bytes, more than the limit of {MAX_BYTES}; a catalog file holds entities, not data",
            text.len()
        );
        return vec![problem(start, message)];
    }
    let mut found = Vec::new();
    let mut rest = std::borrow::Cow::Borrowed(text);
    for _ in 0..=MAX_RECOVERIES {
        let (documents, error) = karat_yaml::documents(&rest, Dialect::Core12);
        if found.len() + documents.len() > MAX_DOCUMENTS {
            return vec![problem(start, format!("more than the limit of {MAX_DOCUMENTS} documents; split the file"))];
        }
        let last = documents.last().map_or(0, |document| document.position().line);
        for document in documents {
            let position = document.position();
            match json::from_yaml(document.root()) {
                Err(error) => found.push(problem(error.position().unwrap_or(position), error.message().to_owned())),
                Ok(Value::Null) => {}
                Ok(value) if !value.is_object() => {
                    found.push(problem(position, format!("Expected object at root, got {}", kind(&value))));
                }
                Ok(value) => {
                    let content = Entity::new(value)
                        .map_err(|message| Problem { place: Place::new(&file, document.root().position()), message });
                    found.push(Descriptor { file: file.clone(), position, content, document: Some(document) });
                }
            }
        }
        let Some(error) = error else { break };
        let position = error.position().unwrap_or(start);
        found.push(problem(position, error.message().to_owned()));
        // Where the broken document began to be broken; an unclosed bracket is noticed only at the end of all.
        let since = match &error {
            karat_yaml::Error::Syntax { since, .. } if since.line > last => since.line,
            _ => position.line,
        };
        match after(&rest, since) {
            Some(next) => rest = next.into(),
            None => break,
        }
    }
    found
}

/// After a document that is no YAML the next one is looked for, so often.
const MAX_RECOVERIES: usize = 20;

/// What follows the document that has an error on a line, with as many lines before it as there were.
fn after(text: &[u8], line: u32) -> Option<Vec<u8>> {
    let mut lines = text.split_inclusive(|byte| *byte == b'\n');
    let skipped = line as usize;
    lines.by_ref().take(skipped).for_each(drop);
    for (before, next) in (skipped..).zip(lines.by_ref()) {
        if next.starts_with(b"---") {
            let mut rest = vec![b'\n'; before];
            rest.extend(next);
            lines.for_each(|line| rest.extend(line));
            return Some(rest);
        }
    }
    None
}

/// What JavaScript's `typeof` says of a value that is no object.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Null | Value::Array(_) | Value::Object(_) => "object",
    }
}
