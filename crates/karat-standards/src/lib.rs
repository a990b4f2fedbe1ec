//! Golden standards as data: findings, waivers, karats, admission policies.
//!
//! A standard is a file (`standards/<area>/<slug>/standard.yaml`, see [`Standards`]); what is judged is a [`Subject`],
//! onto which the fleet is mapped; what the organisation decided is an [`Organisation`]; the verdict is a [`Report`].
//! [`judge`] is a function of these and of today's date.
#![forbid(unsafe_code)]

mod analysis;
mod builtin;
mod catalog;
mod cel;
mod each;
mod error;
mod export;
mod fleet;
mod judge;
mod message;
mod organisation;
mod read;
mod report;
mod repository;
mod standard;
mod standards;
mod subject;
mod text;

pub use analysis::{ALL as ANALYSES, Analysis};
pub use builtin::{FILES, SETTINGS, default_settings};
pub use catalog::{Catalog, Entry};
pub use error::Error;
pub use export::{ExportError, Policy, export};
pub use fleet::{decided, repository_subject, subject};
pub use judge::judge;
pub use organisation::{Exception, On, Organisation, Waiver};
pub use report::{Accepted, Affected, Finding, FindingKind, Place, Report, Score, WaiverProblem, WaiverProblemKind};
pub use standard::{Admission, Applies, Enforce, In, Level, Scope, Standard};
pub use standards::Standards;
pub use subject::{
    Addon, Application, Cluster, Doc, Entity, EntityKind, File, Object, Repository, Source, State, Subject,
};
pub use text::{documents, place_in};
