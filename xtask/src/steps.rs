//! A run of named steps: progress while it goes on, a summary at its end.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;

/// What has been done so far.
#[derive(Default)]
pub(crate) struct Steps {
    rows: Vec<Row>,
}

struct Row {
    name: String,
    took: Duration,
    outcome: Outcome,
}

/// How a step ended.
pub(crate) enum Outcome {
    /// As it should.
    Passed,
    /// It counted tests; `skipped` names those that did not compare.
    Counted { passed: usize, failed: usize, skipped: usize },
    /// It did not run, and why.
    Skipped(String),
    /// It failed, and why.
    Failed(String),
}

impl Steps {
    /// Runs a step that passes or fails.
    pub(crate) fn step(&mut self, name: &str, work: impl FnOnce() -> Result<()>) {
        self.outcome(name, || match work() {
            Ok(()) => Outcome::Passed,
            Err(error) => Outcome::Failed(format!("{error:#}")),
        });
    }

    /// Runs a step that says itself how it ended.
    pub(crate) fn outcome(&mut self, name: &str, work: impl FnOnce() -> Outcome) {
        println!("\n==> {name}");
        #[expect(clippy::disallowed_methods, reason = "a person waits: the summary says for what")]
        let start = Instant::now();
        let outcome = work();
        if let Outcome::Failed(why) = &outcome {
            eprintln!("error: {why}");
        }
        self.rows.push(Row { name: name.to_owned(), took: start.elapsed(), outcome });
    }

    /// Prints the summary; its last line is `N passed, N failed`.
    pub(crate) fn finish(self) -> ExitCode {
        let width = self.rows.iter().map(|row| row.name.len()).max().unwrap_or(0);
        let (mut passed, mut failed) = (0, 0);
        println!();
        for row in &self.rows {
            let verdict = match &row.outcome {
                Outcome::Passed => {
                    passed += 1;
                    "passed".to_owned()
                }
                Outcome::Counted { passed: good, failed: bad, skipped } => {
                    passed += good;
                    failed += bad;
                    let skipped = if *skipped > 0 { format!(", {skipped} skipped") } else { String::new() };
                    format!("{good} passed, {bad} failed{skipped}")
                }
                Outcome::Skipped(why) => format!("skipped: {why}"),
                Outcome::Failed(why) => {
                    failed += 1;
                    format!("FAILED: {}", why.lines().next().unwrap_or_default())
                }
            };
            println!("{:width$}  {:>7.1} s  {verdict}", row.name, row.took.as_secs_f64());
        }
        println!("{passed} passed, {failed} failed");
        if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
