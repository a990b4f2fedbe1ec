//! Where the parts of rendered objects come from: the line of a template, and the line of the values.

use ecow::EcoString;
use karat_diag::{Place, Position, Span};
use karat_helm::{Layer, TemplatePlace, ValuePlace, ValueStep};
use karat_kube::{Path, Step};
use karat_source::{World, join};
use karat_yaml::{Dialect, Value};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::cache::Cache;
use crate::document::Document;
use crate::file::{File, span_of};
use crate::fleet::{Application, Fleet};
use crate::repositories::Repositories;
use crate::source::{Resolver, TracedSource};

/// A part of an object that somebody wants to know the origin of.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The Application.
    pub application: &'a Application,
    /// One of its documents.
    pub document: &'a Document,
    /// The part. Of what is not there, the nearest part around it that is.
    pub path: &'a Path,
}

/// Where a part of an object comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traced {
    /// What says it: a line of a template, of a library chart's if it is from there; or of a manifest.
    pub place: Place,
    /// The line that decided the value that the template printed: of a values file, of a chart's defaults, or of what the
    /// Application gives as a parameter. `None` if the template says it by itself.
    pub values: Option<Place>,
}

/// Tells where parts of objects come from, in the order asked. Charts are rendered again for it, once for each
/// Application, so this is for findings and not for all objects. `None` where nothing is known.
pub fn trace(fleet: &Fleet, world: &dyn World, cache: &Cache, asked: &[Asked<'_>]) -> Vec<Option<Traced>> {
    let mut origins = vec![None; asked.len()];
    let mut rendered: FxHashMap<(&EcoString, &EcoString), Vec<usize>> = FxHashMap::default();
    for (index, Asked { application, document, path }) in asked.iter().enumerate() {
        if document.first_line > 0 {
            origins[index] = manifest(document, path);
        } else {
            let key = (&application.spec.namespace, &application.spec.name);
            rendered.entry(key).or_default().push(index);
        }
    }
    let groups: Vec<_> = rendered.into_values().collect();
    for argocd in &fleet.organisation.argocd {
        let folders = fleet.organisation.repositories.iter();
        let folders: Vec<_> =
            folders.map(|repository| (repository.url.to_string(), repository.folder.to_string())).collect();
        let repositories = Repositories::new(world, folders, argocd.globbing);
        let resolver = Resolver::new(&repositories, cache, argocd.helm);
        let tracing = Tracing { fleet, world, resolver: &resolver };
        let found: Vec<_> = groups
            .par_iter()
            .flat_map_iter(|group| {
                let open: Vec<_> = group.iter().copied().filter(|index| origins[*index].is_none()).collect();
                tracing.application(asked, &open)
            })
            .collect();
        for (index, origin) in found {
            origins[index] = Some(origin);
        }
    }
    origins
}

/// A manifest's lines are those of its text.
fn manifest(document: &Document, path: &Path) -> Option<Traced> {
    let before = document.first_line.checked_sub(1)?;
    let file = File::of(&document.file, document.tree().ok()??, Some(before)).ok()?;
    Some(Traced { place: file.place(path), values: None })
}

struct Tracing<'a> {
    fleet: &'a Fleet,
    world: &'a dyn World,
    resolver: &'a Resolver<'a>,
}

