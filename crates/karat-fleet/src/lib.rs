//! ApplicationSets to Applications to rendered objects, and the difference of two fleets.
#![forbid(unsafe_code)]

mod appset;
mod argo;
mod glob;
mod repositories;

pub use appset::{ExpandError, Expansion, Generated, expand};
pub use repositories::{Globbing, Repositories, RepositoryError};
