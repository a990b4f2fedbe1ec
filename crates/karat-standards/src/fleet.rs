//! A fleet as a subject: the seam between what is rendered and what is judged.
//!
//! Nothing is copied: documents are read from the fleet when they are judged. The world is asked again only for places,
//! and for the files of repositories, which a fleet does not keep.

use std::sync::Arc;

use ecow::EcoString;
use karat_diag::Severity;
use karat_fleet::{Fleet, NotRendered, ORGANISATION_FILE};
use karat_kube::{Identity, Path};
use karat_source::{World, join};
use karat_yaml::{Dialect, Map, Value};
use rayon::prelude::*;

use crate::text::{place_at, place_in};
use crate::{
    Addon, Application, Cluster, Doc, Entity, EntityKind, Error, File, Object, Organisation, Place, Repository, Source,
    State, Subject, default_settings, documents,
};

/// The subject that a fleet is, and what its organisation decided. What cannot be read is told beside it; the fleet has
/// told of what it could not read itself.
pub fn subject(fleet: &Arc<Fleet>, world: &Arc<dyn World>) -> (Subject, Organisation, Vec<Error>) {
    let mut errors = Vec::new();
    let organisation = organisation(world, &mut errors);
    let subject = Mapping { fleet, world, organisation: &organisation }.subject(&mut errors);
    (subject, organisation, errors)
}

/// Reads settings, exceptions and waivers.
fn organisation(world: &Arc<dyn World>, errors: &mut Vec<Error>) -> Organisation {
    let mut read = |path: &str| match text(world, path).and_then(|text| documents(path, &text, Dialect::Core12)) {
        Ok(documents) => documents.into_iter().next(),
        Err(error) => {
            errors.push(error);
            None
        }
    };
    let Some(file) = read(ORGANISATION_FILE) else { return Organisation::default() };
    let waivers = file.value().at(["spec", "waivers"]).and_then(Value::as_str).and_then(&mut read);
    let parts: Vec<Doc> = karat_fleet::part_files(&**world).iter().filter_map(|path| read(path)).collect();
    let mut failed = |error: Error| errors.push(error);
    let mut organisation = match default_settings().and_then(|defaults| Organisation::read(&file, &defaults)) {
        Ok(organisation) => organisation,
        Err(error) => {
            failed(error);
            Organisation::default()
        }
    };
    for part in parts {
        organisation.add_part(&part).unwrap_or_else(&mut failed);
    }
    if let Some(waivers) = waivers {
        organisation.add_waivers(&waivers).unwrap_or_else(failed);
    }
    organisation
}

fn text(world: &Arc<dyn World>, path: &str) -> Result<String, Error> {
    let failed = |message: String| Error { place: Place { file: path.into(), ..Place::default() }, message };
    let bytes = world.read(path).map_err(|error| failed(error.to_string()))?;
    String::from_utf8(bytes).map_err(|_| failed("not UTF-8 text".to_owned()))
}

struct Mapping<'f> {
    fleet: &'f Arc<Fleet>,
    world: &'f Arc<dyn World>,
    organisation: &'f Organisation,
}

