//! An Application, as a view on its document.

use ecow::EcoString;
use karat_kube::Path;
use karat_yaml::{Str, Value};

use crate::argo::shape::{Names, shape};
use crate::argo::types::APPLICATION;

/// What an Application says, in fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// `metadata.name`.
    pub name: EcoString,
    /// `metadata.namespace`.
    pub namespace: EcoString,
    /// `spec.project`.
    pub project: EcoString,
    /// `spec.destination`.
    pub destination: Destination,
    /// `spec.sources`, or the one of `spec.source`, or what a source hydrator would have hydrated.
    pub sources: Vec<Source>,
    /// Whether there are several sources, which changes what a source may leave out.
    pub multiple: bool,
}

/// `spec.destination`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Destination {
    /// The cluster's name.
    pub name: EcoString,
    /// The cluster's API server.
    pub server: EcoString,
    /// The namespace of objects that name none.
    pub namespace: EcoString,
}

/// A source.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Source {
    /// The repository.
    pub repo_url: EcoString,
    /// The folder in it.
    pub path: EcoString,
    /// Branch, tag, commit, or a chart's version.
    pub target_revision: EcoString,
    /// The chart, in a chart repository.
    pub chart: EcoString,
    /// The name by which value files of other sources refer to it.
    pub reference: EcoString,
    /// Helm's options.
    pub helm: Option<Helm>,
    /// A plain folder's options.
    pub directory: Option<Directory>,
    /// Whether it has Kustomize's options.
    pub kustomize: bool,
    /// Whether it names a plugin.
    pub plugin: bool,
}

/// A Helm source's options.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Helm {
    /// `valueFiles`.
    pub value_files: Vec<EcoString>,
    /// `ignoreMissingValueFiles`.
    pub ignore_missing_value_files: bool,
    /// `valuesObject`, if set: it wins over `values`.
    pub values_object: Option<Value>,
    /// `values`.
    pub values: Str,
    /// `parameters`: name, value, whether it stays text.
    pub parameters: Vec<(EcoString, EcoString, bool)>,
    /// `fileParameters`: name, path.
    pub file_parameters: Vec<(EcoString, EcoString)>,
    /// `releaseName`.
    pub release_name: EcoString,
    /// `namespace`.
    pub namespace: EcoString,
    /// `kubeVersion`.
    pub kube_version: EcoString,
    /// `apiVersions`.
    pub api_versions: Vec<EcoString>,
    /// `skipCrds`.
    pub skip_crds: bool,
    /// `skipTests`.
    pub skip_tests: bool,
    /// `skipSchemaValidation`.
    pub skip_schema_validation: bool,
}

/// A plain folder's options.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Directory {
    /// Folders in the folder, too.
    pub recurse: bool,
    /// Only files that match; empty for all.
    pub include: EcoString,
    /// But not files that match; empty for none.
    pub exclude: EcoString,
}

/// Why a document is no Application.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an Application: {message}")]
pub struct SpecError {
    /// What is wrong.
    pub message: String,
    /// Where, within the document.
    pub path: Path,
}

impl Spec {
    /// Reads an Application.
    ///
    /// # Errors
    /// A field has the wrong type.
    pub fn read(application: &Value) -> Result<Self, SpecError> {
        let shaped = shape(&APPLICATION, application, Names::Exact)
            .map_err(|error| SpecError { message: error.to_string(), path: error.path })?;
        Ok(Self::of(&shaped))
    }

    /// Reads an Application that has been through [`shape`].
    pub(crate) fn of(shaped: &Value) -> Self {
        let spec = shaped.get("spec").unwrap_or(&Value::Null);
        let destination = spec.get("destination").unwrap_or(&Value::Null);
        let list = spec.get("sources").and_then(Value::as_seq).unwrap_or_default();
        let hydrated = spec.get("sourceHydrator");
        let multiple = hydrated.is_none() && !list.is_empty();
        let sources = match hydrated {
            // What is hydrated is the dry source, rendered: here it is rendered at once.
            Some(hydrator) => hydrator.get("drySource").map(Source::read).into_iter().collect(),
            None if multiple => list.iter().map(Source::read).collect(),
            None => spec.get("source").map(Source::read).into_iter().collect(),
        };
        Self {
            name: text(shaped.at(["metadata", "name"])),
            namespace: text(shaped.at(["metadata", "namespace"])),
            project: match text(spec.get("project")) {
                project if project.is_empty() => "default".into(),
                project => project,
            },
            destination: Destination {
                name: text(destination.get("name")),
                server: text(destination.get("server")),
                namespace: text(destination.get("namespace")),
            },
            sources,
            multiple,
        }
    }
}

impl Source {
    /// Reads a source that has been through [`shape`].
    pub(crate) fn read(source: &Value) -> Self {
        Self {
            repo_url: text(source.get("repoURL")),
            path: text(source.get("path")),
            target_revision: text(source.get("targetRevision")),
            chart: text(source.get("chart")),
            reference: text(source.get("ref")),
            helm: source.get("helm").map(Helm::read),
            directory: source.get("directory").map(|directory| Directory {
                recurse: truth(directory.get("recurse")),
                include: text(directory.get("include")),
                exclude: text(directory.get("exclude")),
            }),
            kustomize: source.get("kustomize").is_some(),
            plugin: source.get("plugin").is_some(),
        }
    }
}

impl Helm {
    fn read(helm: &Value) -> Self {
        let list = |key: &str| helm.get(key).and_then(Value::as_seq).unwrap_or_default();
        let texts = |key: &str| list(key).iter().map(|item| text(Some(item))).collect();
        Self {
            value_files: texts("valueFiles"),
            ignore_missing_value_files: truth(helm.get("ignoreMissingValueFiles")),
            values_object: helm.get("valuesObject").filter(|values| !values.is_null()).cloned(),
            values: match helm.get("values") {
                Some(Value::Str(values)) => values.clone(),
                _ => Str::new(),
            },
            parameters: list("parameters")
                .iter()
                .map(|item| (text(item.get("name")), text(item.get("value")), truth(item.get("forceString"))))
                .collect(),
            file_parameters: list("fileParameters")
                .iter()
                .map(|item| (text(item.get("name")), text(item.get("path"))))
                .collect(),
            release_name: text(helm.get("releaseName")),
            namespace: text(helm.get("namespace")),
            kube_version: text(helm.get("kubeVersion")),
            api_versions: texts("apiVersions"),
            skip_crds: truth(helm.get("skipCrds")),
            skip_tests: truth(helm.get("skipTests")),
            skip_schema_validation: truth(helm.get("skipSchemaValidation")),
        }
    }
}

fn text(value: Option<&Value>) -> EcoString {
    match value {
        Some(Value::Str(text)) => text.lossy().as_ref().into(),
        _ => EcoString::new(),
    }
}

fn truth(value: Option<&Value>) -> bool {
    value.and_then(Value::as_bool).unwrap_or_default()
}
