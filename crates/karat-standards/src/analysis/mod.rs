//! What CEL cannot say: named functions over all that belongs together.
//!
//! A standard names one of these with `check: {analysis: name}`. Each takes a [`View`] of its scope and gives what it
//! found, with the object and the place in it; level, karats, reason and fix are the standard's, as for any other check.

mod admission;
mod canary;
mod catalog;
mod cluster;
mod default_deny;
mod gitops;
mod identity;
mod ingress;
mod pipeline;
mod promotion;
mod propagation;
mod registration;
mod runbook;
mod self_heal;
mod spread;
mod tokens;
mod waypoint;

use karat_kube::Path;
use karat_yaml::{Map, Value};

use crate::judge::{Anchor, View};
use crate::{Place, Scope};

pub(crate) use tokens::Tokens;

/// A named function.
#[derive(Debug)]
pub struct Analysis {
    /// Its name in `standard.yaml`.
    pub name: &'static str,
    /// What it looks at. May be wider than what its standard applies to.
    pub scope: Scope,
    /// The kinds of objects that it reads (scopes namespace and application): no others are read for it.
    pub kinds: &'static [&'static str],
    /// What it finds, for the reference.
    pub about: &'static str,
    pub(crate) run: fn(&View<'_>) -> Vec<Found>,
}

/// Something that an analysis found.
#[derive(Debug)]
pub(crate) struct Found {
    /// What it is about; without it, what the view is about.
    pub(crate) on: Option<Anchor>,
    pub(crate) path: Path,
    pub(crate) message: String,
    /// Where it is, if who found it knows better than its path says.
    pub(crate) place: Option<Place>,
}

/// All analyses, by name.
pub static ALL: &[&Analysis] = &[
    &admission::ADMISSION_VERIFIES_PROVENANCE,
    &admission::ADMISSION_VERIFIES_SIGNATURES,
    &runbook::ALERTS_HAVE_RUNBOOKS,
    &cluster::AMBIENT_PROBES_ALLOWED,
    &gitops::APPLICATIONS_FROM_SETS,
    &identity::AUTHORIZED,
    &canary::CANARY_IS_ANALYSED,
    &catalog::CATALOG_IS_WHOLE,
    &propagation::CONTEXT_IS_PROPAGATED,
    &default_deny::DEFAULT_DENY,
    &catalog::EVERYTHING_IS_OWNED,
    &promotion::FOUR_EYES,
    &pipeline::GATES_HOLD,
    &ingress::INGRESS,
    &cluster::MESH_ENCRYPTS_AUTO_MODE,
    &gitops::ONE_ROOT,
    &pipeline::RELEASE_IS_ATTESTED,
    &pipeline::RELEASE_IS_SIGNED,
    &self_heal::SELF_HEAL,
    &registration::SERVICE_IS_REGISTERED,
    &spread::SPREAD_AND_BUDGET,
    &promotion::STAGING_FIRST,
    &waypoint::WAYPOINT_FOR_L7,
];

/// The analysis of that name.
pub(crate) fn find(name: &str) -> Option<&'static Analysis> {
    ALL.iter().copied().find(|analysis| analysis.name == name)
}

impl Found {
    /// About what the view is about.
    fn here(message: impl Into<String>) -> Self {
        Self { on: None, path: Path::root(), message: message.into(), place: None }
    }

    /// About a place in an object.
    fn at(object: usize, path: &str, message: impl Into<String>) -> Self {
        Self::within(object, Path::parse(path).unwrap_or_default(), message)
    }

    fn within(object: usize, path: Path, message: impl Into<String>) -> Self {
        Self { on: Some(Anchor::Object(object)), path, message: message.into(), place: None }
    }
}

/// The text at a path of keys.
fn text<'v>(value: &'v Value, path: &str) -> Option<&'v str> {
    value.at(path.split('.'))?.as_str()
}

/// The list at a path of keys; empty if there is none.
fn list<'v>(value: &'v Value, path: &str) -> &'v [Value] {
    value.at(path.split('.')).and_then(Value::as_seq).unwrap_or_default()
}

/// A label of an object.
fn label<'v>(object: &'v Value, name: &str) -> Option<&'v str> {
    object.at(["metadata", "labels"])?.get(name)?.as_str()
}

/// The labels of a workload's pods.
fn pod_labels<'v>(object: &'v Value, group: &str, kind: &str) -> Option<&'v Map> {
    let template = karat_kube::pod_template_path(group, kind)?;
    object.at(template.iter().copied())?.at(["metadata", "labels"])?.as_map()
}

/// Whether a path is absent, null, or an empty collection.
fn is_empty(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::Seq(items)) => items.is_empty(),
        Some(Value::Map(map)) => map.is_empty(),
        Some(_) => false,
    }
}
