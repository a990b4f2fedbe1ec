//! Every rendering of one report, and hostile content in each.

use std::sync::Arc;

use insta::assert_snapshot;
use karat_diag::*;

struct One(&'static str, &'static str);

impl Sources for One {
    fn text(&self, file: &str) -> Option<Arc<str>> {
        (file == self.0).then(|| self.1.into())
    }
}

/// One text for whatever file.
struct Everywhere(&'static str);

impl Sources for Everywhere {
    fn text(&self, _: &str) -> Option<Arc<str>> {
        Some(self.0.into())
    }
}

const SECRET: &str =
    "apiVersion: v1\nkind: Secret\nmetadata:\n  name: records-db\n\n\n  stringData:\n    password: x\n";
const FILE: &str = "apps/records/chart/templates/secret.yaml";

fn span(line: usize, from: usize, to: usize) -> Span {
    Span { start: Position { line, column: from }, end: Position { line, column: to } }
}

fn report() -> Report {
    let secret = Diagnostic {
        fix: Some(Fix {
            text: "keep it in AWS Secrets Manager and declare a SecretProviderClass".into(),
            page: Some("how-to/move-a-secret".into()),
        }),
        ..Diagnostic::error("Secret `records-db` carries data")
            .code("secrets/no-native-secrets")
            .place(Place::span(FILE, span(7, 3, 14)).label("rendered for staging-eu, production-eu, production-us"))
            .why("whoever can read the namespace can read it, and it sits in Git; a rotation then means a commit")
    };
    let canary = Diagnostic::warning("canary of `appointments` says nothing about no data")
        .code("delivery/analysed")
        .place(Place::at("config/envs/production/appointments/values.yaml", 14, 5));
    let waived = Diagnostic {
        waiver: Some(Waiver {
            owner: "group:default/records".into(),
            reason: "moves with the next release".into(),
            until: "2026-12-31".into(),
        }),
        ..Diagnostic::error("container `migrate` runs as root")
            .code("runtime/hardened")
            .place(Place::file("a b/ü.yaml"))
    };
    Report {
        diagnostics: vec![secret, canary, waived],
        rules: vec![Rule {
            id: "secrets/no-native-secrets".into(),
            title: "No Secret with data".into(),
            why: "Git remembers.".into(),
            severity: Severity::Error,
            page: Some("how-to/move-a-secret".into()),
        }],
        summary: "412 objects, 9 applications, 3 clusters: 1 error, 1 warning, 1 waived until 31 Dec 2026".into(),
        footer: vec!["appointments 23K   records 22K".into()],
    }
}

fn render(format: Format) -> String {
    report().render(format, Style::default(), &One(FILE, SECRET))
}

#[test]
fn human() {
    assert_snapshot!(render(Format::Human));
}

#[test]
fn human_in_colour_says_the_same() {
    let colour = report().render(Format::Human, Style { colour: true, width: 80 }, &One(FILE, SECRET));
    let mut plain = String::new();
    let mut escape = false;
    for c in colour.chars() {
        match (escape, c) {
            (false, '\x1b') => escape = true,
            (false, c) => plain.push(c),
            (true, 'm') => escape = false,
            (true, _) => {}
        }
    }
    assert_ne!(colour, plain);
    assert_eq!(plain, render(Format::Human));
}

#[test]
fn json() {
    assert_snapshot!(render(Format::Json));
}

#[test]
fn sarif() {
    assert_snapshot!(render(Format::Sarif));
}

#[test]
fn github() {
    assert_snapshot!(render(Format::Github));
}

#[test]
fn markdown() {
    assert_snapshot!(render(Format::Markdown));
}

#[test]
fn counts_leave_waived_ones_out() {
    let report = report();
    assert_eq!((report.count(Severity::Error), report.count(Severity::Warning)), (1, 1));
}

/// Names and messages come from files: they must not move a terminal's cursor, leave a table's cell or add a command.
#[test]
fn hostile_content_stays_content() {
    let nasty = "a\x1b[2J`|\n::error::b<script>@team";
    let report = Report {
        diagnostics: vec![Diagnostic::error(nasty).code(nasty).place(Place::at(nasty, 1, 1)).fix(nasty).why(nasty)],
        ..Report::default()
    };
    for format in [Format::Human, Format::Markdown] {
        let text = report.render(format, Style::default(), &Everywhere("name: \x1b[2J\u{9b}2Jx\n"));
        assert!(!text.contains(['\x1b', '\u{9b}']), "{text:?}");
    }
    let github = report.render(Format::Github, Style::default(), &NoSources);
    assert_eq!(github.lines().count(), 1, "{github:?}");
    let markdown = report.render(Format::Markdown, Style::default(), &NoSources);
    let outside_code: String = markdown.split('`').step_by(2).collect();
    assert!(!outside_code.contains("<script>"), "{markdown}");
}

/// A place that the text does not have, and texts with wide, combining and control characters.
#[test]
fn no_place_panics() {
    for text in ["", "\n", "ä\u{301}字\u{85}\u{85}\t\r\nb", "x"] {
        for line in [1, 2, 3, 99] {
            for (from, to) in [(1, 1), (1, 99), (3, 2), (99, 99), (0, 0)] {
                let report = Report {
                    diagnostics: vec![
                        Diagnostic::error("x").place(Place::span("f", span(line, from, to)).label("here")),
                    ],
                    ..Report::default()
                };
                report.render(Format::Human, Style::default(), &Everywhere(text));
            }
        }
    }
}
