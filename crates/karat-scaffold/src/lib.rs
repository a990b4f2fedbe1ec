//! Golden paths: Backstage's software templates (`scaffolder.backstage.io/v1beta3`), their answers, and what they make.
//!
//! - [`Template::read`]: a template; [`shown`] and [`Page::questions`] are what it asks, [`complete`] fills defaults in and checks.
//! - [`run`]: answers to an [`Outcome`]: trees in memory, which the caller writes; absolute URLs go through [`Remotes`].
//!   [`run_watched`] tells each step to a [`Progress`] while it happens; [`actions()`] is what steps can do.
//! - [`Lineage`], [`pack`]: the record that a made repository keeps.
//! - [`update()`]: what the path has learned since, merged into what the developer made of it.
//! - [`builtin`]: the paths that come with Karat.
//! - [`nunjucks`]: the expressions.
//!
//! All files come through [`karat_source::World`]; nothing is written, downloaded or printed here.
#![forbid(unsafe_code)]

mod actions;
mod builtin;
mod data;
mod error;
mod glob;
mod lineage;
mod merge;
pub mod nunjucks;
mod parameters;
mod progress;
mod question;
mod repo_url;
mod run;
mod template;
mod tree;
mod update;

pub use actions::{Action, all as actions};
pub use builtin::builtin;
pub use data::Data;
pub use error::{Error, Place, Problem};
pub use lineage::{BASE_FILE, Generated, LINEAGE_FILE, Lineage, pack, unpack};
pub use merge::{Labels, Merged, Style, merge};
pub use parameters::{Page, carried_over, complete, relevant, shown};
pub use progress::{Progress, StepName, Told, Unwatched};
pub use question::Question;
pub use repo_url::RepoUrl;
pub use run::{Given, Kind, Offline, Outcome, Output, Publication, Remotes, run, run_repository, run_watched};
pub use template::{OWNED, Template, VERSION, find};
pub use tree::{File, MAX_BYTES, MAX_FILES, Tree};
pub use update::{Step, Terms, What, differences, update};
