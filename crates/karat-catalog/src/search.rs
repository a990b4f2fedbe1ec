//! The rows that an entity is found by: what `buildEntitySearch` of Backstage's catalog makes of it.

use rustc_hash::FxHashSet;
use serde_json::Value;

use crate::entity::Entity;
use crate::json;
use crate::refs::DEFAULT_NAMESPACE;

/// One key and one value of an entity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    /// The path, in lower case: `spec.owner`, `metadata.tags.java`, `relations.ownedby`.
    pub key: String,
    /// The value in lower case; `None` for null and for what is too long: such a row says only that the key is there.
    pub value: Option<String>,
    /// The value as it is written.
    pub original: Option<String>,
}

/// Why an entity cannot be found by.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SearchError {
    /// Keys differ only in case, so a query could not tell them apart. Backstage's sentence.
    #[error("Entity has duplicate keys that vary only in casing, '{}'", .0.join("', '"))]
    Case(Vec<String>),
    /// More than the index takes of one entity.
    #[error("the entity has more than {MAX_ROWS} searchable fields; move its data into a file of its own")]
    TooMany,
}

/// The longest key and value, in UTF-16 code units.
const MAX_LENGTH: usize = 200;

/// The most rows of one entity.
pub const MAX_ROWS: usize = 50_000;

/// What is not walked into; some of it is added again below, as Backstage does.
const SPECIAL: [&str; 7] =
    ["attachments", "relations", "status", "metadata.name", "metadata.namespace", "metadata.uid", "metadata.etag"];

/// The rows of a final entity, in the order that Backstage makes them; no key and value twice.
///
/// # Errors
/// See [`SearchError`].
pub fn search_rows(entity: &Entity) -> Result<Vec<Row>, SearchError> {
    let mut raw = Raw::default();
    for (key, value) in entity.iter() {
        raw.visit(key, value);
    }
    let metadata = |key: &str| entity.at(&["metadata", key]).cloned().unwrap_or_default();
    raw.push("metadata.name".into(), &metadata("name"));
    raw.push("metadata.namespace".into(), &metadata("namespace"));
    raw.push("metadata.uid".into(), &metadata("uid"));
    if metadata("namespace").as_str().is_none_or(str::is_empty) {
        raw.push("metadata.namespace".into(), &DEFAULT_NAMESPACE.into());
    }
    for relation in entity.get("relations").and_then(Value::as_array).into_iter().flatten() {
        if let Some(kind) = relation.get("type").and_then(Value::as_str) {
            raw.push(format!("relations.{kind}"), relation.get("targetRef").unwrap_or(&Value::Null));
        }
    }
    raw.finish()
}

#[derive(Default)]
struct Raw {
    found: Vec<(String, Option<String>)>,
    /// The keys that items of lists made, in lower case: each once.
    items: FxHashSet<String>,
    too_many: bool,
}

impl Raw {
    fn push(&mut self, key: String, value: &Value) {
        if self.found.len() >= MAX_ROWS {
            self.too_many = true;
            return;
        }
        self.found.push((key, json::text(value)));
    }

    fn visit(&mut self, path: &str, value: &Value) {
        if self.too_many || SPECIAL.contains(&path) {
            return;
        }
        match value {
            Value::Array(items) => {
                for item in items {
                    self.visit(path, item);
                    if let Value::String(text) = item {
                        let key = format!("{path}.{text}");
                        if self.items.insert(key.to_lowercase()) {
                            self.push(key, &Value::Bool(true));
                        }
                    }
                }
            }
            Value::Object(map) => {
                for (key, value) in map {
                    self.visit(&if path.is_empty() { key.clone() } else { format!("{path}.{key}") }, value);
                }
            }
            scalar => self.push(path.to_owned(), scalar),
        }
    }

    fn finish(self) -> Result<Vec<Row>, SearchError> {
        if self.too_many {
            return Err(SearchError::TooMany);
        }
        let mut lower = FxHashSet::default();
        let mut written = FxHashSet::default();
        let mut doubled = Vec::new();
        for (key, _) in &self.found {
            if written.insert(key.as_str()) && !lower.insert(key.to_lowercase()) {
                doubled.push(key.to_lowercase());
            }
        }
        if !doubled.is_empty() {
            return Err(SearchError::Case(doubled));
        }
        let mut seen = FxHashSet::default();
        let mut rows = Vec::with_capacity(self.found.len());
        for (key, original) in self.found {
            let key = key.to_lowercase();
            if units(&key) > MAX_LENGTH {
                continue;
            }
            let original = original.filter(|text| units(&text.to_lowercase()) <= MAX_LENGTH);
            let value = original.as_deref().map(str::to_lowercase);
            if seen.insert((key.clone(), value.clone())) {
                rows.push(Row { key, value, original });
            }
        }
        Ok(rows)
    }
}

fn units(text: &str) -> usize {
    // A text of no more bytes has no more units.
    if text.len() <= MAX_LENGTH { text.len() } else { text.encode_utf16().count() }
}
