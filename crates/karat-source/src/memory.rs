//! A world in memory, for tests and for files that were unpacked.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Entry, EntryKind, ReadError, World};

/// Files in memory, by path.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    files: BTreeMap<String, Vec<u8>>,
    executables: BTreeSet<String>,
}

impl Memory {
    /// Adds or replaces a file. `path` must be clean (see [`crate::clean`]).
    pub fn insert(&mut self, path: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.files.insert(path.into(), bytes.into());
    }

    /// Says that a file may be run as a program.
    pub fn mark_executable(&mut self, path: impl Into<String>) {
        self.executables.insert(path.into());
    }

    /// Removes a file.
    pub fn remove(&mut self, path: &str) -> Option<Vec<u8>> {
        self.files.remove(path)
    }
}

impl World for Memory {
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        self.files.get(path).cloned().ok_or_else(|| ReadError::NotFound { path: path.to_owned() })
    }

    fn list(&self, path: &str) -> Result<Vec<Entry>, ReadError> {
        let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
        let mut entries: Vec<Entry> = Vec::new();
        for (file, _) in self.files.range(prefix.clone()..) {
            let Some(rest) = file.strip_prefix(&prefix) else { break };
            let (name, kind) = match rest.split_once('/') {
                Some((name, _)) => (name, EntryKind::Folder),
                None => (rest, EntryKind::File),
            };
            if entries.last().is_none_or(|last| last.name != name) {
                entries.push(Entry { name: name.to_owned(), kind });
            }
        }
        if entries.is_empty() && !path.is_empty() {
            return Err(ReadError::NotFound { path: path.to_owned() });
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        entries.dedup_by(|a, b| a.name == b.name);
        Ok(entries)
    }

    fn kind(&self, path: &str) -> Result<Option<EntryKind>, ReadError> {
        if self.files.contains_key(path) {
            return Ok(Some(EntryKind::File));
        }
        let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
        let holds = self.files.range(prefix.clone()..).next().is_some_and(|(file, _)| file.starts_with(&prefix));
        Ok((holds || path.is_empty()).then_some(EntryKind::Folder))
    }

    fn executable(&self, path: &str) -> Result<bool, ReadError> {
        Ok(self.executables.contains(path))
    }
}

impl<P: Into<String>, B: Into<Vec<u8>>> FromIterator<(P, B)> for Memory {
    fn from_iter<T: IntoIterator<Item = (P, B)>>(files: T) -> Self {
        Self { files: files.into_iter().map(|(path, bytes)| (path.into(), bytes.into())).collect(), ..Self::default() }
    }
}
