//! JSON as JavaScript has it: numbers as texts, a text that is the same for the same data, YAML with its keys in order.

use std::cmp::Ordering;

use karat_yaml::{Dialect, Kind, Node, Numbers};
use serde_json::{Map, Number, Value};

/// A scalar as JavaScript's `String(...)` has it; `None` for null, lists and objects.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Number(found) => Some(number(found)),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A number as JavaScript prints it.
pub(crate) fn number(found: &Number) -> String {
    if found.is_i64() || found.is_u64() {
        // Past 2^53 a double holds fewer digits, which JavaScript would show.
        let exact = found.as_i64().is_some_and(|whole| whole.unsigned_abs() <= 1 << 53);
        if exact {
            return found.to_string();
        }
    }
    let double = found.as_f64().unwrap_or_default();
    let size = double.abs();
    if double == 0.0 {
        "0".into()
    } else if (1e-6..1e21).contains(&size) {
        double.to_string()
    } else {
        let text = format!("{double:e}");
        if text.contains("e-") { text } else { text.replacen('e', "e+", 1) }
    }
}

/// How JavaScript orders texts: by UTF-16 code units.
pub(crate) fn by_units(a: &str, b: &str) -> Ordering {
    a.encode_utf16().cmp(b.encode_utf16())
}

/// JSON on one line with sorted keys: the same text for the same data, as `fast-json-stable-stringify` writes it.
pub fn stable(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Value::Number(found) => out.push_str(&number(found)),
        Value::String(_) => out.push_str(&value.to_string()),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                write(item, out);
            }
            out.push(']');
        }
        Value::Object(map) => {
            let mut entries: Vec<(&String, &Value)> = map.iter().collect();
            entries.sort_by(|a, b| by_units(a.0, b.0));
            out.push('{');
            for (index, (key, value)) in entries.into_iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                write(value, out);
            }
            out.push('}');
        }
    }
}

/// A YAML node as JSON, by the core schema of YAML 1.2, keys in the order they are written.
///
/// # Errors
/// As [`Node::to_value`].
pub(crate) fn from_yaml(node: Node<'_>) -> Result<Value, karat_yaml::Error> {
    // The decoder checks limits and doubled keys; the tree knows the order.
    Ok(ordered(node.to_value(Dialect::Core12, Numbers::Kept)?, Some(node)))
}

fn ordered(value: karat_yaml::Value, node: Option<Node<'_>>) -> Value {
    use karat_yaml::Value as Yaml;
    let node = node.map(Node::resolved);
    match value {
        Yaml::Null => Value::Null,
        Yaml::Bool(truth) => Value::Bool(truth),
        // A double, as in JavaScript.
        Yaml::Int(whole) => Value::from(whole as f64 as i64),
        Yaml::Float(double) => Number::from_f64(double).map_or(Value::Null, Value::Number),
        Yaml::Str(text) => Value::String(text.lossy().into_owned()),
        Yaml::Seq(items) => {
            let mut nodes = node.filter(|node| node.kind() == Kind::Seq).map(Node::items);
            items.into_iter().map(|item| ordered(item, nodes.as_mut().and_then(Iterator::next))).collect()
        }
        Yaml::Map(mut map) => {
            let mut entries = Map::with_capacity(map.len());
            for (key, below) in node.into_iter().flat_map(Node::entries) {
                if let Some(value) = map.remove(key.resolved().text()) {
                    entries.insert(
                        String::from_utf8_lossy(key.resolved().text()).into_owned(),
                        ordered(value, Some(below)),
                    );
                }
            }
            // Keys that are no plain texts (`1.0: a`).
            entries.extend(map.into_iter().map(|(key, value)| (key.lossy().into_owned(), ordered(value, None))));
            Value::Object(entries)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn numbers_are_javascripts() {
        let shown = |value: serde_json::Value| super::text(&value).unwrap();
        assert_eq!(shown(json!(1.0)), "1");
        assert_eq!(shown(json!(-0.0)), "0");
        assert_eq!(shown(json!(0.1)), "0.1");
        assert_eq!(shown(json!(1e21)), "1e+21");
        assert_eq!(shown(json!(1e20)), "100000000000000000000");
        assert_eq!(shown(json!(1.5e-7)), "1.5e-7");
        assert_eq!(shown(json!(9_007_199_254_740_993_i64)), "9007199254740992");
    }

    #[test]
    fn the_stable_text_does_not_depend_on_the_order_of_keys() {
        assert_eq!(
            super::stable(&json!({"b": [1.0, {"d": null, "c": "\u{1}\""}], "a": true})),
            r#"{"a":true,"b":[1,{"c":"\u0001\"","d":null}]}"#
        );
    }
}
