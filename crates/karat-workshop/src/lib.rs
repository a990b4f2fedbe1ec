//! Golden paths walked in an organisation's folder: which there are, what a walk comes down to on this disk, and writing that,
//! all of it or nothing. `karat new` does it for who types, the portal for who fills in a form.
#![forbid(unsafe_code)]

mod change;
mod error;
mod journal;
mod paths;
mod plan;
mod write;

pub use change::Change;
pub use error::Error;
pub use journal::{Journal, Recovered, recover};
pub use paths::{Found, Home, Repository, all, named};
pub use plan::{Plan, is_repository};
pub use write::{Edit, edit, vacant};
