//! An entity: a JSON object that has the envelope of one.

use serde_json::{Map, Value};

use crate::location::GENERATED;
use crate::refs::{DEFAULT_NAMESPACE, EntityRef};
use crate::validate::envelope;

/// A JSON object with an `apiVersion`, a `kind`, and `metadata` with a `name`: non-empty texts, whatever else there is.
#[derive(Clone, Debug, PartialEq)]
pub struct Entity(Map<String, Value>);

impl Entity {
    /// Takes a value whose envelope is right.
    ///
    /// # Errors
    /// Backstage's sentence about what is wrong with it.
    pub fn new(value: Value) -> Result<Self, String> {
        envelope(&value)?;
        match value {
            Value::Object(object) => Ok(Self(object)),
            _ => Err("<root> must be object - type: object".into()),
        }
    }

    /// Its reference.
    pub fn reference(&self) -> EntityRef {
        EntityRef::new(self.kind(), self.namespace(), self.name())
    }

    /// The kind as it is written.
    pub fn kind(&self) -> &str {
        self.text(&["kind"]).unwrap_or_default()
    }

    /// The API version.
    pub fn api_version(&self) -> &str {
        self.text(&["apiVersion"]).unwrap_or_default()
    }

    /// The name as it is written.
    pub fn name(&self) -> &str {
        self.text(&["metadata", "name"]).unwrap_or_default()
    }

    /// The namespace as it is written, `default` if there is none.
    pub fn namespace(&self) -> &str {
        self.text(&["metadata", "namespace"]).unwrap_or(DEFAULT_NAMESPACE)
    }

    /// What people call it: its title, a profile's display name, or its name; of the Location that stands for a registered place,
    /// the place.
    pub fn title(&self) -> &str {
        self.text(&["metadata", "title"])
            .or_else(|| self.text(&["spec", "profile", "displayName"]))
            .or_else(|| self.text(&["spec", "target"]).filter(|_| self.is_generated()))
            .unwrap_or_else(|| self.name())
    }

    /// Whether it is a Location that stands for a registered place.
    fn is_generated(&self) -> bool {
        self.kind() == "Location" && self.name().starts_with(GENERATED)
    }

    /// An annotation's text.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.text(&["metadata", "annotations", key])
    }

    /// The text at a path of keys.
    pub fn text(&self, path: &[&str]) -> Option<&str> {
        self.at(path)?.as_str()
    }

    /// The value at a path of keys.
    pub fn at(&self, path: &[&str]) -> Option<&Value> {
        let (first, rest) = path.split_first()?;
        rest.iter().try_fold(self.0.get(*first)?, |value, key| value.get(key))
    }

    /// The object.
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// For an envelope that is known to be right.
    pub(crate) fn from_envelope(value: Value) -> Self {
        match value {
            Value::Object(object) => Self(object),
            _ => Self(Map::new()),
        }
    }

    /// The object, for the steps of processing: who changes the envelope breaks the promise of this type.
    pub(crate) fn as_map_mut(&mut self) -> &mut Map<String, Value> {
        &mut self.0
    }

    /// `metadata`, made an object if it is none.
    pub(crate) fn metadata_mut(&mut self) -> &mut Map<String, Value> {
        object_at(&mut self.0, "metadata")
    }

    /// `metadata.annotations`, made an object if it is none.
    pub(crate) fn annotations_mut(&mut self) -> &mut Map<String, Value> {
        object_at(self.metadata_mut(), "annotations")
    }

    /// The whole as JSON.
    pub fn into_value(self) -> Value {
        Value::Object(self.0)
    }
}

fn object_at<'m>(map: &'m mut Map<String, Value>, key: &str) -> &'m mut Map<String, Value> {
    let value = map.entry(key).or_insert(Value::Null);
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    match value {
        Value::Object(object) => object,
        // Just made one.
        _ => unreachable!(),
    }
}

impl std::ops::Deref for Entity {
    type Target = Map<String, Value>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl TryFrom<Value> for Entity {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        Self::new(value)
    }
}
