//! The fleet: from an organisation's root Applications, by ApplicationSets and Applications, to objects.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use ecow::EcoString;
use karat_diag::{Diagnostic, Place};
use karat_source::World;
use karat_yaml::Value;

use crate::application::Spec;
use crate::build::Builder;
use crate::cache::{Cache, Digest, digest};
use crate::document::Document;
use crate::file::File;
use crate::organisation::{ORGANISATION_FILE, Organisation};
use crate::repositories::Repositories;
use crate::source::{Input, Outcome, Resolver, Unrendered};

/// An organisation's fleet: all Applications of all ApplicationSets, rendered.
#[derive(Debug)]
pub struct Fleet {
    /// The organisation.
    pub organisation: Organisation,
    /// The Applications, by name.
    pub applications: Vec<Application>,
    /// The ApplicationSets, in the order in which they were found.
    pub sets: Vec<ApplicationSet>,
    /// What is wrong, and not with one Application only.
    pub problems: Vec<Diagnostic>,
    /// The files that were read, with the digests of their contents: what a difference is traced to.
    pub(crate) files: BTreeMap<EcoString, Digest>,
}

/// An ApplicationSet.
#[derive(Clone, Debug)]
pub struct ApplicationSet {
    /// Its name.
    pub name: EcoString,
    /// Its file, with places.
    pub file: File,
    /// What Argo CD may do to its Applications.
    pub policy: Policy,
    /// What could not be expanded here, with its place.
    pub not_expanded: Vec<Diagnostic>,
    /// How many Applications it gives.
    pub applications: usize,
}

/// What Argo CD may do to the Applications of a set, and to their objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// It may change them: `sync`, `create-update`.
    pub updates: bool,
    /// It may delete them: `sync`, `create-delete`.
    pub deletes: bool,
    /// When they are deleted, their objects stay: `preserveResourcesOnDeletion`.
    pub preserves: bool,
}

/// An Application of the fleet.
#[derive(Clone, Debug)]
pub struct Application {
    /// What it says, in fields.
    pub spec: Spec,
    /// Its document, as it is in the hub.
    pub object: Value,
    /// The cluster it is for; `None` if the organisation has none of that name.
    pub cluster: Option<EcoString>,
    /// The cluster's environment.
    pub environment: EcoString,
    /// Where it comes from.
    pub origin: Origin,
    /// Its objects, in the order of its sources.
    pub documents: Documents,
    /// What is wrong with it.
    pub problems: Vec<Diagnostic>,
    /// What the renderers remarked, such as functions that give something else every time.
    pub notes: Vec<EcoString>,
    /// Its sources that give nothing here.
    pub not_rendered: Vec<Unrendered>,
    /// The files and folders that decide what it gives, beside its own document.
    pub inputs: Vec<Input>,
    /// What decided each source's objects: Applications with the same keys have the same objects.
    pub(crate) keys: Vec<Option<Digest>>,
}

/// The objects of an Application: a slice, shared with other Applications that have the same.
#[derive(Clone, Debug, Default)]
pub struct Documents(Held);

impl Documents {
    /// The objects of one source, shared with whoever has the same.
    pub(crate) fn shared(outcome: Arc<Outcome>) -> Self {
        Self(Held::Shared(outcome))
    }

    /// Objects of several sources.
    pub(crate) fn own(documents: Vec<Document>) -> Self {
        Self(Held::Own(documents))
    }
}

#[derive(Clone, Debug)]
enum Held {
    Shared(Arc<Outcome>),
    Own(Vec<Document>),
}

impl Default for Held {
    fn default() -> Self {
        Self::Own(Vec::new())
    }
}

impl Deref for Documents {
    type Target = [Document];

    fn deref(&self) -> &[Document] {
        match &self.0 {
            Held::Shared(outcome) => &outcome.documents,
            Held::Own(documents) => documents,
        }
    }
}

impl<'a> IntoIterator for &'a Documents {
    type Item = &'a Document;
    type IntoIter = std::slice::Iter<'a, Document>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl PartialEq for Documents {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(&**self, &**other) || **self == **other
    }
}

/// Where an Application comes from.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The Application's document, or the entry of `spec.generators` that gives it.
    pub place: Place,
    /// The ApplicationSet that generates it, by index in [`Fleet::sets`].
    pub set: Option<usize>,
    /// The Application that its document, or its set's, is an object of; `None` for a root.
    pub parent: Option<EcoString>,
    /// The files that its parameters were read from.
    pub files: Vec<EcoString>,
}

impl Application {
    /// Its name.
    pub fn name(&self) -> &EcoString {
        &self.spec.name
    }

