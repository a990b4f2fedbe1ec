//! Frees what nothing needs any more.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use fs_err as fs;

use super::{Index, Layout, Repository, alone};
use crate::{Algorithm, Digest, Error, Name, lock};

/// What was freed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// Manifests that are in their repository no more.
    pub manifests: usize,
    /// Contents that are on the disk no more.
    pub blobs: usize,
    /// Their size in bytes.
    pub bytes: u64,
}

impl Layout {
    /// Frees every manifest and blob but these, and what they need (the parts of an image, the manifests of an index), and what refers
    /// to them (signatures, SBOMs), in turn:
    ///
    /// - what is tagged;
    /// - `running`: digests that the caller says are in use, whatever repository they are in;
    /// - what was added to its repository, or asked for there, in the last `hold` by this process: a push whose manifest or tag is yet to
    ///   come. An hour is long enough for most.
    ///
    /// Uploads under way are not touched. Pushes wait while one repository is gone through, pulls do not.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Damaged`]: nothing of a repository whose manifests cannot be read is freed.
    pub fn collect(&self, running: &BTreeSet<Digest>, hold: Duration) -> Result<Collected, Error> {
        let mut collected = Collected::default();
        for name in self.names() {
            let _alone = alone(&self.changes);
            let Ok(repository) = self.repository(&name) else { continue };
            collected.manifests += self.collect_repository(&name, &repository, running, hold)?;
        }
        let _alone = alone(&self.changes);
        let mut linked = BTreeSet::new();
        for name in self.names() {
            for (digest, _) in files(&self.folder(&name).join("blobs"))? {
                linked.insert(digest);
            }
        }
        for (digest, size) in files(&self.root.join("blobs"))? {
            if !linked.contains(&digest) {
                // Not synced: what comes back after a crash is freed next time.
                fs::remove_file(self.pool(&digest))?;
                collected.blobs += 1;
                collected.bytes += size;
            }
        }
        Ok(collected)
    }

    /// How many manifests went.
    fn collect_repository(
        &self,
        name: &Name,
        repository: &Repository,
        running: &BTreeSet<Digest>,
        hold: Duration,
    ) -> Result<usize, Error> {
        let index = repository.index();
        let held: BTreeSet<Digest> = {
            let mut held = lock(&repository.held);
            held.retain(|_, since| since.elapsed() < hold);
            held.keys().cloned().collect()
        };
        let kept = self.kept(name, &index, index.tags.values().chain(running).chain(&held).cloned().collect())?;
        let mut left = Index::clone(&index);
        left.manifests.retain(|digest, _| kept.contains(digest));
        let gone = index.manifests.len() - left.manifests.len();
        let empty = left == Index::default();
        if gone > 0 {
            self.replace(name, repository, left)?;
        }
        let mut blobs = 0;
        for (digest, _) in files(&self.folder(name).join("blobs"))? {
            if kept.contains(&digest) {
                blobs += 1;
            } else {
                fs::remove_file(self.place(name, &digest))?;
            }
        }
        if empty && blobs == 0 {
            self.remove(name)?;
        }
        Ok(gone)
    }

    /// `roots`, what they need and what refers to them, in turn.
    fn kept(&self, name: &Name, index: &Index, roots: Vec<Digest>) -> Result<BTreeSet<Digest>, Error> {
        let mut about: BTreeMap<&Digest, Vec<&Digest>> = BTreeMap::new();
        for (digest, entry) in &index.manifests {
            if let Some(subject) = &entry.subject {
                about.entry(subject).or_default().push(digest);
            }
        }
        let (mut kept, mut open) = (BTreeSet::new(), roots);
        while let Some(digest) = open.pop() {
            if kept.contains(&digest) {
                continue;
            }
            if let Some(entry) = index.manifests.get(&digest) {
                open.extend(self.parse(name, &digest, &self.read(name, &digest)?, entry)?.needs);
                open.extend(about.get(&digest).into_iter().flatten().copied().cloned());
            }
            kept.insert(digest);
        }
        Ok(kept)
    }

    /// Takes an empty repository away, and the folders above that hold no other.
    fn remove(&self, name: &Name) -> Result<(), Error> {
        alone(&self.repositories).remove(name);
        let folder = self.folder(name);
        fs::remove_dir_all(&folder)?;
        let root = self.root.join("repositories");
        for above in folder.ancestors().skip(1).take_while(|above| *above != root) {
            if fs::remove_dir(above).is_err() {
                break; // another repository is in it
            }
        }
        Ok(())
    }
}

/// The contents below a folder of blobs, and their sizes. What is not named as one is not ours.
pub(super) fn files(folder: &Path) -> Result<Vec<(Digest, u64)>, Error> {
    let mut found = Vec::new();
    for algorithm in Algorithm::ALL {
        let folder = folder.join(algorithm.as_str());
        if !folder.is_dir() {
            continue;
        }
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = format!("{}:{}", algorithm.as_str(), entry.file_name().to_string_lossy());
            if let Ok(digest) = name.parse() {
                found.push((digest, entry.metadata()?.len()));
            }
        }
    }
    Ok(found)
}
