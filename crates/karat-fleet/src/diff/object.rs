//! Two versions of one object, compared part by part.

use ecow::EcoString;
use karat_kube::{ListKind, Path, list_kind, list_pairs};
use karat_yaml::{Map, Value};

/// One part of an object that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Where it is, in the new version, or in the old one if it is there no longer.
    pub path: Path,
    /// The same for a reader: items of lists with keys go by their key, `containers[app].image`.
    pub label: EcoString,
    /// What is different.
    pub edit: Edit,
}

/// What is different about a part.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// It is new.
    Added(Value),
    /// It is there no longer.
    Removed(Value),
    /// It says something else.
    Changed {
        /// What it said.
        old: Value,
        /// What it says.
        new: Value,
    },
}

/// The parts that differ between two versions of an object of `group` and `kind`.
pub fn changes(group: &str, kind: &str, old: &Value, new: &Value) -> Vec<Change> {
    let mut comparison = Comparison { group, kind, fields: Vec::new(), found: Vec::new() };
    comparison.values(old, new, &Path::root(), "");
    comparison.found
}

struct Comparison<'a> {
    group: &'a str,
    kind: &'a str,
    /// The names of the fields down to here, items as `[]`: what list keys go by.
    fields: Vec<String>,
    found: Vec<Change>,
}

impl Comparison<'_> {
    fn values(&mut self, old: &Value, new: &Value, path: &Path, label: &str) {
        match (old, new) {
            (Value::Map(old), Value::Map(new)) => self.maps(old, new, path, label),
            (Value::Seq(old), Value::Seq(new)) => self.lists(old, new, path, label),
            _ if same(old, new) => {}
            _ => self.note(path, label, Edit::Changed { old: old.clone(), new: new.clone() }),
        }
    }

    fn maps(&mut self, old: &Map, new: &Map, path: &Path, label: &str) {
        // A field that is null is one that is not there.
        let keys: std::collections::BTreeSet<_> = old.keys().chain(new.keys()).collect();
        for key in keys {
            let name = key.lossy();
            let path = path.key(name.as_ref());
            let label = if label.is_empty() { shown(&name) } else { format!("{label}.{}", shown(&name)) };
            let (before, after) = (set(old.get(key)), set(new.get(key)));
            self.fields.push(name.into_owned());
            match (before, after) {
                (Some(before), Some(after)) => self.values(before, after, &path, &label),
                (None, Some(after)) => self.note(&path, &label, Edit::Added(after.clone())),
                (Some(before), None) => self.note(&path, &label, Edit::Removed(before.clone())),
                (None, None) => {}
            }
            self.fields.pop();
        }
    }

    fn lists(&mut self, old: &[Value], new: &[Value], path: &Path, label: &str) {
        if old == new {
            return;
        }
        let fields: Vec<&str> = self.fields.iter().map(String::as_str).collect();
        let list = list_kind(self.group, self.kind, &fields);
        self.fields.push("[]".to_owned());
        for (before, after) in list_pairs(list, old, new) {
            let place = after.or(before).unwrap_or_default();
            let item = after.and_then(|at| new.get(at)).or_else(|| before.and_then(|at| old.get(at)));
            let path = path.index(place);
            let label = format!("{label}[{}]", item.map_or_else(|| place.to_string(), |item| key(list, item, place)));
            match (before.and_then(|at| old.get(at)), after.and_then(|at| new.get(at))) {
                (Some(before), Some(after)) => self.values(before, after, &path, &label),
                (None, Some(after)) => self.note(&path, &label, Edit::Added(after.clone())),
                (Some(before), None) => self.note(&path, &label, Edit::Removed(before.clone())),
                (None, None) => {}
            }
        }
        self.fields.pop();
    }

    fn note(&mut self, path: &Path, label: &str, edit: Edit) {
        self.found.push(Change { path: path.clone(), label: label.into(), edit });
    }
}

fn set(value: Option<&Value>) -> Option<&Value> {
    value.filter(|value| !value.is_null())
}

/// Equal to a cluster: `1` and `1.0` are one number.
fn same(old: &Value, new: &Value) -> bool {
    old == new || (old.as_i64().is_some() && old.as_i64() == new.as_i64())
}

/// A field's name; in quotes where a path could be misread.
fn shown(name: &str) -> String {
    if name.is_empty() || name.contains(['.', '[', ']', '/', '"']) { format!("\"{name}\"") } else { name.to_owned() }
}

/// What an item goes by: its key, its value, or its place.
fn key(list: ListKind, item: &Value, place: usize) -> String {
    let text = |value: &Value| match value {
        Value::Str(text) => Some(text.lossy().into_owned()),
        Value::Int(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    };
    let key = match list {
        ListKind::Keyed(fields) => {
            let parts: Vec<String> =
                fields.iter().filter_map(|field| item.at(field.split('.')).and_then(text)).collect();
            (!parts.is_empty()).then(|| parts.join("/"))
        }
        ListKind::Set => text(item),
        ListKind::Atomic => None,
    };
    key.unwrap_or_else(|| place.to_string())
}
