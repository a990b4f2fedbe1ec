//! Documents of a file that is read as it is: places come from its own text.

use ecow::EcoString;
use karat_kube::{Path, Step};
use karat_source::World;
use karat_yaml::{Dialect, Document, Numbers, Value, parse_stream};

use crate::{Doc, Error, Place, Source};

/// The documents of a YAML file, empty ones left out. Objects are read as Kubernetes reads them ([`Dialect::GoYaml`]);
/// standards, settings and waivers as YAML 1.2, in which `on` is a word.
pub fn documents(file: &str, text: &str, dialect: Dialect) -> Result<Vec<Doc>, Error> {
    let failed = |error: &karat_yaml::Error| {
        let (line, column) = error.position().map_or((0, 0), |position| (position.line, position.column));
        let place = Place { file: file.into(), line, column, end_line: line, end_column: column };
        Error { place, message: error.message().to_owned() }
    };
    let mut found = Vec::new();
    for document in parse_stream(text.as_bytes(), dialect).map_err(|error| failed(&error))? {
        let value = document.root().to_value(dialect, Numbers::Kept).map_err(|error| failed(&error))?;
        if !value.is_null() {
            found.push(Doc::new(Text { file: file.into(), document, value }));
        }
    }
    Ok(found)
}

/// Files of ours are few, and asked for often: their values are kept.
struct Text {
    file: EcoString,
    document: Document,
    value: Value,
}

impl Source for Text {
    fn file(&self) -> EcoString {
        self.file.clone()
    }

    fn value(&self) -> Value {
        self.value.clone()
    }

    fn place(&self, path: &Path) -> Place {
        place_in(&self.document, &self.file, path)
    }
}

/// The place of what is at `path` in `document`: of its key, or of the nearest thing around it that exists.
pub fn place_in(document: &Document, file: &EcoString, path: &Path) -> Place {
    let span = document.root().locate(path.steps().iter().map(step));
    let (line, column) = (span.start.line, span.start.column);
    // A place is for pointing at: of a collection, its first line.
    let text = document.source().get(span.range()).unwrap_or_default();
    let first = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let width = String::from_utf8_lossy(first).trim_end().chars().count();
    let end_column = column + u32::try_from(width).unwrap_or(0);
    Place { file: file.clone(), line, column, end_line: line, end_column }
}

/// The place of what is at `path` in the first document of a file, if that says it.
pub(crate) fn place_at(world: &dyn World, file: &str, path: &Path) -> Option<Place> {
    let bytes = world.read(file).ok()?;
    let document = karat_yaml::parse_document(&bytes, Dialect::GoYaml).ok()??;
    let steps = path.steps().iter().map(step);
    document.root().find(steps)?;
    Some(place_in(&document, &file.into(), path))
}

fn step(step: &Step) -> karat_yaml::Step<'_> {
    match step {
        Step::Key(key) => karat_yaml::Step::Key(key),
        Step::Index(index) => karat_yaml::Step::Index(*index),
    }
}
