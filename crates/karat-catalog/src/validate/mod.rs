//! Whether an entity is one: the envelope, the fields that all share, and what each kind asks for.
//!
//! The verdicts are those of `@backstage/catalog-model`, and so are the sentences, so that who knows them finds them again.

mod fields;
mod kinds;
mod shape;

use serde_json::Value;

pub use kinds::{kind_schema, known_kinds};

use crate::entity::Entity;
use fields::field_format;
use shape::{Fault, Shape};

/// The outermost form: what is needed to name an entity at all.
pub(crate) fn envelope(value: &Value) -> Result<(), String> {
    first(&ENVELOPE, value).map_err(|fault| fault.with_parameters())
}

/// Holds an entity to what all kinds share: the schema and the forms of its fields.
///
/// # Errors
/// Backstage's sentence about the first fault.
pub fn policy(entity: &Entity) -> Result<(), String> {
    first(&kinds::ENTITY, &Value::Object(entity.as_map().clone()))
        .map_err(|fault| format!("Malformed envelope, {}", fault.sentence()))?;
    field_format(entity)
}

fn first(shape: &Shape, value: &Value) -> Result<(), Fault> {
    let mut faults = Vec::new();
    shape.check(value, "", &mut faults);
    faults.into_iter().next().map_or(Ok(()), Err)
}

const ENVELOPE: Shape = Shape::object(
    &["apiVersion", "kind", "metadata"],
    &[
        ("apiVersion", Shape::TEXT),
        ("kind", Shape::TEXT),
        ("metadata", Shape::object(&["name"], &[("name", Shape::TEXT), ("namespace", Shape::TEXT)])),
    ],
);
