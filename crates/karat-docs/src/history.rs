//! Who changed a page last: asked of whoever knows the history, which is not this crate.

use std::collections::BTreeMap;

/// The last change of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The author's name.
    pub author: String,
    /// When, in seconds since 1 January 1970, UTC.
    pub seconds: i64,
    /// The commit, in full.
    pub commit: String,
}

/// What knows the history of files; `karat-git` does.
pub trait History: Send + Sync {
    /// The last change of the file at `path`, as the site's world calls it; `None` if nobody knows.
    fn last_change(&self, path: &str) -> Option<Change>;
}

/// Changes by path, as `karat-git` gathers them.
impl History for BTreeMap<String, Change> {
    fn last_change(&self, path: &str) -> Option<Change> {
        self.get(path).cloned()
    }
}

/// Files without a history.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHistory;

impl History for NoHistory {
    fn last_change(&self, _path: &str) -> Option<Change> {
        None
    }
}
