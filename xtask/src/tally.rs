//! Runs a test command, shows what matters of its output, and counts.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::steps::Outcome;

/// Runs `cargo test` and counts by its closing lines.
pub(crate) fn cargo_test(command: &mut Command, verbose: bool) -> Outcome {
    outcome(run(command, |stdout| cargo_lines(stdout, &mut std::io::stdout(), verbose), verbose))
}

/// Runs `go test -json` and counts top-level tests.
pub(crate) fn go_test(command: &mut Command, verbose: bool) -> Outcome {
    outcome(run(command, |stdout| go_events(stdout, &mut std::io::stdout(), verbose), verbose))
}

/// What the lines of a test run add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    passed: usize,
    failed: usize,
    skipped: usize,
}

fn outcome(ran: Result<(Tally, bool)>) -> Outcome {
    match ran {
        // A test that fails is in the count; a crate that does not compile is not.
        Ok((Tally { failed: 0, .. }, false)) => Outcome::Failed("the tests did not run to their end".to_owned()),
        Ok((Tally { passed, failed, skipped }, _)) => Outcome::Counted { passed, failed, skipped },
        Err(error) => Outcome::Failed(format!("{error:#}")),
    }
}

/// The flag says whether the command succeeded.
fn run(
    command: &mut Command,
    read: impl FnOnce(Option<std::process::ChildStdout>) -> Tally,
    verbose: bool,
) -> Result<(Tally, bool)> {
    let name = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {name}"))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let tally = std::thread::scope(|scope| {
        let errors = scope.spawn(|| cargo_lines(stderr, &mut std::io::stderr(), verbose));
        let mut tally = read(stdout);
        let errors = errors.join().unwrap_or_default();
        tally.skipped += errors.skipped;
        tally
    });
    Ok((tally, child.wait()?.success()))
}

fn cargo_lines(from: Option<impl Read>, to: &mut impl Write, verbose: bool) -> Tally {
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

impl Tally {
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

/// Whether a line tells nothing new: a test that passed, an empty binary.
fn dull(line: &str) -> bool {
    line.is_empty()
        || line.starts_with("running ")
        || line.starts_with("test ") && line.ends_with(" ... ok")
        || line.starts_with("test result: ok. 0 passed; 0 failed; 0 ignored")
        || line.starts_with("   Doc-tests ")
        || line.starts_with("   Compiling ")
}

/// The events of `go test -json` (`go doc test2json`): what a failed or skipped test printed is shown.
fn go_events(from: Option<impl Read>, to: &mut impl Write, verbose: bool) -> Tally {
    let mut tally = Tally::default();
    let mut printed: BTreeMap<(String, String), String> = BTreeMap::new();
    let Some(from) = from else { return tally };
    for line in BufReader::new(from).lines().map_while(Result::ok) {
        let Ok(event) = serde_json::from_str::<Value>(&line) else {
            let _ = writeln!(to, "{line}");
            continue;
        };
        let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
        let (action, test) = (text("Action"), text("Test"));
        // A subtest's output belongs with its test's.
        let top = test.split('/').next().unwrap_or_default().to_owned();
        let key = (text("Package"), top);
        let counts = !test.is_empty() && !test.contains('/');
        match action.as_str() {
            "output" if verbose => drop(write!(to, "{}", text("Output"))),
            "output" => printed.entry(key).or_default().push_str(&text("Output")),
            "build-output" => drop(write!(to, "{}", text("Output"))),
            "pass" | "fail" | "skip" => {
                if (counts || test.is_empty())
                    && let Some(output) = printed.remove(&key)
                    && action != "pass"
                {
                    let _ = write!(to, "{output}");
                }
                match action.as_str() {
                    "pass" if counts => tally.passed += 1,
                    "fail" if counts => tally.failed += 1,
                    "skip" if counts => tally.skipped += 1,
                    _ => {}
                }
            }
            _ => {}
        }
    }
    tally
}

#[cfg(test)]
mod tests {
    use super::{Tally, go_events};

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

    #[test]
    fn counts_gos_tests_and_shows_what_failed() {
        let events = r#"{"Action":"run","Package":"a","Test":"TestGood"}
{"Action":"output","Package":"a","Test":"TestGood","Output":"fine\n"}
{"Action":"pass","Package":"a","Test":"TestGood"}
{"Action":"output","Package":"a","Test":"TestBad/case","Output":"want 1, got 2\n"}
{"Action":"fail","Package":"a","Test":"TestBad/case"}
{"Action":"fail","Package":"a","Test":"TestBad"}
{"Action":"skip","Package":"a","Test":"TestPostgres"}
{"Action":"output","Package":"a","Output":"FAIL\ta\n"}
{"Action":"fail","Package":"a"}
"#;
        let mut shown = Vec::new();
        let tally = go_events(Some(events.as_bytes()), &mut shown, false);
        assert_eq!(tally, Tally { passed: 1, failed: 1, skipped: 1 });
        assert_eq!(String::from_utf8_lossy(&shown), "want 1, got 2\nFAIL\ta\n");
    }
}
