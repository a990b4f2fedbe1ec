//! The disk: each repository is an OCI image layout, and equal content is one file for all of them.
//!
//! ```text
//! blobs/<algorithm>/<hex>                              every content, once
//! repositories/<name>/_layout/oci-layout
//! repositories/<name>/_layout/index.json               its manifests and tags
//! repositories/<name>/_layout/blobs/<algorithm>/<hex>  hard links: what the repository has
//! uploads/<random>                                     bytes that arrive
//! ```
//!
//! Killed at any point it is sound, because of an order: a content is written aside, synced, checked, and only then linked to its
//! place; the index is replaced by renaming, after all that it names is in place, and before anything that it no longer names goes.
//! So a change is there as a whole or not at all. What a killed process leaves are files that nothing names: [`Layout::collect`]
//! frees them, and `uploads/` is emptied when a layout is opened.
//!
//! Readers never wait for a writer of an index: they have the one before.

mod change;
mod check;
mod collect;
mod disk;
mod index;
mod upload;

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use fs_err as fs;
use tokio::time::Instant;

pub use check::Fault;
pub use collect::Collected;
pub use index::Entry;
pub use upload::Upload;

use crate::manifest::{Descriptor, ImageIndex, MANIFEST_LIMIT, Manifest};
use crate::{Algorithm, Digest, Error, Name, Reference, Tag, lock};
use index::Index;

/// The folder of a repository's layout. No part of a name begins so.
const FOLDER: &str = "_layout";
/// The most bytes of one answer to who refers to a manifest.
const REFERRERS_SIZE: usize = MANIFEST_LIMIT;

/// Repositories of images on disk, open in this process alone.
pub struct Layout {
    root: PathBuf,
    repositories: RwLock<BTreeMap<Name, Arc<Repository>>>,
    /// By who adds a repository.
    making: Mutex<()>,
    /// Shared by what adds or looks whether something is there; alone by what collects. So what was seen to be there stays.
    changes: RwLock<()>,
    /// Locked as long as the layout is open; the system unlocks it for the dead.
    _lock: fs::File,
}

struct Repository {
    index: RwLock<Arc<Index>>,
    /// By who changes the index.
    writing: Mutex<()>,
    /// What was lately added or asked for: part of a push whose manifest or tag comes later, most likely.
    held: Mutex<BTreeMap<Digest, Instant>>,
}

impl Repository {
    fn new(index: Index) -> Self {
        Self { index: RwLock::new(Arc::new(index)), writing: Mutex::default(), held: Mutex::default() }
    }

    fn index(&self) -> Arc<Index> {
        Arc::clone(&shared(&self.index))
    }

    fn hold(&self, digest: &Digest) {
        lock(&self.held).insert(digest.clone(), Instant::now());
    }
}

impl Layout {
    /// Opens the layout in a folder, which is made if it is not there.
    ///
    /// # Errors
    /// [`Error::InUse`] if another process has it open, [`Error::Damaged`] if an index cannot be read, [`Error::Io`].
    pub fn open(root: &Path) -> Result<Self, Error> {
        fs::create_dir_all(root)?;
        let lock = fs::OpenOptions::new().create(true).truncate(false).write(true).open(root.join(".lock"))?;
        lock.try_lock().map_err(|error| match error {
            std::fs::TryLockError::WouldBlock => Error::InUse { root: root.to_owned() },
            std::fs::TryLockError::Error(error) => Error::Io(error),
        })?;
        let uploads = root.join("uploads");
        if uploads.exists() {
            fs::remove_dir_all(&uploads)?;
        }
        for folder in [uploads, root.join("repositories")] {
            fs::create_dir_all(folder)?;
        }
        for algorithm in Algorithm::ALL {
            fs::create_dir_all(root.join("blobs").join(algorithm.as_str()))?;
        }
        disk::sync_folder(&root.join("blobs"))?;
        disk::sync_folder(root)?;
        let mut repositories = BTreeMap::new();
        for name in index::names(&root.join("repositories"))? {
            let folder = root.join("repositories").join(name.as_str()).join(FOLDER);
            index::prepare(&folder, root)?;
            repositories.insert(name, Arc::new(Repository::new(Index::read(&folder)?)));
        }
        Ok(Self {
            root: root.to_owned(),
            repositories: RwLock::new(repositories),
            making: Mutex::default(),
            changes: RwLock::default(),
            _lock: lock,
        })
    }

    /// The names of all repositories, in order.
    #[must_use]
    pub fn names(&self) -> Vec<Name> {
        shared(&self.repositories).keys().cloned().collect()
    }

    /// Where a repository's OCI image layout is, for tools that read one (`skopeo copy oci:FOLDER:TAG ...`).
    #[must_use]
    pub fn folder(&self, name: &Name) -> PathBuf {
        self.root.join("repositories").join(name.as_str()).join(FOLDER)
    }

