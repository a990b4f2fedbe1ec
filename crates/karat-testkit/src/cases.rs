//! Folders of cases: each folder that holds the marker file is one case; one runner takes them all.
//!
//! ```no_run
//! use karat_testkit::Cases;
//!
//! Cases::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases"), "input.yaml").run(|case| {
//!     let input = case.read("input.yaml")?;
//!     case.golden("output.json", &input.to_uppercase())
//! });
//! ```

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, bail};
use fs_err as fs;

use crate::{diff, environment};

/// All cases below one folder.
#[derive(Debug)]
pub struct Cases {
    root: PathBuf,
    marker: String,
}

/// One case: a folder with its input and its goldens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Case {
    /// The folder's path below the root, separated by `/`.
    pub name: String,
    /// The folder.
    pub path: PathBuf,
}

impl Cases {
    /// The cases below `root`: every folder, at any depth, that holds a file named `marker`. Inside a case nothing is
    /// searched, so a case may hold folders of its own.
    pub fn new(root: impl Into<PathBuf>, marker: &str) -> Self {
        Self { root: root.into(), marker: marker.to_owned() }
    }

    /// The cases, by name.
    ///
    /// # Errors
    /// A folder that is no case and holds none, or a stray file beside the cases: somebody forgot it, and it would
    /// never run. Names that start with `_` are set apart for what cases share.
    pub fn discover(&self) -> Result<Vec<Case>> {
        let mut cases = Vec::new();
        let mut forgotten = BTreeSet::new();
        self.search(&self.root, "", &mut cases, &mut forgotten)?;
        if !forgotten.is_empty() {
            let list: Vec<String> = forgotten.into_iter().collect();
            bail!(
                "{}: no case reads {}; a case is a folder with a file `{}`, shared things start with `_`",
                self.root.display(),
                list.join(", "),
                self.marker
            );
        }
        if cases.is_empty() {
            bail!("{}: no case (a folder with a file `{}`)", self.root.display(), self.marker);
        }
        cases.sort();
        Ok(cases)
    }

    fn search(&self, folder: &Path, name: &str, cases: &mut Vec<Case>, forgotten: &mut BTreeSet<String>) -> Result<()> {
        let before = cases.len();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let entry_name = entry.file_name().to_string_lossy().into_owned();
            if entry_name.starts_with('_') {
                continue;
            }
            let below = if name.is_empty() { entry_name.clone() } else { format!("{name}/{entry_name}") };
            let path = entry.path();
            if !path.is_dir() {
                if entry_name != "README.md" {
                    forgotten.insert(below);
                }
            } else if path.join(&self.marker).is_file() {
                cases.push(Case { name: below, path });
            } else {
                self.search(&path, &below, cases, forgotten)?;
            }
        }
        if cases.len() == before && !name.is_empty() {
            forgotten.insert(name.to_owned());
        }
        Ok(())
    }

    /// Runs `check` on each case, on all cores, and fails at the end with every failure, not only the first.
    ///
    /// # Panics
    /// If a case fails, or the cases cannot be discovered.
    pub fn run(&self, check: impl Fn(&Case) -> Result<()> + Sync) {
        let mut cases = self.discover().unwrap_or_else(|error| panic!("{error:#}"));
        if let Some(filter) = environment::filter() {
            cases.retain(|case| case.name.contains(&filter));
        }
        let failures = Mutex::new(Vec::new());
        let next = AtomicUsize::new(0);
        let threads = std::thread::available_parallelism().map_or(2, usize::from).min(cases.len());
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                        if let Some(failure) = attempt(case, &check) {
                            failures.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(failure);
                        }
                    }
                });
            }
        });
        let mut failures = failures.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        if failures.is_empty() {
            return;
        }
        failures.sort();
        let mut report = String::new();
        for (name, failure) in &failures {
            report.push_str(&format!("\n=== {name}\n{failure}\n"));
        }
        let names: Vec<&str> = failures.iter().map(|(name, _)| name.as_str()).collect();
        panic!(
            "{} of {} cases failed in {}\n{report}\nfailed: {}\n(KARAT_CASE=name runs one, KARAT_UPDATE=1 rewrites goldens)",
            failures.len(),
            cases.len(),
            self.root.display(),
            names.join(", ")
        );
    }
}

fn attempt(case: &Case, check: &(impl Fn(&Case) -> Result<()> + Sync)) -> Option<(String, String)> {
    match catch_unwind(AssertUnwindSafe(|| check(case))) {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some((case.name.clone(), format!("{error:#}"))),
        Err(panic) => {
            let text = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("panicked");
            Some((case.name.clone(), text.to_owned()))
        }
    }
}

impl Case {
    /// The path of a file in the case.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The text of a file in the case.
    ///
    /// # Errors
    /// The file is missing or not UTF-8.
    pub fn read(&self, name: &str) -> Result<String> {
        Ok(fs::read_to_string(self.file(name))?)
    }

    /// The text of a file that a case may leave out.
    ///
    /// # Errors
    /// The file is not UTF-8.
    pub fn optional(&self, name: &str) -> Result<Option<String>> {
        if self.file(name).is_file() { self.read(name).map(Some) } else { Ok(None) }
    }

    /// Compares `actual` with the golden file `name`, or writes it under `KARAT_UPDATE=1`.
    ///
    /// # Errors
    /// They differ (the message holds the difference), or there is no golden.
    pub fn golden(&self, name: &str, actual: &str) -> Result<()> {
        let path = self.file(name);
        let expected = if path.is_file() { Some(fs::read_to_string(&path)?) } else { None };
        if expected.as_deref() == Some(actual) {
            return Ok(());
        }
        if environment::update() {
            fs::write(&path, actual)?;
            return Ok(());
        }
        let expected = expected
            .with_context(|| format!("{name} is missing; KARAT_UPDATE=1 writes it. The output was:\n{actual}"))?;
        same(name, &expected, "actual", actual)
    }
}

/// Checks that two texts are equal.
///
/// # Errors
/// They are not; the message holds the difference.
pub fn same(expected_name: &str, expected: &str, actual_name: &str, actual: &str) -> Result<()> {
    if expected != actual {
        bail!("{}", diff::unified(expected_name, expected, actual_name, actual));
    }
    Ok(())
}

/// Whether goldens are rewritten (`KARAT_UPDATE=1`): for runners whose goldens come from a peer.
pub fn updating() -> bool {
    environment::update()
}
