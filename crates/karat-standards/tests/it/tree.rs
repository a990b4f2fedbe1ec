//! A repository, or a whole organisation, in one file.
//!
//! A case is an archive in Go's txtar form: lines `-- path --`, each followed by that file's text. It is one repository of the
//! role app, called `records`; if it holds `governance/organisation.yaml` it is that organisation. What differs is said before the
//! first file: `case: {role: governance, settings: {…}}`. The last file, `expect`, lists what is to be found, one line each:
//! `file:line:column: message`.

use std::sync::Arc;

use karat_fleet::{Cache, Fleet};
use karat_source::{EntryKind, Memory, World};
use karat_standards::{Organisation, Repository, Standards, Subject, judge, subject};
use karat_yaml::Value;

use crate::world::{TODAY, one, organisation};

/// A case and what it expects.
pub(crate) struct Tree {
    subject: Subject,
    organisation: Organisation,
    pub(crate) expected: Vec<String>,
}

impl Tree {
    pub(crate) fn read(name: &str, text: &str) -> Self {
        let (header, files) = unpack(text);
        let header = header.trim().strip_prefix("case: ").unwrap_or("{}");
        let header = one("header", header).value();
        let said = |key: &str, default: &str| header.get(key).and_then(Value::as_str).unwrap_or(default).to_owned();
        let mut expected = Vec::new();
        let mut memory = Memory::default();
        for (path, text) in files {
            if path == "expect" {
                expected = text.lines().map(str::to_owned).collect();
            } else {
                memory.insert(path, text);
            }
        }
        let world: Arc<dyn World> = Arc::new(memory);
        if world.kind("governance/organisation.yaml").unwrap() == Some(EntryKind::File) {
            let fleet =
                Arc::new(Fleet::build(&*world, &Cache::default()).unwrap_or_else(|error| panic!("{name}: {error:?}")));
            let (subject, organisation, errors) = subject(&fleet, &world);
            assert!(errors.is_empty(), "{name}: {errors:#?}");
            return Self { subject, organisation, expected };
        }
        let mut errors = Vec::new();
        let repository = Repository::read(&*world, &said("name", "records"), &said("role", "app"), "", &mut errors);
        assert!(errors.is_empty(), "{name}: {errors:#?}");
        let subject = Subject { repositories: repository.into_iter().collect(), ..Subject::default() };
        let mut organisation = organisation();
        if let Some(settings) = header.get("settings") {
            let settings = karat_yaml::to_json(settings, karat_yaml::Escape::Raw).unwrap();
            let over = one("settings", &format!("spec: {{settings: {settings}}}"));
            organisation.settings = Organisation::read(&over, &organisation.settings).unwrap().settings;
        }
        Self { subject, organisation, expected }
    }

    /// What is found, as the case lists it.
    pub(crate) fn judge(&self, standards: &Standards) -> Vec<String> {
        let report = judge(standards, &self.organisation, &self.subject, TODAY);
        let findings = report.findings.iter();
        findings
            .map(|finding| {
                let place = &finding.place;
                assert!(!finding.message.ends_with('.'), "{}", finding.message);
                format!("{}:{}:{}: {}", place.file, place.line, place.column, finding.message)
            })
            .collect()
    }
}

/// What comes before the first file, and the files.
fn unpack(text: &str) -> (String, Vec<(String, String)>) {
    let mut header = String::new();
    let mut files: Vec<(String, String)> = Vec::new();
    for line in text.split_inclusive('\n') {
        if let Some(path) = line.trim_end().strip_prefix("-- ").and_then(|rest| rest.strip_suffix(" --")) {
            files.push((path.to_owned(), String::new()));
        } else if let Some((_, text)) = files.last_mut() {
            text.push_str(line);
        } else {
            header.push_str(line);
        }
    }
    (header, files)
}
