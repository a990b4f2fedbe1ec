//! Sources to objects: what Argo CD's repo server and controller make of an Application's sources.

mod directory;
mod env;
mod helm;
mod resolver;

use ecow::EcoString;
use karat_diag::Diagnostic;
use karat_yaml::Value;

pub use helm::chart_problem;

pub(crate) use helm::TracedSource;
pub(crate) use resolver::Resolver;

use crate::cache::Digest;
use crate::document::Document;

/// What a source gives.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) documents: Vec<Document>,
    pub(crate) problems: Vec<Diagnostic>,
    pub(crate) notes: Vec<EcoString>,
    pub(crate) not_rendered: Option<Unrendered>,
}

/// A source that gives nothing here.
#[derive(Clone, Debug, PartialEq)]
pub struct Unrendered {
    /// Which of the Application's sources, by index.
    pub source: usize,
    /// Why.
    pub why: NotRendered,
    /// For a chart: the values that it would get, merged, without its own; else null.
    pub values: Value,
    /// Where the values come from, from the organisation's root, in the order in which they are merged.
    pub value_files: Vec<EcoString>,
}

impl From<NotRendered> for Unrendered {
    fn from(why: NotRendered) -> Self {
        Self { source: 0, why, values: Value::Null, value_files: Vec::new() }
    }
}

/// Why a source gives nothing here, though it would in a cluster. Its Application is judged by what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotRendered {
    /// A chart of a chart repository.
    RemoteChart {
        /// The chart repository.
        repository: EcoString,
        /// The chart's name.
        chart: EcoString,
        /// The version asked for.
        version: EcoString,
    },
    /// A repository that is not the organisation's.
    RemoteRepository {
        /// Its URL.
        url: EcoString,
    },
    /// Kustomize.
    Kustomize {
        /// The folder.
        folder: EcoString,
    },
    /// Jsonnet.
    Jsonnet {
        /// The file.
        file: EcoString,
    },
    /// A config management plugin.
    Plugin,
    /// A value file on the web.
    RemoteValues {
        /// Its URL.
        url: EcoString,
    },
}

impl std::fmt::Display for NotRendered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::RemoteChart { repository, chart, version } => write!(f, "chart {chart} {version} of {repository}"),
            Self::RemoteRepository { url } => write!(f, "repository {url}"),
            Self::Kustomize { folder } => write!(f, "Kustomize in {folder}"),
            Self::Jsonnet { file } => write!(f, "Jsonnet in {file}"),
            Self::Plugin => f.write_str("a config management plugin"),
            Self::RemoteValues { url } => write!(f, "values from {url}"),
        }
    }
}

/// A file or folder that decides what an Application gives, and the digest of its contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The path, from the organisation's root.
    pub path: EcoString,
    /// Whether it is a folder.
    pub folder: bool,
    pub(crate) digest: Digest,
}
