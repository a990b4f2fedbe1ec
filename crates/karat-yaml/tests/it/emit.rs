//! `toYaml` and `toYamlPretty` on hard values, and `fromYaml` on what they print.

use karat_testkit::oracle::{Answer, Oracle};
use karat_yaml::{Dialect, Error, Escape, Numbers, Value, from_yaml, to_json, to_yaml, to_yaml_pretty};
use serde_json::json;

use crate::generate;
use crate::golden::to_request;

/// What Helm's functions give: without one final line break, or the error's text.
fn trimmed(text: Result<String, Error>) -> Answer {
    match text {
        Ok(text) => Answer::Text(text.strip_suffix('\n').unwrap_or(&text).to_owned()),
        Err(error) => Answer::Refused(error.to_string()),
    }
}

/// A YAML text as `fromYaml` reads it, as JSON.
pub(crate) fn read(text: &str) -> Answer {
    match from_yaml(text.as_bytes(), Dialect::GoYaml, Numbers::Float) {
        Ok(value) => Answer::Text(to_json(&value, Escape::Html).expect("values that were read have a JSON form")),
        Err(error) => Answer::Refused(error.to_go_unmarshal()),
    }
}

#[test]
fn ten_thousand_values_are_written_and_read_as_go_does() {
    let Some(path) = karat_testkit::peer("oracle") else { return };
    let mut oracle = Oracle::start(&path).expect("the oracle starts");
    let values = generate::values(10_000);
    let mut wrong = Vec::new();
    for (op, emit) in [("toYaml", to_yaml as fn(&Value) -> Result<String, Error>), ("toYamlPretty", to_yaml_pretty)] {
        let requests: Vec<_> = values.iter().map(|value| json!({"op": op, "data": to_request(value)})).collect();
        let theirs = oracle.ask_all(&requests).expect("the oracle answers");
        let ours: Vec<_> = values.iter().map(|value| trimmed(emit(value))).collect();
        for ((request, ours), theirs) in requests.iter().zip(&ours).zip(&theirs) {
            // go-yaml's order of keys is not total: for some sets of keys Go's answer changes from run to run.
            let mut sometimes = || (0..40).any(|_| oracle.ask(request).expect("the oracle answers") == *ours);
            if ours != theirs && !sometimes() {
                wrong.push(format!("{request}\n  ours   {ours:?}\n  theirs {theirs:?}"));
            }
        }
        let texts: Vec<_> = theirs
            .iter()
            .filter_map(|answer| if let Answer::Text(text) = answer { Some(text) } else { None })
            .collect();
        let requests: Vec<_> = texts.iter().map(|text| json!({"op": "fromYaml", "text": text})).collect();
        let theirs = oracle.ask_all(&requests).expect("the oracle answers");
        for (text, theirs) in texts.iter().zip(&theirs) {
            let ours = read(text);
            if ours != *theirs {
                wrong.push(format!("fromYaml {text:?}\n  ours   {ours:?}\n  theirs {theirs:?}"));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} differ, the first of them:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(20)].join("\n")
    );
}
