//! Entity references: `[kind:][namespace/]name` as people write them, `kind:namespace/name` as the catalog keeps them.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

/// The namespace of what names none.
pub const DEFAULT_NAMESPACE: &str = "default";

/// A complete reference in lower case: `kind:namespace/name`. Cheap to clone, ordered as its text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityRef(Arc<str>);

/// What stands in for parts that a reference leaves out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Defaults<'a> {
    /// The kind; without one a reference must name its own.
    pub kind: Option<&'a str>,
    /// The namespace; `default` without one.
    pub namespace: Option<&'a str>,
}

/// Why a text is no reference. The sentences are Backstage's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefError {
    /// Nothing at all.
    #[error("Entity reference must not be empty")]
    Empty,
    /// A part is there and empty.
    #[error("Entity reference \"{0}\" was not on the form [<kind>:][<namespace>/]<name>")]
    Form(String),
    /// No kind, and no default for it.
    #[error("Entity reference {} had missing or empty kind (e.g. did not start with \"component:\" or similar)", _0)]
    Kind(Value),
    /// No name, in a reference of parts.
    #[error("Entity reference {0} had missing or empty name")]
    Name(Value),
}

impl RefError {
    /// The class of JavaScript's error, which stands before the sentence in a status.
    pub(crate) fn class(&self) -> &'static str {
        if matches!(self, Self::Form(_)) { "TypeError" } else { "Error" }
    }
}

/// The three parts as they are written.
pub(crate) fn split(text: &str) -> Result<(Option<&str>, Option<&str>, &str), RefError> {
    let slash = text.find('/');
    // A colon after the slash belongs to the name.
    let colon = text.find(':').filter(|colon| slash.is_none_or(|slash| *colon < slash));
    let after = colon.map_or(0, |colon| colon + 1);
    let kind = colon.map(|colon| &text[..colon]);
    let namespace = slash.map(|slash| &text[after..slash]);
    let name = &text[after.max(slash.map_or(0, |slash| slash + 1))..];
    if kind == Some("") || namespace == Some("") || name.is_empty() {
        return Err(RefError::Form(text.to_owned()));
    }
    Ok((kind, namespace, name))
}

impl EntityRef {
    /// From its parts, in any case.
    pub fn new(kind: &str, namespace: &str, name: &str) -> Self {
        Self(format!("{}:{}/{}", kind.to_lowercase(), namespace.to_lowercase(), name.to_lowercase()).into())
    }

    /// Reads a reference as people write it.
    ///
    /// # Errors
    /// See [`RefError`].
    pub fn parse(text: &str, defaults: Defaults<'_>) -> Result<Self, RefError> {
        if text.is_empty() {
            return Err(RefError::Empty);
        }
        let (kind, namespace, name) = split(text)?;
        let kind = kind.or(defaults.kind).filter(|kind| !kind.is_empty()).ok_or_else(|| RefError::Kind(text.into()))?;
        let default = defaults.namespace.filter(|namespace| !namespace.is_empty()).unwrap_or(DEFAULT_NAMESPACE);
        Ok(Self::new(kind, namespace.unwrap_or(default), name))
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The kind, in lower case.
    pub fn kind(&self) -> &str {
        self.0.split_once(':').map_or("", |(kind, _)| kind)
    }

    /// The namespace, in lower case.
    pub fn namespace(&self) -> &str {
        self.rest().split_once('/').map_or("", |(namespace, _)| namespace)
    }

    /// The name, in lower case.
    pub fn name(&self) -> &str {
        self.rest().split_once('/').map_or("", |(_, name)| name)
    }

    fn rest(&self) -> &str {
        self.0.split_once(':').map_or("", |(_, rest)| rest)
    }
}

impl fmt::Display for EntityRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for EntityRef {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for EntityRef {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// As [`EntityRef::parse`] without defaults.
impl std::str::FromStr for EntityRef {
    type Err = RefError;

    fn from_str(text: &str) -> Result<Self, RefError> {
        Self::parse(text, Defaults::default())
    }
}
