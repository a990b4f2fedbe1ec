//! What is judged, as plain data: the fleet as standards see it.
//!
//! `karat-fleet` is mapped onto this (see [`crate::fleet`]). A subject holds no trees: ten thousand applications are some
//! hundred megabytes of text and ten times that as values, so a [`Doc`] is read when it is judged, and let go again.

use std::sync::Arc;

use ecow::EcoString;
use karat_kube::{Identity, Path};
use karat_yaml::Value;

use crate::report::Place;

/// All that standards judge.
#[derive(Debug, Default)]
pub struct Subject {
    /// The clusters of the organisation.
    pub clusters: Vec<Cluster>,
    /// The Applications, generated and written.
    pub applications: Vec<Application>,
    /// Every object of every Application, and the Applications that ApplicationSets make.
    pub objects: Vec<Object>,
    /// Every addon on every cluster.
    pub addons: Vec<Addon>,
    /// Files of the organisation's repositories that standards of the scope config look at.
    pub files: Vec<File>,
    /// The repositories, by what they hold.
    pub repositories: Vec<Repository>,
    /// Whether this is one repository by itself, so that what takes an organisation's files together says nothing.
    pub alone: bool,
}

/// A cluster.
#[derive(Debug)]
pub struct Cluster {
    /// Its name, as in `destination.name`.
    pub name: EcoString,
    /// The environment that it serves.
    pub environment: EcoString,
    /// The file that describes it. Expressions see what it has under `cluster`.
    pub doc: Doc,
}

/// An Argo CD Application.
#[derive(Debug)]
pub struct Application {
    /// Its name.
    pub name: EcoString,
    /// What it deploys, whatever the cluster: a service, an addon, a tenant. Karats are counted for this.
    pub entity: Entity,
    /// Where it deploys to: an index into [`Subject::clusters`].
    pub cluster: usize,
    /// The namespace it deploys into.
    pub namespace: EcoString,
    /// Its AppProject.
    pub project: EcoString,
    /// Whether all of its objects are known.
    pub state: State,
    /// The Application itself.
    pub doc: Doc,
}

/// Whether all of what an Application deploys is known: what is missing among known objects is missing, what is missing
/// among others may only not be seen here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// All of it.
    Whole,
    /// A source is not rendered here, such as a chart that is somewhere else.
    Part,
    /// A source cannot be rendered, which has been told.
    Failed,
}

/// What karats are counted for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entity {
    /// What it is.
    pub kind: EntityKind,
    /// Its name.
    pub name: EcoString,
}

/// The kinds of things that karats are counted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntityKind {
    /// A service: an Application of a product team, on all its clusters.
    Service,
    /// A tenant: its namespaces on all clusters.
    Tenant,
    /// An addon, on all its clusters.
    Addon,
    /// A cluster.
    Cluster,
    /// A repository of the organisation.
    Repository,
}

impl EntityKind {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Tenant => "tenant",
            Self::Addon => "addon",
            Self::Cluster => "cluster",
            Self::Repository => "repository",
        }
    }
}

/// An object that an Application applies.
#[derive(Debug)]
pub struct Object {
    /// Who it is, with the namespace that it lands in.
    pub identity: Identity,
    /// What it says.
    pub doc: Doc,
    /// Who applies it: an index into [`Subject::applications`].
    pub application: usize,
    /// Whether it is the Application's own document. That one lives on the hub, and not where the Application deploys to:
    /// it is judged by itself only.
    pub own: bool,
}

/// An addon on a cluster, judged by its values.
#[derive(Debug)]
pub struct Addon {
    /// The addon's name: the folder in `config/addons/`.
    pub name: EcoString,
    /// The cluster: an index into [`Subject::clusters`].
    pub cluster: usize,
    /// The chart's version; empty if it is no chart.
    pub version: EcoString,
    /// The namespace it is installed into.
    pub namespace: EcoString,
    /// The values that the chart is given, all files merged.
    pub values: Doc,
}

/// A YAML file.
#[derive(Debug)]
pub struct File {
    /// The repository's name.
    pub repository: EcoString,
    /// Its role: `config`, `governance`, `app`, `infra`.
    pub role: EcoString,
    /// The path within the repository.
    pub path: EcoString,
    /// For an object of Argo CD, its kind; else empty. What is empty here is not read.
    pub kind: EcoString,
    /// One document of it; a file of several documents is several of these.
    pub doc: Doc,
}

/// A repository, by what it holds.
#[derive(Debug)]
pub struct Repository {
    /// Its name.
    pub name: EcoString,
    /// Its role: `config`, `governance`, `app`, `infra`.
    pub role: EcoString,
    /// Its folder, from the organisation's root.
    pub folder: EcoString,
    /// What it holds.
    pub facts: Arc<karat_repository::Repository>,
    /// What it adds to the catalog.
    pub catalog: Arc<crate::Catalog>,
    /// What expressions see of it.
    pub doc: Doc,
}

/// Where a document comes from: how it is read, and where its parts are.
pub trait Source: Send + Sync {
    /// The file, as it is reported.
    fn file(&self) -> EcoString;

    /// What it says. Read anew each time.
    fn value(&self) -> Value;

    /// Its text, if it has one of its own: documents of equal texts are equal, and are judged once.
    fn text(&self) -> Option<&[u8]> {
        None
    }

    /// The place of what is at `path`, or of the nearest thing around it that exists.
    fn place(&self, path: &Path) -> Place;
}

/// A document. Cheap to clone.
#[derive(Clone)]
pub struct Doc(Arc<dyn Source>);

impl Doc {
    /// A document of that source.
    pub fn new(source: impl Source + 'static) -> Self {
        Self(Arc::new(source))
    }

    /// The file it is from.
    pub fn file(&self) -> EcoString {
        self.0.file()
    }

    /// What it says. Read anew each time.
    pub fn value(&self) -> Value {
        self.0.value()
    }

    /// The place of what is at `path`.
    pub fn place(&self, path: &Path) -> Place {
        self.0.place(path)
    }

    /// Its text, if it has one of its own.
    pub(crate) fn text(&self) -> Option<&[u8]> {
        self.0.text()
    }

    /// What tells it from others that have no text of their own.
    pub(crate) fn address(&self) -> usize {
        Arc::as_ptr(&self.0).cast::<()>().addr()
    }

    /// Whether both are the same document.
    pub fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl std::fmt::Debug for Doc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Doc").field(&self.file()).finish()
    }
}

impl Subject {
    /// The Application that applies `object`.
    pub fn application(&self, object: &Object) -> &Application {
        &self.applications[object.application]
    }

    /// The cluster that `object` lands on.
    pub fn cluster(&self, object: &Object) -> &Cluster {
        &self.clusters[self.applications[object.application].cluster]
    }
}
