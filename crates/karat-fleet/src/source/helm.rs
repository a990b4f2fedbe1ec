//! A chart in a repository of the organisation, rendered as Argo CD's repo server asks Helm to.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use ecow::EcoString;
use karat_diag::{Diagnostic, Place};
use karat_helm::{
    Capabilities, Chart, Flags, Origin, Part, Profile, Release, RenderInput, Settings, Traced, ValuePlace,
    ValueSources, ValueStep,
};
use karat_kube::Path;
use karat_source::{World, join};
use karat_yaml::{Escape, Str, Value};
use rustc_hash::FxHashMap;

use super::env::Env;
use super::{Input, NotRendered, Outcome, Resolver, directory};
use crate::application::{Helm, Source, Spec};
use crate::cache::{Cache, Digest, Hasher, digest};
use crate::document::{At, DocumentError, objects, objects_of};
use crate::file::{problem, yaml_step};
use crate::organisation::Cluster;

/// A chart of the organisation, with the digest of its files.
#[derive(Clone)]
pub(crate) struct Loaded {
    pub(crate) chart: Result<Arc<Chart>, String>,
    pub(crate) digest: Digest,
    files: Arc<Vec<(EcoString, Digest)>>,
}

/// Loads the chart at `folder`, or takes it from the cache.
pub(crate) fn load(world: &dyn World, folder: &str, profile: Profile, cache: &Cache) -> Loaded {
    let mut hasher = Hasher::default();
    hasher.part(folder).part(profile.helm_version());
    let mut files = Vec::new();
    let listed = karat_source::walk(world, folder).and_then(|paths| {
        for path in paths {
            let digest = digest(&world.read(&path)?);
            hasher.part(&path).part(digest);
            files.push((path.into(), digest));
        }
        Ok(())
    });
    let (digest, files) = (hasher.finish(), Arc::new(files));
    if let Err(error) = listed {
        return Loaded { chart: Err(error.to_string()), digest, files };
    }
    if let Some(chart) = cache.chart(&digest) {
        return Loaded { chart: Ok(chart), digest, files };
    }
    let settings = Settings { profile, ..Settings::default() };
    let chart = Chart::load(world, folder, &settings).map_err(|error| error.to_string());
    if let Ok(chart) = &chart {
        cache.keep_chart(digest, Arc::clone(chart));
    }
    Loaded { chart, digest, files }
}

/// Everything but the chart that decides what it gives.
pub(crate) struct Inputs {
    release: String,
    namespace: String,
    capabilities: Arc<Capabilities>,
    capabilities_key: String,
    /// The sources of values but for the files' contents, which most renders take from the cache and never look at.
    values: ValueSources,
    value_files: Vec<(String, Arc<Vec<u8>>)>,
    set_files: BTreeMap<String, Arc<Vec<u8>>>,
    flags: Flags,
    /// The value files and files for parameters, in the order in which they are merged.
    pub(crate) files: Vec<Input>,
}

/// Why a source has no inputs.
pub(crate) enum Unresolved {
    Problem(String),
    NotRendered(NotRendered),
}

impl From<String> for Unresolved {
    fn from(message: String) -> Self {
        Self::Problem(message)
    }
}

