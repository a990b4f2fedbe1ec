//! `.Capabilities`: what the cluster and Helm can do, as far as a chart is told.

use std::any::Any;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use karat_template::{CallError, List, Map, Object, Signature, Str, Type, Value};

use crate::{Error, Profile};

/// The Kubernetes version, the API versions and Helm's own version.
#[derive(Clone, Debug, PartialEq)]
pub struct Capabilities {
    kube_version: KubeVersion,
    api_versions: Arc<[Str]>,
    helm_version: HelmVersion,
}

#[derive(Clone, Debug, PartialEq)]
struct KubeVersion {
    /// As given, with a `v`.
    version: String,
    /// Without a suffix: what constraints are compared with.
    normalized: String,
    major: String,
    minor: String,
}

/// `.Capabilities.HelmVersion`. Release binaries of Helm also know the commit they were built from; no chart should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelmVersion {
    /// `.Version`: `v4.2.4`
    pub version: String,
    /// `.GitCommit`
    pub git_commit: String,
    /// `.GitTreeState`
    pub git_tree_state: String,
    /// `.GoVersion`
    pub go_version: String,
    /// `.KubeClientVersion`; Helm 3 has none.
    pub kube_client_version: Option<String>,
}

impl Capabilities {
    /// What Helm assumes when it has no cluster, as with `helm template`.
    pub fn new(profile: Profile) -> Self {
        let kube_version = KubeVersion {
            version: profile.kube_version().to_owned(),
            normalized: profile.kube_version().to_owned(),
            major: "1".to_owned(),
            minor: profile.kube_version().split('.').nth(1).unwrap_or_default().to_owned(),
        };
        let client = profile.kube_version().rsplit_once('.').map(|(client, _)| client.to_owned());
        let helm_version = HelmVersion {
            version: profile.helm_version().to_owned(),
            git_commit: String::new(),
            git_tree_state: "clean".to_owned(),
            go_version: String::new(),
            kube_client_version: client.filter(|_| profile == Profile::Helm4),
        };
        let api_versions = profile.api_versions().into_iter().map(Str::from).collect();
        Self { kube_version, api_versions, helm_version }
    }

    /// `--kube-version`: two or more numbers with dots between them, with or without `v` and a suffix.
    pub fn with_kube_version(mut self, text: &str, profile: Profile) -> Result<Self, Error> {
        self.kube_version = parse(text, profile).ok_or_else(|| Error::InvalidKubeVersion(text.to_owned()))?;
        Ok(self)
    }

    /// `--api-versions`: added to those that are always there.
    pub fn with_api_versions<S: AsRef<str>>(mut self, versions: impl IntoIterator<Item = S>) -> Self {
        let more = versions.into_iter().map(|version| Str::from(version.as_ref()));
        self.api_versions = self.api_versions.iter().cloned().chain(more).collect();
        self
    }

    /// Another `.Capabilities.HelmVersion`.
    pub fn with_helm_version(mut self, version: HelmVersion) -> Self {
        self.helm_version = version;
        self
    }

    /// The Kubernetes version as given.
    pub fn kube_version(&self) -> &str {
        &self.kube_version.version
    }

    /// What a chart's `kubeVersion` is compared with.
    pub(crate) fn comparable_kube_version(&self) -> &str {
        &self.kube_version.normalized
    }

    /// All API versions.
    pub fn api_versions(&self) -> impl Iterator<Item = std::borrow::Cow<'_, str>> {
        self.api_versions.iter().map(Str::lossy)
    }

    pub(crate) fn to_value(&self, profile: Profile) -> Value {
        Value::Object(Rc::new(Root { capabilities: self.clone(), profile }))
    }
}

