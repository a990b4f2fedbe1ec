//! Why a catalog does not open, and why a location is not registered.

/// Why a catalog cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The organisation's folder cannot be read.
    #[error(transparent)]
    Folder(#[from] karat_source::ReadError),
    /// What is kept of it cannot be read.
    #[error(transparent)]
    Store(#[from] karat_store::Error),
    /// The system gives no thread.
    #[error("cannot start the catalog: {0}")]
    Thread(#[from] std::io::Error),
    /// The thread that reads has ended, which is a bug and has been told.
    #[error("the catalog stopped; this is a bug in Karat")]
    Stopped,
}

/// Why a location is not registered or forgotten, or an entity not removed.
#[derive(Debug, thiserror::Error)]
pub enum LocationError {
    /// It is no place of catalog files, or what is there is none: 400.
    #[error("{0}")]
    Input(String),
    /// It is registered: 409.
    #[error("Location {0} already exists")]
    Exists(String),
    /// There is none of that id: 404.
    #[error("Found no location with ID {0}")]
    Missing(String),
    /// There is no such entity: 404.
    #[error("Found no entity with UID {0}")]
    NoEntity(String),
    /// It is of the organisation's own: 403.
    #[error("the location is a repository of the organisation: it goes when the repository does")]
    Own,
    /// It cannot be kept: 503.
    #[error(transparent)]
    Store(#[from] karat_store::Error),
}
