//! Questions to the catalog: from the parameters of a URL, from a JSON body, from a cursor.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::cursor::Cursor;
use crate::error::QueryError;
use crate::predicate::{Condition, MAX_CONDITIONS, Predicate, Scalar};

/// What `entities/by-query` asks: a page of entities in one order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    /// Which entities; all without one.
    pub filter: Option<Predicate>,
    /// In which order; only the first counts, as in Backstage. Without one by uid.
    pub order: Vec<OrderField>,
    /// A text that they hold.
    pub full_text: Option<FullText>,
    /// How many at most; 200 without one.
    pub limit: Option<usize>,
    /// How many to leave out; of a first page only.
    pub offset: Option<usize>,
    /// Whether they are not counted (`totalItems=exclude`): the total is 0 then.
    pub uncounted: bool,
    /// Where a page before or after goes on; filter, order and text are the cursor's then.
    pub cursor: Option<Cursor>,
}

/// One order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderField {
    /// A path such as `metadata.name`, in any case.
    pub field: String,
    /// From the last to the first. Which of both was not said counts as ascending.
    pub descending: bool,
}

/// A text that some field holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FullText {
    /// The text, in any case; `%` and `_` stand for any text and any character, as in SQL.
    pub term: String,
    /// The fields; the field of the order, or else the uid, without any.
    pub fields: Option<Vec<String>>,
}

/// What `GET /entities` asks: entities, page by page or all at once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct List {
    /// Which entities; all without one.
    pub filter: Option<Predicate>,
    /// In which orders, one after the other; by reference without one.
    pub order: Vec<OrderField>,
    /// How many at most; all without one.
    pub limit: Option<usize>,
    /// How many to leave out.
    pub offset: Option<usize>,
    /// Whether a page is asked for, and not all. A page is in all orders, and who has no value comes last; without an order it is
    /// by reference.
    pub paged: bool,
}

/// The parameters of a URL, decoded, in their order. A key may come more than once.
pub type Params<'a> = &'a [(&'a str, &'a str)];

fn all<'a>(params: Params<'a>, key: &'a str) -> impl Iterator<Item = &'a str> {
    params.iter().filter(move |(name, _)| *name == key).map(|(_, value)| *value)
}

fn one<'a>(params: Params<'a>, key: &'a str) -> Option<&'a str> {
    all(params, key).next()
}

/// The most facets of one request.
const MAX_FACETS: usize = 100;
/// The most orders of one list.
const MAX_ORDERS: usize = 10;

fn wrong<T>(message: impl Into<String>) -> Result<T, QueryError> {
    Err(QueryError::Input(message.into()))
}

impl Query {
    /// From the parameters of `GET /entities/by-query`: `filter`, `orderField`, `fullTextFilterTerm`, `fullTextFilterFields`,
    /// `limit`, `offset`, `totalItems`, `cursor`. With a cursor only `limit` counts beside it.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub fn from_params(params: Params<'_>) -> Result<Self, QueryError> {
        let limit = whole(params, "limit")?;
        if let Some(cursor) = one(params, "cursor").filter(|cursor| !cursor.is_empty()) {
            return Ok(Self { limit, ..Self::from_cursor(cursor)? });
        }
        let fields: Vec<String> =
            all(params, "fullTextFilterFields").flat_map(|list| list.split(',')).map(str::to_owned).collect();
        let term = one(params, "fullTextFilterTerm").unwrap_or_default();
        Ok(Self {
            filter: filter_from_params(params)?,
            order: all(params, "orderField").map(order_field).collect::<Result<_, _>>()?,
            full_text: Some(FullText { term: term.to_owned(), fields: (!fields.is_empty()).then_some(fields) }),
            limit,
            offset: whole(params, "offset")?,
            uncounted: uncounted(one(params, "totalItems").map(Value::from).as_ref(), "parameter")?,
            cursor: None,
        })
    }

    /// From the body of `POST /entities/by-query`: `query`, `orderBy`, `fullTextFilter`, `limit`, `offset`, `totalItems`,
    /// `cursor`. What it says of `fields` is read by [`crate::Fields`].
    ///
    /// # Errors
    /// See [`QueryError`].
    pub fn from_body(body: &Value) -> Result<Self, QueryError> {
        let count = |key: &str| match body.get(key) {
            None => Ok(None),
            Some(value) => match value.as_u64() {
                Some(number) => Ok(Some(usize::try_from(number).unwrap_or(usize::MAX))),
                None => wrong(format!("Invalid {key}, must be a whole number of zero or more")),
            },
        };
        let limit = count("limit")?;
        match body.get("cursor") {
            None => {}
            Some(Value::String(cursor)) if !cursor.is_empty() => {
                return Ok(Self { limit, ..Self::from_cursor(cursor)? });
            }
            Some(_) => return wrong("Cursor cannot be empty"),
        }
        let order = match body.get("orderBy") {
            None => Vec::new(),
            Some(Value::Array(items)) => items.iter().map(order_of_body).collect::<Result<_, _>>()?,
            Some(_) => return wrong("Invalid order field order, must be asc or desc"),
        };
        let full_text = match body.get("fullTextFilter") {
            None => None,
            Some(filter) => Some(FullText {
                term: filter.get("term").and_then(Value::as_str).unwrap_or_default().to_owned(),
                fields: texts(filter.get("fields"), "fullTextFilter.fields")?,
            }),
        };
        Ok(Self {
            filter: body.get("query").map(Predicate::parse).transpose()?,
            order,
            full_text,
            limit,
            offset: count("offset")?,
            uncounted: uncounted(body.get("totalItems"), "value")?,
            cursor: None,
        })
    }

    /// The page that a cursor of an earlier answer leads to.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub fn from_cursor(cursor: &str) -> Result<Self, QueryError> {
        Ok(Self { cursor: Some(Cursor::decode(cursor)?), ..Self::default() })
    }
}