    /// What a tag or a digest stands for, without its bytes.
    ///
    /// # Errors
    /// [`Error::NameUnknown`], [`Error::ManifestUnknown`].
    pub fn find(&self, name: &Name, reference: &Reference) -> Result<(Digest, Entry), Error> {
        let repository = self.repository(name)?;
        let _shared = shared(&self.changes);
        let index = repository.index();
        let unknown = || Error::ManifestUnknown { name: name.clone(), reference: reference.clone() };
        let digest = match reference {
            Reference::Tag(tag) => index.tags.get(tag).ok_or_else(unknown)?,
            Reference::Digest(digest) => digest,
        };
        let entry = index.manifests.get(digest).ok_or_else(unknown)?;
        repository.hold(digest);
        Ok((digest.clone(), entry.clone()))
    }

    /// A manifest, byte for byte as it was pushed.
    ///
    /// # Errors
    /// As [`Layout::find`]; [`Error::Io`].
    pub fn manifest(&self, name: &Name, reference: &Reference) -> Result<(Digest, Entry, Vec<u8>), Error> {
        let (digest, entry) = self.find(name, reference)?;
        match self.read(name, &digest) {
            Ok(bytes) => Ok((digest, entry, bytes)),
            // Deleted in between.
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(Error::ManifestUnknown { name: name.clone(), reference: reference.clone() })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// A blob, open for reading, and its size in bytes. It can be read to its end even if it is deleted meanwhile.
    ///
    /// # Errors
    /// [`Error::NameUnknown`], [`Error::BlobUnknown`], [`Error::Io`].
    pub fn blob(&self, name: &Name, digest: &Digest) -> Result<(fs::File, u64), Error> {
        let repository = self.repository(name)?;
        let _shared = shared(&self.changes);
        match fs::File::open(self.place(name, digest)) {
            Ok(file) => {
                repository.hold(digest);
                let size = file.metadata()?.len();
                Ok((file, size))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(Error::BlobUnknown { name: name.clone(), digest: digest.clone() })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Up to `limit` tags after `last`, in the order of their bytes, and whether there are more.
    ///
    /// # Errors
    /// [`Error::NameUnknown`].
    pub fn tags(&self, name: &Name, last: Option<&str>, limit: usize) -> Result<(Vec<Tag>, bool), Error> {
        let index = self.repository(name)?.index();
        let mut after = index.tags.keys().filter(|tag| last.is_none_or(|last| tag.as_str() > last));
        let page: Vec<Tag> = after.by_ref().take(limit).cloned().collect();
        Ok((page, after.next().is_some()))
    }

    /// The manifests whose subject is `subject`, after `last`, in the order of their digests: as many as one answer holds, and whether
    /// there are more. A repository that is not there has none.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Damaged`].
    pub fn referrers(
        &self,
        name: &Name,
        subject: &Digest,
        artifact_type: Option<&str>,
        last: Option<&Digest>,
    ) -> Result<(ImageIndex, bool), Error> {
        let index = match self.repository(name) {
            Ok(repository) => repository.index(),
            Err(_) => return Ok((ImageIndex::new(Vec::new()), false)),
        };
        let (mut page, mut size) = (Vec::new(), 0);
        for (digest, entry) in &index.manifests {
            let asked = entry.subject.as_ref() == Some(subject)
                && last.is_none_or(|last| digest > last)
                && artifact_type.is_none_or(|wanted| entry.artifact_type.as_deref() == Some(wanted));
            if !asked {
                continue;
            }
            let bytes = match self.read(name, digest) {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == ErrorKind::NotFound => continue, // deleted in between
                Err(error) => return Err(error.into()),
            };
            // An answer may hold one referrer, whatever its size.
            size += bytes.len();
            if size > REFERRERS_SIZE && !page.is_empty() {
                return Ok((ImageIndex::new(page), true));
            }
            page.push(Descriptor {
                media_type: entry.media_type.as_str().to_owned(),
                digest: digest.clone(),
                size: entry.size,
                artifact_type: entry.artifact_type.clone(),
                annotations: self.parse(name, digest, &bytes, entry)?.annotations,
            });
        }
        Ok((ImageIndex::new(page), false))
    }

    /// Does the repository have this content?
    #[must_use]
    pub fn has(&self, name: &Name, digest: &Digest) -> bool {
        fs::symlink_metadata(self.place(name, digest)).is_ok_and(|found| found.is_file())
    }

    fn repository(&self, name: &Name) -> Result<Arc<Repository>, Error> {
        let found = shared(&self.repositories).get(name).map(Arc::clone);
        found.ok_or_else(|| Error::NameUnknown { name: name.clone() })
    }

    /// Where a content is, for all repositories.
    fn pool(&self, digest: &Digest) -> PathBuf {
        self.root.join("blobs").join(digest.algorithm().as_str()).join(digest.hex())
    }

    /// Where a content is in a repository that has it.
    fn place(&self, name: &Name, digest: &Digest) -> PathBuf {
        self.folder(name).join("blobs").join(digest.algorithm().as_str()).join(digest.hex())
    }

    /// A manifest's bytes.
    fn read(&self, name: &Name, digest: &Digest) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        fs::File::open(self.place(name, digest))?.take(MANIFEST_LIMIT as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// A manifest that was understood when it was pushed.
    fn parse(&self, name: &Name, digest: &Digest, bytes: &[u8], entry: &Entry) -> Result<Manifest, Error> {
        Manifest::parse(bytes, Some(entry.media_type.as_str()))
            .map_err(|error| Error::Damaged { path: self.place(name, digest), why: error.to_string() })
    }
}

fn shared<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn alone<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