/// Resolves the options of a Helm source: value files, parameters, release, what the cluster can do. Without a
/// `repository` (the chart is not of the organisation) files beside the chart are left out.
pub(crate) fn inputs(
    resolver: &Resolver<'_>,
    spec: &Spec,
    source: &Source,
    repository: Option<&str>,
    cluster: Option<&Cluster>,
) -> Result<Inputs, Unresolved> {
    let none = Helm::default();
    let helm = source.helm.as_ref().unwrap_or(&none);
    let env = Env { spec, source };
    let mut values = ValueSources::default();
    let mut value_files = Vec::new();
    let mut files = Vec::new();
    for file in &helm.value_files {
        let Some(place) = resolver.value_file(spec, source, repository, file, &env)? else { continue };
        let found = resolver.file(&place).map_err(|error| format!("value file: {error}"))?;
        let Some((bytes, digest)) = found else {
            if helm.ignore_missing_value_files {
                continue;
            }
            return Err(format!("value file: {place} does not exist").into());
        };
        files.push(Input { path: place.as_str().into(), folder: false, digest });
        value_files.push((place, bytes));
    }
    match &helm.values_object {
        Some(object) => value_files.push(("valuesObject".to_owned(), Arc::new(json(object).into_bytes()))),
        None if !helm.values.is_empty() => value_files.push(("values".to_owned(), Arc::new(helm.values.to_vec()))),
        None => {}
    }
    // Argo CD keeps parameters in a Go map and so in no order; by name, a parent comes before what is in it.
    let mut parameters = BTreeMap::new();
    for (name, value, text) in &helm.parameters {
        parameters.insert((*text, name.clone()), env.expand(value));
    }
    for ((text, name), value) in parameters {
        let assignment = format!("{name}={}", escape_commas(&value));
        if text { values.set_string.push(assignment) } else { values.set.push(assignment) }
    }
    let mut set_files = BTreeMap::new();
    for (name, file) in &helm.file_parameters {
        let Some(place) = resolver.value_file(spec, source, repository, file, &env)? else { continue };
        let found = resolver.file(&place).map_err(|error| format!("file parameter `{name}`: {error}"))?;
        let (bytes, digest) = found.ok_or_else(|| format!("file parameter `{name}`: {place} does not exist"))?;
        values.set_file.push(format!("{name}={}", escape_commas(&place)));
        files.push(Input { path: place.as_str().into(), folder: false, digest });
        set_files.insert(place, bytes);
    }
    values.set_file.sort_unstable();
    let kube_version = match helm.kube_version.as_str() {
        "" => cluster.map_or("", |cluster| cluster.kubernetes_version.as_str()),
        version => version,
    };
    let api_versions: &[EcoString] = match helm.api_versions.as_slice() {
        [] => cluster.map_or(&[], |cluster| cluster.api_versions.as_slice()),
        versions => versions,
    };
    let (capabilities, capabilities_key) = resolver.capabilities.get(kube_version, api_versions)?;
    let first = |texts: [&EcoString; 2]| texts.into_iter().find(|text| !text.is_empty()).map(EcoString::to_string);
    Ok(Inputs {
        release: first([&helm.release_name, &spec.name]).unwrap_or_default(),
        namespace: first([&helm.namespace, &spec.destination.namespace]).unwrap_or_else(|| "default".to_owned()),
        capabilities,
        capabilities_key,
        values,
        value_files,
        set_files,
        flags: Flags {
            include_crds: !helm.skip_crds,
            no_hooks: false,
            skip_tests: helm.skip_tests,
            skip_schema_validation: helm.skip_schema_validation,
        },
        files,
    })
}

impl Inputs {
    /// What the chart with `chart` as its digest gives for these is one and the same. `namespace` is where objects go
    /// that name none, which need not be the release's.
    pub(crate) fn digest(&self, chart: &Digest, namespace: &str) -> Digest {
        let mut hasher = Hasher::default();
        hasher.part(chart).part(&self.release).part(&self.namespace).part(namespace).part(&self.capabilities_key);
        for (name, bytes) in &self.value_files {
            match self.files.iter().find(|file| file.path == *name) {
                Some(file) => hasher.part(file.digest),
                None => hasher.part(digest(bytes)),
            };
        }
        hasher.part("set");
        for texts in [&self.values.set, &self.values.set_string, &self.values.set_file] {
            texts.iter().for_each(|text| {
                hasher.part(text);
            });
            hasher.part("next");
        }
        for file in &self.files {
            hasher.part(&file.path).part(file.digest);
        }
        let Flags { include_crds, no_hooks, skip_tests, skip_schema_validation } = self.flags;
        hasher.flag(include_crds).flag(no_hooks).flag(skip_tests).flag(skip_schema_validation);
        hasher.finish()
    }

    /// The values, merged, without the chart's own.
    pub(crate) fn values(&self, profile: Profile) -> Result<Value, String> {
        self.merged(profile).map_err(|error| error.to_string())
    }

