//! Kubernetes objects as plain data: who they are, what is known of their kinds, where their pods are, how their lists
//! are keyed.
//!
//! Nothing here knows a cluster: what a cluster would say about a kind (its plural, its scope) is a table made from
//! Kubernetes 1.36 and the custom resources that the platform's addons bring, and unknown kinds are answered as such.
#![forbid(unsafe_code)]

mod identity;
mod kind;
mod list;
mod path;
mod pod;
mod quantity;
mod selector;

pub use identity::{GroupKind, Identity, IdentityError, api_version_parts};
pub use kind::{KindFacts, Scope, kind_facts, known_kinds};
pub use list::{ListKind, list_kind, list_pairs};
pub use path::{Path, PathError, Step};
pub use pod::{Container, ContainerClass, WORKLOADS, containers, pod_spec, pod_spec_path, pod_template_path, replicas};
pub use quantity::Quantity;
pub use selector::{selects, selects_all, service_selects};
