//! Who an object is.

use std::fmt;

use ecow::EcoString;
use karat_yaml::Value;

use crate::{Scope, kind_facts};

/// A kind without its version: what stays the same when an API moves on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupKind {
    /// The API group; empty for the core group.
    pub group: EcoString,
    /// The kind, as in `kind:`.
    pub kind: EcoString,
}

/// Who an object is: what a cluster would store it under, and its version.
///
/// Two objects are the same one when group, kind, namespace and name agree: the version is only how it is written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// The API group; empty for the core group.
    pub group: EcoString,
    /// The API version, such as `v1`.
    pub version: EcoString,
    /// The kind, as in `kind:`.
    pub kind: EcoString,
    /// The namespace; empty for cluster-scoped objects, and where a namespaced object names none.
    pub namespace: EcoString,
    /// The name, or `generateName` followed by `*`.
    pub name: EcoString,
}

/// Why a document is not an object.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// Not a mapping.
    #[error("not an object but {found}")]
    NotAMapping {
        /// The kind of value found.
        found: &'static str,
    },
    /// A field that every object has is missing.
    #[error("`{field}` is missing")]
    Missing {
        /// The field's path.
        field: &'static str,
    },
    /// A field has the wrong type.
    #[error("`{field}` is {found}, not a string")]
    NotAString {
        /// The field's path.
        field: &'static str,
        /// The kind of value found.
        found: &'static str,
    },
}

/// Splits `apiVersion` into group and version: `apps/v1` is (`apps`, `v1`), `v1` is (``, `v1`).
pub fn api_version_parts(api_version: &str) -> (&str, &str) {
    api_version.rsplit_once('/').unwrap_or(("", api_version))
}

impl Identity {
    /// Reads the identity of `object`.
    pub fn of(object: &Value) -> Result<Self, IdentityError> {
        if object.as_map().is_none() {
            return Err(IdentityError::NotAMapping { found: object.kind() });
        }
        let (group, version) = api_version_parts(required(object.get("apiVersion"), "apiVersion")?);
        let kind = required(object.get("kind"), "kind")?;
        let metadata = object.get("metadata").ok_or(IdentityError::Missing { field: "metadata" })?;
        let name = match optional(metadata.get("name"), "metadata.name")? {
            Some(name) => name.into(),
            None => match optional(metadata.get("generateName"), "metadata.generateName")? {
                Some(stem) => ecow::eco_format!("{stem}*"),
                None => return Err(IdentityError::Missing { field: "metadata.name" }),
            },
        };
        let namespace = optional(metadata.get("namespace"), "metadata.namespace")?.unwrap_or_default().into();
        Ok(Self { group: group.into(), version: version.into(), kind: kind.into(), namespace, name })
    }

    /// The identity with `namespace` where the kind is namespaced (or unknown) and names none, and with none where the
    /// kind is cluster-scoped: as it would be stored when applied into `namespace`.
    pub fn within(mut self, namespace: &str) -> Self {
        match kind_facts(&self.group, &self.kind).map(|facts| facts.scope) {
            Some(Scope::Cluster) => self.namespace = EcoString::new(),
            _ if self.namespace.is_empty() => self.namespace = namespace.into(),
            _ => {}
        }
        self
    }

    /// Group and kind.
    pub fn group_kind(&self) -> GroupKind {
        GroupKind { group: self.group.clone(), kind: self.kind.clone() }
    }

    /// `apiVersion` as it is written.
    pub fn api_version(&self) -> EcoString {
        if self.group.is_empty() { self.version.clone() } else { ecow::eco_format!("{}/{}", self.group, self.version) }
    }

    /// Whether both name the same stored object, whatever the version.
    pub fn same_object(&self, other: &Self) -> bool {
        (&self.group, &self.kind, &self.namespace, &self.name)
            == (&other.group, &other.kind, &other.namespace, &other.name)
    }
}

/// `Deployment records/records`, or `Namespace records` for what has no namespace.
impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.namespace.as_str() {
            "" => write!(f, "{} {}", self.kind, self.name),
            namespace => write!(f, "{} {namespace}/{}", self.kind, self.name),
        }
    }
}

/// `Rollout.argoproj.io`, or `Pod` for the core group.
impl fmt::Display for GroupKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.group.as_str() {
            "" => f.write_str(&self.kind),
            group => write!(f, "{}.{group}", self.kind),
        }
    }
}

fn required<'v>(value: Option<&'v Value>, field: &'static str) -> Result<&'v str, IdentityError> {
    optional(value, field)?.ok_or(IdentityError::Missing { field })
}

/// The string at a field; `null` and the empty string count as absent, as they do for the API server.
fn optional<'v>(value: Option<&'v Value>, field: &'static str) -> Result<Option<&'v str>, IdentityError> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_str() {
            Some(text) => Ok((!text.is_empty()).then_some(text)),
            None => Err(IdentityError::NotAString { field, found: value.kind() }),
        },
    }
}
