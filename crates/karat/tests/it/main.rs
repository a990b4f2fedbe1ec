//! The binary as its users run it: verdicts, exit codes, messages.

mod account;
mod bad_input;
mod check;
mod diff;
mod docs;
mod lineage;
mod new;
mod platform_docs;
mod reference;
mod render;
mod standards;
mod update;

use std::path::{Path, PathBuf};

use karat_testkit::sandbox::Run;
use karat_testkit::{Output, Sandbox};

/// The repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// `karat`, about to be run in `sandbox`.
fn karat(sandbox: &Sandbox) -> Run {
    sandbox.command(env!("CARGO_BIN_EXE_karat"))
}

/// A sandbox with a copy of myhealth.
fn myhealth() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.copy(&root().join("myhealth"), "myhealth");
    sandbox
}

/// Replaces `from`, which must be there, in a file.
fn edit(sandbox: &Sandbox, file: &str, from: &str, to: &str) {
    let text = sandbox.read(file);
    assert!(text.contains(from), "{file} has no {from:?}");
    sandbox.write(file, text.replace(from, to));
}

/// Standard output without the time that a run took.
fn timeless(output: &Output) -> String {
    let lines = output.stdout.lines().map(|line| match (line.find(" in "), line.find(" ms: ")) {
        (Some(start), Some(end)) if start < end => format!("{} in N{}", &line[..start], &line[end..]),
        _ => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}
