//! Parts of entities: the `fields` parameter.

use serde_json::{Map, Value};

use crate::error::QueryError;

/// The paths that an answer shall hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fields(Vec<String>);

/// The most paths of one request.
const MAX_PATHS: usize = 500;

impl Fields {
    /// From the values of `fields`, each with paths between commas; `None` if none is named: whole entities then.
    ///
    /// # Errors
    /// A path into a list.
    pub fn parse<'a>(lists: impl IntoIterator<Item = &'a str>) -> Result<Option<Self>, QueryError> {
        let mut paths: Vec<String> = Vec::new();
        for path in lists.into_iter().flat_map(|list| list.split(',')).map(str::trim).filter(|path| !path.is_empty()) {
            if paths.len() <= MAX_PATHS && !paths.iter().any(|known| known == path) {
                paths.push(path.to_owned());
            }
        }
        if paths.len() > MAX_PATHS {
            return Err(QueryError::Input(format!("Invalid fields, more than {MAX_PATHS} of them")));
        }
        if let Some(path) = paths.iter().find(|path| path.contains('[')) {
            return Err(QueryError::Input(format!("Invalid field \"{path}\", array type fields are not supported")));
        }
        Ok((!paths.is_empty()).then_some(Self(paths)))
    }

    /// What is asked for of an entity.
    pub fn project(&self, entity: &Map<String, Value>) -> Value {
        let mut out = Map::new();
        for path in &self.0 {
            if let Some((keys, value)) = find(entity, path) {
                set(&mut out, &keys, value.clone());
            }
        }
        Value::Object(out)
    }
}

/// A key may hold dots (`metadata.annotations.backstage.io/view-url`): what is no key is joined with what follows.
fn find<'e>(entity: &'e Map<String, Value>, path: &str) -> Option<(Vec<String>, &'e Value)> {
    let mut map = Some(entity);
    let mut value = None;
    let mut keys = Vec::new();
    let mut parts = path.split('.').peekable();
    let mut key = String::new();
    while let Some(part) = parts.next() {
        key.push_str(part);
        match map.and_then(|map| map.get(&key)) {
            Some(found) => {
                (map, value) = (found.as_object(), Some(found));
                keys.push(std::mem::take(&mut key));
            }
            None if parts.peek().is_some() => key.push('.'),
            None => return None,
        }
    }
    Some((keys, value?))
}

fn set(map: &mut Map<String, Value>, keys: &[String], value: Value) {
    let Some((first, rest)) = keys.split_first() else { return };
    if rest.is_empty() {
        map.insert(first.clone(), value);
        return;
    }
    let below = map.entry(first.clone()).or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(below) = below {
        set(below, rest, value);
    }
}
