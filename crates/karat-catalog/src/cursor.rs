//! Where a page goes on: the cursor of `entities/by-query`, base64 of JSON, as Backstage's clients keep it.

use data_encoding::{BASE64, BASE64_NOPAD};
use serde_json::{Map, Value, json};

use crate::error::QueryError;
use crate::predicate::Predicate;
use crate::query::{FullText, OrderField};

/// A cursor.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cursor {
    pub(crate) filter: Option<Predicate>,
    pub(crate) order: Vec<OrderField>,
    pub(crate) full_text: Option<FullText>,
    /// The value of the order (if there is one) and the uid of the entity that the page begins after.
    pub(crate) values: Vec<Option<String>>,
    /// The same of the first entity of the first page.
    pub(crate) first: Option<Vec<Option<String>>>,
    /// Whether the page ends before the entity.
    pub(crate) previous: bool,
    pub(crate) total: Option<usize>,
}

/// The longest cursor that is read, in bytes.
const MAX_BYTES: usize = 256 << 10;

impl Cursor {
    /// The text for the API.
    pub fn encode(&self) -> String {
        let order: Vec<Value> = self
            .order
            .iter()
            .map(|order| json!({"field": order.field, "order": if order.descending { "desc" } else { "asc" }}))
            .collect();
        let mut map = Map::new();
        map.insert("orderFields".into(), order.into());
        map.insert("isPrevious".into(), self.previous.into());
        if let Some(filter) = &self.filter {
            map.insert("query".into(), filter.to_json());
        }
        if let Some(text) = &self.full_text {
            let mut filter = json!({"term": text.term});
            if let Some(fields) = &text.fields {
                filter["fields"] = fields.clone().into();
            }
            map.insert("fullTextFilter".into(), filter);
        }
        map.insert("orderFieldValues".into(), self.values.clone().into());
        if let Some(first) = &self.first {
            map.insert("firstSortFieldValues".into(), first.clone().into());
        }
        if let Some(total) = self.total {
            map.insert("totalItems".into(), total.into());
        }
        BASE64.encode(Value::Object(map).to_string().as_bytes())
    }

    /// Reads what [`Cursor::encode`] or Backstage wrote.
    ///
    /// # Errors
    /// It is something else.
    pub fn decode(text: &str) -> Result<Self, QueryError> {
        let malformed = |what: &str| QueryError::Input(format!("Malformed cursor: {what}"));
        let Some(Value::Object(map)) = json(text) else { return Err(malformed("it is not base64 of a JSON object")) };
        let values = |key: &str| match map.get(key) {
            None => Ok(None),
            Some(value) => value
                .as_array()
                .and_then(|items| {
                    let text = |item: &Value| match item {
                        Value::Null => Some(None),
                        Value::String(text) => Some(Some(text.clone())),
                        _ => None,
                    };
                    items.iter().map(text).collect::<Option<Vec<_>>>()
                })
                .map(Some)
                .ok_or_else(|| malformed(&format!("{key} is not a list of texts"))),
        };
        let order = map.get("orderFields").and_then(Value::as_array).and_then(|items| {
            let text = |item: &Value, key: &str| item.get(key).and_then(Value::as_str).map(str::to_owned);
            items
                .iter()
                .map(|item| {
                    let descending = match text(item, "order")?.as_str() {
                        "asc" => false,
                        "desc" => true,
                        _ => return None,
                    };
                    Some(OrderField { field: text(item, "field")?, descending })
                })
                .collect::<Option<Vec<_>>>()
        });
        let full_text = match map.get("fullTextFilter") {
            None => None,
            Some(filter) => Some(full_text(filter).ok_or_else(|| malformed("fullTextFilter has no term"))?),
        };
        let query = map.get("query").map(Predicate::parse).transpose()?;
        let filter = map.get("filter").map(|filter| legacy(filter, 64)).transpose()?;
        Ok(Self {
            filter: match (filter, query) {
                (Some(filter), Some(query)) => Some(Predicate::All(vec![filter, query])),
                (filter, query) => filter.or(query),
            },
            order: order.ok_or_else(|| malformed("orderFields is not a list of fields and orders"))?,
            full_text,
            values: values("orderFieldValues")?.ok_or_else(|| malformed("orderFieldValues is missing"))?,
            first: values("firstSortFieldValues")?,
            previous: map
                .get("isPrevious")
                .and_then(Value::as_bool)
                .ok_or_else(|| malformed("isPrevious is missing"))?,
            total: map
                .get("totalItems")
                .and_then(Value::as_u64)
                .map(|total| usize::try_from(total).unwrap_or(usize::MAX)),
        })
    }
}

fn full_text(filter: &Value) -> Option<FullText> {
    let fields = match filter.get("fields") {
        None => None,
        Some(list) => {
            Some(list.as_array()?.iter().map(|field| field.as_str().map(str::to_owned)).collect::<Option<_>>()?)
        }
    };
    Some(FullText { term: filter.get("term")?.as_str()?.to_owned(), fields })
}

/// The filter of cursors that Backstage wrote before there were predicates.
fn legacy(filter: &Value, depth: usize) -> Result<Predicate, QueryError> {
    let malformed = || QueryError::Input("Malformed cursor: its filter is none".into());
    let depth = depth.checked_sub(1).ok_or_else(malformed)?;
    let list = |items: &Value| match items.as_array() {
        Some(items) => items.iter().map(|item| legacy(item, depth)).collect::<Result<Vec<_>, _>>(),
        None => Err(malformed()),
    };
    if let Some(key) = filter.get("key").and_then(Value::as_str) {
        let condition = match filter.get("values") {
            None => json!({"$exists": true}),
            Some(values) => json!({"$in": values}),
        };
        return Predicate::parse(&json!({ key: condition }));
    }
    if let Some(inner) = filter.get("not") {
        Ok(Predicate::Not(Box::new(legacy(inner, depth)?)))
    } else if let Some(items) = filter.get("anyOf") {
        Ok(Predicate::Any(list(items)?))
    } else if let Some(items) = filter.get("allOf") {
        Ok(Predicate::All(list(items)?))
    } else {
        Err(malformed())
    }
}

/// The JSON within base64, read as leniently as Node does: either alphabet, with or without padding.
pub(crate) fn json(text: &str) -> Option<Value> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let plain: String = text
        .chars()
        .take_while(|character| *character != '=')
        .filter_map(|character| match character {
            '-' => Some('+'),
            '_' => Some('/'),
            '+' | '/' => Some(character),
            other => other.is_ascii_alphanumeric().then_some(other),
        })
        .collect();
    let bytes = BASE64_NOPAD.decode(plain.as_bytes()).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// The cursor of `GET /entities`: how far the pages came.
pub(crate) fn after(limit: usize, offset: usize) -> String {
    BASE64.encode(json!({"limit": limit, "offset": offset}).to_string().as_bytes())
}
