//! Images and what refers to them on disk, and the registry that serves them: OCI image layout 1.1, OCI distribution 1.1.
//!
//! - [`Layout`] is the disk: each repository an OCI image layout, equal content one file for all of them. It is synchronous; what is
//!   in the process (a builder, an engine) uses it without HTTP.
//! - [`router`] is the registry over it, for axum: pull, push, content discovery, deletion. [`Access`] decides who may do what.
//! - [`Layout::collect`] frees what nothing needs; [`Layout::check`] says whether what is there is sound.
//!
//! ```no_run
//! # async fn serve() -> Result<(), Box<dyn std::error::Error>> {
//! use std::{net::SocketAddr, path::Path, sync::Arc};
//!
//! use karat_oci::{Layout, Loopback, Settings};
//!
//! let layout = Arc::new(Layout::open(Path::new("registry"))?);
//! let router = karat_oci::router(Arc::clone(&layout), Arc::new(Loopback), Settings::default());
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:5000").await?;
//! axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).await?;
//! # Ok(())
//! # }
//! ```
//!
//! Nothing that a request says is joined to a path: [`Name`], [`Digest`] and [`Tag`] can only hold what cannot leave its folder.
//!
//! Left out on purpose: tokens (an [`Access`] of its own, with git's), resuming an upload over a restart (the client begins anew),
//! proxying another registry, manifests with missing parts ("sparse"), other manifests than those of OCI and Docker 2.2.
#![forbid(unsafe_code)]

mod access;
mod digest;
mod error;
mod layout;
mod manifest;
mod name;
mod registry;

pub use access::{Access, Action, Caller, Loopback, Permit};
pub use digest::{Algorithm, Digest, Hasher};
pub use error::Error;
pub use layout::{Collected, Entry, Fault, Layout, Upload};
pub use manifest::{Descriptor, ImageIndex, MANIFEST_LIMIT, Manifest, MediaType};
pub use name::{Name, Reference, Tag};
pub use registry::{Settings, router};

use std::sync::{Mutex, MutexGuard, PoisonError};

/// What is behind our locks is whole at every moment, so a thread that panicked leaves nothing half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
