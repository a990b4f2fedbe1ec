//! ApplicationSets to Applications to rendered objects, and the difference of two fleets.
#![forbid(unsafe_code)]

mod application;
mod appset;
mod argo;
mod build;
mod cache;
pub mod diff;
mod document;
mod file;
mod fleet;
mod glob;
mod organisation;
mod repositories;
pub mod sample;
mod source;
mod trace;

pub use application::{Destination, Directory, Helm, Source, Spec, SpecError};
pub use appset::{ExpandError, Expansion, Generated, expand};
pub use cache::Cache;
pub use diff::diff;
pub use document::Document;
pub use file::File;
pub use fleet::{Application, ApplicationSet, Fleet, Origin, Policy};
pub use organisation::{ArgoCd, Cluster, ORGANISATION_FILE, Organisation, PARTS_FOLDER, Repository, part_files};
pub use repositories::{Globbing, Repositories, RepositoryError};
pub use source::{Input, NotRendered, Unrendered, chart_problem};
pub use trace::{Asked, Traced, trace};
