//! The catalog kept current: the organisation's files, its git repositories and registered locations, read as they change.
//!
//! [`Catalog`] is the handle: [`Catalog::now`] is what requests read. One thread reads and processes (`engine`), by what a change
//! changes (`machine`); URLs are fetched on others (`urls`, `fetch`). What it comes to is kept in `karat-store`, so that what was
//! last good survives a restart.
#![forbid(unsafe_code)]

mod catalog;
mod engine;
mod error;
mod fetch;
mod machine;
mod sources;
mod urls;
mod view;
mod watch;

pub use catalog::{Added, Catalog, Location, Repository, Settings, Sources};
pub use error::{Error, LocationError};
pub use view::View;
