//! The fleet: from an organisation's root Applications, by ApplicationSets and Applications, to objects.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use ecow::EcoString;
use karat_diag::{Diagnostic, Place};
use karat_kube::{Identity, Path};
use karat_source::World;
use karat_yaml::{Dialect, Value};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::application::Spec;
use crate::appset::{ExpandError, expand};
use crate::cache::{Cache, Digest, digest};
use crate::document::{Document, settle_repeated};
use crate::file::{File, not_yaml, problem};
use crate::organisation::{ArgoCd, Cluster, ORGANISATION_FILE, Organisation};
use crate::repositories::Repositories;
use crate::source::{Input, Outcome, Resolver, Unrendered};

/// How deep Applications may hold Applications: a root, its children, and room for teams that nest.
const DEPTH: usize = 8;

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
    keys: Vec<Option<Digest>>,
}

/// The objects of an Application: a slice, shared with other Applications that have the same.
#[derive(Clone, Debug, Default)]
pub struct Documents(Held);

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
    fn of(set: &Value) -> Self {
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

/// A document that the hub acts on: an Application, an ApplicationSet, a project.
struct Seed {
    file: File,
    parent: Option<EcoString>,
}

/// An Application that is to be rendered.
struct Planned {
    spec: Spec,
    object: Value,
    origin: Origin,
}

struct Builder<'a> {
    fleet: &'a mut Fleet,
    argocd: &'a ArgoCd,
    repositories: &'a Repositories<'a>,
    resolver: &'a Resolver<'a>,
}

