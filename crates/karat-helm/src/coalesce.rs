//! Values of a chart and its subcharts made one: what the user gave over the charts' defaults, globals handed down.
//!
//! The maps are shared and mutable ones because Helm's are: a global table of the parent and of a child is one map, and
//! a template that changes it changes both. Go's iteration order is random; here it is by key.

use std::collections::BTreeMap;

use karat_template::{List, Map, Value};
use karat_yaml::{Map as Defaults, Str, Value as Data};

use crate::dependencies::Node;
use crate::profile::NullRule;

const GLOBAL: &str = "global";

/// Coalesces values, and collects what Helm warns about.
pub(crate) struct Coalesce {
    pub(crate) rule: NullRule,
    /// Nulls are kept, because values are coalesced again later.
    pub(crate) merge: bool,
    pub(crate) warnings: Vec<String>,
}

impl Coalesce {
    pub(crate) fn new(rule: NullRule, merge: bool) -> Self {
        Self { rule, merge, warnings: Vec::new() }
    }

    /// Coalesces `dest`, which has priority, with the defaults of `node` and of all charts below.
    pub(crate) fn chart(&mut self, node: &Node, dest: &Map, prefix: &str) -> Result<(), String> {
        self.defaults(node, dest, prefix);
        let prefix = join(prefix, &node.name);
        for child in &node.children {
            let existing = dest.get(&child.name);
            let own = match existing {
                None => {
                    let own = empty_map();
                    dest.set(child.name.as_str(), Value::Map(own.clone()));
                    own
                }
                Some(Value::Map(own)) => own,
                Some(other) => {
                    let shown = karat_template::fmt::sprintf(b"%t", &[other]);
                    return Err(format!("type mismatch on {}: {shown}", child.name));
                }
            };
            self.globals(&own, dest, &prefix);
            self.chart(child, &own, &prefix)?;
        }
        Ok(())
    }

    /// Copies the globals of `source` into `dest`.
    fn globals(&mut self, dest: &Map, source: &Map, prefix: &str) {
        let own = match dest.get(GLOBAL) {
            None => empty_map(),
            Some(Value::Map(own)) => own,
            Some(_) => return self.warn("skipping globals because destination global is not a table."),
        };
        let given = match source.get(GLOBAL) {
            None => Vec::new(),
            Some(Value::Map(given)) => entries(&given),
            Some(_) => return self.warn("skipping globals because source global is not a table."),
        };
        for (key, value) in given {
            let existing = own.borrow().get(&key).cloned();
            match (value, existing) {
                (Value::Map(table), existing) => {
                    // One level is copied; what is below stays shared with the parent.
                    let copy = Map::new(table.borrow().clone());
                    match existing {
                        None => {}
                        Some(Value::Map(existing)) => {
                            merge_tables(
                                &copy,
                                &existing,
                                true,
                                self.rule,
                                &join(prefix, &key.lossy()),
                                &mut self.warnings,
                            );
                        }
                        Some(_) => {
                            self.warn(&format!(
                                "Conflict: cannot merge map onto non-map for {:?}. Skipping.",
                                key.lossy()
                            ));
                            continue;
                        }
                    }
                    own.borrow_mut().insert(key, Value::Map(copy));
                }
                (_, Some(Value::Map(_))) => self.warn(&format!("key {} is table. Skipping", key.lossy())),
                (value, _) => {
                    own.borrow_mut().insert(key, value);
                }
            }
        }
        dest.set(GLOBAL, Value::Map(own));
    }

    /// Copies the defaults of one chart into `values` where it has nothing.
    fn defaults(&mut self, node: &Node, values: &Map, prefix: &str) {
        let prefix = join(prefix, &node.name);
        for (key, default) in node.values.iter() {
            let existing = values.borrow().get(key).cloned();
            match existing {
                None => {
                    let copied =
                        if self.merge || !self.rule.clean_defaults { copy(default) } else { copy_clean(default) };
                    if !matches!(copied, Value::Nil) || self.merge || !self.rule.clean_defaults {
                        values.borrow_mut().insert(key.clone(), copied);
                    }
                }
                Some(Value::Nil) if !self.merge => {
                    values.borrow_mut().remove(key);
                }
                Some(Value::Map(table)) => match default {
                    Data::Map(default) => {
                        // A child's table keeps nulls: they are dealt with when the child is coalesced.
                        let merge =
                            self.merge || node.children.iter().any(|child| key.as_bytes() == child.name.as_bytes());
                        self.tables(&table, default, &join(&prefix, &key.lossy()), merge);
                    }
                    Data::Null => {}
                    _ => self.warn(&format!("skipped value for {prefix}.{}: Not a table.", key.lossy())),
                },
                Some(_) => {}
            }
        }
    }

