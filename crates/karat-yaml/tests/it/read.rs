//! `fromYaml` and `fromJson`: verdicts, values and messages.

use karat_testkit::oracle::{Answer, Oracle};
use karat_yaml::{Dialect, Error, Escape, Numbers, Value, from_json, from_yaml, to_json};
use serde_json::json;

use crate::documents::{DOCUMENTS, JSON};
use crate::generate;
use crate::golden::{lines, none_wrong, oracle, to_golden, update};

/// A YAML text as `fromYaml` reads it, as JSON.
pub(crate) fn read(text: &str) -> Answer {
    show(from_yaml(text.as_bytes(), Dialect::GoYaml, Numbers::Float), Error::to_go_unmarshal)
}

fn read_json(text: &str) -> Answer {
    show(from_json(text.as_bytes(), Numbers::Float), Error::to_string)
}

fn show(outcome: Result<Value, Error>, message: fn(&Error) -> String) -> Answer {
    match outcome {
        Ok(value) => Answer::Text(to_json(&value, Escape::Html).expect("what was read has a JSON form")),
        Err(error) => Answer::Refused(message(&error)),
    }
}

type Ask = fn(&mut Oracle, &[&str]) -> Vec<Answer>;

/// What Go answers to each text. Where two keys have one name Go takes either, whichever its map gives first: there it is
/// asked until it gives our answer, forty times at most.
fn answers(oracle: &mut Oracle, texts: &[&str], ours: fn(&str) -> Answer, ask: Ask) -> Vec<Answer> {
    let mut theirs = ask(oracle, texts);
    for (text, theirs) in texts.iter().zip(&mut theirs) {
        let ours = ours(text);
        if ours != *theirs && (0..40).any(|_| ask(oracle, &[text])[0] == ours) {
            *theirs = ours;
        }
    }
    theirs
}

/// Where we differ from Go's answers.
fn differences(texts: &[&str], theirs: &[Answer], ours: fn(&str) -> Answer) -> Vec<String> {
    let pairs = texts.iter().zip(theirs).map(|(text, theirs)| (text, ours(text), theirs));
    pairs
        .filter(|(_, ours, theirs)| ours != *theirs)
        .map(|(text, ours, theirs)| format!("{text:?}\n  ours   {ours:?}\n  theirs {theirs:?}"))
        .collect()
}

/// Compares with the oracle and writes the goldens.
fn compare(oracle: &mut Oracle, golden: &str, texts: &[&str], ours: fn(&str) -> Answer, ask: Ask) {
    let theirs = answers(oracle, texts, ours, ask);
    let lines = texts.iter().zip(&theirs).map(|(text, theirs)| {
        let mut line = to_golden(theirs);
        line["text"] = json!(text);
        line
    });
    update(golden, lines);
    none_wrong(&differences(texts, &theirs, ours));
}

fn check(golden: &str, ours: fn(&str) -> Answer) {
    let mut wrong = Vec::new();
    for (_, mut theirs) in lines(golden) {
        let text = theirs.as_object_mut().and_then(|line| line.remove("text")).expect("a golden has its text");
        let ours = to_golden(&ours(text.as_str().expect("texts are strings")));
        if ours != theirs {
            wrong.push(format!("{text}\n  ours   {ours}\n  theirs {theirs}"));
        }
    }
    none_wrong(&wrong);
}

fn ask_from_yaml(oracle: &mut Oracle, texts: &[&str]) -> Vec<Answer> {
    let requests: Vec<_> = texts.iter().map(|text| json!({"op": "fromYaml", "text": text})).collect();
    oracle.ask_all(&requests).expect("the oracle answers")
}

/// Through Sprig, whose `mustFromJson` is `json.Unmarshal` into `any`.
fn ask_from_json(oracle: &mut Oracle, texts: &[&str]) -> Vec<Answer> {
    let request = |text: &&str| json!({"op": "template", "text": "{{ mustFromJson .text | mustToJson }}", "data": {"text": text}});
    let answers = oracle.ask_all(&texts.iter().map(request).collect::<Vec<_>>()).expect("the oracle answers");
    let message = |message: String| match message.split_once("error calling mustFromJson: ") {
        Some((_, message)) => message.to_owned(),
        None => message,
    };
    let unwrap = |answer| match answer {
        Answer::Refused(text) => Answer::Refused(message(text)),
        other => other,
    };
    answers.into_iter().map(unwrap).collect()
}

#[test]
fn documents_are_read_as_go_does() {
    let Some(mut oracle) = oracle() else { return };
    compare(&mut oracle, "documents.jsonl", DOCUMENTS, read, ask_from_yaml);
}

#[test]
fn documents_are_read_as_the_goldens_are() {
    check("documents.jsonl", read);
}

#[test]
fn mutated_documents_are_read_as_go_does() {
    let Some(mut oracle) = oracle() else { return };
    let texts = generate::mutations(DOCUMENTS, 20_000);
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let theirs = answers(&mut oracle, &texts, read, ask_from_yaml);
    none_wrong(&differences(&texts, &theirs, read));
}

#[test]
fn json_is_read_as_go_does() {
    let Some(mut oracle) = oracle() else { return };
    compare(&mut oracle, "json.jsonl", JSON, read_json, ask_from_json);
}

#[test]
fn json_is_read_as_the_goldens_are() {
    check("json.jsonl", read_json);
}
