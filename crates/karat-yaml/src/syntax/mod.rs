//! The syntax of YAML as go-yaml v2 reads it: bytes to tokens to a tree.
//!
//! go-yaml v2 is libyaml with changes, and its verdicts are those of every Helm chart. libyaml has moved on since (it
//! takes `[a?b]`, `%YAML 1.2` and more), so the scanner and the grammar are written here, over a slice instead of a
//! stream, with borrowed text where a scalar is the same as its source.

mod build;
mod chars;
mod input;
mod scanner;
mod token;
mod tree;

use crate::limits::MAX_BYTES;
use crate::{Dialect, Error, Str};

pub(crate) use chars::width;
pub use tree::{Document, Entries, Items, Kind, Node, Step, Style};

/// Reads a stream of documents (`---` between them), each with its tree and places.
///
/// An empty stream, or one of comments only, has no documents. Duplicate keys, tags and number forms are judged when a
/// node is turned into a value; the dialect matters here only for `%YAML 1.2`, which go-yaml refuses.
///
/// # Errors
/// [`Error::Syntax`], [`Error::Value`] for an alias without anchor, [`Error::Limit`]; what precedes it is lost: use
/// [`documents`] to keep it.
pub fn parse_stream(bytes: &[u8], dialect: Dialect) -> Result<Vec<Document>, Error> {
    let mut parsed = Vec::new();
    read(bytes, dialect, |document| {
        parsed.push(document);
        true
    })?;
    Ok(parsed)
}

/// The documents up to the first error, and the error.
pub fn documents(bytes: &[u8], dialect: Dialect) -> (Vec<Document>, Option<Error>) {
    let mut parsed = Vec::new();
    let outcome = read(bytes, dialect, |document| {
        parsed.push(document);
        true
    });
    (parsed, outcome.err())
}

/// The first document, as `yaml.Unmarshal` reads it: what follows is not looked at. `None` if there is none.
///
/// # Errors
/// As [`parse_stream`].
pub fn parse_document(bytes: &[u8], dialect: Dialect) -> Result<Option<Document>, Error> {
    let mut first = None;
    read(bytes, dialect, |document| {
        first = Some(document);
        false
    })?;
    Ok(first)
}

fn read(bytes: &[u8], dialect: Dialect, mut take: impl FnMut(Document) -> bool) -> Result<(), Error> {
    let input = open(bytes)?;
    let source = Str::from(&*input.text);
    let mut builder = build::Builder::new(&input, dialect);
    while let Some(tree) = builder.next_document()? {
        if !take(Document::new(source.clone(), tree)) {
            break;
        }
    }
    Ok(())
}

/// The value of the first document without keeping its tree; `None` if there is none.
pub(crate) fn with_first<T>(
    bytes: &[u8],
    dialect: Dialect,
    decode: impl FnOnce(Node<'_>) -> Result<T, Error>,
) -> Result<Option<T>, Error> {
    let input = open(bytes)?;
    let tree = build::Builder::new(&input, dialect).next_document()?;
    tree.map(|tree| decode(tree.root(&input.text))).transpose()
}

fn open(bytes: &[u8]) -> Result<input::Input<'_>, Error> {
    if bytes.len() > MAX_BYTES {
        let message = format!("{} bytes of yaml, more than the limit of {MAX_BYTES}", bytes.len());
        return Err(Error::Limit { message, position: None });
    }
    Ok(input::decode(bytes))
}
