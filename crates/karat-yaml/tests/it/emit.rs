//! `toYaml` and `toYamlPretty` on hard values, and `fromYaml` on what they print.

use karat_testkit::oracle::{Answer, Oracle};
use karat_yaml::{Error, Value, to_yaml, to_yaml_pretty};
use serde_json::{Value as Json, json};

use crate::generate;
use crate::golden::{from_request, lines, none_wrong, oracle, to_golden, to_request, update};
use crate::read::read;

type Emit = fn(&Value) -> Result<String, Error>;

const EMITTERS: [(&str, Emit); 2] = [("toYaml", to_yaml), ("toYamlPretty", to_yaml_pretty)];

/// How many values are in the goldens, and how long their texts may be, so that the file stays small.
const GOLDENS: usize = 1500;
const GOLDEN_LEN: usize = 800;

/// What Helm's functions give: without one final line break, or the error's text.
fn emit(emitter: Emit, value: &Value) -> Answer {
    match emitter(value) {
        Ok(text) => Answer::Text(text.strip_suffix('\n').unwrap_or(&text).to_owned()),
        Err(error) => Answer::Refused(error.to_string()),
    }
}

#[test]
fn ten_thousand_values_are_written_and_read_as_go_does() {
    let Some(mut oracle) = oracle() else { return };
    let values = generate::values(10_000);
    let mut wrong = Vec::new();
    let mut goldens = vec![json!({}); values.len()];
    for (op, emitter) in EMITTERS {
        let requests: Vec<_> = values.iter().map(|value| json!({"op": op, "data": to_request(value)})).collect();
        let theirs = oracle.ask_all(&requests).expect("the oracle answers");
        for (index, (value, theirs)) in values.iter().zip(&theirs).enumerate() {
            let ours = emit(emitter, value);
            if ours == *theirs {
                goldens[index]["data"] = requests[index]["data"].clone();
                goldens[index][op] = to_golden(theirs);
            } else if !varies(&mut oracle, &requests[index], &ours) {
                wrong.push(format!("{}\n  ours   {ours:?}\n  theirs {theirs:?}", requests[index]));
            }
        }
        wrong.extend(read_back(&mut oracle, &theirs));
    }
    none_wrong(&wrong);
    let small = goldens.into_iter().filter(|golden| golden.to_string().len() < GOLDEN_LEN && is_whole(golden));
    update("values.jsonl", small.take(GOLDENS));
}

fn is_whole(golden: &Json) -> bool {
    EMITTERS.iter().all(|(op, _)| golden.get(op).is_some())
}

/// go-yaml's order of keys is not total: for some sets of keys Go's answer changes from run to run.
fn varies(oracle: &mut Oracle, request: &Json, ours: &Answer) -> bool {
    (0..40).any(|_| oracle.ask(request).expect("the oracle answers") == *ours)
}

/// Texts that Go wrote and that it reads otherwise than we do.
fn read_back(oracle: &mut Oracle, answers: &[Answer]) -> Vec<String> {
    let text = |answer: &Answer| if let Answer::Text(text) = answer { Some(text.clone()) } else { None };
    let texts: Vec<_> = answers.iter().filter_map(text).collect();
    let requests: Vec<_> = texts.iter().map(|text| json!({"op": "fromYaml", "text": text})).collect();
    let theirs = oracle.ask_all(&requests).expect("the oracle answers");
    let pairs = texts.iter().zip(&theirs).map(|(text, theirs)| (text, read(text), theirs));
    pairs
        .filter(|(_, ours, theirs)| ours != *theirs)
        .map(|(text, ours, theirs)| format!("fromYaml {text:?}\n  ours   {ours:?}\n  theirs {theirs:?}"))
        .collect()
}

#[test]
fn values_are_written_as_the_goldens_are() {
    let goldens = lines("values.jsonl");
    assert_eq!(goldens.len(), GOLDENS);
    let mut wrong = Vec::new();
    for (line, golden) in goldens {
        let whole = from_request(&line);
        let value = whole.get("data").expect("a golden has its value");
        for (op, emitter) in EMITTERS {
            let ours = to_golden(&emit(emitter, value));
            if ours != golden[op] {
                wrong.push(format!("{op} {}\n  ours   {ours}\n  theirs {}", golden["data"], golden[op]));
            }
        }
    }
    none_wrong(&wrong);
}
