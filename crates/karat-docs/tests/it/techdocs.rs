//! The same pages, headings, links and text as mkdocs-techdocs-core.

use std::path::{Path, PathBuf};

use karat_docs::Site;
use karat_source::Folder;
use karat_testkit::Oracle;
use karat_testkit::oracle::Answer;
use serde_json::{Value, json};

use crate::shape;

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/techdocs");

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The folders below `root` that hold a mkdocs.yml.
fn sites(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs_err::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        if path.join("mkdocs.yml").is_file() {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn ours(folder: &Path) -> Value {
    shape::site(&Site::read(&Folder::open(folder).unwrap(), "").0)
}

fn ask(oracle: &mut Oracle, folder: &Path) -> Value {
    match oracle.ask(&json!({ "root": folder })).unwrap() {
        Answer::Text(text) => serde_json::from_str(&text).unwrap(),
        other => panic!("{}: {other:?}", folder.display()),
    }
}

fn golden(folder: &Path) -> PathBuf {
    folder.join("golden.json")
}

#[test]
fn cases_are_as_techdocs_renders_them() {
    let mut wrong = Vec::new();
    let cases = sites(Path::new(CASES));
    for case in &cases {
        let theirs: Value = serde_json::from_str(&fs_err::read_to_string(golden(case)).unwrap()).unwrap();
        let found = shape::differences(&ours(case), &theirs);
        wrong.extend(found.into_iter().map(|line| format!("{}: {line}", case.file_name().unwrap().to_string_lossy())));
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
    assert!(cases.len() >= 2, "only {} cases", cases.len());
}

#[test]
fn goldens_are_what_techdocs_says() {
    let Some(path) = karat_testkit::peer("techdocs/bin/techdocs") else { return };
    let mut oracle = Oracle::start(&path).unwrap();
    for case in sites(Path::new(CASES)) {
        let theirs = format!("{:#}\n", ask(&mut oracle, &case));
        if karat_testkit::cases::updating() {
            fs_err::write(golden(&case), theirs).unwrap();
        } else {
            let written = fs_err::read_to_string(golden(&case)).unwrap();
            karat_testkit::cases::same("golden", &written, "TechDocs", &theirs).unwrap();
        }
    }
}

/// Documents change with what they tell of, so these are compared live and have no goldens.
#[test]
fn karat_and_myhealth_read_as_on_techdocs() {
    let Some(path) = karat_testkit::peer("techdocs/bin/techdocs") else { return };
    let mut oracle = Oracle::start(&path).unwrap();
    let root = repository();
    let mut all = sites(&root.join("myhealth/apps"));
    all.push(root.join("myhealth/governance"));
    all.push(root.clone());
    all.retain(|folder| folder.join("mkdocs.yml").is_file());
    let mut wrong = Vec::new();
    for folder in &all {
        let found = shape::differences(&ours(folder), &ask(&mut oracle, folder));
        wrong.extend(found.into_iter().map(|line| format!("{}: {line}", folder.display())));
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
    assert!(all.len() >= 4, "only {} sites", all.len());
}
