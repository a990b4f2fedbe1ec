//! Every text of `tests/expressions/` gives what Backstage's own templater gives.
//!
//! A file is JSON lines. The first holds what the others share: `op` (`value`: a text of a step's input; `render`: a file of a
//! skeleton) and `context`. Each other one is a case: `text`, perhaps `options`, and the peer's answer: `out`, or `err`
//! with its message, of which only counts that there is one.

use std::path::{Path, PathBuf};

use karat_scaffold::Data;
use karat_scaffold::nunjucks::{self, Fuel, Syntax};
use karat_testkit::{Goldens, Oracle};
use serde_json::{Value as Json, json};

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expressions");
    let mut files: Vec<PathBuf> = fs_err::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn questions(file: &Path) -> Goldens {
    let mut goldens = Goldens::read(file).unwrap();
    // The goldens are of objects with sorted keys; JavaScript keeps the order that it is given.
    goldens.shared.sort_all_objects();
    goldens.cases.iter_mut().for_each(Json::sort_all_objects);
    goldens
}

fn ours(shared: &Json, case: &Json) -> Result<String, String> {
    let context = Data::parse(shared["context"].to_string().as_bytes()).unwrap();
    let text = case["text"].as_str().unwrap();
    if shared["op"] == "value" {
        let value = nunjucks::value(text, &context, &Fuel::default()).map_err(|error| error.to_string())?;
        return Ok(value.map_or_else(|| "undefined".to_owned(), |value| value.to_json()));
    }
    let flag = |name: &str| case["options"][name].as_bool().unwrap_or_default();
    let syntax = Syntax {
        cookiecutter: flag("cookiecutterCompat"),
        trim_blocks: flag("trimBlocks"),
        lstrip_blocks: flag("lstripBlocks"),
    };
    nunjucks::render(text, &context, syntax, &Fuel::default()).map_err(|error| error.to_string())
}

#[test]
fn are_evaluated_as_in_backstage() {
    let (mut total, mut wrong) = (0, Vec::new());
    for file in files() {
        let Goldens { shared, cases, .. } = questions(&file);
        for case in cases {
            total += 1;
            let (ours, theirs) = (ours(&shared, &case), case["out"].as_str());
            let same = match (&ours, theirs) {
                (Ok(ours), Some(theirs)) => ours == theirs,
                (Err(_), None) => case["err"].is_string(),
                _ => false,
            };
            if !same {
                wrong.push(format!("{case}\n  ours: {ours:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {total} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(total >= 400, "only {total} cases");
}

#[test]
fn goldens_are_what_backstage_says() {
    let Some(path) = karat_testkit::peer("nunjitsu/main.js") else { return };
    let mut oracle = Oracle::start(&path).unwrap();
    for file in files() {
        let goldens = questions(&file);
        let Goldens { shared, cases, .. } = &goldens;
        let request = |case: &Json| json!({"op": shared["op"], "context": shared["context"], "text": case["text"], "options": case["options"]});
        let answers = oracle.ask_all(&cases.iter().map(request).collect::<Vec<_>>()).unwrap();
        goldens.check("Backstage", answers).unwrap();
    }
}
