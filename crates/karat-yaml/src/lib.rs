//! YAML as go-yaml and as YAML 1.2 read it, and Go's emitters, byte for byte.
//!
//! The data model lives here because every other room of the compiler speaks it: [`Str`], a Go string (bytes, usually
//! UTF-8, cheap to clone), and [`Value`], a plain tree that is `Send` and never shared mutably.
//!
//! # Values
//! - [`from_yaml`]: the first document as a value. [`Dialect`] is how texts are read, [`Numbers`] what numbers become:
//!   `from_yaml(text, Dialect::GoYaml, Numbers::Float)` is Go's `yaml.Unmarshal` into `any` (values files, `fromYaml`),
//!   `Numbers::Kept` is how Kubernetes reads an object.
//! - [`from_yaml_map`], [`from_yaml_list`]: the same into a `map[string]any` or `[]any`, with Go's errors.
//!
//! # Places
//! - [`parse_stream`]: the documents of a stream with their trees; [`Document::root`], [`Node::get`], [`Node::find`],
//!   [`Node::locate`] (a path to a [`Span`]), [`Node::to_value`].
//!
//! # Text
//! - [`to_yaml`], [`to_yaml_pretty`]: as Go writes it, with the final line break (Helm's functions take it off).
//! - [`to_json`], [`to_json_indented`], [`from_json`], [`from_json_map`], [`from_json_list`]: `encoding/json`.
//!
//! Errors print as Go's do; see [`Error`].
#![forbid(unsafe_code)]

mod decode;
mod emit;
mod error;
mod json;
mod limits;
mod span;
mod string;
mod strings;
mod syntax;
mod value;

pub use decode::{Dialect, Numbers};
pub use emit::{to_yaml, to_yaml_pretty};
pub use error::Error;
pub use json::{Escape, from_json, from_json_list, from_json_map, to_json, to_json_indented, unmarshal_json};
pub use limits::{MAX_BYTES, MAX_DEPTH};
pub use span::{Position, Span};
pub use string::Str;
pub use syntax::{Document, Entries, Items, Kind, Node, Step, Style, documents, parse_document, parse_stream};
pub use value::{Map, Value};

/// The value of the first document; an empty text is null. What follows the first document is not looked at, as in Go.
///
/// # Errors
/// Each with its place; see [`Error`].
pub fn from_yaml(bytes: &[u8], dialect: Dialect, numbers: Numbers) -> Result<Value, Error> {
    Ok(syntax::with_first(bytes, dialect, |root| root.to_value(dialect, numbers))?.unwrap_or_default())
}

/// [`from_yaml`] into a Go `map[string]any`: null gives an empty mapping, anything else is an error.
///
/// # Errors
/// As [`from_yaml`]; `json: cannot unmarshal array into Go value of type map[string]interface {}`.
pub fn from_yaml_map(bytes: &[u8], dialect: Dialect, numbers: Numbers) -> Result<Map, Error> {
    match from_yaml(bytes, dialect, numbers)? {
        Value::Null => Ok(Map::new()),
        Value::Map(map) => Ok(map),
        other => Err(Error::mismatch(&other, "map[string]interface {}")),
    }
}

/// [`from_yaml`] into a Go `[]any`: null gives an empty list, anything else is an error.
///
/// # Errors
/// As [`from_yaml`]; `json: cannot unmarshal object into Go value of type []interface {}`.
pub fn from_yaml_list(bytes: &[u8], dialect: Dialect, numbers: Numbers) -> Result<Vec<Value>, Error> {
    match from_yaml(bytes, dialect, numbers)? {
        Value::Null => Ok(Vec::new()),
        Value::Seq(items) => Ok(items),
        other => Err(Error::mismatch(&other, "[]interface {}")),
    }
}
