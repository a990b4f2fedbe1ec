//! Why a portal does not start.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use karat_diag::Diagnostic;

use crate::identity::Refused;

/// Why a portal does not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Bind {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The data folder cannot be made or written.
    #[error("cannot keep state: {0}")]
    Data(io::Error),
    /// Another portal works on the same data.
    #[error("another portal has {}: {holder}", data.display())]
    Held {
        /// The data folder.
        data: PathBuf,
        /// Who it is: process and address.
        holder: String,
    },
    /// It would be open to others without TLS, or without somebody who may sign in.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The organisation cannot be read: what is wrong with it.
    #[error("the organisation cannot be read")]
    Organisation(Vec<Diagnostic>),
    /// The database cannot be opened or read.
    #[error(transparent)]
    Store(#[from] karat_store::Error),
    /// The catalog cannot be opened.
    #[error(transparent)]
    Catalog(#[from] karat_ingest::Error),
    /// Opening panicked, which is a bug and has been told.
    #[error("the portal stopped while it was opened; this is a bug in Karat")]
    Opening,
    /// The system gives no threads or signals.
    #[error("cannot start the runtime")]
    Runtime(io::Error),
}
