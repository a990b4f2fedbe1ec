//! One binary, a module per theme.

mod identity;
mod list;
mod path;
mod pod;
mod quantity;
mod selector;

use karat_yaml::{Map, Value};

/// A mapping of these entries.
fn map<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Map(entries.into_iter().map(|(key, value)| (key.into(), value)).collect::<Map>())
}
