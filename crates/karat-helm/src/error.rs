//! What can go wrong, in Helm's words where Helm has some.

/// Why a chart was not loaded or rendered. Everything that `helm template` rejects is one of these.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// A file could not be read.
    #[error(transparent)]
    Read(#[from] karat_source::ReadError),
    /// The folder or archive is not a chart that Helm loads.
    #[error("{place}: {message}")]
    Load {
        /// The chart's folder, or what the archive was called.
        place: String,
        /// What is wrong, with the file within the chart.
        message: String,
    },
    /// Something is larger than its limit.
    #[error("{what} is larger than the limit of {limit} bytes")]
    TooLarge {
        /// What it is.
        what: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// A values file or a `--set` does not parse.
    #[error("{0}")]
    Values(String),
    /// A dependency of Chart.yaml is not in `charts/`.
    #[error(
        "an error occurred while checking for chart dependencies. You may need to run 'helm dependency build' to fetch \
         missing dependencies: found in Chart.yaml, but missing in charts/ directory: {}", missing.join(", ")
    )]
    MissingDependencies {
        /// Their names.
        missing: Vec<String>,
    },
    /// The chart's type is not one that is installed.
    #[error("{kind} charts are not installable")]
    NotInstallable {
        /// The chart's type: `library`.
        kind: String,
    },
    /// The release's name breaks Helm's rule.
    #[error("release name check failed: release name {name:?}: {reason}")]
    ReleaseName {
        /// The name.
        name: String,
        /// The rule.
        reason: &'static str,
    },
    /// Values of parent and child charts do not fit together.
    #[error("{0}")]
    Coalesce(String),
    /// Values break a chart's values.schema.json.
    #[error("values don't meet the specifications of the schema(s) in the following chart(s):\n{0}")]
    Schema(String),
    /// The chart asks for another Kubernetes version.
    #[error("chart requires kubeVersion: {constraint} which is incompatible with Kubernetes {version}")]
    KubeVersion {
        /// The constraint in Chart.yaml.
        constraint: String,
        /// The version that was given.
        version: String,
    },
    /// `--kube-version` is not a version.
    #[error("invalid kube version '{0}'")]
    InvalidKubeVersion(String),
    /// A template does not parse or fails.
    #[error("{message}")]
    Template {
        /// What is wrong, as Helm says it.
        message: String,
        /// Where: of templates that include others the innermost.
        site: Option<TemplateSite>,
    },
    /// A rendered document is not YAML, or its head is not that of an object.
    #[error("YAML parse error on {path}: {message}")]
    Manifest {
        /// The template.
        path: String,
        /// What is wrong.
        message: String,
    },
    /// `--show-only` names a template that gave nothing.
    #[error("could not find template {0} in chart")]
    NoSuchTemplate(String),
}

/// A place in a chart's template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateSite {
    /// The template's path, from the name of the chart: `shop/charts/common/templates/_names.tpl`.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in bytes, from 1.
    pub column: usize,
    /// What is wrong, without the way there.
    pub reason: String,
}

impl Error {
    pub(crate) fn load(place: &str, message: impl Into<String>) -> Self {
        Self::Load { place: place.to_owned(), message: message.into() }
    }
}