/// Kubernetes' `ParseGeneric`: digits with dots between them, at least two; what follows is not looked at.
fn parse(text: &str, profile: Profile) -> Option<KubeVersion> {
    let trimmed = text.trim();
    let numbers = trimmed.strip_prefix('v').unwrap_or(trimmed);
    let mut components: Vec<&str> = Vec::new();
    let mut rest = numbers;
    loop {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            break;
        }
        components.push(&rest[..digits]);
        rest = &rest[digits..];
        match rest.strip_prefix('.') {
            Some(after) if after.starts_with(|c: char| c.is_ascii_digit()) => rest = after,
            _ => break,
        }
    }
    let zero_prefixed = components.first().is_some_and(|first| first.len() > 1 && first.starts_with('0'));
    if components.len() < 2 || zero_prefixed {
        return None;
    }
    let parsed: Vec<u64> = components.iter().map(|digits| digits.parse().ok()).collect::<Option<_>>()?;
    let plain: Vec<String> = parsed.iter().map(u64::to_string).collect();
    let normalized = format!("v{}", plain.join("."));
    let version = if !profile.keeps_kube_version_suffix() {
        normalized.clone()
    } else if text.starts_with('v') {
        text.to_owned()
    } else {
        format!("v{text}")
    };
    Some(KubeVersion { version, normalized, major: plain[0].clone(), minor: plain[1].clone() })
}

fn string(text: &str) -> Value {
    Value::Str(text.into())
}

fn map<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Map(Map::new(BTreeMap::from(entries.map(|(key, value)| (key.into(), value)))))
}

/// The fields of one of the structs here as JSON has them: in the order of the struct, which plain data does not keep.
pub(crate) fn json_fields(object: &dyn Any) -> Option<Vec<(&'static str, Value)>> {
    if let Some(root) = object.downcast_ref::<Root>() {
        let names = ["KubeVersion", "APIVersions", "HelmVersion"];
        return Some(names.map(|name| (name, root.field(name).unwrap_or_default())).into());
    }
    if let Some(version) = object.downcast_ref::<KubeVersion>() {
        let names = ["Version", "Major", "Minor"];
        return Some(names.map(|name| (name, version.field(name).unwrap_or_default())).into());
    }
    let version = object.downcast_ref::<HelmVersion>()?;
    Some(version.json())
}

/// `*common.Capabilities`
struct Root {
    capabilities: Capabilities,
    profile: Profile,
}

impl Object for Root {
    fn go_type(&self) -> &str {
        match self.profile {
            Profile::Helm4 => "*common.Capabilities",
            Profile::Helm3 => "*chartutil.Capabilities",
        }
    }

    fn kind(&self) -> &'static str {
        "ptr"
    }

    fn field(&self, name: &str) -> Option<Value> {
        Some(match name {
            "KubeVersion" => Value::Object(Rc::new(self.capabilities.kube_version.clone())),
            "APIVersions" => Value::Object(Rc::new(VersionSet(Arc::clone(&self.capabilities.api_versions)))),
            "HelmVersion" => Value::Object(Rc::new(self.capabilities.helm_version.clone())),
            _ => return None,
        })
    }

    fn method(&self, name: &str) -> Option<Signature> {
        (name == "Copy").then_some(Signature::fixed(&[]))
    }

    fn call(&self, name: &str, _arguments: &[Value]) -> Option<Result<Value, CallError>> {
        (name == "Copy").then(|| Ok(self.capabilities.to_value(self.profile)))
    }

    fn data(&self) -> Value {
        let field = |name| match self.field(name) {
            Some(Value::Object(object)) => object.data(),
            _ => Value::Nil,
        };
        map([
            ("KubeVersion", field("KubeVersion")),
            ("APIVersions", field("APIVersions")),
            ("HelmVersion", field("HelmVersion")),
        ])
    }

    fn print(&self) -> Str {
        let field = |name| match self.field(name) {
            Some(Value::Object(object)) => object.print(),
            _ => Str::new(),
        };
        format!("&{{{} {} {}}}", field("KubeVersion"), field("APIVersions"), field("HelmVersion")).into()
    }
}

