//! The only place that reads the environment: what a person or `cargo xtask test` tells the tests.

use std::path::PathBuf;

fn read(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "tests are steered by the environment; it is read here only")]
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// `KARAT_UPDATE=1`: goldens are written instead of compared.
pub(crate) fn update() -> bool {
    read("KARAT_UPDATE").is_some_and(|value| value != "0")
}

/// `KARAT_CASE=word`: only cases whose name holds the word run.
pub(crate) fn filter() -> Option<String> {
    read("KARAT_CASE")
}

/// `KARAT_PEERS=folder`: where the peers' binaries are. A relative one is meant from the root of the repository, though
/// Cargo runs tests in their crate's folder.
pub(crate) fn peers() -> Option<PathBuf> {
    let folder = PathBuf::from(read("KARAT_PEERS")?);
    let here = std::env::current_dir().unwrap_or_default();
    let found = here.ancestors().map(|above| above.join(&folder)).find(|path| path.is_dir());
    Some(found.unwrap_or(folder))
}

/// `CI=true`: whatever was asked for must be there.
pub(crate) fn ci() -> bool {
    read("CI").is_some_and(|value| value == "true" || value == "1")
}

/// The search path that hermetic runs keep, so that a command may find `git`.
pub(crate) fn path() -> String {
    read("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".to_owned())
}
