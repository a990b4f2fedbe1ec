//! Pages of reference that a program writes: the command line (`cargo xtask gen cli`), the standards (`cargo xtask gen standards`).

use std::fmt::Write as _;

use karat_standards::{Level, Standards};
use karat_testkit::Sandbox;

use crate::{karat, root};

const VERBS: [&str; 13] = [
    "",
    "account add",
    "check",
    "diff",
    "docs build",
    "docs serve",
    "new",
    "render chart",
    "standards list",
    "standards show",
    "standards export",
    "up",
    "update",
];

#[test]
fn the_cli_reference_is_true() {
    let mut page = String::from(
        "# Command line\n\nMade from `karat --help` by `cargo xtask gen cli`. Exit codes and formats: \
         [Report formats](report-formats.md).\n",
    );
    for verb in VERBS {
        let title = format!("karat {verb}");
        let words = verb.split(' ').filter(|word| !word.is_empty());
        let output = karat(&Sandbox::new()).args(words).arg("--help").run();
        assert_eq!(output.code, Some(0), "{verb}");
        let _ = write!(page, "\n## {}\n\n```text\n{}\n```\n", title.trim(), output.stdout.trim_end());
    }
    let path = root().join("docs/reference/cli.md");
    if std::env::var_os("KARAT_UPDATE").is_some() {
        fs_err::write(&path, &page).unwrap();
    }
    let written = fs_err::read_to_string(&path).unwrap_or_default();
    assert_eq!(written, page, "docs/reference/cli.md is stale: run `cargo xtask gen cli`");
}

#[test]
fn the_standards_reference_is_true() {
    let mut page = String::from(
        "# Standards\n\nThe golden standards that come with Karat, made from `standards/` by `cargo xtask gen standards`. An organisation adds \
         its own, and\nreplaces ours by theirs, in `governance/standards/`. What a miss costs is counted from 24 karats. Why each of them is asked for is what\n`karat standards show` says.\n",
    );
    let standards = Standards::builtin().unwrap();
    let mut area = "";
    for standard in standards.all() {
        let here = standard.id.split('/').next().unwrap_or_default();
        if here != area {
            area = here;
            let _ = write!(page, "\n## {area}\n");
        }
        let level = match standard.level {
            Level::Must => "must",
            Level::Should => "should",
        };
        let judged = standard.applies.to.word();
        let enforced = if standard.enforce.is_some() { ", and by API servers" } else { "" };
        let _ = writeln!(
            page,
            "\n### {}\n\n{}. *{level}*, costs {}, judged of each {judged}{enforced}. [How to meet it](../{}.md).",
            standard.id, standard.title, standard.karats, standard.fix
        );
    }
    let path = root().join("docs/reference/standards.md");
    if std::env::var_os("KARAT_UPDATE").is_some() {
        fs_err::write(&path, &page).unwrap();
    }
    let written = fs_err::read_to_string(&path).unwrap_or_default();
    assert_eq!(written, page, "docs/reference/standards.md is stale: run `cargo xtask gen standards`");
}
