//! Bytes that arrive: beside the layout until they are whole and what they are said to be.

use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use fs_err as fs;

use crate::{Algorithm, Digest, Error, Hasher};

/// A blob on its way in. Dropped before [`Layout::commit`](crate::Layout::commit), nothing of it is left.
pub struct Upload {
    path: PathBuf,
    file: fs::File,
    hasher: Hasher,
    length: u64,
    limit: u64,
    /// A write failed half way: what is in the file is not what was hashed.
    broken: bool,
}

impl Upload {
    pub(super) fn new(folder: &Path, algorithm: Algorithm, limit: u64) -> Result<Self, Error> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|error| std::io::Error::other(error.to_string()))?;
        let path = folder.join(HEXLOWER.encode(&random));
        let file = fs::OpenOptions::new().read(true).write(true).create_new(true).open(&path)?;
        Ok(Self { path, file, hasher: Hasher::new(algorithm), length: 0, limit, broken: false })
    }

    /// Takes the next bytes in.
    ///
    /// # Errors
    /// [`Error::TooLarge`], nothing of `bytes` is taken then; [`Error::Io`], the upload is lost then.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let length = self.length + bytes.len() as u64;
        if length > self.limit {
            return Err(Error::TooLarge { limit: self.limit });
        }
        if self.broken {
            return Err(Error::GivenUp);
        }
        self.broken = true;
        self.file.write_all(bytes)?;
        self.broken = false;
        self.hasher.update(bytes);
        self.length = length;
        Ok(())
    }

    /// How many bytes arrived.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The digest of what arrived, by the algorithm that was guessed.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.hasher.clone().finish()
    }

    /// Checks that what arrived is `expected`, and that it is on the disk.
    pub(super) fn seal(mut self, expected: &Digest) -> Result<Self, Error> {
        if self.broken {
            return Err(Error::GivenUp);
        }
        if self.hasher.algorithm() != expected.algorithm() {
            self.file.rewind()?;
            self.hasher = hash(&mut self.file, expected.algorithm())?;
        }
        let found = self.digest();
        if found != *expected {
            return Err(Error::Mismatch { expected: expected.clone(), found });
        }
        self.file.sync_all()?;
        Ok(self)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        // What cannot be removed now is when the layout is opened next.
        let _ = fs::remove_file(&self.path);
    }
}

/// Reads a file to its end.
pub(super) fn hash(file: &mut fs::File, algorithm: Algorithm) -> Result<Hasher, Error> {
    let mut hasher = Hasher::new(algorithm);
    let mut buffer = vec![0; 1 << 18];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher),
            count => hasher.update(&buffer[..count]),
        }
    }
}
