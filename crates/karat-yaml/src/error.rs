//! What can be wrong with a document, where, and how Go would say it.

use crate::{Position, Value};

/// Why a text could not be read or a value not be written.
///
/// `Display` is the text of the Go library that reads in that place (go-yaml v2, `encoding/json`), because `fromYaml`
/// puts it into the output and charts print it. [`Error::to_go_unmarshal`] is the sentence of `sigs.k8s.io/yaml`.
/// For a finding take [`Error::message`] and [`Error::position`]: Go's line is one less than the place for errors of
/// the grammar.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The text is not YAML.
    #[error("yaml: {}{message}", line(*go_line))]
    Syntax {
        /// What is wrong, as go-yaml v2 says it.
        message: String,
        /// The line that go-yaml names, or 0 if it names none.
        go_line: u32,
        /// Where it is.
        position: Position,
        /// Where that began in which it is: the quoted scalar that does not end, the mapping that lacks a key.
        since: Position,
    },
    /// The text is YAML, but says nothing that has a value: a wrong tag, a mapping as a key, a repeated key.
    #[error("yaml: {message}")]
    Value {
        /// What is wrong, as go-yaml v2 says it.
        message: String,
        /// Where it is.
        position: Position,
    },
    /// The value has no JSON form, or the JSON does not fit what was asked for: `.nan`, a null as a key.
    #[error("{message}")]
    Convert {
        /// What is wrong, as `sigs.k8s.io/yaml` or `encoding/json` says it.
        message: String,
        /// Where it is, if that is known.
        position: Option<Position>,
        /// Whether the step that failed was JSON to Go, not YAML to JSON.
        unmarshaling: bool,
    },
    /// The text is not JSON.
    #[error("{message}")]
    Json {
        /// What is wrong, as `encoding/json` says it.
        message: String,
        /// The offset in bytes.
        offset: usize,
    },
    /// More than Karat reads or writes; the limits are constants in this crate's root.
    #[error("{message}")]
    Limit {
        /// Which limit, and how far it was passed.
        message: String,
        /// Where, if that is known.
        position: Option<Position>,
    },
}

impl Error {
    /// What is wrong, without a place: for a finding.
    pub fn message(&self) -> &str {
        match self {
            Self::Syntax { message, .. }
            | Self::Value { message, .. }
            | Self::Convert { message, .. }
            | Self::Json { message, .. }
            | Self::Limit { message, .. } => message,
        }
    }

    /// Where it is, if the text was YAML.
    pub fn position(&self) -> Option<Position> {
        match self {
            Self::Syntax { position, .. } | Self::Value { position, .. } => Some(*position),
            Self::Convert { position, .. } | Self::Limit { position, .. } => *position,
            Self::Json { .. } => None,
        }
    }

    /// A value that does not fit the Go type asked for.
    pub(crate) fn mismatch(value: &Value, wanted: &str) -> Self {
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "bool",
            Value::Int(_) | Value::Float(_) => "number",
            Value::Str(_) => "string",
            Value::Seq(_) => "array",
            Value::Map(_) => "object",
        };
        let message = format!("json: cannot unmarshal {kind} into Go value of type {wanted}");
        Self::Convert { message, position: None, unmarshaling: true }
    }

    /// What `yaml.Unmarshal` of `sigs.k8s.io/yaml` says: the text that `fromYaml` puts into `Error`.
    pub fn to_go_unmarshal(&self) -> String {
        match self {
            Self::Convert { unmarshaling: true, .. } => {
                format!("error unmarshaling JSON: while decoding JSON: {self}")
            }
            Self::Limit { .. } => self.to_string(),
            _ => format!("error converting YAML to JSON: {self}"),
        }
    }
}

fn line(go_line: u32) -> String {
    if go_line == 0 { String::new() } else { format!("line {go_line}: ") }
}
