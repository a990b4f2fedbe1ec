//! Parameters: what a generator gives, one set for each Application, and how sets are combined.
//!
//! They are Go maps here, shared and mutable, because Argo CD's are: the sets of a matrix share the nested maps of its
//! first generator, and a merge that overrides one changes its siblings. A golden says so; we do as it does.

use std::collections::BTreeMap;

use karat_template::{Map, Str, Value};

/// One set of parameters.
pub(crate) type Params = Map;

/// An empty set.
pub(crate) fn empty() -> Params {
    Map::new(BTreeMap::new())
}

/// Why Go panics where it merges two maps of different types; the controller turns that into an error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{key}` cannot be merged: one generator gives `{parent}` as texts only (its `values`), the other holds something else"
)]
pub(crate) struct MergeError {
    key: String,
    parent: String,
}

/// `mergo.Merge(&target, source, mergo.WithOverride)` on maps: what `source` has wins, mappings are merged in place.
pub(crate) fn merge(target: &Params, source: &Params) -> Result<(), MergeError> {
    merge_below(target, source, "")
}

fn merge_below(target: &Map, source: &Map, parent: &str) -> Result<(), MergeError> {
    if target.same(source) {
        return Ok(());
    }
    let entries: Vec<(Str, Value)> = source.borrow().iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    for (key, value) in entries {
        if target.go_type() == Map::STRINGS && source.go_type() != Map::STRINGS {
            return Err(MergeError { key: key.lossy().into_owned(), parent: parent.to_owned() });
        }
        if let Value::Map(from) = &value {
            let present = target.borrow().get(&key).cloned();
            if let Some(Value::Map(into)) = present {
                merge_below(&into, from, &key.lossy())?;
                if !into.borrow().is_empty() {
                    continue;
                }
            }
        }
        target.borrow_mut().insert(key, value);
    }
    Ok(())
}

/// Two sets of a matrix without `goTemplate`: every value as text; a key that both have must say the same.
pub(crate) fn combine(
    first: &Params,
    second: &Params,
    print: impl Fn(&Value) -> Str,
) -> Result<Params, (Str, Str, Str)> {
    let mut combined: BTreeMap<Str, Value> = BTreeMap::new();
    for (key, value) in first.borrow().iter() {
        combined.insert(key.clone(), Value::Str(print(value)));
    }
    for (key, value) in second.borrow().iter() {
        let text = print(value);
        if let Some(Value::Str(present)) = combined.get(key)
            && *present != text
        {
            return Err((key.clone(), present.clone(), text));
        }
        combined.insert(key.clone(), Value::Str(text));
    }
    Ok(Map::new(combined))
}

/// Nested values under keys with dots: `labels.zones.0`. Only what Go holds as `any` is descended into; `path.segments`
/// and `values` are typed, and stay one value. `jeremywohl/flatten` with `DotStyle`.
pub(crate) fn flatten(params: &Params) -> BTreeMap<Str, Value> {
    let mut flat = BTreeMap::new();
    for (key, value) in params.borrow().iter() {
        flatten_into(&mut flat, key.clone(), value);
    }
    flat
}

fn flatten_into(flat: &mut BTreeMap<Str, Value>, key: Str, value: &Value) {
    let below = |name: &[u8]| {
        let mut path = key.clone();
        path.push_bytes(b".");
        path.push_bytes(name);
        path
    };
    match value {
        Value::Map(map) if map.go_type() == Map::ANY => {
            for (name, value) in map.borrow().iter() {
                flatten_into(flat, below(name), value);
            }
        }
        Value::List(list) if list.go_type() == karat_template::List::ANY => {
            for (index, value) in list.items().iter().enumerate() {
                flatten_into(flat, below(index.to_string().as_bytes()), value);
            }
        }
        _ => {
            flat.insert(key, value.clone());
        }
    }
}

/// The values of the merge keys, as JSON: sets with equal text are the same one.
pub(crate) fn merge_key(params: &Params, keys: &[Str]) -> String {
    let mut text = String::from("{");
    let mut keys: Vec<&Str> = keys.iter().collect();
    keys.sort_unstable();
    keys.dedup();
    for (index, key) in keys.into_iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        json_text(key, &mut text);
        text.push(':');
        json(params.borrow().get(key).unwrap_or(&Value::Nil), &mut text);
    }
    text.push('}');
    text
}

/// JSON that is equal for equal values: all that a merge key needs.
fn json(value: &Value, out: &mut String) {
    match value {
        Value::Nil => out.push_str("null"),
        Value::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Value::Int(_, number) => out.push_str(&number.to_string()),
        Value::Float(number) => out.push_str(&number.to_string()),
        Value::Str(text) | Value::Bytes(text) => json_text(text, out),
        Value::List(list) => {
            out.push('[');
            for (index, item) in list.items().iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                json(item, out);
            }
            out.push(']');
        }
        Value::Map(map) => {
            out.push('{');
            for (index, (key, value)) in map.borrow().iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                json_text(key, out);
                out.push(':');
                json(value, out);
            }
            out.push('}');
        }
        Value::Object(object) => json(&object.data(), out),
    }
}

fn json_text(text: &Str, out: &mut String) {
    out.push('"');
    for c in text.lossy().chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}

/// A set that can go to another thread: a [`Value`] cannot, because its maps are shared and mutable.
#[derive(Clone, Debug)]
pub(crate) enum Frozen {
    Nil,
    Bool(bool),
    Int(karat_template::IntKind, i64),
    Float(f64),
    Str(Str),
    Bytes(Str),
    List(&'static str, Vec<Self>),
    Map(&'static str, Vec<(Str, Self)>),
}

impl Frozen {
    /// A deep copy.
    pub(crate) fn of(value: &Value) -> Self {
        match value {
            Value::Nil => Self::Nil,
            Value::Bool(truth) => Self::Bool(*truth),
            Value::Int(kind, number) => Self::Int(*kind, *number),
            Value::Float(number) => Self::Float(*number),
            Value::Str(text) => Self::Str(text.clone()),
            Value::Bytes(bytes) => Self::Bytes(bytes.clone()),
            Value::List(list) => Self::List(list.go_type(), list.items().iter().map(Self::of).collect()),
            Value::Map(map) => Self::map(map),
            Value::Object(object) => Self::of(&object.data()),
        }
    }

    /// A deep copy of a set.
    pub(crate) fn map(map: &Map) -> Self {
        let entries = map.borrow().iter().map(|(key, value)| (key.clone(), Self::of(value))).collect();
        Self::Map(map.go_type(), entries)
    }

    /// A value of one's own.
    pub(crate) fn thaw(&self) -> Value {
        match self {
            Self::Nil => Value::Nil,
            Self::Bool(truth) => Value::Bool(*truth),
            Self::Int(kind, number) => Value::Int(*kind, *number),
            Self::Float(number) => Value::Float(*number),
            Self::Str(text) => Value::Str(text.clone()),
            Self::Bytes(bytes) => Value::Bytes(bytes.clone()),
            Self::List(go_type, items) => {
                Value::List(karat_template::List::typed(go_type, items.iter().map(Self::thaw).collect()))
            }
            Self::Map(..) => Value::Map(self.thaw_params()),
        }
    }

    /// A set of one's own; empty if this is none.
    pub(crate) fn thaw_params(&self) -> Params {
        match self {
            Self::Map(go_type, entries) => {
                Map::typed(go_type, entries.iter().map(|(key, value)| (key.clone(), value.thaw())).collect())
            }
            _ => empty(),
        }
    }
}
