//! What a source is, and what it gives: found once for each folder, file and set of inputs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use ecow::EcoString;
use karat_diag::Diagnostic;
use karat_helm::Profile;
use karat_source::{EntryKind, ReadError, World, join};
use karat_yaml::{Dialect, Map, Numbers, Value};
use rustc_hash::{FxHashMap, FxHashSet};

use super::directory::{self, Listing};
use super::env::Env;
use super::helm::{self, CapabilitySets, Charts, TracedSource, Unresolved};
use super::{Input, NotRendered, Outcome, Unrendered};
use crate::application::{Directory, Source, Spec};
use crate::argo::shape::{Names, shape};
use crate::argo::types::SOURCE;
use crate::cache::{Cache, Digest, Hasher, digest};
use crate::file::problem;
use crate::organisation::Cluster;
use crate::repositories::Repositories;

/// The files that make a folder one for Kustomize.
const KUSTOMIZATIONS: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// What one source of an Application gives, with what decided it.
pub(crate) struct Rendered {
    pub(crate) outcome: Arc<Outcome>,
    /// The digest of everything that decided it; `None` if it was not rendered.
    pub(crate) key: Option<Digest>,
    pub(crate) inputs: Vec<Input>,
}

/// What a source gives, and the digest of what decided it.
type Keyed = (Arc<Outcome>, Option<Digest>);

type Listed = Arc<Result<Listing, Diagnostic>>;

/// A file that overrides a source, if there is one.
type Override = Option<Arc<(Value, Digest)>>;

/// Renders the sources of one build's Applications.
pub(crate) struct Resolver<'a> {
    repositories: &'a Repositories<'a>,
    cache: &'a Cache,
    profile: Profile,
    charts: Charts,
    pub(super) capabilities: CapabilitySets,
    listings: Mutex<FxHashMap<(String, Directory), Listed>>,
    overrides: Mutex<FxHashMap<String, Override>>,
    folders: Mutex<FxHashMap<String, Arc<Contents>>>,
    files: Mutex<FxHashMap<String, Found>>,
}

/// The names of the files in a folder: they decide how it is rendered.
type Contents = FxHashSet<String>;

/// A file that was read, with the digest of its contents; `None` if there is none.
type Found = Option<(Arc<Vec<u8>>, Digest)>;

impl<'a> Resolver<'a> {
    pub(crate) fn new(repositories: &'a Repositories<'a>, cache: &'a Cache, profile: Profile) -> Self {
        Self {
            repositories,
            cache,
            profile,
            charts: Charts::default(),
            capabilities: CapabilitySets::new(profile),
            listings: Mutex::default(),
            overrides: Mutex::default(),
            folders: Mutex::default(),
            files: Mutex::default(),
        }
    }

