//! Every standard has cases, and each is judged as it says.

use std::path::{Path, PathBuf};

use fs_err as fs;
use karat_standards::{Scope, Standard, Standards};

use crate::tree::Tree;
use crate::world::{World, one};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn files(folder: &Path, ending: &str) -> Vec<(String, String)> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
        .into_iter()
        .filter(|path| path.extension().is_some_and(|found| found == ending))
        .map(|path| {
            let name = path.strip_prefix(root()).unwrap_or(&path).to_string_lossy().into_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect()
}

/// The cases of a standard: whether it is a bad one, its file, its text.
pub(crate) fn case_files(standard: &Standard) -> Vec<(bool, String, String)> {
    let folder = root().join("standards").join(standard.id.as_str());
    let of = |name: &str, bad: bool| {
        files(&folder.join(name), "yaml").into_iter().map(move |(name, text)| (bad, name, text))
    };
    of("good", false).chain(of("bad", true)).collect()
}

#[test]
fn standards_that_come_with_karat_are_right() {
    let standards = Standards::builtin().unwrap_or_else(|errors| {
        panic!("{}", errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    });
    assert!(standards.all().len() >= 31, "{}", standards.all().len());
    for standard in standards.all() {
        assert_eq!(standard.file, format!("standards/{}/standard.yaml", standard.id), "the folder is the id");
    }
}

#[test]
fn every_case_is_judged_as_it_says() {
    let mut failures = Vec::new();
    let standards = Standards::builtin().unwrap();
    for standard in standards.all() {
        let folder = root().join("standards").join(standard.id.as_str());
        let file = standard.file.as_str();
        let alone = Standards::read(&[one(file, &fs::read_to_string(root().join(file)).unwrap())]).unwrap();
        let (good, bad) = (files(&folder.join("good"), "yaml"), files(&folder.join("bad"), "yaml"));
        let trees = |name: &str| files(&folder.join(name), "txtar");
        if good.len() + trees("good").len() < 2 || bad.len() + trees("bad").len() < 2 {
            failures.push(format!("{}: two good and two bad cases at least", standard.id));
        }
        for (name, text) in trees("good").iter().chain(&trees("bad")) {
            let tree = Tree::read(name, text);
            let found = tree.judge(&alone);
            if found != tree.expected {
                failures.push(format!("{name}\n  expected {:#?}\n  found    {found:#?}", tree.expected));
            }
            if name.contains("/bad/") == tree.expected.is_empty() {
                failures.push(format!("{name}: a bad case expects a finding, a good one none"));
            }
        }
        for (name, text) in good.iter().chain(&bad) {
            let world = World::read(name, text);
            let report = world.judge(&alone);
            let mut found: Vec<(u32, String)> =
                report.findings.iter().map(|finding| (finding.place.line, finding.message.clone())).collect();
            found.sort();
            if found != world.expected {
                failures.push(format!("{name}\n  expected {:#?}\n  found    {found:#?}", world.expected));
            }
            let is_bad = name.contains("/bad/");
            if is_bad == world.expected.is_empty() {
                failures.push(format!("{name}: a bad case expects a finding, a good one none"));
            }
            for finding in &report.findings {
                assert_eq!(finding.place.file, *name);
                assert!(!finding.message.ends_with('.') && !finding.message.is_empty(), "{}", finding.message);
            }
        }
        if standard.applies.to == Scope::Object && standard.enforce.is_none() {
            failures.push(format!("{}: an object standard says how it is enforced", standard.id));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
#[test]
fn every_standard_has_a_page_that_helps() {
    let standards = Standards::builtin().unwrap();
    for standard in standards.all() {
        let path = root().join("docs").join(format!("{}.md", standard.fix));
        let page = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", standard.id));
        let lines = page.lines().count();
        assert!(page.starts_with("# ") && page.contains("```") && lines >= 15, "{}: {lines} lines", standard.fix);
        assert!(page.contains(standard.id.as_str()), "{} does not name {}", standard.fix, standard.id);
    }
}
