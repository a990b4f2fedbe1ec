//! What is judged, as plain data: the fleet as standards see it.
//!
//! `karat-fleet` is mapped onto this by who has both. Documents are shared: one manifest that three clusters apply is one
//! [`Doc`] in three [`Object`]s, and is judged once.

use std::hash::Hasher;
use std::sync::{Arc, OnceLock};

use ecow::EcoString;
use karat_kube::{Identity, Path};
use karat_yaml::Value;
use rustc_hash::FxHasher;

use crate::cel::Tree;
use crate::report::Place;

/// All that standards judge.
#[derive(Debug, Default)]
pub struct Subject {
    /// The clusters of the organisation.
    pub clusters: Vec<Cluster>,
    /// The Applications, generated and written.
    pub applications: Vec<Application>,
    /// Every object of every Application, and the Applications themselves.
    pub objects: Vec<Object>,
    /// Every addon on every cluster.
    pub addons: Vec<Addon>,
    /// Files of the organisation's repositories that standards of the scope config look at.
    pub files: Vec<File>,
}

/// A cluster.
#[derive(Debug)]
pub struct Cluster {
    /// Its name, as in `destination.name`.
    pub name: EcoString,
    /// The environment that it serves.
    pub environment: EcoString,
    /// The file that describes it. Expressions see what it has under `cluster`.
    pub doc: Arc<Doc>,
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
    /// The Application itself.
    pub doc: Arc<Doc>,
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

impl Cluster {
    pub(crate) fn tree(&self) -> &Tree {
        self.doc.tree().get("cluster").unwrap_or_else(|| self.doc.tree())
    }
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
    pub doc: Arc<Doc>,
    /// Who applies it: an index into [`Subject::applications`].
    pub application: usize,
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
    pub values: Arc<Doc>,
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
    /// One document of it; a file of several documents is several of these.
    pub doc: Arc<Doc>,
}

/// Where the parts of a document are.
pub trait Locate: Send + Sync {
    /// The file, as it is reported.
    fn file(&self) -> EcoString;

    /// The place of what is at `path`, or of the nearest thing around it that exists.
    fn place(&self, path: &Path) -> Place;
}

/// A document: data, and where it is from.
pub struct Doc {
    /// What it says.
    pub value: Value,
    origin: Arc<dyn Locate>,
    hash: u64,
    tree: OnceLock<Tree>,
}

impl Doc {
    /// A document from `origin`.
    pub fn new(value: Value, origin: Arc<dyn Locate>) -> Arc<Self> {
        let mut hasher = FxHasher::default();
        hash(&value, &mut hasher);
        Arc::new(Self { value, origin, hash: hasher.finish(), tree: OnceLock::new() })
    }

    /// The file it is from.
    pub fn file(&self) -> EcoString {
        self.origin.file()
    }

    /// The place of what is at `path`.
    pub fn place(&self, path: &Path) -> Place {
        self.origin.place(path)
    }

    /// As expressions see it: converted once, when first asked for.
    pub(crate) fn tree(&self) -> &Tree {
        self.tree.get_or_init(|| Tree::of(&self.value))
    }

    /// A hash of the value. Not against adversaries: equality decides.
    pub(crate) fn hash(&self) -> u64 {
        self.hash
    }
}

impl std::fmt::Debug for Doc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Doc").field("file", &self.file()).field("value", &self.value).finish_non_exhaustive()
    }
}

fn hash(value: &Value, hasher: &mut FxHasher) {
    match value {
        Value::Null => hasher.write_u8(0),
        Value::Bool(truth) => hasher.write_u8(1 + u8::from(*truth)),
        Value::Int(number) => hasher.write_i64(*number),
        Value::Float(number) => hasher.write_u64(number.to_bits()),
        Value::Str(text) => hasher.write(text.as_bytes()),
        Value::Seq(items) => {
            hasher.write_usize(items.len());
            items.iter().for_each(|item| hash(item, hasher));
        }
        Value::Map(map) => {
            hasher.write_usize(map.len());
            for (key, value) in map {
                hasher.write(key.as_bytes());
                hash(value, hasher);
            }
        }
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
