//! A chart, values and a cluster's capabilities to documents: what `helm template` does.

use std::collections::BTreeMap;
use std::sync::Arc;

use karat_template::sprig::satisfies;
use karat_template::{Map, Value as Template};
use karat_yaml::{Str, Value};

use crate::chart::Chart;
use crate::coalesce::Coalesce;
use crate::engine::Failure;
use crate::manifest::{self, Document, Part};
use crate::release::Release;
use crate::resolved::{DEPENDENCIES_FAILED, Resolved, resolve};
use crate::wildcard::Wildcard;
use crate::{Capabilities, Error, Profile, context, engine, schema};

/// A render's inputs beside the chart.
#[derive(Clone, Debug)]
pub struct RenderInput<'a> {
    /// Name, namespace, install or upgrade.
    pub release: Release,
    /// The user's values, merged: see [`ValueSources`](crate::ValueSources).
    pub values: &'a Value,
    /// The cluster.
    pub capabilities: &'a Capabilities,
    /// What is left out or added.
    pub flags: Flags,
    /// What `now` is to templates, in seconds since 1970.
    pub now: i64,
}

/// The flags of `helm template` that change a render.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// `--include-crds`
    pub include_crds: bool,
    /// `--no-hooks`
    pub no_hooks: bool,
    /// `--skip-tests`
    pub skip_tests: bool,
    /// `--skip-schema-validation`
    pub skip_schema_validation: bool,
}

/// What a render gives.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rendered {
    /// CRDs, manifests and hooks, in the order in which they are printed.
    pub documents: Vec<Document>,
    /// The text of NOTES.txt of the chart itself; empty if it has none.
    pub notes: Str,
    /// What did not stop the render and should be known: values that did not fit, functions that give something else
    /// every time, hooks that were dropped.
    pub warnings: Vec<String>,
    profile: Profile,
}

/// Renders a chart. Nothing is read, written or remembered but what the chart caches about itself, so renders of one
/// chart may run at the same time.
///
/// It runs on the caller's stack, of which templates may use 1 MiB. The rare chart that nests deeper is rendered again
/// on a thread of its own with a large one.
pub fn render(chart: &Arc<Chart>, input: &RenderInput<'_>) -> Result<Rendered, Error> {
    on_any_stack(|stack| render_within(chart, input, stack))
}

/// Does `work` with the stack that there is, which gets to know how many bytes of it templates may use, and if that is
/// not enough with a large one.
pub(crate) fn on_any_stack<T: Send>(work: impl Fn(usize) -> Result<T, Failure> + Sync) -> Result<T, Error> {
    match work(karat_template::Limits::default().stack) {
        Ok(done) => Ok(done),
        Err(Failure::Error(error)) => Err(error),
        Err(Failure::Stack(error)) => {
            let stack = karat_template::LARGE_STACK / 4 * 3;
            match karat_template::on_large_stack(|| work(stack)) {
                Some(Ok(done)) => Ok(done),
                Some(Err(Failure::Error(error) | Failure::Stack(error))) => Err(error),
                None => Err(error),
            }
        }
    }
}

/// What a render does before its templates run: the charts that take part, and the values of all of them.
pub(crate) fn prepare(
    chart: &Arc<Chart>,
    input: &RenderInput<'_>,
    warnings: &mut Vec<String>,
) -> Result<(Arc<Resolved>, Map), Failure> {
    input.release.check_name()?;
    if !matches!(chart.metadata.kind.as_str(), "" | "application") {
        return Err(Error::NotInstallable { kind: chart.metadata.kind.clone() }.into());
    }
    let missing = chart.missing_dependencies();
    if !missing.is_empty() {
        return Err(Error::MissingDependencies { missing: missing.to_vec() }.into());
    }
    warnings.extend_from_slice(&chart.warnings);
    if chart.metadata.deprecated {
        warnings.push("this chart is deprecated".into());
    }
    let values = user_values(input.values)?;
    let resolved = resolve(chart, &values, warnings)?;
    warnings.extend(resolved.warnings.iter().cloned());
    let mut coalesce = Coalesce::new(chart.settings.profile.null_rule(), false);
    coalesce.chart(&resolved.root, &values, "").map_err(|message| {
        // Helm coalesces for the dependencies first, where there are any.
        let first = chart.metadata.dependencies.is_some();
        Error::Coalesce(if first { format!("{DEPENDENCIES_FAILED}{message}") } else { message })
    })?;
    warnings.append(&mut coalesce.warnings);
    if !input.flags.skip_schema_validation {
        schema::validate(&resolved.root, &values).map_err(Error::Schema)?;
    }
    check_kube_version(chart, input.capabilities)?;
    Ok((resolved, values))
}

