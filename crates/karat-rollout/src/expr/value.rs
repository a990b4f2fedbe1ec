//! What an expression is asked about, and what it gives.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

/// A value, with the types that Go's `expr` tells apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// `nil`: the provider had no value.
    #[default]
    Nil,
    /// A truth value.
    Bool(bool),
    /// An integer: a literal, a length, what `asInt` gives. JSON has none: its numbers are [`Self::Float`].
    Int(i64),
    /// A float64.
    Float(f64),
    /// A string.
    Str(Arc<str>),
    /// A list of floats (Go's `[]float64`): what Prometheus gives for a vector.
    Floats(Arc<[f64]>),
    /// A list of anything (Go's `[]any`).
    List(Arc<[Self]>),
    /// A mapping with string keys.
    Map(Arc<BTreeMap<String, Self>>),
}

impl Value {
    /// What Go's `encoding/json` makes of a document: every number is a float64.
    pub fn from_json(json: &Json) -> Self {
        match json {
            Json::Null => Self::Nil,
            Json::Bool(truth) => Self::Bool(*truth),
            Json::Number(number) => Self::Float(number.as_f64().unwrap_or(f64::NAN)),
            Json::String(text) => Self::Str(text.as_str().into()),
            Json::Array(items) => Self::List(items.iter().map(Self::from_json).collect()),
            Json::Object(fields) => {
                Self::Map(Arc::new(fields.iter().map(|(key, value)| (key.clone(), Self::from_json(value))).collect()))
            }
        }
    }

    /// A vector of Prometheus.
    pub fn floats(items: impl IntoIterator<Item = f64>) -> Self {
        Self::Floats(items.into_iter().collect())
    }

    /// Whether there is no value: `nil`, or a list without items.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Nil => true,
            Self::Floats(items) => items.is_empty(),
            Self::List(items) => items.is_empty(),
            _ => false,
        }
    }

    /// What Go calls its type.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Nil => "nil",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float64",
            Self::Str(_) => "string",
            Self::Floats(_) => "[]float64",
            Self::List(_) => "[]interface {}",
            Self::Map(_) => "map[string]interface {}",
        }
    }

    /// How many items a list has; `None` for what is no list.
    pub(super) fn items(&self) -> Option<usize> {
        match self {
            Self::Floats(items) => Some(items.len()),
            Self::List(items) => Some(items.len()),
            _ => None,
        }
    }

    /// The item of a list at `index`.
    pub(super) fn item(&self, index: usize) -> Option<Self> {
        match self {
            Self::Floats(items) => items.get(index).copied().map(Self::Float),
            Self::List(items) => items.get(index).cloned(),
            _ => None,
        }
    }

    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Int(number) => Some(*number as f64),
            Self::Float(number) => Some(*number),
            _ => None,
        }
    }

    /// Equality of the language: numbers by value, lists item by item. Within mappings an integer is not a float, as in
    /// Go's `reflect.DeepEqual`.
    pub(super) fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Int(_) | Self::Float(_), Self::Int(_) | Self::Float(_)) => self.number() == other.number(),
            (Self::Floats(_) | Self::List(_), Self::Floats(_) | Self::List(_)) => {
                self.items() == other.items()
                    && (0..self.items().unwrap_or_default()).all(|index| match (self.item(index), other.item(index)) {
                        (Some(a), Some(b)) => a.same(&b),
                        _ => false,
                    })
            }
            (a, b) => a == b,
        }
    }
}

/// As Prometheus's client and providers write a value: `[0.5,NaN]`, `+Inf`, JSON for what is neither number nor list.
impl std::fmt::Display for Value {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Nil => out.write_str("null"),
            Self::Bool(truth) => truth.fmt(out),
            Self::Int(number) => number.fmt(out),
            Self::Float(number) if number.is_infinite() => out.write_str(if *number > 0.0 { "+Inf" } else { "-Inf" }),
            Self::Float(number) => number.fmt(out),
            Self::Str(text) => write!(out, "{}", Json::from(&**text)),
            Self::Floats(_) | Self::List(_) => {
                out.write_str("[")?;
                for index in 0..self.items().unwrap_or_default() {
                    let comma = if index > 0 { "," } else { "" };
                    write!(out, "{comma}{}", self.item(index).unwrap_or_default())?;
                }
                out.write_str("]")
            }
            Self::Map(fields) => {
                out.write_str("{")?;
                for (index, (key, value)) in fields.iter().enumerate() {
                    let comma = if index > 0 { "," } else { "" };
                    write!(out, "{comma}{}:{value}", Json::from(key.as_str()))?;
                }
                out.write_str("}")
            }
        }
    }
}
