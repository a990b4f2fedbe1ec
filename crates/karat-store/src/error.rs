//! Why something cannot be kept.

use std::path::PathBuf;

/// Why something cannot be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database cannot be opened or used.
    #[error("{}: {message}; if it is damaged, move it away: what it holds of files is read again, tasks and registered locations are gone", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        message: String,
    },
    /// A newer Karat made it.
    #[error(
        "{}: it is of version {found}, made by a newer Karat; this one knows versions up to {known}: use that one, or another --data",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest that is known.
        known: i64,
    },
    /// The folder around it cannot be made.
    #[error("cannot keep state: {0}")]
    Folder(#[from] std::io::Error),
    /// The thread that writes has ended, as the process does.
    #[error("the database is closed")]
    Closed,
}
