//! Templates, data, and what Go made of them: `tests/cases/*.jsonl`.
//!
//! A line is a question to the oracle with its answer. `op` is `template` (Go's text/template with Sprig) or `render`
//! (Helm's engine). With peers the oracle is asked again; with `KARAT_UPDATE=1` its answers are written down.

use std::path::PathBuf;

use karat_template::{Map, Str, Value, on_large_stack};
use karat_testkit::oracle::{Answer, Oracle};
use serde_json::{Value as Json, json};

use crate::host;

fn files() -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut files: Vec<_> = fs_err::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// The cases of a file. One without data has that of its first line, `{"data": ...}`.
fn cases(file: &PathBuf) -> Vec<Json> {
    let text = fs_err::read_to_string(file).unwrap();
    let mut lines = text.lines().map(|line| serde_json::from_str::<Json>(line).unwrap());
    let shared = lines.next().unwrap();
    lines
        .map(|mut case| {
            let case_object = case.as_object_mut().unwrap();
            if case_object["op"] == "render" {
                case_object.insert("values".into(), shared["data"].to_string().into());
            } else if !case_object.contains_key("data") {
                case_object.insert("data".into(), shared["data"].clone());
            }
            case
        })
        .collect()
}

/// The data of a case as Go holds it: numbers are float64, `{"$int": 5}` is an int64.
fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Nil,
        Json::Bool(truth) => Value::Bool(*truth),
        Json::Number(number) => Value::Float(number.as_f64().unwrap()),
        Json::String(text) => Value::string(text.as_str()),
        Json::Array(items) => Value::list(items.iter().map(value).collect()),
        Json::Object(entries) if entries.len() == 1 && entries.contains_key("$int") => {
            Value::int64(entries["$int"].as_i64().unwrap())
        }
        Json::Object(entries) => {
            let map = Value::empty_map();
            if let Value::Map(map) = &map {
                for (key, entry) in entries {
                    map.set(key.as_str(), value(entry));
                }
            }
            map
        }
    }
}

/// A map as Helm's own map type.
fn named(value: Value) -> Value {
    match value {
        Value::Map(map) => Value::Map(Map::typed("common.Values", map.borrow().clone())),
        other => other,
    }
}

/// The data that the cases of a file share.
pub(crate) fn shared_data(file: &str) -> Json {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let text = fs_err::read_to_string(folder.join(file)).unwrap();
    serde_json::from_str::<Json>(text.lines().next().unwrap()).unwrap()["data"].clone()
}

/// What we say, on a large stack.
pub(crate) fn answers(cases: &[Json]) -> Vec<Answer> {
    on_large_stack(|| cases.iter().map(answer).collect()).unwrap()
}

fn answer(case: &Json) -> Answer {
    let text = case["text"].as_str().unwrap();
    let result = match case["op"].as_str().unwrap() {
        "template" => host::go(text, &value(&case["data"])).map_err(|error| error.to_string()),
        "render" => {
            let values: Json = serde_json::from_str(case["values"].as_str().unwrap_or("{}")).unwrap();
            let top = json!({
                "Values": values,
                "Release": {"Name": "case", "Namespace": "default"},
                "Template": {"Name": "case/templates/case.yaml", "BasePath": "case/templates"},
            });
            let top = named(value(&top));
            if let Value::Map(top) = &top {
                top.set("Values", named(top.get("Values").unwrap_or_default()));
            }
            host::deep_helm(text, &top).map_err(|error| host::helm_message(&error))
        }
        other => panic!("no op {other}"),
    };
    match result {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Answer::Text(text),
            Err(error) => Answer::Bytes(error.into_bytes()),
        },
        Err(message) => Answer::Refused(message),
    }
}

fn recorded(case: &Json) -> Answer {
    let field = |name: &str| case[name].as_str().map(str::to_owned);
    if let Some(text) = field("out") {
        Answer::Text(text)
    } else if let Some(message) = field("err") {
        Answer::Refused(message)
    } else {
        let hex = field("hex").unwrap();
        Answer::Bytes((0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16).unwrap()).collect())
    }
}

fn record(case: &mut Json, answer: &Answer) {
    let case = case.as_object_mut().unwrap();
    for name in ["out", "err", "hex"] {
        case.remove(name);
    }
    let (name, text) = match answer {
        Answer::Text(text) => ("out", text.clone()),
        Answer::Refused(message) => ("err", message.clone()),
        Answer::Bytes(bytes) => ("hex", bytes.iter().map(|byte| format!("{byte:02x}")).collect()),
    };
    case.insert(name.into(), text.into());
}

#[test]
fn equal_go() {
    let mut total = 0;
    let mut failures = Vec::new();
    for file in files() {
        let cases = cases(&file);
        for (case, actual) in cases.iter().zip(answers(&cases)) {
            total += 1;
            let expected = recorded(case);
            if expected != actual {
                failures
                    .push(format!("{}: {}\n  Go:    {expected:?}\n  Karat: {actual:?}", case["text"], case["data"]));
            }
        }
    }
    assert!(failures.is_empty(), "{} of {total} cases differ:\n{}", failures.len(), failures.join("\n"));
    assert!(total >= 400, "only {total} cases");
}

#[test]
fn goldens_are_what_go_says() {
    let Some(path) = karat_testkit::peer("oracle") else { return };
    let mut oracle = Oracle::start(&path).unwrap();
    for file in files() {
        let cases = cases(&file);
        let answers = oracle.ask_all(&cases).unwrap();
        if karat_testkit::cases::updating() {
            let text = fs_err::read_to_string(&file).unwrap();
            let (shared, lines) = text.split_once('\n').unwrap();
            let mut updated = format!("{shared}\n");
            for (line, answer) in lines.lines().zip(&answers) {
                let mut case = serde_json::from_str(line).unwrap();
                record(&mut case, answer);
                updated.push_str(&format!("{case}\n"));
            }
            fs_err::write(&file, updated).unwrap();
        } else {
            for (case, answer) in cases.iter().zip(&answers) {
                assert_eq!(recorded(case), *answer, "{}: {case}", file.display());
            }
        }
    }
}

/// Values print the same whether Go or we hold them.
#[test]
fn strings_of_bytes() {
    let value = Value::Str(Str::from(&b"a\xffb"[..]));
    assert_eq!(host::go("{{ . }}{{ printf \"%q %x\" . . }}", &value).unwrap(), b"a\xffb\"a\\xffb\" 61ff62");
}