    fn merged(&self, profile: Profile) -> Result<Value, karat_helm::Error> {
        let read = |path: &str| {
            let found = self.set_files.get(path).map(|bytes| bytes.to_vec());
            found.ok_or_else(|| format!("{path}: no such file"))
        };
        self.sources().merge(profile, &read)
    }

    fn sources(&self) -> ValueSources {
        let files = self.value_files.iter().map(|(name, bytes)| (name.clone(), bytes.to_vec())).collect();
        ValueSources { files, ..self.values.clone() }
    }

    fn input<'v>(&'v self, values: &'v Value) -> RenderInput<'v> {
        RenderInput {
            release: Release::new(self.release.as_str()).in_namespace(self.namespace.as_str()),
            values,
            capabilities: &self.capabilities,
            flags: self.flags.clone(),
            // What a chart makes of the time would be another difference each day.
            now: 0,
        }
    }

    /// Renders the chart at `folder` again to know where everything comes from.
    pub(crate) fn trace(self, chart: Arc<Chart>, folder: String, profile: Profile) -> Option<TracedSource> {
        let values = self.merged(profile).ok()?;
        let traced = karat_helm::trace(&chart, &self.input(&values)).ok()?;
        Some(TracedSource { folder, chart, traced, values: self.sources() })
    }

    /// Renders the chart at `folder`.
    pub(crate) fn render(
        &self,
        chart: &Arc<Chart>,
        folder: &str,
        namespace: &str,
        profile: Profile,
        cache: &Cache,
    ) -> Outcome {
        match self.try_render(chart, folder, namespace, profile, cache) {
            Ok(outcome) => outcome,
            Err(error) => Outcome { problems: vec![chart_problem(&error, folder)], ..Outcome::default() },
        }
    }

    fn try_render(
        &self,
        chart: &Arc<Chart>,
        folder: &str,
        namespace: &str,
        profile: Profile,
        cache: &Cache,
    ) -> Result<Outcome, karat_helm::Error> {
        let values = self.merged(profile)?;
        let rendered = karat_helm::render(chart, &self.input(&values))?;
        let mut outcome = Outcome::default();
        outcome.notes.extend(rendered.warnings.iter().map(EcoString::from));
        let mut files: FxHashMap<String, EcoString> = FxHashMap::default();
        for document in rendered.documents {
            let file = files.entry(document.path).or_insert_with_key(|path| template_file(folder, path)).clone();
            let start = outcome.documents.len();
            let read = if document.part == Part::Crd {
                // A file of `crds/` is printed as it is, and may hold several objects.
                match directory::split(&document.text) {
                    Ok(parts) => parts.into_iter().try_for_each(|(first_line, text)| {
                        objects(Str::from(text), At { file: &file, first_line, namespace }, &mut outcome.documents)
                    }),
                    Err(line) => {
                        let message = format!("line {line}: after `---` only a comment may stand on the line");
                        outcome.problems.push(problem(&file, None, message));
                        continue;
                    }
                }
            } else {
                let at = At { file: &file, first_line: 0, namespace };
                objects_of(document.text, &document.head, at, &mut outcome.documents)
            };
            for document in &mut outcome.documents[start..] {
                document.text = cache.texts.share(std::mem::take(&mut document.text));
            }
            if let Err(error) = read {
                outcome.problems.push(match error {
                    DocumentError::Yaml(error) => problem(&file, None, format!("not YAML: {}", error.message())),
                    DocumentError::Identity(error) => problem(&file, None, format!("no object: {error}")),
                });
            }
        }
        Ok(outcome)
    }
}

/// A chart's render that knows where everything comes from.
pub(crate) struct TracedSource {
    /// Where the chart is.
    pub(crate) folder: String,
    chart: Arc<Chart>,
    traced: Traced,
    values: ValueSources,
}

impl TracedSource {
    /// Where a part of a document comes from; `template` is its path within the chart.
    pub(crate) fn origin(&self, template: &str, text: &[u8], path: &Path) -> Option<Origin> {
        let steps: Vec<_> = path.steps().iter().map(yaml_step).collect();
        self.traced.origin(&format!("{}/{template}", self.chart.metadata().name), text, &steps)
    }