    /// Whether both give the same objects.
    pub(crate) fn gives_the_same(&self, other: &Self) -> bool {
        let known = !self.keys.is_empty() && self.keys.iter().all(Option::is_some);
        (known && self.keys == other.keys) || self.documents == other.documents
    }

    /// What its document says of one of its sources.
    pub(crate) fn raw_source(&self, index: usize) -> &Value {
        let spec = self.object.get("spec").unwrap_or(&Value::Null);
        let source = match spec.get("sources").and_then(Value::as_seq) {
            Some(list) => list.get(index),
            None => spec.get("source"),
        };
        source.unwrap_or(&Value::Null)
    }

    /// Whether its objects are deleted when it is: whether it has Argo CD's finalizer.
    pub fn cascades(&self) -> bool {
        let finalizers = self.object.at(["metadata", "finalizers"]).and_then(Value::as_seq).unwrap_or_default();
        finalizers.iter().filter_map(Value::as_str).any(|name| {
            matches!(
                name,
                "resources-finalizer.argocd.argoproj.io"
                    | "foreground-finalizer.argocd.argoproj.io"
                    | "resources-finalizer.argocd.argoproj.io/foreground"
                    | "resources-finalizer.argocd.argoproj.io/background"
                    | "background-finalizer.argocd.argoproj.io"
            )
        })
    }
}

impl Policy {
    pub(crate) fn of(set: &Value) -> Self {
        let policy = set.at(["spec", "syncPolicy"]).unwrap_or(&Value::Null);
        let word = policy.get("applicationsSync").and_then(Value::as_str).unwrap_or("sync");
        Self {
            updates: matches!(word, "sync" | "create-update"),
            deletes: matches!(word, "sync" | "create-delete"),
            preserves: policy.get("preserveResourcesOnDeletion").and_then(Value::as_bool).unwrap_or_default(),
        }
    }
}

impl Fleet {
    /// Builds the fleet of the organisation that `world` holds. Two builds with one cache do not do the same work twice.
    ///
    /// # Errors
    /// There is no organisation to build a fleet of. Everything else is a problem of the fleet or of an Application.
    pub fn build(world: &dyn World, cache: &Cache) -> Result<Self, Box<Diagnostic>> {
        let mut problems = Vec::new();
        let organisation = Organisation::load(world, &mut problems)?;
        let mut fleet =
            Self { organisation, applications: Vec::new(), sets: Vec::new(), problems, files: BTreeMap::new() };
        for argocd in fleet.organisation.argocd.clone() {
            let folders: Vec<_> = fleet
                .organisation
                .repositories
                .iter()
                .map(|repository| (repository.url.to_string(), repository.folder.to_string()))
                .collect();
            let repositories = Repositories::new(world, folders, argocd.globbing);
            let resolver = Resolver::new(&repositories, cache, argocd.helm);
            Builder { fleet: &mut fleet, argocd: &argocd, repositories: &repositories, resolver: &resolver }.run(world);
            repositories.files(&mut fleet.files);
            resolver.files(&mut fleet.files);
        }
        let named = [ORGANISATION_FILE.into()]
            .into_iter()
            .chain(fleet.organisation.clusters.iter().map(|cluster| cluster.file.clone()))
            .chain(fleet.organisation.argocd.iter().map(|argocd| argocd.root.clone()));
        for file in named {
            if let Ok(bytes) = world.read(&file) {
                fleet.files.insert(file, digest(&bytes));
            }
        }
        for input in fleet.applications.iter().flat_map(|application| &application.inputs) {
            // Folders are there file by file.
            if !input.folder && !fleet.files.contains_key(&input.path) {
                fleet.files.insert(input.path.clone(), input.digest);
            }
        }
        fleet.applications.sort_by(|a, b| (&a.spec.name, &a.spec.namespace).cmp(&(&b.spec.name, &b.spec.namespace)));
        Ok(fleet)
    }

    /// The Application of a name.
    pub fn application(&self, name: &str) -> Option<&Application> {
        let index = self.applications.binary_search_by(|application| application.spec.name.as_str().cmp(name)).ok()?;
        self.applications.get(index)
    }

    /// All objects, with the Application each belongs to.
    pub fn documents(&self) -> impl Iterator<Item = (&Application, &Document)> {
        self.applications
            .iter()
            .flat_map(|application| application.documents.iter().map(move |document| (application, document)))
    }

    /// Sources that gave nothing here, with their Application.
    pub fn not_rendered(&self) -> impl Iterator<Item = (&Application, &Unrendered)> {
        self.applications
            .iter()
            .flat_map(|application| application.not_rendered.iter().map(move |source| (application, source)))
    }
}
