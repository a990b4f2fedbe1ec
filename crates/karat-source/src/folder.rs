//! A folder on disk. Links are followed within it and never out of it.

use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::{Entry, EntryKind, FILE_LIMIT, ReadError, World};

/// A folder on disk.
#[derive(Clone, Debug)]
pub struct Folder {
    /// Canonical, so that a link's target can be compared with it.
    root: PathBuf,
}

impl Folder {
    /// Opens the folder at `path`.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, ReadError> {
        let path = path.as_ref();
        let root = fs::canonicalize(path).map_err(|error| failed(&path.to_string_lossy(), &error))?;
        if !root.is_dir() {
            return Err(ReadError::Io { path: path.to_string_lossy().into_owned(), message: "not a folder".into() });
        }
        Ok(Self { root })
    }

    /// The folder's canonical path.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The canonical place of `path`, if it is within the root.
    fn locate(&self, path: &str) -> Result<PathBuf, ReadError> {
        let place = fs::canonicalize(self.root.join(path)).map_err(|error| failed(path, &error))?;
        if place.starts_with(&self.root) { Ok(place) } else { Err(ReadError::Escape { path: path.to_owned() }) }
    }
}

impl World for Folder {
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        let file = fs::File::open(self.locate(path)?).map_err(|error| failed(path, &error))?;
        let mut bytes = Vec::new();
        // The limit is on what is read, not on what the size claims: a file may grow, and /proc says 0.
        let read = file.take(FILE_LIMIT + 1).read_to_end(&mut bytes).map_err(|error| failed(path, &error))?;
        if read as u64 > FILE_LIMIT {
            let size = fs::metadata(self.root.join(path)).map_or(read as u64, |metadata| metadata.len());
            return Err(ReadError::TooLarge { path: path.to_owned(), size, limit: FILE_LIMIT });
        }
        Ok(bytes)
    }

    fn list(&self, path: &str) -> Result<Vec<Entry>, ReadError> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(self.locate(path)?).map_err(|error| failed(path, &error))? {
            let entry = entry.map_err(|error| failed(path, &error))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let kind = entry.file_type().map_err(|error| failed(path, &error))?;
            let kind = if kind.is_symlink() {
                self.kind(&crate::join(path, &name)).ok().flatten().unwrap_or(EntryKind::Escape)
            } else {
                kind_of(kind)
            };
            entries.push(Entry { name, kind });
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    fn kind(&self, path: &str) -> Result<Option<EntryKind>, ReadError> {
        match self.locate(path) {
            Ok(place) => {
                let metadata = fs::metadata(place).map_err(|error| failed(path, &error))?;
                Ok(Some(kind_of(metadata.file_type())))
            }
            Err(ReadError::NotFound { .. }) => Ok(None),
            Err(ReadError::Escape { .. }) => Ok(Some(EntryKind::Escape)),
            Err(error) => Err(error),
        }
    }

    #[cfg(unix)]
    fn executable(&self, path: &str) -> Result<bool, ReadError> {
        use std::os::unix::fs::PermissionsExt as _;
        let metadata = fs::metadata(self.locate(path)?).map_err(|error| failed(path, &error))?;
        Ok(metadata.permissions().mode() & 0o100 != 0)
    }
}

fn kind_of(kind: std::fs::FileType) -> EntryKind {
    if kind.is_dir() {
        EntryKind::Folder
    } else if kind.is_file() {
        EntryKind::File
    } else {
        EntryKind::Special
    }
}

fn failed(path: &str, error: &std::io::Error) -> ReadError {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => ReadError::NotFound { path: path.to_owned() },
        _ => {
            // Without the absolute path that fs_err adds: `path` is what the reader can find in the organisation.
            let message = match error.raw_os_error() {
                Some(code) => std::io::Error::from_raw_os_error(code).to_string(),
                None => error.to_string(),
            };
            ReadError::Io { path: path.to_owned(), message }
        }
    }
}