fn render_within(chart: &Arc<Chart>, input: &RenderInput<'_>, stack: usize) -> Result<Rendered, Failure> {
    let mut warnings = Vec::new();
    let (resolved, values) = prepare(chart, input, &mut warnings)?;
    let mut files = engine::run(&resolved, &values, input, stack, &mut warnings, None)?;
    let mut notes = Str::new();
    for template in resolved.templates.iter().filter(|template| template.is_notes) {
        let text = files.remove(template.name.as_str()).unwrap_or_default();
        if template.place == 0 && template.name == format!("{}/NOTES.txt", template.base_path) {
            notes = text;
        }
    }
    let mut documents = if input.flags.include_crds { crds(&resolved) } else { Vec::new() };
    documents.append(&mut manifest::documents(&files, chart.settings.profile, &mut warnings)?);
    documents.retain(|document| match document.part {
        Part::Hook(_) => !(input.flags.no_hooks || input.flags.skip_tests && document.is_test()),
        _ => true,
    });
    Ok(Rendered { documents, notes, warnings, profile: chart.settings.profile })
}

impl Rendered {
    /// What `helm template` prints on its standard output.
    pub fn print(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let manifests = self.documents.iter().filter(|document| !matches!(document.part, Part::Hook(_)));
        manifests.for_each(|document| document.write(&mut out));
        let mut out = manifest::trim(&out).to_vec();
        out.push(b'\n');
        let hooks = self.documents.iter().filter(|document| matches!(document.part, Part::Hook(_)));
        hooks.for_each(|document| document.write(&mut out));
        out
    }

    /// What `helm template --show-only` prints: the documents of the templates that match a pattern, pattern by pattern.
    /// Patterns are paths within the chart, `*` does not match `/`.
    pub fn print_only<S: AsRef<str>>(&self, patterns: &[S]) -> Result<Vec<u8>, Error> {
        let printed = self.print();
        // Helm splits again what it has just printed and looks for the comment that names the source.
        let parts = manifest::split(&printed, self.profile.split_rule());
        let mut out = Vec::new();
        for pattern in patterns.iter().map(AsRef::as_ref) {
            let wildcard = Wildcard::new(pattern).map_err(|_| Error::NoSuchTemplate(pattern.to_owned()))?;
            let length = out.len();
            for part in parts.iter().filter(|part| source_within(part).is_some_and(|path| wildcard.matches(&path))) {
                out.extend_from_slice(b"---\n");
                out.extend_from_slice(part);
                out.push(b'\n');
            }
            if out.len() == length {
                return Err(Error::NoSuchTemplate(pattern.to_owned()));
            }
        }
        Ok(out)
    }
}

impl Document {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"---\n# Source: ");
        out.extend_from_slice(self.path.as_bytes());
        out.push(b'\n');
        out.extend_from_slice(&self.text);
        out.push(b'\n');
    }
}

/// `# Source: [^/]+/(.+)`
fn source_within(part: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(part);
    text.match_indices("# Source: ").find_map(|(at, mark)| {
        let (chart, path) = text[at + mark.len()..].split_once('/')?;
        let path = path.split('\n').next().unwrap_or(path);
        (!chart.is_empty() && !path.is_empty()).then(|| path.to_owned())
    })
}

fn user_values(values: &Value) -> Result<Map, Error> {
    match values {
        Value::Map(map) => {
            let entries = map.iter().map(|(key, value)| (key.clone(), Template::from(value)));
            Ok(Map::new(entries.collect()))
        }
        Value::Null => Ok(Map::new(BTreeMap::new())),
        _ => Err(Error::Values("values must be a mapping".into())),
    }
}

fn check_kube_version(chart: &Chart, capabilities: &Capabilities) -> Result<(), Error> {
    let constraint = &chart.metadata.kube_version;
    if constraint.is_empty() {
        return Ok(());
    }
    if satisfies(capabilities.comparable_kube_version(), constraint) {
        return Ok(());
    }
    let version = capabilities.kube_version().to_owned();
    Err(Error::KubeVersion { constraint: constraint.clone(), version })
}

/// The files of all `crds/` folders, of the root chart first.
fn crds(resolved: &Resolved) -> Vec<Document> {
    let mut documents = Vec::new();
    for place in &resolved.places {
        let files = place.chart.files.iter().filter(|file| file.name.starts_with("crds/") && is_manifest(&file.name));
        documents.extend(files.map(|file| Document {
            path: format!("{}/{}", place.path, file.name),
            text: file.data.as_slice().into(),
            api_version: String::new(),
            kind: String::new(),
            name: String::new(),
            head: Value::Null,
            part: Part::Crd,
        }));
    }
    documents
}

fn is_manifest(name: &str) -> bool {
    let extension = name.rsplit('/').next().and_then(|base| base.rsplit_once('.')).map(|(_, extension)| extension);
    extension.is_some_and(|extension| ["yaml", "yml", "json"].iter().any(|known| extension.eq_ignore_ascii_case(known)))
}

pub(crate) fn context_for(resolved: &Resolved, values: &Map, input: &RenderInput<'_>) -> Vec<Map> {
    let profile = resolved.root.chart.settings.profile;
    context::contexts(resolved, values, &input.release, input.capabilities, profile)
}
