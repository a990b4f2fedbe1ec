//! Expansion against what Argo CD's own generators and renderer gave (`conformance/argocd`, checked in as `expected.json`).

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use karat_fleet::{ExpandError, Globbing, Repositories, expand};
use karat_source::{Folder, World as _};
use karat_testkit::cases::same;
use karat_testkit::{Case, Cases, Sandbox, peer};
use karat_yaml::{Dialect, Numbers, Value};

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/appset");

#[test]
fn gives_what_argo_cd_gives() {
    Cases::new(CASES, "appset.yaml").run(check);
}

fn check(case: &Case) -> Result<()> {
    let expected: serde_json::Value = serde_json::from_str(&case.read("expected.json")?)?;
    let world = Folder::open(&case.path)?;
    let mut mapped = Vec::new();
    if world.kind("repos")?.is_some() {
        for entry in world.list("repos")? {
            mapped.push((format!("https://git.example/{}.git", entry.name), format!("repos/{}", entry.name)));
        }
    }
    let globbing = if case.file("globbing").exists() { Globbing::DoubleStar } else { Globbing::Pathspec };
    let repositories = Repositories::new(&world, mapped, globbing);
    let documents = karat_yaml::parse_stream(case.read("appset.yaml")?.as_bytes(), Dialect::GoYaml)?;
    let expected = expected.as_array().context("a list")?;
    if documents.len() != expected.len() {
        bail!("{} documents, {} answers", documents.len(), expected.len());
    }
    for (document, expected) in documents.iter().zip(expected) {
        compare(&document.root().to_value(Dialect::GoYaml, Numbers::Kept)?, expected, &repositories)?;
    }
    Ok(())
}

/// Compares one ApplicationSet with the oracle's answer. Messages are ours; that there is one is Argo CD's.
pub(crate) fn compare(set: &Value, expected: &serde_json::Value, repositories: &Repositories<'_>) -> Result<()> {
    let expansion = expand(set, repositories);
    let invalid = expansion.errors.iter().find(|error| matches!(error, ExpandError::Invalid { .. }));
    match (expected.get("error"), invalid) {
        (Some(_), Some(_)) => return Ok(()),
        (Some(error), None) => bail!("Argo CD fails, Karat does not: {error}\n{:#?}", expansion.applications),
        (None, Some(error)) => bail!("Karat fails, Argo CD does not: {} at {}", error, error.path()),
        (None, None) => {}
    }
    let mut actual: Vec<serde_json::Value> =
        expansion.applications.iter().map(|generated| json(&generated.application)).collect();
    actual.sort_by_cached_key(key);
    let mut wanted = expected.get("applications").and_then(|list| list.as_array()).cloned().unwrap_or_default();
    wanted.iter_mut().for_each(plain_numbers);
    wanted.sort_by_cached_key(key);
    let text = |list: &Vec<serde_json::Value>| serde_json::to_string_pretty(list);
    same("Argo CD", &text(&wanted)?, "Karat", &text(&actual)?)
}

fn key(application: &serde_json::Value) -> (String, String) {
    (application["metadata"]["name"].to_string(), application.to_string())
}

/// JSON; a number that is whole has one form.
pub(crate) fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(truth) => (*truth).into(),
        Value::Int(number) => (*number).into(),
        Value::Float(number) => value.as_i64().map_or_else(|| (*number).into(), Into::into),
        Value::Str(text) => text.lossy().into_owned().into(),
        Value::Seq(items) => items.iter().map(json).collect(),
        Value::Map(map) => map
            .iter()
            .map(|(key, value)| (key.lossy().into_owned(), json(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
    }
}

pub(crate) fn plain_numbers(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Number(number) => {
            if let Some(float) = number.as_f64()
                && let Some(whole) = Value::Float(float).as_i64()
            {
                *value = whole.into();
            }
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(plain_numbers),
        serde_json::Value::Object(map) => map.values_mut().for_each(plain_numbers),
        _ => {}
    }
}

/// The goldens are what the oracle says today.
#[test]
fn goldens_are_argo_cds_own() {
    let Some(oracle) = peer("argocd") else { return };
    let sandbox = Sandbox::new();
    let copy = sandbox.copy(Path::new(CASES), "cases");
    let cases = Cases::new(copy, "appset.yaml").discover().unwrap();
    let folders = cases.iter().map(|case| case.path.as_os_str());
    let _ = sandbox.command(&oracle).args(["cases"]).args(folders).run().success();
    for case in cases {
        let before = fs_err::read_to_string(Path::new(CASES).join(&case.name).join("expected.json")).unwrap();
        same("golden", &before, "Argo CD", &case.read("expected.json").unwrap()).unwrap();
    }
}

/// The organisation that ships with Karat expands as Argo CD expands it.
#[test]
fn myhealth_expands_as_in_argo_cd() {
    let Some(oracle) = peer("argocd") else { return };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../myhealth");
    let world = Folder::open(&root).unwrap();
    let organisation = read(&world, "governance/organisation.yaml").remove(0);
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let list = organisation.at(["spec", "repositories"]).and_then(Value::as_seq).unwrap();
    let mapped: Vec<(String, String)> = list.iter().map(|item| (text(item, "url"), text(item, "folder"))).collect();
    let config = list.iter().find(|item| text(item, "role") == "config").map(|item| text(item, "folder")).unwrap();
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&oracle).args(["apps"]);
    for (url, folder) in mapped.iter().filter(|(_, folder)| root.join(folder).is_dir()) {
        command = command.arg("-repo").arg(format!("{url}={}", root.join(folder).display()));
    }
    let repositories = Repositories::new(&world, mapped, Globbing::Pathspec);
    let mut sets = Vec::new();
    for entry in world.list(&format!("{config}/appsets")).unwrap() {
        let path = format!("{config}/appsets/{}", entry.name);
        command = command.arg(root.join(&path));
        sets.extend(read(&world, &path));
    }
    let answer: serde_json::Value = serde_json::from_str(&command.run().success().stdout).unwrap();
    let answers = answer.as_array().unwrap();
    assert_eq!(sets.len(), answers.len());
    for (set, expected) in sets.iter().zip(answers) {
        compare(set, expected, &repositories).unwrap();
    }
}

fn read(world: &Folder, path: &str) -> Vec<Value> {
    let documents = karat_yaml::parse_stream(&world.read(path).unwrap(), Dialect::GoYaml).unwrap();
    documents.iter().map(|document| document.root().to_value(Dialect::GoYaml, Numbers::Kept).unwrap()).collect()
}
