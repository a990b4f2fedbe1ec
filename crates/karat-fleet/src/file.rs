//! A YAML file of the organisation: its value, and the places of its parts.

use std::sync::Arc;

use ecow::EcoString;
use karat_diag::{Diagnostic, Place, Position, Severity, Span};
use karat_kube::{Path, Step};
use karat_source::World;
use karat_yaml::{Dialect, Numbers, Value};

/// One document of a file, with places.
#[derive(Clone, Debug)]
pub struct File {
    /// The path, from the organisation's root.
    pub path: EcoString,
    /// What it says.
    pub value: Value,
    document: Option<Arc<karat_yaml::Document>>,
    /// Lines of the file that come before the document; `None` if its lines are not the file's.
    before: Option<u32>,
}

impl File {
    /// Reads the first document of a file.
    ///
    /// # Errors
    /// It cannot be read or is not YAML.
    pub fn read(world: &dyn World, path: &str) -> Result<Self, Box<Diagnostic>> {
        let bytes = world.read(path).map_err(|error| Box::new(problem(path, None, error.to_string())))?;
        let (documents, error) = karat_yaml::documents(&bytes, Dialect::GoYaml);
        match (documents.into_iter().next(), error) {
            (Some(document), _) => Self::of(path, document, Some(0)),
            (None, Some(error)) => Err(Box::new(not_yaml(path, &error, 0))),
            (None, None) => Ok(Self { path: path.into(), value: Value::Null, document: None, before: None }),
        }
    }

    /// A document of the file at `path`.
    ///
    /// # Errors
    /// It has no value: a key twice, an unknown tag.
    pub(crate) fn of(path: &str, document: karat_yaml::Document, before: Option<u32>) -> Result<Self, Box<Diagnostic>> {
        let value = document
            .root()
            .to_value(Dialect::GoYaml, Numbers::Kept)
            .map_err(|error| Box::new(not_yaml(path, &error, before.unwrap_or_default() as usize)))?;
        Ok(Self { path: path.into(), value, document: Some(Arc::new(document)), before })
    }

    /// Where a part of it is: the key and value at the path, or the nearest part around it that exists.
    pub fn place(&self, path: &Path) -> Place {
        let span = self.document.as_ref().zip(self.before).map(|(document, before)| {
            let steps = path.steps().iter().map(yaml_step);
            let mut span = span_of(document.source(), document.root().locate(steps));
            span.start.line += before as usize;
            span.end.line += before as usize;
            span
        });
        Place { file: self.path.to_string(), span, label: None }
    }

    /// An error at a part of it.
    pub fn error(&self, path: &Path, message: impl Into<String>) -> Diagnostic {
        Diagnostic { places: vec![self.place(path)], ..problem(&self.path, None, message) }
    }
}

/// A step as YAML trees know it.
pub(crate) fn yaml_step(step: &Step) -> karat_yaml::Step<'_> {
    match step {
        Step::Key(key) => karat_yaml::Step::Key(key),
        Step::Index(index) => karat_yaml::Step::Index(*index),
    }
}

/// A place in lines and columns; an end in the middle of a longer value is that of its first line.
pub(crate) fn span_of(text: &[u8], span: karat_yaml::Span) -> Span {
    let start = Position { line: span.start.line as usize, column: span.start.column as usize };
    let shown = text.get(span.range()).unwrap_or_default();
    let first = shown.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let length = String::from_utf8_lossy(first).trim_end().chars().count().max(1);
    Span { start, end: Position { line: start.line, column: start.column + length } }
}

/// An error about a file as a whole, or at a line of it.
pub(crate) fn problem(path: &str, span: Option<Span>, message: impl Into<String>) -> Diagnostic {
    Diagnostic {
        severity: Severity::Error,
        code: None,
        message: message.into(),
        places: vec![Place { file: path.to_owned(), span, label: None }],
        why: None,
        fix: None,
        notes: Vec::new(),
        waiver: None,
    }
}

/// A text that is not YAML. `before` lines of the file come before the text.
pub(crate) fn not_yaml(path: &str, error: &karat_yaml::Error, before: usize) -> Diagnostic {
    let span = error.position().map(|position| {
        let start = Position { line: position.line as usize + before, column: position.column as usize };
        Span { start, end: Position { line: start.line, column: start.column + 1 } }
    });
    problem(path, span, format!("not YAML: {}", error.message()))
}
