//! Where a workload keeps its pods.

use karat_yaml::Value;

use crate::{Path, api_version_parts};

/// The kinds whose objects hold a pod or a pod template, with their groups.
pub const WORKLOADS: &[(&str, &str)] = &[
    ("", "Pod"),
    ("", "PodTemplate"),
    ("", "ReplicationController"),
    ("apps", "DaemonSet"),
    ("apps", "Deployment"),
    ("apps", "ReplicaSet"),
    ("apps", "StatefulSet"),
    ("argoproj.io", "Rollout"),
    ("batch", "CronJob"),
    ("batch", "Job"),
];

/// The path of the pod template in objects of a kind (for a Pod, of the pod itself), or nothing if it has none.
///
/// `extensions` and the beta groups are long gone from clusters, not from charts: `extensions` counts as `apps`.
pub fn pod_template_path(group: &str, kind: &str) -> Option<&'static [&'static str]> {
    match (group, kind) {
        ("", "Pod") => Some(&[]),
        ("", "PodTemplate") => Some(&["template"]),
        ("", "ReplicationController")
        | ("apps" | "extensions", "DaemonSet" | "Deployment" | "ReplicaSet" | "StatefulSet")
        | ("argoproj.io", "Rollout")
        | ("batch", "Job") => Some(&["spec", "template"]),
        ("batch", "CronJob") => Some(&["spec", "jobTemplate", "spec", "template"]),
        _ => None,
    }
}

/// The path of the pod spec in objects of a kind, or nothing if it has none.
pub fn pod_spec_path(group: &str, kind: &str) -> Option<Path> {
    pod_template_path(group, kind).map(|path| Path::keys(path.iter().copied().chain(["spec"])))
}

/// The pod spec of `object`, if it is a workload that has one. A Rollout with `workloadRef` has none of its own.
pub fn pod_spec(object: &Value) -> Option<&Value> {
    let (group, _) = api_version_parts(object.get("apiVersion")?.as_str()?);
    let path = pod_template_path(group, object.get("kind")?.as_str()?)?;
    object.at(path.iter().copied())?.get("spec")
}

/// How many pods `object` asks for: `spec.replicas`, which is 1 where a workload that scales does not say; nothing for
/// what does not scale by a number.
pub fn replicas(object: &Value) -> Option<i64> {
    match object.get("kind")?.as_str()? {
        "Deployment" | "StatefulSet" | "ReplicaSet" | "Rollout" | "ReplicationController" => {
            Some(object.at(["spec", "replicas"]).and_then(Value::as_i64).unwrap_or(1))
        }
        _ => None,
    }
}

/// Which list of the pod spec a container is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContainerClass {
    /// `containers`.
    Main,
    /// `initContainers`, sidecars among them.
    Init,
    /// `ephemeralContainers`.
    Ephemeral,
}

impl ContainerClass {
    /// The field of the pod spec.
    pub fn field(self) -> &'static str {
        match self {
            Self::Main => "containers",
            Self::Init => "initContainers",
            Self::Ephemeral => "ephemeralContainers",
        }
    }
}

/// A container of a pod spec.
#[derive(Clone, Debug)]
pub struct Container<'v> {
    /// Which list it is in.
    pub class: ContainerClass,
    /// Its place in that list.
    pub index: usize,
    /// Its name; empty if it has none.
    pub name: &'v str,
    /// The container.
    pub value: &'v Value,
}

impl Container<'_> {
    /// The container's path, given that of the pod spec.
    pub fn path(&self, pod_spec: &Path) -> Path {
        pod_spec.key(self.class.field()).index(self.index)
    }
}

/// All containers of a pod spec: main, init, ephemeral.
pub fn containers(pod_spec: &Value) -> impl Iterator<Item = Container<'_>> {
    [ContainerClass::Main, ContainerClass::Init, ContainerClass::Ephemeral].into_iter().flat_map(|class| {
        let list = pod_spec.get(class.field()).and_then(Value::as_seq).unwrap_or_default();
        list.iter().enumerate().map(move |(index, value)| Container {
            class,
            index,
            name: value.get("name").and_then(Value::as_str).unwrap_or_default(),
            value,
        })
    })
}
