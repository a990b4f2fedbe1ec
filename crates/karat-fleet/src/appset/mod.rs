//! ApplicationSets to Applications, as Argo CD's controller does it.

mod error;
mod functions;
mod generate;
mod git;
mod params;
mod render;
mod selector;

use std::sync::atomic::{AtomicUsize, Ordering};

use ecow::EcoString;
use karat_kube::Path;
use karat_template::Value as GoValue;
use karat_yaml::{Dialect, Map, Numbers, Value};
use rayon::prelude::*;

pub use error::ExpandError;

use crate::argo::patch::merge;
use crate::argo::shape::{Names, shape};
use crate::argo::types::{APPLICATION, APPLICATION_SET};
use crate::repositories::Repositories;
use generate::{Context, Set, Within, limit};
use params::Params;
use render::Renderer;

/// What makes Argo CD delete an Application's objects with it.
const FINALIZER: &str = "resources-finalizer.argocd.argoproj.io";

/// An Application as an ApplicationSet generates it.
#[derive(Clone, Debug, PartialEq)]
pub struct Generated {
    /// The Application, as Argo CD writes it to the cluster.
    pub application: Value,
    /// Which entry of `spec.generators` it comes from.
    pub generator: usize,
    /// The files that its parameters were read from, from the organisation's root.
    pub files: Vec<EcoString>,
}

/// What an ApplicationSet gives.
#[derive(Clone, Debug, Default)]
pub struct Expansion {
    /// The Applications, in the order of generators and of what they give.
    pub applications: Vec<Generated>,
    /// What went wrong, and what cannot be known here. After an [`ExpandError::Invalid`] there are no Applications, because
    /// Argo CD would not touch any.
    pub errors: Vec<ExpandError>,
}

/// Expands an ApplicationSet: all of its generators, its template, its patch.
pub fn expand(set: &Value, repositories: &Repositories<'_>) -> Expansion {
    let mut expansion = Expansion::default();
    if let Err(error) = try_expand(set, repositories, &mut expansion) {
        expansion.applications.clear();
        expansion.errors.push(error);
    }
    expansion
}

fn try_expand(set: &Value, repositories: &Repositories<'_>, expansion: &mut Expansion) -> Result<(), ExpandError> {
    let set = shape(&APPLICATION_SET, set, Names::Exact)
        .map_err(|error| ExpandError::at(&error.path, format!("not an ApplicationSet: {error}")))?;
    let spec = set.get("spec").cloned().unwrap_or_default();
    let go = spec.get("goTemplate").and_then(Value::as_bool).unwrap_or_default();
    let options: Vec<&str> = spec
        .get("goTemplateOptions")
        .and_then(Value::as_seq)
        .unwrap_or_default()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let renderer = Renderer::new(go, &options);
    let context = Context { renderer: &renderer, repositories };
    let template = spec.get("template").cloned().unwrap_or_default();
    let maker = Maker {
        namespace: set.at(["metadata", "namespace"]).cloned(),
        preserve: spec.at(["syncPolicy", "preserveResourcesOnDeletion"]).and_then(Value::as_bool).unwrap_or_default(),
        patch: spec.get("templatePatch").cloned(),
        go,
        options: &options,
    };
    let path = Path::keys(["spec", "generators"]);
    for (index, generator) in spec.get("generators").and_then(Value::as_seq).unwrap_or_default().iter().enumerate() {
        let path = path.index(index);
        let generated = match context.generate(generator, &template, &path) {
            Ok(generated) => generated,
            Err(error @ ExpandError::NotExpanded { .. }) => {
                expansion.errors.push(error);
                continue;
            }
            Err(error) => return Err(error),
        };
        for entry in generated {
            let draft = draft(&entry.template);
            let count = AtomicUsize::new(expansion.applications.len());
            let made: Vec<Result<Vec<Generated>, ExpandError>> = entry
                .parts
                .par_iter()
                .map(|part| {
                    // Once there are too many, no more are made.
                    limit(count.load(Ordering::Relaxed), &path)?;
                    let renderer = Renderer::new(maker.go, maker.options);
                    let sets = Context { renderer: &renderer, repositories }.part(part)?;
                    limit(count.fetch_add(sets.len(), Ordering::Relaxed) + sets.len(), &path)?;
                    let make = |set: Set| {
                        let application = maker.make(&draft, &set.params, &renderer)?;
                        Ok(Generated { application, generator: index, files: set.files })
                    };
                    sets.into_iter().map(make).collect()
                })
                .collect();
            limit(count.into_inner(), &path)?;
            let mut asked_too_much = None;
            for made in made {
                match made {
                    Ok(made) => expansion.applications.extend(made),
                    // The second generator of a matrix is only looked at now.
                    Err(error @ ExpandError::NotExpanded { .. }) => asked_too_much = Some(error),
                    Err(error) => return Err(error),
                }
            }
            expansion.errors.extend(asked_too_much);
        }
    }
    Ok(())
}

