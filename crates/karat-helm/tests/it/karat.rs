//! What Karat makes of a case.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use fs_err as fs;
use karat_helm::{
    Capabilities, Chart, Flags, Part, Release, RenderInput, Rendered, Settings, Traced, ValueSources, render, trace,
};
use karat_source::Folder;
use karat_yaml::{Dialect, Numbers, Step, Value, from_yaml};

use crate::helm::Verdict;

/// The words of `helm template`, as far as cases use them.
#[derive(Debug, Default)]
struct Words {
    plain: Vec<String>,
    namespace: Option<String>,
    files: Vec<String>,
    sources: ValueSources,
    kube_version: Option<String>,
    api_versions: Vec<String>,
    name_template: Option<String>,
    show_only: Vec<String>,
    is_upgrade: bool,
    flags: Flags,
}

/// Renders `arguments` of `helm template` in `folder`.
pub(crate) fn run(folder: &Path, arguments: &[String]) -> Result<Verdict> {
    let words = Words::read(arguments.iter().cloned().collect())?;
    Ok(words.render(folder).map_or_else(Verdict::Refused, Verdict::Accepted))
}

impl Words {
    fn read(mut arguments: VecDeque<String>) -> Result<Self> {
        let mut words = Self::default();
        while let Some(word) = arguments.pop_front() {
            let (flag, inline) = match word.split_once('=') {
                Some((flag, value)) if flag.starts_with("--") => (flag.to_owned(), Some(value.to_owned())),
                _ => (word, None),
            };
            let mut value =
                || inline.clone().or_else(|| arguments.pop_front()).with_context(|| format!("{flag}: no value"));
            match flag.as_str() {
                "-n" | "--namespace" => words.namespace = Some(value()?),
                "-f" | "--values" => words.files.push(value()?),
                "--set" => words.sources.set.push(value()?),
                "--set-string" => words.sources.set_string.push(value()?),
                "--set-json" => words.sources.json.push(value()?),
                "--set-file" => words.sources.set_file.push(value()?),
                "--set-literal" => words.sources.set_literal.push(value()?),
                "--kube-version" => words.kube_version = Some(value()?),
                "-a" | "--api-versions" => words.api_versions.extend(value()?.split(',').map(str::to_owned)),
                "--name-template" => words.name_template = Some(value()?),
                "-s" | "--show-only" => words.show_only.push(value()?),
                "--is-upgrade" => words.is_upgrade = true,
                "--include-crds" => words.flags.include_crds = true,
                "--no-hooks" => words.flags.no_hooks = true,
                "--skip-tests" => words.flags.skip_tests = true,
                "--skip-schema-validation" => words.flags.skip_schema_validation = true,
                // It matters to an installation only.
                "--skip-crds" => {}
                _ if flag.starts_with('-') => bail!("{flag}: a flag that this runner does not know"),
                _ => words.plain.push(flag),
            }
        }
        Ok(words)
    }

    fn render(mut self, folder: &Path) -> Result<Vec<u8>, String> {
        let said = |error: karat_helm::Error| error.to_string();
        let settings = Settings::default();
        let (name, chart) = self.name_and_chart()?;
        for file in &self.files {
            let bytes = fs::read(folder.join(file)).map_err(|error| error.to_string())?;
            self.sources.files.push((file.clone(), bytes));
        }
        let read = |path: &str| fs::read(folder.join(path)).map_err(|error| error.to_string());
        let values = self.sources.merge(settings.profile, &read).map_err(said)?;
        let chart = load(&folder.join(chart), &settings)?;
        let mut capabilities = Capabilities::new(settings.profile).with_api_versions(&self.api_versions);
        if let Some(version) = &self.kube_version {
            capabilities = capabilities.with_kube_version(version, settings.profile).map_err(said)?;
        }
        let mut release = Release::new(name).in_namespace(self.namespace.as_deref().unwrap_or("default"));
        release.is_upgrade = self.is_upgrade;
        let input = RenderInput { release, values: &values, capabilities: &capabilities, flags: self.flags, now: 0 };
        let rendered = render(&chart, &input).map_err(said)?;
        everything_has_an_origin(&trace(&chart, &input).map_err(said)?, &rendered);
        if self.show_only.is_empty() {
            Ok(rendered.print())
        } else {
            rendered.print_only(&self.show_only).map_err(said)
        }
    }

    fn name_and_chart(&self) -> Result<(String, String), String> {
        match (self.plain.as_slice(), &self.name_template) {
            ([_, _], Some(_)) => Err("cannot set --name-template and also specify a name".into()),
            ([name, chart], None) => Ok((name.clone(), chart.clone())),
            ([chart], Some(template)) => Ok((name_from(template)?, chart.clone())),
            ([chart], None) => Ok(("release-name".into(), chart.clone())),
            (words, _) => Err(format!("one or two words are expected, not {words:?}")),
        }
    }
}

/// A traced render knows a line of a template for every part of every document.
fn everything_has_an_origin(traced: &Traced, rendered: &Rendered) {
    for document in rendered.documents.iter().filter(|document| document.part != Part::Crd) {
        let Ok(value) = from_yaml(&document.text, Dialect::GoYaml, Numbers::Kept) else { continue };
        let mut parts = vec![(Vec::new(), &value)];
        // Large documents say nothing new after a while.
        for _ in 0..60 {
            let Some((path, part)) = parts.pop() else { break };
            let origin = traced.origin(&document.path, &document.text, &path);
            let known = origin.is_some_and(|origin| !origin.templates.is_empty());
            assert!(known || value.is_null(), "{} {path:?}\n{}", document.path, document.text);
            let below = |step| path.iter().copied().chain([step]).collect();
            match part {
                Value::Map(map) => {
                    let keys = map.iter().filter_map(|(key, value)| Some((key.as_str()?, value)));
                    parts.extend(keys.map(|(key, value)| (below(Step::Key(key)), value)));
                }
                Value::Seq(items) => {
                    parts.extend(items.iter().enumerate().map(|(index, item)| (below(Step::Index(index)), item)));
                }
                _ => {}
            }
        }
    }
}

/// What `--name-template` gives, by way of a chart of one file, which is the template.
fn name_from(template: &str) -> Result<String, String> {
    let file = |name: &str, text: &str| karat_helm::File { name: name.into(), data: text.into() };
    let files =
        vec![file("Chart.yaml", "{apiVersion: v2, name: name, version: 0.1.0}"), file("templates/NOTES.txt", template)];
    let settings = Settings::default();
    let chart = Chart::from_files(files, "name", &settings).map_err(|error| error.to_string())?;
    let values = ValueSources::default().merge(settings.profile, &|_| Err(String::new())).map_err(|e| e.to_string())?;
    let capabilities = Capabilities::new(settings.profile);
    let input = RenderInput {
        release: Release::new("name"),
        values: &values,
        capabilities: &capabilities,
        flags: Flags::default(),
        now: 0,
    };
    render(&chart, &input).map(|rendered| rendered.notes.to_string()).map_err(|error| error.to_string())
}

/// Loads a chart from a folder, which may reach shared charts beside it, or from an archive.
pub(crate) fn load(path: &Path, settings: &Settings) -> Result<Arc<Chart>, String> {
    if path.is_file() {
        let bytes = fs::read(path).map_err(|error| error.to_string())?;
        return Chart::from_archive(&bytes, &path.display().to_string(), settings).map_err(|error| error.to_string());
    }
    let world = Folder::open(path).map_err(|error| error.to_string())?;
    Chart::load(&world, "", settings).map_err(|error| error.to_string())
}
