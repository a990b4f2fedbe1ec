//! Every function that a template can call is called by some case.

use std::collections::BTreeSet;
use std::path::Path;

use fs_err as fs;
use karat_testkit::cases::updating;
use karat_testkit::oracle::Answer;
use karat_testkit::{Oracle, peer};
use serde_json::json;

const LIST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/functions.txt");

fn list() -> BTreeSet<String> {
    fs::read_to_string(LIST).unwrap().lines().map(str::to_owned).collect()
}

/// Not what a chart calls: it breaks, or needs the network. Each with its reason.
const UNCALLED: [(&str, &str); 0] = [];

#[test]
fn every_function_is_called_by_a_case() {
    let mut words = BTreeSet::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases"), &mut words);
    let missing: Vec<String> = list()
        .into_iter()
        .filter(|name| !words.contains(name.as_str()) && UNCALLED.iter().all(|(uncalled, _)| uncalled != name))
        .collect();
    assert!(missing.is_empty(), "no case calls {}", missing.join(", "));
}

/// The list is what Helm has. Under `KARAT_UPDATE=1` it is written.
#[test]
fn the_list_is_helms() {
    let Some(binary) = peer("oracle") else { return };
    let answer = Oracle::start(&binary).unwrap().ask(&json!({"op": "functions"})).unwrap();
    let Answer::Text(text) = answer else { panic!("{answer:?}") };
    if updating() {
        fs::write(LIST, &text).unwrap();
    }
    let names: BTreeSet<String> = text.lines().map(str::to_owned).collect();
    assert_eq!(list(), names);
}

/// The words within the actions of every template below `folder`, and within values, which `tpl` renders.
fn collect(folder: &Path, words: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, words);
        } else if !path.to_string_lossy().contains("helm4.") {
            let Ok(text) = fs::read_to_string(&path) else { continue };
            for action in text.split("{{").skip(1) {
                let action = action.split("}}").next().unwrap_or(action);
                words.extend(action.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_owned));
            }
        }
    }
}
