//! `cargo xtask test`: format, lints, tests; with `--peers` also the comparisons with the real tools.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, Result};

use crate::steps::{Outcome, Steps};
use crate::{house, peers};

/// Check format and lints, run every test
///
/// Needs Rust and git only. With --peers the real tools are built first and the tests that compare with them run too.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cargo xtask test                     what a change must pass
  cargo xtask test --peers             also compare with the real tools (needs Go)
  KARAT_CASE=hooks cargo test -p karat-helm    the cases whose name holds a word")]
pub(crate) struct Args {
    /// Build the peers into target/peers and run the tests that compare with them
    #[arg(long)]
    peers: bool,
    /// Install what the peers need and the machine lacks (CI)
    #[arg(long, requires = "peers")]
    install: bool,
    /// Show every test, not only those that fail
    #[arg(short, long)]
    verbose: bool,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let mut steps = Steps::default();
    steps.step("format", || house::run(house::cargo().args(["fmt", "--all", "--check"])));
    steps.step("lints", || {
        house::run(house::cargo().args(["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]))
    });
    let mut folder = None;
    if args.peers {
        folder = peers::build(&mut steps, args.install, &[]);
    }
    steps.outcome("tests", || {
        let mut command = house::cargo();
        command.args(["test", "--workspace", "--locked", "--no-fail-fast"]);
        match &folder {
            Some(folder) => command.env("KARAT_PEERS", folder),
            None => command.env_remove("KARAT_PEERS"),
        };
        match count(&mut command, args.verbose) {
            Ok((tally, true)) => tally.outcome(),
            // A test that fails is in the count; a crate that does not compile is not.
            Ok((tally, false)) if tally.failed > 0 => tally.outcome(),
            Ok((_, false)) => Outcome::Failed("the tests did not run to their end".to_owned()),
            Err(error) => Outcome::Failed(format!("{error:#}")),
        }
    });
    Ok(steps.finish())
}

/// What cargo's lines add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    passed: usize,
    failed: usize,
    skipped: usize,
}

impl Tally {
    fn outcome(self) -> Outcome {
        let Self { passed, failed, skipped } = self;
        Outcome::Counted { passed, failed, skipped }
    }

    /// Adds a closing line such as `test result: ok. 3 passed; 0 failed; ...`, or one `skipped: ...`.
    fn add(&mut self, line: &str) {
        if line.starts_with("skipped: ") {
            self.skipped += 1;
        }
        let Some(result) = line.strip_prefix("test result: ") else { return };
        let counts = result.split_once(". ").map_or(result, |(_, counts)| counts);
        for count in counts.split(';') {
            match count.trim().split_once(' ') {
                Some((number, "passed")) => self.passed += number.parse().unwrap_or(0),
                Some((number, "failed")) => self.failed += number.parse().unwrap_or(0),
                _ => {}
            }
        }
    }
}

/// Runs cargo test, shows what matters of its output, and counts. The flag says whether it succeeded.
fn count(command: &mut Command, verbose: bool) -> Result<(Tally, bool)> {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().context("cannot start cargo")?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let tally = std::thread::scope(|scope| {
        let errors = scope.spawn(|| copy(stderr, &mut std::io::stderr(), verbose));
        let mut tally = copy(stdout, &mut std::io::stdout(), verbose);
        let errors = errors.join().unwrap_or_default();
        tally.skipped += errors.skipped;
        tally
    });
    Ok((tally, child.wait()?.success()))
}

fn copy(from: Option<impl Read>, to: &mut impl Write, verbose: bool) -> Tally {
    let mut tally = Tally::default();
    let Some(from) = from else { return tally };
    for line in BufReader::new(from).lines().map_while(Result::ok) {
        tally.add(&line);
        if verbose || !dull(&line) {
            let _ = writeln!(to, "{line}");
        }
    }
    tally
}

/// Whether a line tells nothing new: a test that passed, an empty binary.
fn dull(line: &str) -> bool {
    line.is_empty()
        || line.starts_with("running ")
        || line.starts_with("test ") && line.ends_with(" ... ok")
        || line.starts_with("test result: ok. 0 passed; 0 failed; 0 ignored")
        || line.starts_with("   Doc-tests ")
        || line.starts_with("   Compiling ")
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn counts_cargos_closing_lines() {
        let mut tally = Tally::default();
        for line in [
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.09s",
            "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.09s",
            "skipped: goldens: needs helm4: run `cargo xtask test --peers`",
            "test sums ... ok",
        ] {
            tally.add(line);
        }
        assert_eq!(tally, Tally { passed: 15, failed: 2, skipped: 1 });
    }
}