impl Builder<'_> {
    fn run(mut self, world: &dyn World) {
        let mut seeds = self.roots(world);
        let mut projects: FxHashMap<EcoString, ()> = FxHashMap::default();
        projects.insert("default".into(), ());
        let mut known: FxHashMap<(EcoString, EcoString), Place> = FxHashMap::default();
        let first = self.fleet.applications.len();
        for depth in 0.. {
            let mut planned = Vec::new();
            for seed in seeds.drain(..) {
                match seed.file.value.get("kind").and_then(Value::as_str) {
                    Some("Application") => self.plan(seed, &mut planned),
                    Some("ApplicationSet") => self.expand(seed, &mut planned),
                    Some("AppProject") => {
                        let name = seed.file.value.at(["metadata", "name"]).and_then(Value::as_str).unwrap_or_default();
                        projects.insert(name.into(), ());
                    }
                    _ => {}
                }
            }
            planned.retain(|planned| self.is_new(planned, &mut known));
            if planned.is_empty() {
                break;
            }
            if depth == DEPTH {
                let message = format!("Applications hold Applications {DEPTH} deep; what is below is not looked at");
                self.fleet
                    .problems
                    .push(Diagnostic { places: vec![planned[0].origin.place.clone()], ..problem("", None, message) });
                break;
            }
            let rendered: Vec<Application> = {
                let this = &self;
                planned.into_par_iter().map(|planned| this.render(planned)).collect()
            };
            for application in &rendered {
                self.seeds(application, &mut seeds);
            }
            self.fleet.applications.extend(rendered);
        }
        for application in &mut self.fleet.applications[first..] {
            if !projects.contains_key(&application.spec.project) {
                let message = format!("there is no AppProject `{}`, so Argo CD refuses it", application.spec.project);
                let place = application.origin.place.clone();
                application.problems.push(Diagnostic { places: vec![place], ..problem("", None, message) });
            }
        }
    }

    /// The documents of the root file.
    fn roots(&mut self, world: &dyn World) -> Vec<Seed> {
        let path = self.argocd.root.clone();
        let bytes = match world.read(&path) {
            Ok(bytes) => bytes,
            Err(error) => {
                let message = format!("the root of Argo CD `{}` cannot be read: {error}", self.argocd.name);
                self.fleet.problems.push(problem(&path, None, message));
                return Vec::new();
            }
        };
        let (documents, error) = karat_yaml::documents(&bytes, Dialect::GoYaml);
        if let Some(error) = error {
            self.fleet.problems.push(not_yaml(&path, &error, 0));
        }
        let mut seeds = Vec::new();
        for document in documents {
            match File::of(&path, document, Some(0)) {
                Ok(file) => seeds.push(Seed { file, parent: None }),
                Err(problem) => self.fleet.problems.push(*problem),
            }
        }
        if !seeds.iter().any(|seed| seed.file.value.get("kind").and_then(Value::as_str) == Some("Application")) {
            self.fleet.problems.push(problem(&path, None, "the root holds no Application"));
        }
        seeds
    }

    /// The documents among an Application's objects that this Argo CD acts on.
    fn seeds(&mut self, application: &Application, seeds: &mut Vec<Seed>) {
        if application.cluster.as_ref() != Some(&self.argocd.cluster) {
            return;
        }
        for document in &application.documents {
            let Identity { group, kind, namespace, .. } = &document.identity;
            if group != "argoproj.io"
                || *namespace != self.argocd.namespace
                || !matches!(kind.as_str(), "Application" | "ApplicationSet" | "AppProject")
            {
                continue;
            }
            let before = document.first_line.checked_sub(1);
            let file = match document.tree() {
                Ok(Some(tree)) => File::of(&document.file, tree, before),
                Ok(None) => continue,
                Err(error) => Err(Box::new(not_yaml(&document.file, &error, before.unwrap_or_default() as usize))),
            };
            match file {
                Ok(mut file) => {
                    // As it is applied: in the Application's namespace where it names none.
                    file.value = document.object();
                    seeds.push(Seed { file, parent: Some(application.spec.name.clone()) });
                }
                Err(problem) => self.fleet.problems.push(*problem),
            }
        }
    }

    fn plan(&mut self, seed: Seed, planned: &mut Vec<Planned>) {
        match Spec::read(&seed.file.value) {
            Ok(spec) => planned.push(Planned {
                spec,
                origin: Origin {
                    place: seed.file.place(&Path::keys(["metadata", "name"])),
                    set: None,
                    parent: seed.parent,
                    files: Vec::new(),
                },
                object: seed.file.value,
            }),
            Err(error) => self.fleet.problems.push(seed.file.error(&error.path, error.to_string())),
        }
    }

    fn expand(&mut self, seed: Seed, planned: &mut Vec<Planned>) {
        let expansion = expand(&seed.file.value, self.repositories);
        let index = self.fleet.sets.len();
        let name = seed.file.value.at(["metadata", "name"]).and_then(Value::as_str).unwrap_or_default();
        let mut set = ApplicationSet {
            name: name.into(),
            policy: Policy::of(&seed.file.value),
            not_expanded: Vec::new(),
            applications: expansion.applications.len(),
            file: seed.file,
        };
        for error in expansion.errors {
            let diagnostic = set.file.error(error.path(), format!("ApplicationSet `{}`: {error}", set.name));
            match error {
                ExpandError::NotExpanded { .. } => set.not_expanded.push(diagnostic),
                ExpandError::Invalid { .. } => self.fleet.problems.push(diagnostic),
            }
        }
        for generated in expansion.applications {
            let entry = Path::keys(["spec", "generators"]).index(generated.generator);
            planned.push(Planned {
                spec: Spec::of(&generated.application),
                object: generated.application,
                origin: Origin {
                    place: set.file.place(&entry),
                    set: Some(index),
                    parent: seed.parent.clone(),
                    files: generated.files,
                },
            });
        }
        self.fleet.sets.push(set);
    }

    /// Of Applications with one name only the first is kept: Argo CD refuses the second of a set, and two sets fight.
    fn is_new(&mut self, planned: &Planned, known: &mut FxHashMap<(EcoString, EcoString), Place>) -> bool {
        let key = (planned.spec.namespace.clone(), planned.spec.name.clone());
        if let Some(first) = known.get(&key) {
            let message = format!("two Applications are called `{}`; the second is not rendered", planned.spec.name);
            let mut other = first.clone();
            other.label = Some("the first comes from here".to_owned());
            let places = vec![planned.origin.place.clone(), other];
            self.fleet.problems.push(Diagnostic { places, ..problem("", None, message) });
            return false;
        }
        known.insert(key, planned.origin.place.clone());
        true
    }

    fn render(&self, planned: Planned) -> Application {
        let Planned { spec, object, origin } = planned;
        let mut problems = Vec::new();
        let cluster = self.cluster(&spec, &origin.place, &mut problems);
        let mut application = Application {
            cluster: cluster.map(|cluster| cluster.name.clone()),
            environment: cluster.map(|cluster| cluster.environment.clone()).unwrap_or_default(),
            documents: Documents::default(),
            problems,
            notes: Vec::new(),
            not_rendered: Vec::new(),
            inputs: Vec::new(),
            keys: Vec::new(),
            spec,
            object,
            origin,
        };
        if application.spec.sources.is_empty() {
            let place = application.origin.place.clone();
            application.problems.push(Diagnostic { places: vec![place], ..problem("", None, "it has no source") });
        }
        let mut outcomes = Vec::with_capacity(application.spec.sources.len());
        for (index, source) in application.spec.sources.iter().enumerate() {
            let raw = application.raw_source(index);
            let rendered = self.resolver.render(&application.spec, source, raw, cluster);
            application.inputs.extend(rendered.inputs);
            application.keys.push(rendered.key);
            let Outcome { problems, notes, not_rendered, .. } = &*rendered.outcome;
            application.notes.extend_from_slice(notes);
            application.not_rendered.extend(not_rendered.iter().map(|why| Unrendered { source: index, ..why.clone() }));
            for problem in problems {
                let mut problem = problem.clone();
                if problem.places.is_empty() {
                    problem.places.push(application.origin.place.clone());
                }
                application.problems.push(problem);
            }
            outcomes.push(rendered.outcome);
        }
        // One source's objects are shared with whoever else has the same; of several, repetitions are to be found.
        outcomes.retain(|outcome| !outcome.documents.is_empty());
        application.documents = match (outcomes.pop(), outcomes.is_empty()) {
            (None, _) => Documents::default(),
            (Some(only), true) => Documents(Held::Shared(only)),
            (Some(last), false) => {
                outcomes.push(last);
                let mut all = outcomes.iter().flat_map(|outcome| outcome.documents.iter().cloned()).collect();
                settle_repeated(&mut all, &mut application.problems);
                Documents(Held::Own(all))
            }
        };
        application
    }

    fn cluster(&self, spec: &Spec, place: &Place, problems: &mut Vec<Diagnostic>) -> Option<&Cluster> {
        let destination = &spec.destination;
        let own = destination.name == "in-cluster"
            || (destination.name.is_empty() && destination.server == "https://kubernetes.default.svc");
        let organisation = &self.fleet.organisation;
        let found = if own {
            organisation.cluster(&self.argocd.cluster, "")
        } else {
            organisation.cluster(&destination.name, &destination.server)
        };
        if found.is_none() {
            let wanted = if destination.name.is_empty() { &destination.server } else { &destination.name };
            let message = match wanted.as_str() {
                "" => "`spec.destination` names no cluster".to_owned(),
                wanted => format!("no cluster of the organisation is `{wanted}`"),
            };
            problems.push(Diagnostic { places: vec![place.clone()], ..problem("", None, message) });
        }
        found
    }
}
