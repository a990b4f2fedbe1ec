//! Which entities: the predicates of `POST /entities/by-query`, which `filter` parameters are turned into as well.

use serde_json::{Map, Value};

use crate::error::QueryError;
use crate::json;

/// What an entity must be like.
#[derive(Clone, Debug, PartialEq)]
pub enum Predicate {
    /// Every one of them.
    All(Vec<Self>),
    /// At least one of them.
    Any(Vec<Self>),
    /// Not this one.
    Not(Box<Self>),
    /// Every field as it says. Keys are paths such as `spec.type`, in any case.
    Fields(Vec<(String, Condition)>),
    /// A bare value: what an item of a list must be. Never at the top.
    Value(Scalar),
}

/// What a field must be like.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// This value, in any case.
    Is(Scalar),
    /// There, or not there.
    Exists(bool),
    /// One of these.
    In(Vec<Scalar>),
    /// A text that begins so, in any case.
    HasPrefix(String),
    /// A list with such an item.
    Contains(Box<Predicate>),
}

/// A text, a number or a truth value.
#[derive(Clone, Debug, PartialEq)]
pub struct Scalar(pub(crate) Value);

impl Scalar {
    /// As rows have it: in lower case.
    pub(crate) fn lower(&self) -> String {
        json::text(&self.0).unwrap_or_default().to_lowercase()
    }

    fn of(value: &Value) -> Option<Self> {
        matches!(value, Value::String(_) | Value::Number(_) | Value::Bool(_)).then(|| Self(value.clone()))
    }
}

impl From<&str> for Scalar {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

/// How deep a predicate may nest.
const MAX_DEPTH: usize = 64;
/// How many conditions one question may have.
pub(crate) const MAX_CONDITIONS: usize = 10_000;

impl Predicate {
    /// Entities of which a field has a value.
    pub fn field(key: impl Into<String>, value: &str) -> Self {
        Self::Fields(vec![(key.into(), Condition::Is(value.into()))])
    }

    /// Reads the JSON of a predicate, and refuses what the index cannot answer.
    ///
    /// # Errors
    /// [`QueryError::Input`], with the key that is wrong.
    pub fn parse(value: &Value) -> Result<Self, QueryError> {
        let predicate = read(value, false, MAX_DEPTH)?;
        if predicate.conditions() > MAX_CONDITIONS {
            return Err(QueryError::Input(format!("Invalid query: more than {MAX_CONDITIONS} conditions")));
        }
        predicate.answerable()?;
        Ok(predicate)
    }

    /// Reads the JSON of a predicate that is asked of JSON values only ([`Predicate::is_met_by`]).
    ///
    /// # Errors
    /// [`QueryError::Input`].
    pub fn parse_any(value: &Value) -> Result<Self, QueryError> {
        read(value, false, MAX_DEPTH)
    }

    /// As JSON, as it was written.
    pub fn to_json(&self) -> Value {
        let list = |items: &[Self]| items.iter().map(Self::to_json).collect::<Vec<_>>();
        let one = |key: &str, value: Value| Value::Object(Map::from_iter([(key.to_owned(), value)]));
        match self {
            Self::All(items) => one("$all", list(items).into()),
            Self::Any(items) => one("$any", list(items).into()),
            Self::Not(item) => one("$not", item.to_json()),
            Self::Value(scalar) => scalar.0.clone(),
            Self::Fields(fields) => fields.iter().map(|(key, condition)| (key.clone(), condition.to_json())).collect(),
        }
    }

    fn conditions(&self) -> usize {
        match self {
            Self::All(items) | Self::Any(items) => items.iter().map(Self::conditions).sum::<usize>() + 1,
            Self::Not(item) => item.conditions() + 1,
            Self::Value(_) => 1,
            Self::Fields(fields) => fields.len(),
        }
    }

