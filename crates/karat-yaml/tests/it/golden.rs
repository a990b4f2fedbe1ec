//! Goldens are JSON lines that the oracle answered; `KARAT_UPDATE=1` with peers writes them anew.

use std::path::PathBuf;

use karat_testkit::oracle::{Answer, Oracle};
use karat_yaml::{Numbers, Value, from_json};
use serde_json::json;

/// The oracle, if there are peers.
pub(crate) fn oracle() -> Option<Oracle> {
    karat_testkit::peer("oracle").map(|path| Oracle::start(&path).expect("the oracle starts"))
}

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/goldens").join(name)
}

/// The lines of a golden file, as text and read.
pub(crate) fn lines(name: &str) -> Vec<(String, serde_json::Value)> {
    #[expect(clippy::disallowed_methods, reason = "the path is in the message")]
    let text = std::fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("goldens/{name}: {error}"));
    let read = |line: &str| serde_json::from_str(line).expect("goldens are JSON lines");
    text.lines().map(|line| (line.to_owned(), read(line))).collect()
}

/// Writes a golden file, if goldens are to be written.
pub(crate) fn update(name: &str, lines: impl IntoIterator<Item = serde_json::Value>) {
    if karat_testkit::cases::updating() {
        let text: String = lines.into_iter().map(|line| format!("{line}\n")).collect();
        #[expect(clippy::disallowed_methods, reason = "the path is in the message")]
        std::fs::write(path(name), text).unwrap_or_else(|error| panic!("goldens/{name}: {error}"));
    }
}

/// An answer as it stands in a golden.
pub(crate) fn to_golden(answer: &Answer) -> serde_json::Value {
    match answer {
        Answer::Text(text) => json!({"out": text}),
        Answer::Refused(message) => json!({"err": message}),
        Answer::Bytes(bytes) => panic!("the oracle printed what is not UTF-8: {bytes:?}"),
    }
}

/// Fails with the first differences, if there are any.
pub(crate) fn none_wrong(wrong: &[String]) {
    assert!(
        wrong.is_empty(),
        "{} differ, the first of them:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(20)].join("\n")
    );
}

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

/// The other way; serde_json would not read every float exactly.
pub(crate) fn from_request(text: &str) -> Value {
    integers(from_json(text.as_bytes(), Numbers::Float).expect("goldens are JSON"))
}

fn integers(value: Value) -> Value {
    match value {
        Value::Seq(items) => Value::Seq(items.into_iter().map(integers).collect()),
        Value::Map(map) => match map.get(&b"$int"[..]).and_then(Value::as_str) {
            Some(number) if map.len() == 1 => Value::Int(number.parse().expect("an int64")),
            _ => Value::Map(map.into_iter().map(|(key, item)| (key, integers(item))).collect()),
        },
        other => other,
    }
}