/// The Application that a template is, before it is rendered.
fn draft(template: &Value) -> Value {
    let mut application = Map::new();
    application.insert("metadata".into(), template.get("metadata").cloned().unwrap_or_default());
    application.insert("spec".into(), template.get("spec").cloned().unwrap_or_default());
    Value::Map(application)
}

/// What is the same for all Applications of a set.
struct Maker<'a> {
    namespace: Option<Value>,
    preserve: bool,
    patch: Option<Value>,
    go: bool,
    options: &'a [&'a str],
}

impl Maker<'_> {
    fn make(&self, draft: &Value, params: &Params, renderer: &Renderer) -> Result<Value, ExpandError> {
        let template = Path::keys(["spec", "template"]);
        let mut application = draft.clone();
        // Without parameters Argo CD takes the template as it is, finalizers included.
        if !params.borrow().is_empty() {
            application = renderer
                .walk(&APPLICATION, draft, params)
                .map_err(|error| ExpandError::at(&error.path.within(&template), error.message))?;
            if let (false, Some(metadata)) = (self.preserve, field_mut(&mut application, "metadata")) {
                metadata.entry("finalizers".into()).or_insert_with(|| Value::Seq(vec![Value::from(FINALIZER)]));
            }
        }
        if let Some(Value::Str(patch)) = &self.patch {
            let path = Path::keys(["spec", "templatePatch"]);
            let text = renderer.text(patch, params).map_err(|message| ExpandError::at(&path, message))?;
            application = patched(application, &text).map_err(|message| ExpandError::at(&path, message))?;
        }
        if let Some(metadata) = field_mut(&mut application, "metadata") {
            match &self.namespace {
                Some(namespace) => metadata.insert("namespace".into(), namespace.clone()),
                None => metadata.remove(&b"namespace"[..]),
            };
        }
        Ok(application)
    }
}

/// Applies a rendered `templatePatch`; the project stays what it was.
fn patched(application: Value, text: &[u8]) -> Result<Value, String> {
    let patch = karat_yaml::from_yaml(text, Dialect::GoYaml, Numbers::Kept).map_err(|error| error.to_string())?;
    shape(&APPLICATION, &patch, Names::AnyCase).map_err(|error| format!("invalid templatePatch: {error}"))?;
    let project = application.at(["spec", "project"]).cloned().unwrap_or_default();
    let Value::Map(mut merged) = application else { return Ok(application) };
    if let Value::Map(patch) = patch {
        merge(&APPLICATION, &mut merged, patch).map_err(|error| format!("templatePatch: {error}"))?;
    }
    merged.remove(&b"status"[..]);
    let mut application = shape(&APPLICATION, &Value::Map(merged), Names::AnyCase)
        .map_err(|error| format!("templatePatch gives no Application: {error}"))?;
    if let Some(spec) = field_mut(&mut application, "spec") {
        spec.insert("project".into(), project);
    }
    Ok(application)
}

fn field_mut<'v>(value: &'v mut Value, name: &str) -> Option<&'v mut Map> {
    value.as_map_mut()?.get_mut(name.as_bytes())?.as_map_mut()
}

/// Data as `encoding/json` reads it into `any`: every number a float64.
pub(crate) fn go_data(value: &Value) -> GoValue {
    match value {
        Value::Int(number) => GoValue::Float(*number as f64),
        Value::Seq(items) => GoValue::list(items.iter().map(go_data).collect()),
        Value::Map(map) => GoValue::Map(generate::go_params(map)),
        other => GoValue::from(other),
    }
}