impl List {
    /// From the parameters of `GET /entities`: `filter`, `order` (`asc:field`), `limit`, `offset`, `after`.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub fn from_params(params: Params<'_>) -> Result<Self, QueryError> {
        let mut list = Self {
            filter: filter_from_params(params)?,
            order: all(params, "order").map(order).collect::<Result<_, _>>()?,
            limit: whole(params, "limit")?,
            offset: whole(params, "offset")?,
            paged: ["limit", "offset", "after"].iter().any(|key| one(params, key).is_some()),
        };
        if list.order.len() > MAX_ORDERS {
            return wrong(format!("Invalid order, more than {MAX_ORDERS} of them"));
        }
        if list.limit == Some(0) {
            return wrong("Invalid limit, must be greater than zero");
        }
        if let Some(after) = one(params, "after") {
            list.go_on(after)?;
        }
        Ok(list)
    }

    /// Takes the limit and the offset of an `after` cursor.
    fn go_on(&mut self, after: &str) -> Result<(), QueryError> {
        if after.is_empty() {
            return wrong("Invalid after, must not be empty");
        }
        let Some(Value::Object(cursor)) = crate::cursor::json(after) else {
            return wrong("Malformed after cursor, could not be parsed");
        };
        let number = |key: &str, message: &str| match cursor.get(key) {
            None => Ok(None),
            Some(value) => match value.as_i64() {
                Some(number) => Ok(Some(usize::try_from(number).unwrap_or_default())),
                None => wrong(message),
            },
        };
        self.limit = number("limit", "Malformed after cursor, limit was not an number")?.or(self.limit);
        self.offset = number("offset", "Malformed after cursor, offset was not a number")?.or(self.offset);
        Ok(())
    }
}

/// The facets that `GET /entity-facets` asks for.
///
/// # Errors
/// There is none.
pub fn facets_from_params(params: Params<'_>) -> Result<Vec<String>, QueryError> {
    let facets: Vec<String> = all(params, "facet").filter(|facet| !facet.is_empty()).map(str::to_owned).collect();
    if facets.is_empty() { wrong("Missing facet parameter") } else { few(facets) }
}

/// The facets and the filter that the body of `POST /entity-facets` asks for.
///
/// # Errors
/// See [`QueryError`].
pub fn facets_from_body(body: &Value) -> Result<(Vec<String>, Option<Predicate>), QueryError> {
    let facets: Vec<String> = texts(body.get("facets"), "facets")?.unwrap_or_default();
    let facets: Vec<String> = facets.into_iter().filter(|facet| !facet.is_empty()).collect();
    if facets.is_empty() {
        return wrong("Missing or empty facets parameter");
    }
    Ok((few(facets)?, body.get("query").map(Predicate::parse).transpose()?))
}

/// Each facet once.
fn few(facets: Vec<String>) -> Result<Vec<String>, QueryError> {
    let mut seen = BTreeSet::new();
    let facets: Vec<String> = facets.into_iter().filter(|facet| seen.insert(facet.clone())).collect();
    if facets.len() > MAX_FACETS {
        wrong(format!("Invalid facets, more than {MAX_FACETS} of them"))
    } else {
        Ok(facets)
    }
}

