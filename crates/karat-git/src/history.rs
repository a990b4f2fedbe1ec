//! Who changed a file last: one walk through the history for all files of a folder.

use std::collections::BTreeMap;

use gix::{ObjectId, Repository as Local};

use crate::{Error, Repository};

/// The most commits that are looked at; what was not changed in them has no known change.
pub const COMMITS_LIMIT: usize = 20_000;
/// The deepest folder.
const DEPTH: usize = 64;

/// The last change of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The author's name.
    pub author: String,
    /// When it was written, in seconds since 1 January 1970, UTC.
    pub seconds: i64,
    /// The commit, in full.
    pub commit: String,
}

impl Repository {
    /// The last change of each file below `folder` (from the repository's root) at `revision`, by its path from the folder. A
    /// merge changes what is as in none of its parents. In a shallow clone the oldest commit counts for all that it has.
    ///
    /// # Errors
    /// As [`Repository::tree`].
    pub fn last_changes(&self, revision: &str, folder: &str) -> Result<BTreeMap<String, Change>, Error> {
        let present = self.tree(revision, folder)?;
        let mut open = present.entries.len();
        let repository = self.inner.to_thread_local();
        let damaged =
            |source: Box<dyn std::error::Error + Send + Sync>| Error::Damaged { revision: revision.to_owned(), source };
        let start = repository.rev_parse_single(revision).map_err(|error| damaged(error.into()))?.detach();
        let sorting =
            gix::revision::walk::Sorting::ByCommitTime(gix::traverse::commit::simple::CommitTimeOrder::NewestFirst);
        let walk = repository.rev_walk([start]).sorting(sorting).all().map_err(|error| damaged(error.into()))?;
        let mut found: BTreeMap<String, Change> = BTreeMap::new();
        for info in walk.take(COMMITS_LIMIT) {
            if open == 0 {
                break;
            }
            // Where a shallow clone ends there is no more to know.
            let Ok(info) = info else { break };
            let Ok(commit) = info.object() else { break };
            let here = subtree(&repository, info.id, folder);
            let parents: Vec<Option<ObjectId>> =
                info.parent_ids.iter().map(|parent| subtree(&repository, *parent, folder)).collect();
            let Some(here) = here else { continue };
            if parents.contains(&Some(here)) {
                continue;
            }
            let mut changed = Vec::new();
            differences(&repository, here, &parents, "", 0, &mut changed);
            let author = commit.author().ok();
            for path in changed {
                if !present.entries.contains_key(&path) || found.contains_key(&path) {
                    continue;
                }
                let name = author.as_ref().map(|author| author.name.to_string()).unwrap_or_default();
                let seconds = author.as_ref().map_or(0, gix::actor::SignatureRef::seconds);
                found.insert(path, Change { author: name, seconds, commit: info.id.to_string() });
                open -= 1;
            }
        }
        Ok(found)
    }
}

/// The tree of a folder at a commit; `None` if it has none.
fn subtree(repository: &Local, commit: ObjectId, folder: &str) -> Option<ObjectId> {
    let tree = repository.find_commit(commit).ok()?.tree().ok()?;
    if folder.is_empty() {
        return Some(tree.id);
    }
    let entry = tree.lookup_entry_by_path(folder).ok()??;
    entry.mode().is_tree().then(|| entry.object_id())
}

/// The files of a tree that are as in none of the others.
fn differences(
    repository: &Local,
    here: ObjectId,
    others: &[Option<ObjectId>],
    prefix: &str,
    depth: usize,
    changed: &mut Vec<String>,
) {
    if depth > DEPTH {
        return;
    }
    let Ok(tree) = repository.find_tree(here) else { return };
    let entries = |tree: Option<ObjectId>| -> BTreeMap<Vec<u8>, (bool, ObjectId)> {
        let Some(tree) = tree.and_then(|id| repository.find_tree(id).ok()) else { return BTreeMap::new() };
        tree.iter()
            .filter_map(Result::ok)
            .map(|entry| (entry.filename().to_vec(), (entry.mode().is_tree(), entry.object_id())))
            .collect()
    };
    let others: Vec<_> = others.iter().map(|other| entries(*other)).collect();
    for entry in tree.iter().filter_map(Result::ok) {
        let (name, id, is_tree) = (entry.filename().to_vec(), entry.object_id(), entry.mode().is_tree());
        let theirs: Vec<Option<(bool, ObjectId)>> = others.iter().map(|other| other.get(&name).copied()).collect();
        if theirs.contains(&Some((is_tree, id))) {
            continue;
        }
        let name = String::from_utf8_lossy(&name);
        let path = if prefix.is_empty() { name.into_owned() } else { format!("{prefix}/{name}") };
        if is_tree {
            let below: Vec<Option<ObjectId>> =
                theirs.into_iter().map(|other| other.filter(|(tree, _)| *tree).map(|(_, id)| id)).collect();
            differences(repository, id, &below, &path, depth + 1, changed);
        } else {
            changed.push(path);
        }
    }
}