impl Object for KubeVersion {
    fn go_type(&self) -> &'static str {
        "common.KubeVersion"
    }

    fn kind(&self) -> &'static str {
        "struct"
    }

    fn field(&self, name: &str) -> Option<Value> {
        Some(string(match name {
            "Version" => &self.version,
            "Major" => &self.major,
            "Minor" => &self.minor,
            _ => return None,
        }))
    }

    fn method(&self, name: &str) -> Option<Signature> {
        matches!(name, "String" | "GitVersion").then_some(Signature::fixed(&[]))
    }

    fn call(&self, name: &str, _arguments: &[Value]) -> Option<Result<Value, CallError>> {
        match name {
            "String" => Some(Ok(string(&self.normalized))),
            "GitVersion" => Some(Ok(string(&self.version))),
            _ => None,
        }
    }

    fn data(&self) -> Value {
        map([("Version", string(&self.version)), ("Major", string(&self.major)), ("Minor", string(&self.minor))])
    }

    /// As a struct: its `String` method belongs to the pointer.
    fn print(&self) -> Str {
        format!("{{{} {} {} {}}}", self.version, self.normalized, self.major, self.minor).into()
    }

    fn print_action(&self) -> Option<Str> {
        Some(self.normalized.as_str().into())
    }
}

/// `common.VersionSet`
struct VersionSet(Arc<[Str]>);

impl Object for VersionSet {
    fn go_type(&self) -> &'static str {
        "common.VersionSet"
    }

    fn kind(&self) -> &'static str {
        "slice"
    }

    fn field(&self, _name: &str) -> Option<Value> {
        None
    }

    fn method(&self, name: &str) -> Option<Signature> {
        (name == "Has").then_some(Signature::fixed(&[Type::String]))
    }

    fn call(&self, name: &str, arguments: &[Value]) -> Option<Result<Value, CallError>> {
        match (name, arguments) {
            ("Has", [Value::Str(version)]) => Some(Ok(Value::Bool(self.0.contains(version)))),
            ("Has", _) => Some(Ok(Value::Bool(false))),
            _ => None,
        }
    }

    fn data(&self) -> Value {
        Value::List(List::strings(self.0.iter().cloned()))
    }

    fn print(&self) -> Str {
        let versions: Vec<_> = self.0.iter().map(Str::lossy).collect();
        format!("[{}]", versions.join(" ")).into()
    }
}

impl HelmVersion {
    fn json(&self) -> Vec<(&'static str, Value)> {
        let fields = [
            ("version", &self.version),
            ("git_commit", &self.git_commit),
            ("git_tree_state", &self.git_tree_state),
            ("go_version", &self.go_version),
        ];
        let filled = fields.into_iter().filter(|(_, text)| !text.is_empty());
        let client = self.kube_client_version.iter().map(|version| ("kube_client_version", version));
        filled.chain(client).map(|(name, text)| (name, string(text))).collect()
    }
}

impl Object for HelmVersion {
    fn go_type(&self) -> &'static str {
        "version.BuildInfo"
    }

    fn kind(&self) -> &'static str {
        "struct"
    }

    fn field(&self, name: &str) -> Option<Value> {
        Some(string(match name {
            "Version" => &self.version,
            "GitCommit" => &self.git_commit,
            "GitTreeState" => &self.git_tree_state,
            "GoVersion" => &self.go_version,
            "KubeClientVersion" => self.kube_client_version.as_ref()?,
            _ => return None,
        }))
    }

    fn call(&self, _name: &str, _arguments: &[Value]) -> Option<Result<Value, CallError>> {
        None
    }

    fn data(&self) -> Value {
        Value::Map(Map::new(self.json().into_iter().map(|(name, value)| (name.into(), value)).collect()))
    }

    fn print(&self) -> Str {
        let mut text = format!("{{{} {} {} {}", self.version, self.git_commit, self.git_tree_state, self.go_version);
        if let Some(version) = &self.kube_client_version {
            text = format!("{text} {version}");
        }
        format!("{text}}}").into()
    }
}