/// The `filter` parameters as a predicate: each is one alternative; within one, commas are `and`, the same key twice is `or`,
/// a key alone asks whether it is there.
///
/// # Errors
/// A statement without a key.
pub fn filter_from_params(params: Params<'_>) -> Result<Option<Predicate>, QueryError> {
    let mut alternatives = Vec::new();
    let mut statements = 0;
    for filter in all(params, "filter") {
        let mut wanted: Vec<(String, Option<Vec<Scalar>>)> = Vec::new();
        for statement in filter.split(',').map(str::trim).filter(|statement| !statement.is_empty()) {
            statements += 1;
            if statements > MAX_CONDITIONS {
                return wrong(format!("Invalid filter, more than {MAX_CONDITIONS} conditions"));
            }
            let (key, value) = match statement.split_once('=') {
                Some((key, value)) => (key.trim(), Some(value.trim())),
                None => (statement, None),
            };
            if key.is_empty() {
                return wrong(format!(
                    "Invalid filter, '{statement}' is not a valid statement (expected a string on the form a=b or a= or a)"
                ));
            }
            let at = wanted.iter().position(|(known, _)| known == key).unwrap_or_else(|| {
                wanted.push((key.to_owned(), None));
                wanted.len() - 1
            });
            if let Some(value) = value {
                wanted[at].1.get_or_insert_default().push(value.into());
            }
        }
        let mut parts: Vec<Predicate> = wanted
            .into_iter()
            .map(|(key, values)| {
                let condition = match values {
                    None => Condition::Exists(true),
                    Some(mut values) if values.len() == 1 => Condition::Is(values.remove(0)),
                    Some(values) => Condition::In(values),
                };
                Predicate::Fields(vec![(key, condition)])
            })
            .collect();
        match parts.len() {
            0 => {}
            1 => alternatives.append(&mut parts),
            _ => alternatives.push(Predicate::All(parts)),
        }
    }
    Ok(match alternatives.len() {
        0 => None,
        1 => alternatives.pop(),
        _ => Some(Predicate::Any(alternatives)),
    })
}

fn order_field(text: &str) -> Result<OrderField, QueryError> {
    let mut parts = text.split(',');
    let field = parts.next().unwrap_or_default().to_owned();
    match parts.next() {
        None | Some("asc") => Ok(OrderField { field, descending: false }),
        Some("desc") => Ok(OrderField { field, descending: true }),
        Some(_) => wrong("Invalid order field order, must be asc or desc"),
    }
}

fn order_of_body(item: &Value) -> Result<OrderField, QueryError> {
    let text = |key: &str| item.get(key).and_then(Value::as_str);
    match (text("field"), text("order")) {
        (Some(field), Some(order @ ("asc" | "desc"))) => {
            Ok(OrderField { field: field.to_owned(), descending: order == "desc" })
        }
        _ => wrong("Invalid order field order, must be asc or desc"),
    }
}

fn order(text: &str) -> Result<OrderField, QueryError> {
    match text.split_once(':') {
        Some((order @ ("asc" | "desc"), field)) if !field.is_empty() => {
            Ok(OrderField { field: field.to_owned(), descending: order == "desc" })
        }
        _ => wrong(format!("Invalid order parameter \"{text}\", expected \"<asc or desc>:<field name>\"")),
    }
}

fn whole(params: Params<'_>, key: &str) -> Result<Option<usize>, QueryError> {
    match one(params, key) {
        None => Ok(None),
        Some(text) => match text.parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => wrong(format!("Invalid {key}, must be a whole number of zero or more")),
        },
    }
}

fn uncounted(value: Option<&Value>, what: &str) -> Result<bool, QueryError> {
    match value.map(|value| (value, value.as_str())) {
        None | Some((_, Some("include"))) => Ok(false),
        Some((_, Some("exclude"))) => Ok(true),
        Some((value, text)) => {
            let shown = text.map_or_else(|| value.to_string(), str::to_owned);
            wrong(format!("Invalid totalItems {what} \"{shown}\", expected one of: include, exclude"))
        }
    }
}

fn texts(value: Option<&Value>, name: &str) -> Result<Option<Vec<String>>, QueryError> {
    match value {
        None => Ok(None),
        Some(Value::Array(items)) => match items.iter().map(|item| item.as_str().map(str::to_owned)).collect() {
            Some(texts) => Ok(Some(texts)),
            None => wrong(format!("Invalid {name}, not a string")),
        },
        Some(_) => wrong(format!("Invalid {name}, expected a list of strings")),
    }
}
