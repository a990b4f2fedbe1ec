//! Who changed a file of the documentation last: asked of git when a page is first shown, and again after a commit.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use karat_git::Change;

/// So many folders are remembered.
const MOST: usize = 1_000;

/// The changes of a folder's files, by their path in it.
type Files = Arc<BTreeMap<String, Change>>;

/// What is known, by the folder, with the commit that it is of.
#[derive(Default)]
pub struct Changes(Mutex<BTreeMap<PathBuf, (String, Files)>>);

impl Changes {
    /// The last change of each file of a folder; none where there is no history. The walk through it takes a while where it is long:
    /// not for an async thread.
    pub fn of(&self, folder: &Path) -> Files {
        let Ok((repository, inner)) = karat_git::around(folder) else { return Files::default() };
        let Some(head) = repository.head() else { return Files::default() };
        let all = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((commit, known)) = all().get(folder)
            && *commit == head
        {
            return Arc::clone(known);
        }
        // Not under the lock: other folders need not wait. Two who ask for one at once find the same.
        let found = Files::new(repository.last_changes(&head, &inner).unwrap_or_default());
        let mut all = all();
        if all.len() >= MOST {
            all.clear();
        }
        all.insert(folder.to_owned(), (head, Arc::clone(&found)));
        found
    }
}