    pub(super) fn world(&self) -> &'a dyn World {
        self.repositories.world()
    }

    /// The files of the charts and folders that were read, with the digests of their contents.
    pub(crate) fn files(&self, into: &mut BTreeMap<EcoString, Digest>) {
        self.charts.files(into);
        for listing in lock(&self.listings).values().filter_map(|listing| listing.as_ref().as_ref().ok()) {
            into.extend(listing.digests.iter().cloned());
        }
    }

    /// Renders one source. `raw` is its document, which files beside the manifests may override.
    pub(crate) fn render(&self, spec: &Spec, source: &Source, raw: &Value, cluster: Option<&Cluster>) -> Rendered {
        let mut inputs = Vec::new();
        let (outcome, key) = match self.try_render(spec, source, raw, cluster, &mut inputs) {
            Ok(outcome) => outcome,
            Err(Unresolved::NotRendered(why)) => {
                (Arc::new(Outcome { not_rendered: Some(why.into()), ..Outcome::default() }), None)
            }
            Err(Unresolved::Problem(message)) => {
                (Arc::new(Outcome { problems: vec![unplaced(message)], ..Outcome::default() }), None)
            }
        };
        Rendered { outcome, key, inputs }
    }

    fn try_render(
        &self,
        spec: &Spec,
        source: &Source,
        raw: &Value,
        cluster: Option<&Cluster>,
        inputs: &mut Vec<Input>,
    ) -> Result<Keyed, Unresolved> {
        if !source.chart.is_empty() || source.repo_url.starts_with("oci://") {
            // The values files of a chart that is not here are still files of the organisation.
            let chart = if source.chart.is_empty() { &source.path } else { &source.chart };
            let why = NotRendered::RemoteChart {
                repository: source.repo_url.clone(),
                chart: chart.clone(),
                version: source.target_revision.clone(),
            };
            let resolved = helm::inputs(self, spec, source, None, cluster)?;
            inputs.extend_from_slice(&resolved.files);
            let values = resolved.values(self.profile)?;
            let value_files = resolved.files.into_iter().map(|file| file.path).collect();
            let not_rendered = Unrendered { source: 0, why, values, value_files };
            return Ok((Arc::new(Outcome { not_rendered: Some(not_rendered), ..Outcome::default() }), None));
        }
        if source.path.is_empty() && spec.multiple {
            // A source that others take value files from.
            return Ok((Arc::default(), Some(Digest::default())));
        }
        let (repository, folder, contents) = self.folder(source)?;
        let overridden = self.overridden(spec, source, raw, &folder, &contents, inputs)?;
        let source = overridden.as_ref().unwrap_or(source);
        let explicit = [source.kustomize, source.helm.is_some(), source.directory.is_some(), source.plugin];
        if explicit.iter().filter(|set| **set).count() > 1 {
            return Err("a source has one of `helm`, `kustomize`, `directory` and `plugin`, this has several"
                .to_owned()
                .into());
        }
        if source.plugin {
            return Err(Unresolved::NotRendered(NotRendered::Plugin));
        }
        let detected = source.directory.is_none();
        let chart = source.helm.is_some() || (detected && contents.contains("Chart.yaml"));
        let kustomization = || KUSTOMIZATIONS.iter().any(|name| contents.contains(*name));
        if source.kustomize || (!chart && detected && kustomization()) {
            return Err(Unresolved::NotRendered(NotRendered::Kustomize { folder: folder.into() }));
        }
        if chart {
            self.chart(spec, source, repository, &folder, cluster, inputs)
        } else {
            self.directory(spec, source, folder, inputs)
        }
    }

    fn chart(
        &self,
        spec: &Spec,
        source: &Source,
        repository: &str,
        folder: &str,
        cluster: Option<&Cluster>,
        inputs: &mut Vec<Input>,
    ) -> Result<Keyed, Unresolved> {
        let resolved = helm::inputs(self, spec, source, Some(repository), cluster)?;
        inputs.extend_from_slice(&resolved.files);
        let loaded = self.charts.get(self.world(), folder, self.profile, self.cache);
        inputs.push(Input { path: folder.into(), folder: true, digest: loaded.digest });
        let chart = match &loaded.chart {
            Ok(chart) => chart,
            Err(message) => {
                let problems = vec![problem(folder, None, format!("the chart does not load: {message}"))];
                return Ok((Arc::new(Outcome { problems, ..Outcome::default() }), None));
            }
        };
        let namespace = spec.destination.namespace.as_str();
        let key = resolved.digest(&loaded.digest, namespace);
        let render = || resolved.render(chart, folder, namespace, self.profile, self.cache);
        Ok((self.cache.outcome(key, render), Some(key)))
    }

    fn directory(
        &self,
        spec: &Spec,
        source: &Source,
        folder: String,
        inputs: &mut Vec<Input>,
    ) -> Result<Keyed, Unresolved> {
        let options = source.directory.clone().unwrap_or_default();
        let key = (folder.clone(), options.clone());
        let known = lock(&self.listings).get(&key).cloned();
        let listing = known.unwrap_or_else(|| {
            let listing = Arc::new(directory::list(self.world(), &folder, &options).map_err(|problem| *problem));
            lock(&self.listings).insert(key, Arc::clone(&listing));
            listing
        });
        let listing = match listing.as_ref() {
            Ok(listing) => listing,
            Err(problem) => {
                return Ok((Arc::new(Outcome { problems: vec![problem.clone()], ..Outcome::default() }), None));
            }
        };
        inputs.push(Input { path: folder.into(), folder: true, digest: listing.digest });
        let namespace = spec.destination.namespace.as_str();
        let mut hasher = Hasher::default();
        hasher.part("directory").part(listing.digest).part(namespace);
        let key = hasher.finish();
        Ok((self.cache.outcome(key, || directory::render(listing, namespace, self.cache)), Some(key)))
    }

    /// A file's contents; `None` if there is none.
    pub(super) fn file(&self, path: &str) -> Result<Found, ReadError> {
        if let Some(known) = lock(&self.files).get(path) {
            return Ok(known.clone());
        }
        let found = match self.world().read(path) {
            Ok(bytes) => {
                let digest = digest(&bytes);
                Some((Arc::new(bytes), digest))
            }
            Err(ReadError::NotFound { .. }) => None,
            Err(error) => return Err(error),
        };
        lock(&self.files).insert(path.to_owned(), found.clone());
        Ok(found)
    }

    /// Where a value file is: beside the chart, from the repository's root (`/x`), or in another source (`$ref/x`). `None`
    /// if it is beside a chart that is not here.
    pub(super) fn value_file(
        &self,
        spec: &Spec,
        source: &Source,
        repository: Option<&str>,
        file: &str,
        env: &Env<'_>,
    ) -> Result<Option<String>, Unresolved> {
        let (root, folder, path) = if let (Some(text), true) = (file.strip_prefix('$'), spec.multiple) {
            let (name, path) = text.split_once('/').unwrap_or((text, ""));
            match spec.sources.iter().find(|source| !source.reference.is_empty() && source.reference == name) {
                Some(referred) if !referred.chart.is_empty() => {
                    return Err(format!(
                        "`{file}`: the source `{name}` is a chart, which value files cannot come from"
                    )
                    .into());
                }
                Some(referred) => match self.repositories.folder(&referred.repo_url) {
                    Some(root) => (root, root, format!("/{}", env.expand(path))),
                    None => {
                        let url = referred.repo_url.clone();
                        return Err(Unresolved::NotRendered(NotRendered::RemoteRepository { url }));
                    }
                },
                None => return Err(format!("`{file}`: no source has `ref: {name}`").into()),
            }
        } else if let Some(repository) = repository {
            (repository, repository, env.expand(file))
        } else {
            return Ok(None);
        };
        if let Some((scheme, _)) = path.split_once("://") {
            if matches!(scheme, "http" | "https") {
                return Err(Unresolved::NotRendered(NotRendered::RemoteValues { url: path.into() }));
            }
            return Err(format!("`{file}`: the URL scheme `{scheme}` is not allowed").into());
        }
        let place = match path.strip_prefix('/') {
            Some(absolute) => join(folder, absolute),
            None => join(&join(root, &source.path), &path),
        };
        let clean = karat_source::clean(&place).filter(|clean| is_within(clean, root) && clean != root);
        clean.map(Some).ok_or_else(|| Unresolved::Problem(format!("`{file}` leaves the repository")))
    }

    /// Renders a chart of the organisation again, traced; `None` if the source is none or cannot be rendered.
    pub(crate) fn trace(
        &self,
        spec: &Spec,
        source: &Source,
        raw: &Value,
        cluster: Option<&Cluster>,
    ) -> Option<TracedSource> {
        if !source.chart.is_empty() || source.repo_url.starts_with("oci://") || source.path.is_empty() {
            return None;
        }
        let (repository, folder, contents) = self.folder(source).ok()?;
        let overridden = self.overridden(spec, source, raw, &folder, &contents, &mut Vec::new()).ok()?;
        let source = overridden.as_ref().unwrap_or(source);
        let inputs = helm::inputs(self, spec, source, Some(repository), cluster).ok()?;
        let chart = self.charts.get(self.world(), &folder, self.profile, self.cache).chart.ok()?;
        inputs.trace(chart, folder, self.profile)
    }

    /// The repository of a source, its folder there, and what is in it.
    fn folder(&self, source: &Source) -> Result<(&'a str, String, Arc<Contents>), Unresolved> {
        let Some(repository) = self.repositories.folder(&source.repo_url) else {
            return Err(Unresolved::NotRendered(NotRendered::RemoteRepository { url: source.repo_url.clone() }));
        };
        if source.path.starts_with('/') {
            return Err(format!("`path: {}` is absolute; a path is relative to the repository", source.path).into());
        }
        let within = karat_source::clean(&source.path)
            .ok_or_else(|| format!("`path: {}` leaves the repository", source.path))?;
        let folder = join(repository, &within);
        let known = lock(&self.folders).get(&folder).cloned();
        let contents = match known {
            Some(contents) => contents,
            None => {
                let contents = Arc::new(self.list(&folder)?);
                lock(&self.folders).insert(folder.clone(), Arc::clone(&contents));
                contents
            }
        };
        Ok((repository, folder, contents))
    }

    /// The names of the files in a folder.
    fn list(&self, folder: &str) -> Result<Contents, String> {
        match self.world().kind(folder).map_err(|error| error.to_string())? {
            Some(EntryKind::Folder) => {}
            Some(_) => return Err(format!("{folder} is not a folder")),
            None => return Err(format!("{folder} does not exist")),
        }
        let entries = self.world().list(folder).map_err(|error| error.to_string())?;
        Ok(entries.into_iter().filter(|entry| entry.kind == EntryKind::File).map(|entry| entry.name).collect())
    }

    /// The source with `.argocd-source.yaml` and `.argocd-source-NAME.yaml` beside the manifests merged over it, if there
    /// are such files.
    fn overridden(
        &self,
        spec: &Spec,
        source: &Source,
        raw: &Value,
        folder: &str,
        contents: &Contents,
        inputs: &mut Vec<Input>,
    ) -> Result<Option<Source>, Unresolved> {
        let mut merged: Option<Value> = None;
        for name in [".argocd-source.yaml".to_owned(), format!(".argocd-source-{}.yaml", spec.name)] {
            if !contents.contains(&name) {
                continue;
            }
            let place = join(folder, &name);
            let Some(found) = self.override_file(&place)? else { continue };
            inputs.push(Input { path: place.clone().into(), folder: false, digest: found.1 });
            let mut value = merged.take().unwrap_or_else(|| raw.clone());
            merge_patch(&mut value, &found.0);
            let shaped = shape(&SOURCE, &value, Names::AnyCase).map_err(|error| format!("{place}: {error}"))?;
            merged = Some(shaped);
        }
        // A file in the repository may change how it is rendered, not what.
        Ok(merged.map(|merged| Source {
            repo_url: source.repo_url.clone(),
            path: source.path.clone(),
            chart: source.chart.clone(),
            target_revision: source.target_revision.clone(),
            ..Source::read(&merged)
        }))
    }

    fn override_file(&self, place: &str) -> Result<Override, String> {
        if let Some(known) = lock(&self.overrides).get(place) {
            return Ok(known.clone());
        }
        let found = match self.file(place).map_err(|error| error.to_string())? {
            Some((bytes, digest)) => {
                let value = karat_yaml::from_yaml(&bytes, Dialect::GoYaml, Numbers::Kept)
                    .map_err(|error| format!("{place}: {error}"))?;
                Some(Arc::new((value, digest)))
            }
            None => None,
        };
        lock(&self.overrides).insert(place.to_owned(), found.clone());
        Ok(found)
    }
}

/// A problem of an Application that has no file of its own: the caller puts its place in.
fn unplaced(message: String) -> Diagnostic {
    Diagnostic { places: Vec::new(), ..problem("", None, message) }
}

/// RFC 7386.
fn merge_patch(target: &mut Value, patch: &Value) {
    let Value::Map(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if target.as_map().is_none() {
        *target = Value::Map(Map::new());
    }
    let Some(map) = target.as_map_mut() else { return };
    for (key, value) in patch {
        if value.is_null() {
            map.remove(key);
        } else {
            merge_patch(map.entry(key.clone()).or_default(), value);
        }
    }
}

fn is_within(path: &str, root: &str) -> bool {
    root.is_empty() || path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
