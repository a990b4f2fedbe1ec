//! What is added, and what is taken away.

use std::io::{self, ErrorKind};
use std::sync::Arc;

use super::index::{self, Index};
use super::{Entry, Layout, Repository, Upload, alone, disk, shared};
use crate::manifest::{MANIFEST_LIMIT, Manifest};
use crate::{Algorithm, Digest, Error, Name, Reference, Tag, lock};

impl Layout {
    /// Begins to take in a blob of `limit` bytes at most. `algorithm` is a guess of what it will be named by; another is computed at
    /// the end, by reading it once more.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn begin(&self, algorithm: Algorithm, limit: u64) -> Result<Upload, Error> {
        Upload::new(&self.root.join("uploads"), algorithm, limit)
    }

    /// Ends an upload: it is now a blob of the repository, if it is what it is said to be.
    ///
    /// # Errors
    /// [`Error::Mismatch`], [`Error::Io`]; the upload is gone then.
    pub fn commit(&self, upload: Upload, name: &Name, digest: &Digest) -> Result<(), Error> {
        let upload = upload.seal(digest)?;
        let _shared = shared(&self.changes);
        let repository = self.make(name)?;
        disk::link(upload.path(), &self.pool(digest))?;
        self.link(name, digest)?;
        repository.hold(digest);
        Ok(())
    }

    /// Takes in a blob that is read in this process.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::Io`].
    pub fn add(&self, name: &Name, from: &mut dyn io::Read, limit: u64) -> Result<(Digest, u64), Error> {
        let mut upload = self.begin(Algorithm::Sha256, limit)?;
        let mut buffer = vec![0; 1 << 18];
        loop {
            match from.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => upload.write(&buffer[..count])?,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        let (digest, size) = (upload.digest(), upload.length());
        self.commit(upload, name, &digest)?;
        Ok((digest, size))
    }

    /// Makes a blob of one repository a blob of another too; `false` if the first does not have it.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn mount(&self, from: &Name, name: &Name, digest: &Digest) -> Result<bool, Error> {
        let _shared = shared(&self.changes);
        if !self.has(from, digest) {
            return Ok(false);
        }
        let repository = self.make(name)?;
        self.link(name, digest)?;
        repository.hold(digest);
        Ok(true)
    }

    /// Puts a manifest into a repository under its digest (`expected`, or its SHA-256) and under tags, all at once.
    ///
    /// # Errors
    /// [`Error::Manifest`], [`Error::Mismatch`], [`Error::Missing`] if it needs what the repository does not have, [`Error::Io`].
    pub fn push(
        &self,
        name: &Name,
        bytes: &[u8],
        content_type: Option<&str>,
        expected: Option<&Digest>,
        tags: &[Tag],
    ) -> Result<(Digest, Manifest), Error> {
        let digest = Digest::of(expected.map_or(Algorithm::Sha256, Digest::algorithm), bytes);
        if let Some(expected) = expected.filter(|expected| **expected != digest) {
            return Err(Error::Mismatch { expected: expected.clone(), found: digest });
        }
        let manifest = Manifest::parse(bytes, content_type)?;
        let mut upload = self.begin(digest.algorithm(), MANIFEST_LIMIT as u64)?;
        upload.write(bytes)?;
        let upload = upload.seal(&digest)?;

        let _shared = shared(&self.changes);
        let missing = |missing| Error::Missing { name: name.clone(), missing };
        let repository = match self.repository(name) {
            Ok(repository) => repository,
            Err(_) if manifest.needs.is_empty() => self.make(name)?,
            Err(_) => return Err(missing(manifest.needs)),
        };
        let _writing = lock(&repository.writing);
        let lacks: Vec<Digest> = manifest.needs.iter().filter(|needed| !self.has(name, needed)).cloned().collect();
        if !lacks.is_empty() {
            return Err(missing(lacks));
        }
        disk::link(upload.path(), &self.pool(&digest))?;
        self.link(name, &digest)?;
        let mut index = Index::clone(&repository.index());
        index.manifests.insert(
            digest.clone(),
            Entry {
                media_type: manifest.media_type,
                size: bytes.len() as u64,
                artifact_type: manifest.artifact_type.clone(),
                subject: manifest.subject.clone(),
            },
        );
        index.tags.extend(tags.iter().map(|tag| (tag.clone(), digest.clone())));
        self.replace(name, &repository, index)?;
        repository.hold(&digest);
        Ok((digest, manifest))
    }

    /// Takes a tag away, or a manifest with all its tags. Their contents stay until [`Layout::collect`].
    ///
    /// # Errors
    /// [`Error::NameUnknown`], [`Error::ManifestUnknown`], [`Error::Referred`] for a manifest of an index, [`Error::Io`].
    pub fn delete_manifest(&self, name: &Name, reference: &Reference) -> Result<(), Error> {
        let _shared = shared(&self.changes);
        let repository = self.repository(name)?;
        let _writing = lock(&repository.writing);
        let mut index = Index::clone(&repository.index());
        let unknown = || Error::ManifestUnknown { name: name.clone(), reference: reference.clone() };
        match reference {
            Reference::Tag(tag) => {
                index.tags.remove(tag).ok_or_else(unknown)?;
                self.replace(name, &repository, index)
            }
            Reference::Digest(digest) => {
                index.manifests.remove(digest).ok_or_else(unknown)?;
                index.tags.retain(|_, tagged| tagged != digest);
                self.not_needed(name, &index, digest)?;
                self.replace(name, &repository, index)?;
                Ok(disk::unlink(&self.place(name, digest))?)
            }
        }
    }

    /// Takes a blob away from a repository. Its content stays until [`Layout::collect`].
    ///
    /// # Errors
    /// [`Error::NameUnknown`], [`Error::BlobUnknown`], [`Error::Referred`] for a part of an image, [`Error::Io`].
    pub fn delete_blob(&self, name: &Name, digest: &Digest) -> Result<(), Error> {
        let _shared = shared(&self.changes);
        let repository = self.repository(name)?;
        let _writing = lock(&repository.writing);
        if !self.has(name, digest) {
            return Err(Error::BlobUnknown { name: name.clone(), digest: digest.clone() });
        }
        let index = repository.index();
        if index.manifests.contains_key(digest) {
            return Err(Error::Referred { digest: digest.clone(), by: digest.clone() });
        }
        self.not_needed(name, &index, digest)?;
        Ok(disk::unlink(&self.place(name, digest))?)
    }

    /// Manifests are read for it: deletions are rare, and what every manifest needs would be kept in memory for them.
    fn not_needed(&self, name: &Name, index: &Index, digest: &Digest) -> Result<(), Error> {
        for (by, entry) in &index.manifests {
            let manifest = self.parse(name, by, &self.read(name, by)?, entry)?;
            if manifest.needs.contains(digest) {
                return Err(Error::Referred { digest: digest.clone(), by: by.clone() });
            }
        }
        Ok(())
    }

    /// The repository, an empty one if there was none.
    fn make(&self, name: &Name) -> Result<Arc<Repository>, Error> {
        if let Ok(repository) = self.repository(name) {
            return Ok(repository);
        }
        let _making = lock(&self.making);
        if let Ok(repository) = self.repository(name) {
            return Ok(repository);
        }
        index::prepare(&self.folder(name), &self.root)?;
        let repository = Arc::new(Repository::new(Index::default()));
        alone(&self.repositories).insert(name.clone(), Arc::clone(&repository));
        Ok(repository)
    }

    pub(super) fn replace(&self, name: &Name, repository: &Repository, index: Index) -> Result<(), Error> {
        index.write(&self.folder(name))?;
        *alone(&repository.index) = Arc::new(index);
        Ok(())
    }

    fn link(&self, name: &Name, digest: &Digest) -> io::Result<()> {
        disk::link(&self.pool(digest), &self.place(name, digest))
    }
}
