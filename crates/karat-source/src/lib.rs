//! The world as files: one trait, a folder, memory. Knows no formats.
//!
//! Every phase of the compiler reads through [`World`], so that a phase is a function of its inputs: it can be
//! memoised, tested from memory, and replayed at a git revision (`karat-git` has that one).
#![forbid(unsafe_code)]

mod below;
mod folder;
mod memory;
mod path;

pub use below::Below;
pub use folder::Folder;
pub use memory::Memory;
pub use path::{clean, join, parent, split};

/// Where files come from. Paths are relative to the world's root, separated by `/`, without `.`, `..` or a leading
/// `/` (see [`clean`]); `""` is the root.
pub trait World: Send + Sync {
    /// A file's bytes.
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError>;

    /// The entries of a folder, sorted by name.
    fn list(&self, path: &str) -> Result<Vec<Entry>, ReadError>;

    /// What is at `path`, links followed; `None` if nothing is.
    fn kind(&self, path: &str) -> Result<Option<EntryKind>, ReadError>;

    /// Whether the file at `path`, links followed, may be run as a program; `false` where nobody knows.
    fn executable(&self, path: &str) -> Result<bool, ReadError> {
        let _ = path;
        Ok(false)
    }
}

/// One entry of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name, without the folder.
    pub name: String,
    /// What it is. A link within the world counts as what it leads to.
    pub kind: EntryKind,
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A link that leaves the world or leads nowhere: never followed.
    Escape,
    /// A device, socket or pipe: never read.
    Special,
}

/// Why something could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Nothing is there.
    #[error("{path}: no such file or folder")]
    NotFound {
        /// The path asked for.
        path: String,
    },
    /// A link leads out of the folder that was opened.
    #[error("{path}: a link that leads out of the folder is not followed")]
    Escape {
        /// The path of the link.
        path: String,
    },
    /// Larger than the limit.
    #[error("{path}: {size} bytes, more than the limit of {limit}")]
    TooLarge {
        /// The path.
        path: String,
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// A folder holds more than is walked; links that lead in a circle do that too.
    #[error("{path}: more than {limit} files and folders below it; do links lead in a circle?")]
    TooMany {
        /// The folder.
        path: String,
        /// The limit.
        limit: usize,
    },
    /// The system said no.
    #[error("{path}: {message}")]
    Io {
        /// The path.
        path: String,
        /// What the system said.
        message: String,
    },
}

/// The largest file that is read: 8 MiB.
pub const FILE_LIMIT: u64 = 8 << 20;

/// The most files and folders that [`walk`] visits.
pub const WALK_LIMIT: usize = 1_000_000;

/// All files below `path`, sorted. Paths are relative to the world's root.
pub fn walk(world: &dyn World, path: &str) -> Result<Vec<String>, ReadError> {
    let mut files = Vec::new();
    let mut folders = vec![path.to_owned()];
    let mut visited = 0;
    while let Some(folder) = folders.pop() {
        for entry in world.list(&folder)? {
            visited += 1;
            if visited > WALK_LIMIT {
                return Err(ReadError::TooMany { path: path.to_owned(), limit: WALK_LIMIT });
            }
            let path = join(&folder, &entry.name);
            match entry.kind {
                EntryKind::File => files.push(path),
                EntryKind::Folder => folders.push(path),
                EntryKind::Escape => return Err(ReadError::Escape { path }),
                EntryKind::Special => {}
            }
        }
    }
    files.sort_unstable();
    Ok(files)
}
