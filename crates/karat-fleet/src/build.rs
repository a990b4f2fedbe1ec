//! From the root Application down: documents to ApplicationSets and Applications to objects, level by level.

use ecow::EcoString;
use karat_diag::{Diagnostic, Place};
use karat_kube::{Identity, Path};
use karat_source::World;
use karat_yaml::{Dialect, Value};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::application::Spec;
use crate::appset::{ExpandError, expand};
use crate::document::settle_repeated;
use crate::file::{File, not_yaml, problem};
use crate::fleet::{Application, ApplicationSet, Documents, Fleet, Origin, Policy};
use crate::organisation::{ArgoCd, Cluster};
use crate::repositories::Repositories;
use crate::source::{Outcome, Resolver, Unrendered};

/// How deep Applications may hold Applications: a root, its children, and room for teams that nest.
const DEPTH: usize = 8;

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

/// Builds the part of a fleet that one Argo CD has.
pub(crate) struct Builder<'a> {
    pub(crate) fleet: &'a mut Fleet,
    pub(crate) argocd: &'a ArgoCd,
    pub(crate) repositories: &'a Repositories<'a>,
    pub(crate) resolver: &'a Resolver<'a>,
}

impl Builder<'_> {
    pub(crate) fn run(mut self, world: &dyn World) {
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
            (Some(only), true) => Documents::shared(only),
            (Some(last), false) => {
                outcomes.push(last);
                let mut all = outcomes.iter().flat_map(|outcome| outcome.documents.iter().cloned()).collect();
                settle_repeated(&mut all, &mut application.problems);
                Documents::own(all)
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