impl Mapping<'_> {
    fn subject(&self, errors: &mut Vec<Error>) -> Subject {
        let repositories = self.repositories(errors);
        let files = yaml_files(self.world, &repositories);
        let mut subject = Subject { clusters: self.clusters(), files, repositories, ..Subject::default() };
        for (at, application) in self.fleet.applications.iter().enumerate() {
            // One that is for no cluster of the organisation runs nowhere; the fleet says so.
            let named = application.cluster.as_ref();
            let Some(cluster) = subject.clusters.iter().position(|cluster| Some(&cluster.name) == named) else {
                continue;
            };
            let index = subject.applications.len();
            let doc = Doc::new(Generated { fleet: Arc::clone(self.fleet), world: Arc::clone(self.world), at });
            let entity = self.entity(application);
            self.addon(application, &entity, cluster, &mut subject);
            subject.applications.push(Application {
                name: application.spec.name.clone(),
                entity,
                cluster,
                namespace: application.spec.destination.namespace.clone(),
                project: application.spec.project.clone(),
                state: state(application),
                doc: doc.clone(),
            });
            // An Application that another one holds is among that one's documents.
            if application.origin.set.is_some() || application.origin.parent.is_none() {
                let identity = Identity {
                    group: "argoproj.io".into(),
                    version: "v1alpha1".into(),
                    kind: "Application".into(),
                    namespace: application.spec.namespace.clone(),
                    name: application.spec.name.clone(),
                };
                subject.objects.push(Object { identity, doc, application: index, own: true });
            }
            for (document, found) in application.documents.iter().enumerate() {
                subject.objects.push(Object {
                    identity: found.identity.clone(),
                    doc: Doc::new(Rendered { fleet: Arc::clone(self.fleet), at, document }),
                    application: index,
                    own: false,
                });
            }
        }
        subject
    }

    fn clusters(&self) -> Vec<Cluster> {
        let read = |path: &EcoString| {
            let text = text(self.world, path).ok()?;
            documents(path, &text, Dialect::GoYaml).ok()?.into_iter().next()
        };
        // The fleet has told of files that it could not read.
        let clusters = self.fleet.organisation.clusters.iter();
        clusters
            .map(|cluster| Cluster {
                name: cluster.name.clone(),
                environment: cluster.environment.clone(),
                doc: read(&cluster.file).unwrap_or_else(|| Doc::new(Values::none(self.world, &cluster.file))),
            })
            .collect()
    }

    /// What an Application deploys: the tenant that its labels name, an addon in the platform's namespaces, else a service.
    fn entity(&self, application: &karat_fleet::Application) -> Entity {
        let label = |name: &str| {
            application.object.at(["metadata", "labels", name]).and_then(Value::as_str).filter(|name| !name.is_empty())
        };
        if let Some(tenant) = label("karat.dev/tenant") {
            return Entity { kind: EntityKind::Tenant, name: tenant.into() };
        }
        if application.origin.set.is_none() && application.origin.parent.is_none() {
            let config = self.fleet.organisation.repositories.iter().find(|repository| repository.role == "config");
            let name = config.map_or_else(|| application.spec.name.clone(), |repository| repository.name.clone());
            return Entity { kind: EntityKind::Repository, name };
        }
        let name = label("app.kubernetes.io/name").map_or_else(
            || {
                let name = application.spec.name.as_str();
                let cluster = application.cluster.as_deref().unwrap_or_default();
                name.strip_suffix(cluster).and_then(|name| name.strip_suffix('-')).unwrap_or(name).into()
            },
            EcoString::from,
        );
        let platform = self.organisation.is_platform(&application.spec.destination.namespace);
        Entity { kind: if platform { EntityKind::Addon } else { EntityKind::Service }, name }
    }

    fn addon(&self, application: &karat_fleet::Application, entity: &Entity, cluster: usize, subject: &mut Subject) {
        if entity.kind != EntityKind::Addon {
            return;
        }
        let chart = application.not_rendered.iter().find_map(|source| match &source.why {
            NotRendered::RemoteChart { version, .. } => Some((version.clone(), source)),
            _ => None,
        });
        let (version, values) = match chart {
            Some((version, source)) => (
                version,
                Values {
                    world: Arc::clone(self.world),
                    value: source.values.clone(),
                    files: source.value_files.clone(),
                },
            ),
            None => (EcoString::new(), Values::none(self.world, &application.origin.place.file.as_str().into())),
        };
        subject.addons.push(Addon {
            name: entity.name.clone(),
            cluster,
            version,
            namespace: application.spec.destination.namespace.clone(),
            values: Doc::new(values),
        });
    }

    /// The repositories, one after the other: the files of each are read on all cores.
    fn repositories(&self, errors: &mut Vec<Error>) -> Vec<Repository> {
        let all = self.fleet.organisation.repositories.iter();
        all.filter_map(|one| Repository::read(&**self.world, &one.name, &one.role, &one.folder, errors)).collect()
    }
}

