//! Between values and the JSON lines of the oracle and of the goldens.

use karat_yaml::Value;
use serde_json::json;

/// A value as the oracle takes it: `{"$int": "5"}` is an int64, every other number a float64.
pub(crate) fn to_request(value: &Value) -> serde_json::Value {
    match value {
        Value::Null => json!(null),
        Value::Bool(truth) => json!(truth),
        Value::Int(number) => json!({"$int": number.to_string()}),
        Value::Float(number) => json!(number),
        Value::Str(text) => json!(text.as_str().expect("generated strings are UTF-8")),
        Value::Seq(items) => items.iter().map(to_request).collect(),
        Value::Map(map) => serde_json::Value::Object(
            map.iter().map(|(key, item)| (key.lossy().into_owned(), to_request(item))).collect(),
        ),
    }
}
