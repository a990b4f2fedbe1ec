//! What a case is, and what Helm says to it.
//!
//! A case is a folder with a file `args`: lines that start with `# ` say what it shows, every other line is one argument
//! of `helm template`, run in the folder. What Helm prints is in `helm4.yaml`; if it refuses, what it said is in
//! `helm4.error`, for reading.

use std::path::Path;

use anyhow::{Result, bail};
use fs_err as fs;
use karat_testkit::{Case, Cases, Sandbox};

/// Longer refusals are cut: a recursion's would be a hundred kilobytes.
const LONGEST: usize = 1500;

/// What Helm made of a case.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It rendered: standard output.
    Accepted(Vec<u8>),
    /// It refused: standard error, with the case's path as `$CASE`.
    Refused(String),
}

/// All cases.
pub(crate) fn cases() -> Cases {
    Cases::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases"), "args")
}

/// The arguments of `helm template`.
pub(crate) fn arguments(case: &Case) -> Result<Vec<String>> {
    Ok(case.read("args")?.lines().filter(|line| !line.starts_with("# ")).map(str::to_owned).collect())
}

/// Runs `helm template` with these words in a folder.
pub(crate) fn run(helm: &Path, folder: &Path, words: &[String]) -> Result<Verdict> {
    let sandbox = Sandbox::new();
    let run = sandbox.command(helm).arg("template").args(words).current_dir(folder);
    let output = run.name(folder, "$CASE").run();
    match output.code {
        Some(0) => Ok(Verdict::Accepted(output.bytes)),
        Some(1) => Ok(Verdict::Refused(shorten(output.stderr))),
        code => bail!("helm ended with {code:?}: {}", output.stderr),
    }
}

fn shorten(mut text: String) -> String {
    if text.len() > LONGEST {
        let end = (0..=LONGEST).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
        text.truncate(end);
        text.push_str("...\n");
    }
    text
}

/// What is checked in for a case.
pub(crate) fn golden(case: &Case) -> Result<Verdict> {
    match (case.file("helm4.yaml").is_file(), case.file("helm4.error").is_file()) {
        (true, false) => Ok(Verdict::Accepted(fs::read(case.file("helm4.yaml"))?)),
        (false, true) => Ok(Verdict::Refused(case.read("helm4.error")?)),
        (false, false) => bail!("no golden yet: `cargo xtask gen helm` makes it"),
        (true, true) => bail!("both helm4.yaml and helm4.error: `cargo xtask gen helm` mends it"),
    }
}

/// Writes the golden of a case.
pub(crate) fn write(case: &Case, verdict: &Verdict) -> Result<()> {
    let (name, bytes, other) = match verdict {
        Verdict::Accepted(bytes) => ("helm4.yaml", bytes.as_slice(), "helm4.error"),
        Verdict::Refused(text) => ("helm4.error", text.as_bytes(), "helm4.yaml"),
    };
    fs::write(case.file(name), bytes)?;
    if case.file(other).is_file() {
        fs::remove_file(case.file(other))?;
    }
    Ok(())
}
