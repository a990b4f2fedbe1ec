//! `docs/reference/cli.md` is what `--help` says: `cargo xtask gen cli` writes it.

use std::fmt::Write as _;

use karat_testkit::Sandbox;

use crate::{karat, root};

const VERBS: [&str; 9] =
    ["", "check", "diff", "new", "render chart", "standards list", "standards show", "standards export", "update"];

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
