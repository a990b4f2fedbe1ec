//! Predicates asked of JSON itself, as `filter-predicates` evaluates them: what templates and pickers do.

use serde_json::{Map, Value};

use crate::json;
use crate::predicate::{Condition, Predicate, Scalar};

impl Predicate {
    /// Whether a value is what the predicate means.
    ///
    /// This looks at the JSON, not at search rows: `metadata.tags: {$contains: java}` is how a list is asked, and
    /// `metadata.tags: java` is not met by one.
    pub fn is_met_by(&self, value: &Value) -> bool {
        match self {
            Self::All(items) => items.iter().all(|item| item.is_met_by(value)),
            Self::Any(items) => items.iter().any(|item| item.is_met_by(value)),
            Self::Not(item) => !item.is_met_by(value),
            Self::Value(scalar) => equal(value, scalar),
            Self::Fields(fields) => fields
                .iter()
                .all(|(path, condition)| condition.is_met_by(value.as_object().and_then(|map| at(map, path)))),
        }
    }
}

impl Condition {
    /// Whether a field is as it should be; `None` if it is not there.
    pub fn is_met_by(&self, value: Option<&Value>) -> bool {
        match (self, value) {
            (Self::Exists(there), _) => *there == value.is_some(),
            (_, None) => false,
            (Self::Is(scalar), Some(value)) => equal(value, scalar),
            (Self::In(list), Some(value)) => list.iter().any(|scalar| equal(value, scalar)),
            (Self::HasPrefix(prefix), Some(value)) => {
                value.as_str().is_some_and(|text| text.to_uppercase().starts_with(&prefix.to_uppercase()))
            }
            (Self::Contains(target), Some(value)) => {
                value.as_array().is_some_and(|items| items.iter().any(|item| target.is_met_by(item)))
            }
        }
    }
}

/// The value at a path; keys may hold dots, and the first that leads to something counts.
fn at<'v>(map: &'v Map<String, Value>, path: &str) -> Option<&'v Value> {
    if path.is_empty() {
        return None;
    }
    map.iter().find_map(|(key, value)| {
        if key == path {
            return Some(value);
        }
        let rest = path.strip_prefix(key.as_str())?.strip_prefix('.')?;
        at(value.as_object()?, rest)
    })
}

/// Texts in any case; numbers also as their texts.
fn equal(value: &Value, Scalar(wanted): &Scalar) -> bool {
    match (value, wanted) {
        (Value::String(a), Value::String(b)) => a.to_uppercase() == b.to_uppercase(),
        (Value::Number(_), _) | (_, Value::Number(_)) => {
            json::text(value).is_some_and(|a| json::text(wanted) == Some(a))
        }
        _ => value == wanted,
    }
}