impl Tracing<'_> {
    /// What is asked about one Application.
    fn application(&self, asked: &[Asked<'_>], indices: &[usize]) -> Vec<(usize, Traced)> {
        let Some(application) = indices.first().and_then(|index| asked.get(*index)).map(|asked| asked.application)
        else {
            return Vec::new();
        };
        let organisation = &self.fleet.organisation;
        let named = application.cluster.as_ref();
        let cluster = organisation.clusters.iter().find(|cluster| Some(&cluster.name) == named);
        let mut found: Vec<(usize, Traced)> = Vec::new();
        for (at, source) in application.spec.sources.iter().enumerate() {
            let raw = application.raw_source(at);
            let Some(traced) = self.resolver.trace(&application.spec, source, raw, cluster) else { continue };
            for index in indices.iter().copied() {
                let Asked { document, path, .. } = asked[index];
                let known = found.iter().any(|(known, _)| *known == index);
                if !known && let Some(origin) = self.origin(application, at, &traced, document, path) {
                    found.push((index, origin));
                }
            }
        }
        found
    }

    fn origin(
        &self,
        application: &Application,
        source: usize,
        traced: &TracedSource,
        document: &Document,
        path: &Path,
    ) -> Option<Traced> {
        let within = document.file.strip_prefix(traced.folder.as_str())?.strip_prefix('/')?;
        let origin = traced.origin(within, &document.text, path)?;
        let place = origin.templates.iter().rev().find_map(|place| self.template(&traced.folder, place))?;
        let values = origin.values.iter().rev().find_map(|path| {
            let place = traced.place(self.world, path)?;
            self.values(application, source, &traced.folder, &place, path)
        });
        Some(Traced { place, values })
    }

    /// A place in a template that is there: that of a packed chart is not.
    fn template(&self, folder: &str, place: &TemplatePlace) -> Option<Place> {
        let file = join(folder, &place.file.lossy());
        let text = self.world.read(&file).ok()?;
        let line = text.split(|byte| *byte == b'\n').nth(place.line - 1)?;
        let line = String::from_utf8_lossy(line);
        // Up to where the action ends, or the line.
        let shown = line.trim_end().trim_end_matches("}}").trim_end_matches('-').trim_end().chars().count();
        let start = Position { line: place.line, column: place.column };
        let end = Position { line: place.line, column: (shown + 1).max(place.column + 1) };
        Some(Place { file, span: Some(Span { start, end }), label: None })
    }

    fn values(
        &self,
        application: &Application,
        source: usize,
        folder: &str,
        place: &ValuePlace,
        path: &[ValueStep],
    ) -> Option<Place> {
        let file = match &place.layer {
            Layer::File(name) if name == "valuesObject" || name == "values" => {
                let mut within = vec![Step::Key(name.as_str().into())];
                if name == "valuesObject" {
                    within.extend(path.iter().map(step));
                }
                return self.said(application, source, &within.into_iter().collect());
            }
            Layer::File(name) => name.clone(),
            Layer::Chart(file) => join(folder, file),
            Layer::Flag(_, text) => return self.parameter(application, source, text.split_once('=')?.0),
        };
        let text = self.world.read(&file).ok()?;
        let rest = text.get(place.position.offset..).unwrap_or_default();
        let line = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        let span = karat_yaml::Span { start: place.position, end: place.position.offset + line };
        Some(Place { file, span: Some(span_of(&text, span)), label: None })
    }

    /// The place of a part of a source's `helm` options: in the ApplicationSet's template, or in the Application.
    fn said(&self, application: &Application, source: usize, path: &Path) -> Option<Place> {
        let (file, options) = self.options(application, source)?;
        Some(file.place(&options.join(path)))
    }

    /// The place of a parameter's value. Where the set takes it from a parameter of its own (`{{ .cluster.name }}`), in the
    /// file that this one comes from.
    fn parameter(&self, application: &Application, source: usize, name: &str) -> Option<Place> {
        let (file, options) = self.options(application, source)?;
        let list = options.key("parameters");
        let named = |parameter: &Value| parameter.get("name").and_then(Value::as_str) == Some(name);
        let parameters = list.find(&file.value).and_then(Value::as_seq).unwrap_or_default();
        let Some(index) = parameters.iter().position(named) else {
            let files = options.key("fileParameters");
            let parameters = files.find(&file.value).and_then(Value::as_seq).unwrap_or_default();
            let index = parameters.iter().position(named)?;
            return Some(file.place(&files.index(index).key("path")));
        };
        let value = list.index(index).key("value");
        let text = value.find(&file.value).and_then(Value::as_str).unwrap_or_default();
        let keys = text.trim().strip_prefix("{{").and_then(|text| text.strip_suffix("}}"));
        let keys = keys.and_then(|keys| keys.trim().strip_prefix('.'));
        let generated = keys.and_then(|keys| {
            let path = Path::keys(keys.split('.'));
            application.origin.files.iter().rev().find_map(|name| {
                let file = File::read(self.world, name).ok()?;
                path.find(&file.value).map(|_| file.place(&path))
            })
        });
        Some(generated.unwrap_or_else(|| file.place(&value)))
    }

    /// The file that says a source's `helm` options, and where in it.
    fn options(&self, application: &Application, source: usize) -> Option<(File, Path)> {
        let (file, spec) = match application.origin.set.and_then(|set| self.fleet.sets.get(set)) {
            Some(set) => (set.file.clone(), Path::keys(["spec", "template", "spec"])),
            None => {
                let path = &application.origin.place.file;
                let bytes = self.world.read(path).ok()?;
                let (documents, _) = karat_yaml::documents(&bytes, Dialect::GoYaml);
                let mut files = documents.into_iter().filter_map(|document| File::of(path, document, Some(0)).ok());
                let name = application.spec.name.as_str();
                let is_it = |file: &File| file.value.at(["metadata", "name"]).and_then(Value::as_str) == Some(name);
                (files.find(is_it)?, Path::keys(["spec"]))
            }
        };
        let many = spec.key("sources");
        let source = if many.find(&file.value).is_some() { many.index(source) } else { spec.key("source") };
        Some((file, source.key("helm")))
    }
}

fn step(step: &ValueStep) -> Step {
    match step {
        ValueStep::Key(key) => Step::Key(key.lossy().as_ref().into()),
        ValueStep::Index(index) => Step::Index(*index),
    }
}