    /// Where a value is written.
    pub(crate) fn place(&self, world: &dyn World, path: &[ValueStep]) -> Option<ValuePlace> {
        self.values.place(&self.chart, &|file| world.read(&join(&self.folder, file)).ok(), path)
    }
}

/// A template's file: Helm names it by the chart's name, which need not be the folder's.
fn template_file(folder: &str, path: &str) -> EcoString {
    join(folder, path.split_once('/').map_or(path, |(_, within)| within)).into()
}

/// Why the chart in `folder` does not render, at the line of its template where there is one.
pub fn chart_problem(error: &karat_helm::Error, folder: &str) -> Diagnostic {
    let (place, text) = match error {
        karat_helm::Error::Template { site: Some(site), .. } => {
            let place = Place::at(template_file(folder, &site.path).as_str(), site.line, site.column);
            (place, site.reason.clone())
        }
        karat_helm::Error::Manifest { path, .. } => {
            (Place::file(template_file(folder, path).as_str()), error.to_string())
        }
        karat_helm::Error::Load { message, .. } => (Place::file(folder), message.clone()),
        _ => (Place::file(if folder.is_empty() { "." } else { folder }), error.to_string()),
    };
    // Helm's messages may have many lines, such as one for each value that a schema refuses.
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = Diagnostic::error(lines.next().unwrap_or_default().trim_end_matches(':')).place(place);
    lines.fold(first, Diagnostic::with_note)
}

/// `,` would begin another assignment; `{a,b}` is a list and meant.
fn escape_commas(value: &str) -> String {
    if value.starts_with('{') && value.ends_with('}') {
        return value.to_owned();
    }
    let mut out = String::with_capacity(value.len());
    let mut previous = '\0';
    for c in value.chars() {
        if c == ',' && previous != '\\' {
            out.push('\\');
        }
        out.push(c);
        previous = c;
    }
    out
}

/// JSON, which YAML readers read.
fn json(value: &Value) -> String {
    karat_yaml::to_json(value, Escape::Raw).unwrap_or_default()
}

/// `.Capabilities` by Kubernetes version and API versions: a fleet has few, its Applications are many.
pub(crate) struct CapabilitySets {
    profile: Profile,
    sets: std::sync::Mutex<FxHashMap<String, Result<Arc<Capabilities>, String>>>,
}

impl CapabilitySets {
    pub(crate) fn new(profile: Profile) -> Self {
        Self { profile, sets: std::sync::Mutex::default() }
    }

    fn get(&self, kube_version: &str, api_versions: &[EcoString]) -> Result<(Arc<Capabilities>, String), String> {
        let mut key = format!("{kube_version} ");
        for version in api_versions {
            key.push_str(version);
            key.push(' ');
        }
        let mut sets = self.sets.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let set = sets.entry(key.clone()).or_insert_with(|| {
            let mut capabilities = Capabilities::new(self.profile);
            if !kube_version.is_empty() {
                capabilities =
                    capabilities.with_kube_version(kube_version, self.profile).map_err(|error| error.to_string())?;
            }
            Ok(Arc::new(capabilities.with_api_versions(api_versions)))
        });
        set.clone().map(|set| (set, key))
    }
}

/// Charts of one build, by folder: each is read once.
#[derive(Default)]
pub(crate) struct Charts {
    loaded: std::sync::Mutex<FxHashMap<String, Arc<OnceLock<Loaded>>>>,
}

impl Charts {
    pub(crate) fn get(&self, world: &dyn World, folder: &str, profile: Profile, cache: &Cache) -> Loaded {
        let slot = {
            let mut loaded = self.loaded.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            Arc::clone(loaded.entry(folder.to_owned()).or_default())
        };
        slot.get_or_init(|| load(world, folder, profile, cache)).clone()
    }

    /// The files of all charts that were loaded.
    pub(crate) fn files(&self, into: &mut BTreeMap<EcoString, Digest>) {
        let loaded = self.loaded.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for loaded in loaded.values().filter_map(|slot| slot.get()) {
            into.extend(loaded.files.iter().cloned());
        }
    }
}