    /// What the index has rows for: a list of objects only as `relations`.
    fn answerable(&self) -> Result<(), QueryError> {
        match self {
            Self::All(items) | Self::Any(items) => items.iter().try_for_each(Self::answerable),
            Self::Not(item) => item.answerable(),
            Self::Value(_) => Ok(()),
            Self::Fields(fields) => fields.iter().try_for_each(|(key, condition)| match condition {
                Condition::Contains(target) if !matches!(**target, Self::Value(_)) => {
                    Relation::of(&key.to_lowercase(), target).map(|_| ())
                }
                _ => Ok(()),
            }),
        }
    }
}

impl Condition {
    fn to_json(&self) -> Value {
        let one = |key: &str, value: Value| Value::Object(Map::from_iter([(key.to_owned(), value)]));
        match self {
            Self::Is(scalar) => scalar.0.clone(),
            Self::Exists(there) => one("$exists", (*there).into()),
            Self::In(list) => one("$in", list.iter().map(|scalar| scalar.0.clone()).collect::<Vec<_>>().into()),
            Self::HasPrefix(prefix) => one("$hasPrefix", prefix.as_str().into()),
            Self::Contains(target) => one("$contains", target.to_json()),
        }
    }
}

/// `relations: {$contains: {type, targetRef}}`: the one list of objects that has rows.
pub(crate) struct Relation {
    /// In lower case.
    pub(crate) kind: String,
    /// In lower case; `None` for any target.
    pub(crate) targets: Option<Vec<String>>,
}

impl Relation {
    /// # Errors
    /// Backstage's sentences.
    pub(crate) fn of(key: &str, target: &Predicate) -> Result<Self, QueryError> {
        let wrong = |message: String| Err(QueryError::Input(message));
        if key != "relations" {
            return wrong(format!("Object form of $contains is not supported for field \"{key}\""));
        }
        let needs_type = "The $contains operator for \"relations\" requires a \"type\" string property";
        let Predicate::Fields(fields) = target else { return wrong(needs_type.into()) };
        let (mut kind, mut targets) = (None, None);
        for (name, condition) in fields {
            match (name.to_lowercase().as_str(), condition) {
                ("type", _) if kind.is_some() => return wrong(twice(name)),
                ("type", Condition::Is(Scalar(Value::String(text)))) => kind = Some(text.to_lowercase()),
                ("type", _) => return wrong(needs_type.into()),
                ("targetref", _) if targets.is_some() => return wrong(twice(name)),
                ("targetref", Condition::Is(Scalar(Value::String(text)))) => targets = Some(vec![text.to_lowercase()]),
                ("targetref", Condition::In(list)) if list.iter().all(|scalar| scalar.0.is_string()) => {
                    if list.is_empty() {
                        return wrong("Empty \"$in\" array for $contains on \"relations\" is not allowed".into());
                    }
                    targets = Some(list.iter().map(Scalar::lower).collect());
                }
                ("targetref", other) => {
                    return wrong(format!(
                        "Unsupported value in $contains for \"relations\": expected a string or {{ \"$in\": [strings] }}, but got {}",
                        other.to_json()
                    ));
                }
                _ => {
                    return wrong(format!(
                        "Unsupported key \"{name}\" in $contains for \"relations\". Only \"type\" and \"targetRef\" are supported"
                    ));
                }
            }
        }
        match kind.filter(|kind| !kind.is_empty()) {
            Some(kind) => Ok(Self { kind, targets }),
            None => wrong(needs_type.into()),
        }
    }
}

fn twice(name: &str) -> String {
    format!("Duplicate key \"{name}\" in $contains for \"relations\"")
}

fn read(value: &Value, item: bool, depth: usize) -> Result<Predicate, QueryError> {
    let invalid = |why: String| QueryError::Input(format!("Invalid query: {why}"));
    let depth = depth.checked_sub(1).ok_or_else(|| invalid(format!("it nests deeper than {MAX_DEPTH}")))?;
    if let (true, Some(scalar)) = (item, Scalar::of(value)) {
        return Ok(Predicate::Value(scalar));
    }
    let Value::Object(map) = value else {
        return Err(invalid(format!("expected an object, but got {value}")));
    };
    let list = |operator: &str, value: &Value| match value {
        Value::Array(items) => items.iter().map(|value| read(value, item, depth)).collect::<Result<Vec<_>, _>>(),
        _ => Err(invalid(format!("{operator} needs a list"))),
    };
    if let Some(operator) = map.keys().find(|key| key.starts_with('$')) {
        if map.len() != 1 {
            return Err(invalid(format!("{operator} must be the only key of its object")));
        }
        let value = &map[operator];
        return match operator.as_str() {
            "$all" => Ok(Predicate::All(list("$all", value)?)),
            "$any" => Ok(Predicate::Any(list("$any", value)?)),
            "$not" => Ok(Predicate::Not(Box::new(read(value, item, depth)?))),
            other => Err(invalid(format!("there is no operator {other} here; there are $all, $any and $not"))),
        };
    }
    map.iter()
        .map(|(key, value)| match condition(value, depth)? {
            Some(condition) if !key.contains(['\n', '\r']) => Ok((key.clone(), condition)),
            _ => Err(invalid(format!(
                "the field \"{key}\" needs a value, $exists, $in, $contains or $hasPrefix, but got {value}"
            ))),
        })
        .collect::<Result<_, _>>()
        .map(Predicate::Fields)
}

/// The first operator that has a fitting operand counts; other keys beside it are not looked at.
fn condition(value: &Value, depth: usize) -> Result<Option<Condition>, QueryError> {
    if let Some(scalar) = Scalar::of(value) {
        return Ok(Some(Condition::Is(scalar)));
    }
    let Value::Object(map) = value else { return Ok(None) };
    if let Some(Value::Bool(there)) = map.get("$exists") {
        return Ok(Some(Condition::Exists(*there)));
    }
    if let Some(Value::Array(items)) = map.get("$in")
        && let Some(list) = items.iter().map(Scalar::of).collect()
    {
        return Ok(Some(Condition::In(list)));
    }
    if let Some(target) = map.get("$contains") {
        return Ok(Some(Condition::Contains(Box::new(read(target, true, depth)?))));
    }
    Ok(map.get("$hasPrefix").and_then(Value::as_str).map(|prefix| Condition::HasPrefix(prefix.to_owned())))
}