    /// [`merge_tables`] with defaults as source, of which only what is missing is copied.
    fn tables(&mut self, dest: &Map, source: &Defaults, prefix: &str, merge: bool) {
        for (key, default) in source {
            let existing = dest.borrow().get(key).cloned();
            match existing {
                None => {
                    let clean = !merge && self.rule.clean_defaults;
                    let copied = if clean { copy_clean(default) } else { copy(default) };
                    if !clean || !matches!(copied, Value::Nil) {
                        dest.borrow_mut().insert(key.clone(), copied);
                    }
                }
                Some(Value::Nil) => {
                    let keeps = default.is_null() && (self.rule.keep_when_default_is_null || self.rule.clean_defaults);
                    if !merge && !keeps {
                        dest.borrow_mut().remove(key);
                    }
                }
                Some(existing) => match (&existing, default) {
                    (Value::Map(existing), Data::Map(default)) => {
                        self.tables(existing, default, &join(prefix, &key.lossy()), merge);
                    }
                    (_, Data::Map(_)) => {
                        self.warn(&format!("cannot overwrite table with non table for {}", join(prefix, &key.lossy())));
                    }
                    (Value::Map(_), default) if !default.is_null() => {
                        let path = join(prefix, &key.lossy());
                        self.warn(&format!("destination for {path} is a table. Ignoring non-table value"));
                    }
                    _ => {}
                },
            }
        }
    }

    fn warn(&mut self, message: &str) {
        self.warnings.push(format!("warning: {message}"));
    }
}

/// Merges `source` into `dest`, which has priority. Tables of `source` that `dest` does not have are shared, not copied.
pub(crate) fn merge_tables(
    dest: &Map,
    source: &Map,
    merge: bool,
    rule: NullRule,
    prefix: &str,
    warnings: &mut Vec<String>,
) {
    if dest.same(source) {
        return;
    }
    let given = entries(source);
    if rule.keep_when_default_is_null {
        // Nulls of the destination enter the source, too. It matters where the source is a part of other values.
        for (key, value) in entries(dest) {
            if matches!(value, Value::Nil) {
                source.borrow_mut().insert(key, Value::Nil);
            }
        }
    }
    for (key, value) in given {
        let existing = dest.borrow().get(&key).cloned();
        match existing {
            None => {
                dest.borrow_mut().insert(key, value);
            }
            Some(Value::Nil) => {
                let keeps = merge || rule.keep_when_default_is_null && matches!(value, Value::Nil);
                if !keeps {
                    dest.borrow_mut().remove(&key);
                }
            }
            Some(existing) => match (existing, value) {
                (Value::Map(existing), Value::Map(value)) => {
                    merge_tables(&existing, &value, merge, rule, &join(prefix, &key.lossy()), warnings);
                }
                (_, Value::Map(_)) => {
                    warnings.push(format!(
                        "warning: cannot overwrite table with non table for {}",
                        join(prefix, &key.lossy())
                    ));
                }
                (Value::Map(_), value) if !matches!(value, Value::Nil) => {
                    let path = join(prefix, &key.lossy());
                    warnings.push(format!("warning: destination for {path} is a table. Ignoring non-table value"));
                }
                _ => {}
            },
        }
    }
}

/// A snapshot, so that a map may change while it is walked.
pub(crate) fn entries(map: &Map) -> Vec<(Str, Value)> {
    map.borrow().iter().map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// A map without entries.
pub(crate) fn empty_map() -> Map {
    Map::new(BTreeMap::new())
}

/// The table at a path of keys with dots between them.
pub(crate) fn table(values: &Map, path: &str) -> Option<Map> {
    path.split('.').try_fold(values.clone(), |table, key| match table.get(key) {
        Some(Value::Map(table)) => Some(table),
        _ => None,
    })
}

/// What is at a path and is not a table.
pub(crate) fn value_at(values: &Map, path: &str) -> Option<Value> {
    let value = match path.rsplit_once('.') {
        Some((tables, key)) => table(values, tables)?.get(key),
        None => values.get(path),
    };
    value.filter(|value| !matches!(value, Value::Map(_)))
}

/// A copy that shares nothing.
pub(crate) fn deep_copy(map: &Map) -> Map {
    let copied = map.borrow().iter().map(|(key, value)| (key.clone(), copy_value(value))).collect();
    Map::typed(map.go_type(), copied)
}

fn copy_value(value: &Value) -> Value {
    match value {
        Value::Map(map) => Value::Map(deep_copy(map)),
        Value::List(list) => Value::List(List::typed(list.go_type(), list.items().iter().map(copy_value).collect())),
        other => other.clone(),
    }
}

/// Values as plain data, to keep.
pub(crate) fn to_data(map: &Map) -> Defaults {
    map.borrow().iter().map(|(key, value)| (key.clone(), value_to_data(value))).collect()
}

pub(crate) fn value_to_data(value: &Value) -> Data {
    match value {
        Value::Nil => Data::Null,
        Value::Bool(truth) => Data::Bool(*truth),
        Value::Int(_, number) => Data::Int(*number),
        Value::Float(number) => Data::Float(*number),
        Value::Str(text) | Value::Bytes(text) => Data::Str(text.clone()),
        Value::List(list) => Data::Seq(list.items().iter().map(value_to_data).collect()),
        Value::Map(map) => Data::Map(to_data(map)),
        Value::Object(object) => value_to_data(&object.data()),
    }
}

fn copy(data: &Data) -> Value {
    Value::from(data)
}

/// A copy without the nulls of mappings. Nulls in sequences stay.
fn copy_clean(data: &Data) -> Value {
    match data {
        Data::Map(map) => {
            let entries = map.iter().filter(|(_, value)| !value.is_null());
            Value::Map(Map::new(entries.map(|(key, value)| (key.clone(), copy_clean(value))).collect()))
        }
        other => Value::from(other),
    }
}

fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
}
