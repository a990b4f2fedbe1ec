//! What locations mean: files of the organisation's folder, repositories at a revision, URLs.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use karat_catalog::{Files, LocationRef, Reader, WorldFiles};
use karat_source::{Entry, EntryKind, Folder, ReadError, World, clean, join};

use crate::catalog::Repository;
use crate::fetch::Fetcher;
use crate::urls::Urls;

/// Folders that hold no files of the organisation: git's, and Karat's own data.
pub(crate) const PRIVATE: [&str; 2] = [".git", ".karat"];

/// The organisation's files. What is in a repository that is read at a revision is as it is there.
#[derive(Clone)]
pub(crate) struct Mounted {
    folder: Arc<Folder>,
    /// By folder; none of them is within another.
    trees: BTreeMap<String, Result<Arc<karat_git::Tree>, String>>,
}

impl Mounted {
    pub(crate) fn new(folder: Arc<Folder>, repositories: &[Repository]) -> Self {
        let mut trees = BTreeMap::new();
        for Repository { folder: inner, revision } in repositories {
            if let Some(revision) = revision {
                let place = folder.root().join(inner);
                let tree = karat_git::at(&place, revision).map(Arc::new).map_err(|error| error.to_string());
                trees.insert(inner.clone(), tree);
            }
        }
        Self { folder, trees }
    }

    /// The commits that are read, by folder.
    pub(crate) fn commits(&self) -> BTreeMap<&str, &str> {
        let read = self.trees.iter().filter_map(|(folder, tree)| Some((folder.as_str(), tree.as_ref().ok()?.commit())));
        read.collect()
    }

    fn at<T>(
        &self,
        path: &str,
        tree: impl FnOnce(&dyn World, &str) -> Result<T, ReadError>,
        disk: impl FnOnce(&dyn World) -> Result<T, ReadError>,
    ) -> Result<T, ReadError> {
        for (folder, found) in &self.trees {
            let inner = if folder.is_empty() { Some(path) } else { below(folder, path) };
            if let Some(inner) = inner {
                return match found {
                    Ok(found) => tree(&**found, inner),
                    Err(message) => Err(ReadError::Io { path: path.to_owned(), message: message.clone() }),
                };
            }
        }
        self.allowed(path)?;
        disk(&*self.folder)
    }

    /// Whether a path, links followed, is one of the organisation's files.
    fn allowed(&self, path: &str) -> Result<(), ReadError> {
        let private = |path: &str| path.split('/').any(|part| PRIVATE.contains(&part));
        let real = fs_err::canonicalize(self.folder.root().join(path)).ok();
        let real = real.as_deref().and_then(|real| real.strip_prefix(self.folder.root()).ok()?.to_str());
        if private(path) || real.is_some_and(private) {
            return Err(ReadError::Io { path: path.to_owned(), message: "no file of a repository".into() });
        }
        Ok(())
    }
}

/// `path` from `folder`, if it is in it.
pub(crate) fn below<'p>(folder: &str, path: &'p str) -> Option<&'p str> {
    let rest = path.strip_prefix(folder)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
}

impl World for Mounted {
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        self.at(path, |tree, inner| tree.read(inner), |disk| disk.read(path))
    }

    fn list(&self, path: &str) -> Result<Vec<Entry>, ReadError> {
        let mut entries = self.at(path, |tree, inner| tree.list(inner), |disk| disk.list(path))?;
        entries.retain(|entry| !PRIVATE.contains(&entry.name.as_str()));
        Ok(entries)
    }

    fn kind(&self, path: &str) -> Result<Option<EntryKind>, ReadError> {
        self.at(path, |tree, inner| tree.kind(inner), |disk| disk.kind(path))
    }
}

/// Where the catalog's machine reads: URLs are what was last fetched.
pub(crate) struct Content<'c> {
    pub(crate) files: &'c Mounted,
    pub(crate) urls: &'c Arc<Urls>,
}

impl Content<'_> {
    /// Whether a location is a URL that has not been read yet. It is asked for then.
    pub(crate) fn is_pending(&self, location: &LocationRef) -> bool {
        location.kind == "url" && self.urls.get(&location.target).is_none()
    }
}

impl Reader for Content<'_> {
    fn read(&self, location: &LocationRef) -> Result<Vec<u8>, String> {
        match location.kind.as_str() {
            "url" => match self.urls.get(&location.target) {
                Some(found) => found.map(|bytes| bytes.to_vec()),
                None => Err("Error: it is being read".to_owned()),
            },
            _ => WorldFiles(self.files).read(location),
        }
    }
}

impl Files for Content<'_> {
    fn find(&self, target: &LocationRef) -> Result<Vec<LocationRef>, String> {
        find(self.files, target)
    }
}

/// So many URLs are read for somebody who waits, and so many of them may fail.
const PATIENCE: (u32, u32) = (100, 3);

/// The same, for somebody who waits for URLs.
pub(crate) struct Waiting<'c> {
    files: &'c Mounted,
    fetcher: &'c Fetcher,
    read: Cell<u32>,
    failed: Cell<u32>,
}

impl<'c> Waiting<'c> {
    pub(crate) fn new(files: &'c Mounted, fetcher: &'c Fetcher) -> Self {
        Self { files, fetcher, read: Cell::new(0), failed: Cell::new(0) }
    }
}

impl Reader for Waiting<'_> {
    fn read(&self, location: &LocationRef) -> Result<Vec<u8>, String> {
        if location.kind != "url" {
            return WorldFiles(self.files).read(location);
        }
        if self.read.get() >= PATIENCE.0 || self.failed.get() >= PATIENCE.1 {
            return Err("Error: not tried: there are too many URLs, or others could not be read".to_owned());
        }
        self.read.set(self.read.get() + 1);
        self.fetcher.get(&location.target).inspect_err(|_| self.failed.set(self.failed.get() + 1))
    }
}

impl Files for Waiting<'_> {
    fn find(&self, target: &LocationRef) -> Result<Vec<LocationRef>, String> {
        find(self.files, target)
    }
}

fn find(files: &Mounted, target: &LocationRef) -> Result<Vec<LocationRef>, String> {
    if target.kind == "url" {
        return Ok(vec![target.clone()]);
    }
    WorldFiles(files).find(target)
}

/// The files that repositories describe themselves in. One that is there and cannot be read is among them, so that somebody is told.
pub(crate) fn own(files: &Mounted, repositories: &[Repository]) -> Vec<LocationRef> {
    let is_there = |path: &String| match files.kind(path) {
        Ok(kind) => matches!(kind, Some(EntryKind::File | EntryKind::Escape | EntryKind::Special)),
        Err(_) => path.ends_with(NAMES[0]),
    };
    let paths = repositories.iter().flat_map(|one| NAMES.map(|name| join(&one.folder, name)));
    let there = paths.filter_map(|path| clean(&path)).filter(is_there);
    there.map(|path| LocationRef::new("file", path)).collect()
}

/// What such a file is called.
pub(crate) const NAMES: [&str; 2] = ["catalog-info.yaml", "catalog-info.yml"];
