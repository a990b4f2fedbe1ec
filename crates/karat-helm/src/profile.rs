//! What differs between versions of Helm, and the limits of a load and a render.

use karat_template::GoType;

/// A version of Helm to be equal to. Argo CD 3.5 bundles Helm 4.2, Argo CD 3.3 and 3.4 bundle Helm 3.19.
///
/// Everything in this crate that differs between versions asks this value, so another version is one more variant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Profile {
    /// Helm 4.2.4.
    #[default]
    Helm4,
    /// Helm 3.19.4.
    Helm3,
}

/// How `null` in values is coalesced with defaults. It changed five times between Helm 3.13 and 4.2.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NullRule {
    /// Nulls in a chart's own defaults are dropped before they are coalesced.
    pub clean_defaults: bool,
    /// A user's null removes a key only where the default is not null itself.
    pub keep_when_default_is_null: bool,
}

/// How the text of a template becomes documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SplitRule {
    /// `(?m)^---[ \t]*`, then white space is cut off the front only.
    LineStart,
    /// `(?:^|\s*\n)---\s*`, then white space is cut off both ends.
    Trimmed,
}

impl Profile {
    /// The version of Helm, as `.Capabilities.HelmVersion.Version` gives it.
    pub fn helm_version(self) -> &'static str {
        match self {
            Self::Helm4 => "v4.2.4",
            Self::Helm3 => "v3.19.4",
        }
    }

    /// The Kubernetes version that is assumed when none is given.
    pub fn kube_version(self) -> &'static str {
        match self {
            Self::Helm4 => "v1.36.0",
            Self::Helm3 => "v1.34.0",
        }
    }

    /// The API versions that are always there.
    pub(crate) fn api_versions(self) -> Vec<&'static str> {
        match self {
            Self::Helm4 => include_str!("api_versions/helm4.txt"),
            Self::Helm3 => include_str!("api_versions/helm3.txt"),
        }
        .lines()
        .collect()
    }

    pub(crate) fn null_rule(self) -> NullRule {
        match self {
            Self::Helm4 => NullRule { clean_defaults: true, keep_when_default_is_null: true },
            Self::Helm3 => NullRule { clean_defaults: false, keep_when_default_is_null: false },
        }
    }

    pub(crate) fn split_rule(self) -> SplitRule {
        match self {
            Self::Helm4 => SplitRule::LineStart,
            Self::Helm3 => SplitRule::Trimmed,
        }
    }

    /// Whether webhook configurations have their place in the order (the last) or count as unknown kinds.
    pub(crate) fn orders_webhooks(self) -> bool {
        self == Self::Helm4
    }

    /// Whether a values file may be several documents, which are merged; before, only the first one counted.
    pub(crate) fn merges_value_documents(self) -> bool {
        self == Self::Helm4
    }

    /// Whether `--set-json` takes a whole object.
    pub(crate) fn set_json_takes_objects(self) -> bool {
        self == Self::Helm4
    }

    /// The Go type of values: a map with methods.
    pub(crate) fn values_type(self) -> &'static GoType {
        match self {
            Self::Helm4 => &GoType("common.Values"),
            Self::Helm3 => &GoType("chartutil.Values"),
        }
    }

    /// Whether `mustToYaml`, `mustToJson` (Helm's) and `mustToToml` exist.
    pub(crate) fn has_must_functions(self) -> bool {
        self == Self::Helm4
    }

    /// Whether `.Capabilities.KubeVersion.Version` keeps a suffix such as `-gke.1`.
    pub(crate) fn keeps_kube_version_suffix(self) -> bool {
        self == Self::Helm4
    }
}

/// Bounds on what a load and a render may use. The defaults are generous for real charts; input is hostile.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// All files of a chart with its subcharts, unpacked, in bytes. Helm's own limit is the same, per archive.
    pub chart_bytes: u64,
    /// One file of a chart in bytes, as in Helm.
    pub file_bytes: u64,
    /// Files of a chart with its subcharts.
    pub files: usize,
    /// Charts within charts.
    pub depth: usize,
    /// What a render may print, in bytes.
    pub output_bytes: usize,
    /// Steps that the templates may take.
    pub steps: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            chart_bytes: 100 << 20,
            file_bytes: 5 << 20,
            files: 20_000,
            depth: 32,
            output_bytes: 64 << 20,
            steps: 50_000_000,
        }
    }
}

/// How charts are loaded: as which Helm, within which limits.
#[derive(Clone, Copy, Debug, Default)]
pub struct Settings {
    /// The version of Helm.
    pub profile: Profile,
    /// The bounds.
    pub limits: Limits,
}
