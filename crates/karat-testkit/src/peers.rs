//! The real tools that Karat is compared with.
//!
//! `cargo xtask test --peers` builds them into `target/peers/` and names that folder in `KARAT_PEERS`. Without it a test
//! that compares says so and returns; in CI (`CI=true`) a peer that was asked for and is missing is an error.

use std::io::Write as _;
use std::path::PathBuf;

use crate::environment;

/// The binary of a peer, such as `helm4`; `None` (after saying `skipped: ...` on standard error) if there is none.
///
/// ```
/// let Some(helm) = karat_testkit::peer("helm4") else { return };
/// # let _ = helm;
/// ```
///
/// # Panics
/// If `KARAT_PEERS` is set, `CI=true`, and the binary is not there: a comparison that silently does not happen proves
/// nothing.
#[must_use]
pub fn peer(name: &str) -> Option<PathBuf> {
    match look_up(name, environment::peers(), environment::ci()) {
        Ok(path) => Some(path),
        Err(Missing::Skip(why)) => {
            skip(&why);
            None
        }
        Err(Missing::Fail(why)) => panic!("{why}"),
    }
}

/// Says, past the test harness's capture, that something did not run.
pub fn skip(why: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    // Straight to the handle: `eprintln!` is swallowed when the test passes, and a skipped test does pass.
    let _ = writeln!(std::io::stderr(), "skipped: {test}: {why}");
}

#[derive(Debug, PartialEq, Eq)]
enum Missing {
    Skip(String),
    Fail(String),
}

fn look_up(name: &str, folder: Option<PathBuf>, ci: bool) -> Result<PathBuf, Missing> {
    let Some(folder) = folder else {
        return Err(Missing::Skip(format!("needs {name}: run `cargo xtask test --peers`")));
    };
    let path = folder.join(name);
    if path.is_file() || path.is_dir() {
        return Ok(path);
    }
    let why = format!("{name} is not in {}", folder.display());
    Err(if ci { Missing::Fail(why) } else { Missing::Skip(why) })
}

#[cfg(test)]
mod tests {
    use super::{Missing, look_up};

    #[test]
    fn absent_peers_are_skipped_but_not_in_ci() {
        let folder = Some(std::path::PathBuf::from("/nowhere"));
        assert!(matches!(look_up("helm4", None, true), Err(Missing::Skip(_))));
        assert!(matches!(look_up("helm4", folder.clone(), false), Err(Missing::Skip(_))));
        assert_eq!(look_up("helm4", folder, true), Err(Missing::Fail("helm4 is not in /nowhere".into())));
    }
}