/// One repository as a subject, by itself: what it holds is judged, and nothing that takes the organisation around it.
pub fn repository_subject(world: &Arc<dyn World>, name: &str, role: &str) -> (Subject, Vec<Error>) {
    let mut errors = Vec::new();
    let repositories: Vec<Repository> = Repository::read(&**world, name, role, "", &mut errors).into_iter().collect();
    let files = yaml_files(world, &repositories);
    (Subject { repositories, files, alone: true, ..Subject::default() }, errors)
}

/// What the organisation of that world decided; without one, what Karat says.
pub fn decided(world: Option<&Arc<dyn World>>) -> (Organisation, Vec<Error>) {
    let mut errors = Vec::new();
    let decided = match world {
        Some(world) => organisation(world, &mut errors),
        None => match default_settings() {
            Ok(settings) => Organisation { settings, ..Organisation::default() },
            Err(error) => {
                errors.push(error);
                Organisation::default()
            }
        },
    };
    (decided, errors)
}

/// The YAML files of the repositories that standards look at. Charts' templates are none, and are judged rendered.
fn yaml_files(world: &Arc<dyn World>, repositories: &[Repository]) -> Vec<File> {
    let looked_at = repositories.iter().filter(|one| matches!(one.role.as_str(), "config" | "app" | "governance"));
    let files = looked_at.flat_map(|repository| repository.facts.files.iter().map(move |file| (repository, file)));
    let listed: Vec<_> = files
        .filter(|(_, path)| path.ends_with(".yaml") || path.ends_with(".yml"))
        .filter(|(_, path)| !path.split('/').any(|part| matches!(part, "templates" | "charts")))
        .collect();
    listed.par_iter().flat_map_iter(|(repository, path)| yaml_file(world, repository, path)).collect()
}

fn yaml_file(world: &Arc<dyn World>, repository: &Repository, within: &str) -> Vec<File> {
    let path = &*join(&repository.folder, within);
    let file = |doc: Doc, kind: &str| File {
        repository: repository.name.clone(),
        role: repository.role.clone(),
        path: within.into(),
        kind: kind.into(),
        doc,
    };
    let unread = || vec![file(Doc::new(Values::none(world, &path.into())), "")];
    // Values are most of the files, and never objects: their names are all that standards ask for.
    if path.ends_with("values.yaml") {
        return unread();
    }
    let Some(text) = text(world, path).ok().filter(|text| text.contains("argoproj.io/")) else {
        return unread();
    };
    // What is not YAML is told of by who applies it.
    let Ok(documents) = documents(path, &text, Dialect::GoYaml) else { return unread() };
    let kind = |doc: &Doc| doc.value().get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
    documents.into_iter().map(|doc| (kind(&doc), doc)).map(|(kind, doc)| file(doc, &kind)).collect()
}

/// Whether all of what an Application deploys is known.
fn state(application: &karat_fleet::Application) -> State {
    if application.problems.iter().any(|problem| problem.severity == Severity::Error) {
        State::Failed
    } else if application.not_rendered.is_empty() {
        State::Whole
    } else {
        State::Part
    }
}

/// An object that an Application applies.
struct Rendered {
    fleet: Arc<Fleet>,
    at: usize,
    document: usize,
}

impl Rendered {
    fn document(&self) -> &karat_fleet::Document {
        &self.fleet.applications[self.at].documents[self.document]
    }
}

impl Source for Rendered {
    fn file(&self) -> EcoString {
        self.document().file.clone()
    }

    fn value(&self) -> Value {
        self.document().object()
    }

    fn text(&self) -> Option<&[u8]> {
        Some(self.document().text.as_bytes())
    }

    fn place(&self, path: &Path) -> Place {
        let document = self.document();
        let whole = Place { file: document.file.clone(), ..Place::default() };
        // Lines of a rendered text are not those of its template.
        let Some(before) = document.first_line.checked_sub(1) else { return whole };
        let Ok(Some(tree)) = document.tree() else { return whole };
        let place = place_in(&tree, &document.file, path);
        Place { line: place.line + before, end_line: place.end_line + before, ..place }
    }
}

