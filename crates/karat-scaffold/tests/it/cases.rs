//! A template and answers give a tree, publications and words. A case is a folder with `answers.yaml`, `template/`
//! and `expected.txt`; `remote/`, if it is there, is what `https://git.example.com/acme/remote` holds.

use std::fmt::Write as _;
use std::sync::Arc;

use anyhow::Result;
use karat_scaffold::{Data, Error, Kind, Offline, Outcome, Remotes, Template, Tree, complete, run};
use karat_source::{Folder, World};
use karat_testkit::Cases;

/// One repository behind a URL.
struct One(Arc<dyn World>);

impl Remotes for One {
    fn find(&self, url: &str) -> Option<(Arc<dyn World>, String)> {
        let path = url.strip_prefix("https://git.example.com/acme/remote/blob/main/")?;
        Some((Arc::clone(&self.0), path.to_owned()))
    }
}

#[test]
fn templates_give_what_they_say() {
    Cases::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases"), "answers.yaml").run(|case| {
        let world = Folder::open(case.file("template"))?;
        let answers = Data::parse(case.read("answers.yaml")?.as_bytes())?;
        let remote = case.file("remote");
        let text = if remote.is_dir() {
            made(&world, &answers, &One(Arc::new(Folder::open(remote)?)))
        } else {
            made(&world, &answers, &Offline)
        };
        case.golden("expected.txt", &text.unwrap_or_else(|error| told(&error)))
    });
}

fn made(world: &dyn World, answers: &Data, remotes: &dyn Remotes) -> Result<String, Error> {
    let template = Template::read(world, "template.yaml")?;
    let answers = complete(&template.pages, answers)?;
    let outcome = run(world, &template, &answers, remotes)?;
    Ok(format!("answers {}\n{}", answers.to_json(), shown(&outcome)))
}

fn told(error: &Error) -> String {
    let place =
        error.place().map_or_else(String::new, |place| format!("{}:{}:{}: ", place.file, place.line, place.column));
    format!("error: {place}{error}\n")
}

fn shown(outcome: &Outcome) -> String {
    let mut text = String::new();
    for line in &outcome.log {
        let _ = writeln!(text, "log {line}");
    }
    if outcome.publications.is_empty() {
        tree(&mut text, &outcome.workspace);
    }
    for publication in &outcome.publications {
        let _ = writeln!(text, "== {} {}", publication.action, publication.repository.web());
        if let Kind::Change { folder, branch, title, description, deleted } = &publication.kind {
            let _ = writeln!(text, "at {folder:?}, branch {branch:?}, {title:?}, {description:?}, without {deleted:?}");
        }
        tree(&mut text, &publication.tree);
    }
    for url in &outcome.registrations {
        let _ = writeln!(text, "registered {url}");
    }
    for (title, target) in &outcome.output.links {
        let _ = writeln!(text, "link {title}: {target}");
    }
    for (title, content) in &outcome.output.texts {
        let _ = writeln!(text, "text {title}: {content}");
    }
    text
}

fn tree(text: &mut String, tree: &Tree) {
    for (path, file) in tree.files() {
        let mode = if file.executable { " (executable)" } else { "" };
        match file.text() {
            Some(body) => {
                let _ =
                    writeln!(text, "-- {path}{mode}\n{body}{}", if body.ends_with('\n') { "" } else { "[no end]\n" });
            }
            None => {
                let _ = writeln!(text, "-- {path}{mode}\n[{} bytes]\n", file.bytes.len());
            }
        }
    }
}