/// An Application that an ApplicationSet makes, or the root.
struct Generated {
    fleet: Arc<Fleet>,
    world: Arc<dyn World>,
    at: usize,
}

impl Generated {
    fn application(&self) -> &karat_fleet::Application {
        &self.fleet.applications[self.at]
    }

    /// Where a parameter of the set is written: `{{ .release.revision }}` is `release.revision` of one of the files that
    /// the parameters come from.
    fn parameter(&self, template: &Value) -> Option<Place> {
        let name = template.as_str()?.trim().strip_prefix("{{")?.strip_suffix("}}")?.trim().strip_prefix('.')?;
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._".contains(&byte)) {
            return None;
        }
        let path = Path::keys(name.split('.'));
        let files = self.application().origin.files.iter();
        files.rev().find_map(|file| place_at(&*self.world, file, &path))
    }
}

impl Source for Generated {
    fn file(&self) -> EcoString {
        let application = self.application();
        match application.origin.set.and_then(|set| self.fleet.sets.get(set)) {
            Some(set) => set.file.path.clone(),
            None => application.origin.place.file.as_str().into(),
        }
    }

    fn value(&self) -> Value {
        let mut value = self.application().object.clone();
        // A set's template says neither.
        if let Some(map) = value.as_map_mut() {
            map.entry("apiVersion".into()).or_insert_with(|| "argoproj.io/v1alpha1".into());
            map.entry("kind".into()).or_insert_with(|| "Application".into());
        }
        value
    }

    /// In the set's template, if that says it; in its patch, if it has one; where the value is a parameter, in the file
    /// that the parameter comes from.
    fn place(&self, path: &Path) -> Place {
        let application = self.application();
        let Some(set) = application.origin.set.and_then(|set| self.fleet.sets.get(set)) else {
            let place = &application.origin.place;
            let found = place_at(&*self.world, &place.file, path);
            return found.unwrap_or_else(|| of(place));
        };
        let template = Path::keys(["spec", "template"]).join(path);
        if let Some(value) = template.find(&set.file.value) {
            return self.parameter(value).unwrap_or_else(|| of(&set.file.place(&template)));
        }
        let patch = Path::keys(["spec", "templatePatch"]);
        if let Some(text) = patch.find(&set.file.value).and_then(Value::as_str)
            && let Some(key) = path.last_key()
            && text.contains(&format!("{key}:"))
        {
            return of(&set.file.place(&patch));
        }
        of(&set.file.place(&template))
    }
}

fn of(place: &karat_diag::Place) -> Place {
    let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let file = place.file.as_str().into();
    place.span.map_or_else(
        || Place { file: place.file.as_str().into(), ..Place::default() },
        |span| Place {
            file,
            line: number(span.start.line),
            column: number(span.start.column),
            end_line: number(span.end.line),
            end_column: number(span.end.column),
        },
    )
}

/// Values that a chart gets, merged from files; or a file that is not read.
struct Values {
    world: Arc<dyn World>,
    value: Value,
    files: Vec<EcoString>,
}

impl Values {
    fn none(world: &Arc<dyn World>, file: &EcoString) -> Self {
        Self { world: Arc::clone(world), value: Value::Map(Map::new()), files: vec![file.clone()] }
    }
}

impl Source for Values {
    fn file(&self) -> EcoString {
        self.files.first().cloned().unwrap_or_default()
    }

    fn value(&self) -> Value {
        self.value.clone()
    }

    /// In the last file that says it; what none says, in the first file that says most of the way.
    fn place(&self, path: &Path) -> Place {
        let mut path = path.clone();
        loop {
            let mut files = self.files.iter().rev();
            if let Some(place) = files.find_map(|file| place_at(&*self.world, file, &path)) {
                return place;
            }
            if path.is_root() {
                return Place { file: self.file(), ..Place::default() };
            }
            path = path.parent();
        }
    }
}
