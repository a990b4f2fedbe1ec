//! From what a file says to what the catalog keeps: placeholders, annotations, validation, relations, further files.
//!
//! The steps, their order and their sentences are those of Backstage's processing with its default processors.

use serde_json::Value;

use crate::entity::Entity;
use crate::failure::Failure;
use crate::json::by_units;
use crate::location::{LocationError, LocationRef};
use crate::placeholders::{Reader, resolve};
use crate::refs::DEFAULT_NAMESPACE;
use crate::relations::{self, Relation};
use crate::validate::{kind_schema, policy};

/// The annotation that says which file an entity is in.
pub const LOCATION: &str = "backstage.io/managed-by-location";
/// The annotation that says which registered location led to it.
pub const ORIGIN_LOCATION: &str = "backstage.io/managed-by-origin-location";
const VIEW_URL: &str = "backstage.io/view-url";

/// Where an entity comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// The file that it is in.
    pub location: LocationRef,
    /// The registered location that led there.
    pub origin: LocationRef,
}

/// What the catalog keeps of an entity.
#[derive(Clone, Debug, PartialEq)]
pub struct Processed {
    /// The entity, complete.
    pub entity: Entity,
    /// The relations that it makes, in both directions.
    pub relations: Vec<Relation>,
    /// What to read next, if it is a Location.
    pub targets: Vec<Target>,
    /// What its placeholders brought in: when that changes, it is processed again.
    pub reads: Vec<LocationRef>,
    /// What is wrong with some of its targets; the others count.
    pub failures: Vec<Failure>,
}

/// A location that a Location leads to. The target may be a pattern (`./catalog/*.yaml`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// What to read.
    pub location: LocationRef,
    /// Whether nothing needs to be there.
    pub optional: bool,
    /// The JSON pointer of the field that says so.
    pub field: String,
}

impl Located {
    /// A registered location itself.
    pub fn registered(location: LocationRef) -> Self {
        Self { origin: location.clone(), location }
    }

    /// A file that this one leads to.
    pub fn below(&self, location: LocationRef) -> Self {
        Self { location, origin: self.origin.clone() }
    }

    /// Says on an entity where it comes from, whatever it says itself.
    ///
    /// # Errors
    /// Its annotations are no object.
    pub fn annotate(&self, mut entity: Entity) -> Result<Entity, Failure> {
        match entity.at(&["metadata", "annotations"]) {
            None | Some(Value::Object(_) | Value::Null | Value::Bool(false)) => {}
            _ => return Err(Failure::new("Error", "metadata.annotations must be a valid object")),
        }
        let annotations = entity.annotations_mut();
        annotations.insert(ORIGIN_LOCATION.into(), self.origin.to_string().into());
        annotations.insert(LOCATION.into(), self.location.to_string().into());
        Ok(entity)
    }
}

/// The Location entity that stands for a registered location.
pub fn location_entity(location: &LocationRef) -> Entity {
    let text = location.to_string();
    Entity::from_envelope(serde_json::json!({
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "Location",
        "metadata": {"name": location.entity_name(), "annotations": {LOCATION: text, ORIGIN_LOCATION: text}},
        "spec": {"type": location.kind, "target": location.target},
    }))
}

/// Processes an entity as its file has it. Who is given `Err` keeps the last good one, and shows the failure in its status.
///
/// # Errors
/// The first that stops it, as Backstage would say it.
pub fn process(entity: &Entity, located: &Located, reader: &dyn Reader) -> Result<Processed, Failure> {
    let mut entity = located.annotate(entity.clone())?;
    let reference = entity.reference();
    let mut reads = Vec::new();
    resolve(entity.as_map_mut(), &located.location, reader, &mut reads)
        .map_err(|cause| Failure::input("Processor PlaceholderProcessor threw an error while preprocessing", cause))?;
    sort_lists(&mut entity);
    view_url(&mut entity, &located.location);
    policy(&entity).map_err(|message| {
        let field = field_of(&message);
        let cause = Failure { field, ..Failure::new("Error", message) };
        Failure::input(format!("Policy check failed for {reference}"), cause)
    })?;
    if entity.at(&["metadata", "namespace"]).is_none() {
        entity.metadata_mut().insert("namespace".into(), DEFAULT_NAMESPACE.into());
    }
    check_kind(&entity)?;
    let (targets, failures) = targets(&entity, &located.location);
    let relations = relations::relations(&entity).map_err(|wrong| {
        let cause =
            Failure::new(wrong.error.class(), wrong.error.to_string()).of_field(format!("/spec/{}", wrong.field));
        let message = format!("Processor {} threw an error while postprocessing", processor(entity.kind()));
        Failure::input(message, cause)
    })?;
    Ok(Processed { entity, relations, targets, reads, failures })
}

/// Only what validation says of an entity: what `POST /validate-entity` answers.
///
/// # Errors
/// As [`process`].
pub fn check_kind(entity: &Entity) -> Result<(), Failure> {
    let reference = entity.reference();
    let known = kind_schema(entity).map_err(|message| {
        let pointer = message.split(' ').next().filter(|path| path.starts_with('/')).map(str::to_owned);
        let cause = Failure { field: pointer.or_else(|| Some(String::new())), ..Failure::new("TypeError", message) };
        let who = processor(entity.kind());
        Failure::input(format!("Processor {who} threw an error while validating the entity {reference}"), cause)
    })?;
    // A kind of somebody else's is kept as it is; a kind of Backstage's in a version that it does not have is a mistake.
    let group = entity.api_version().split('/').next().unwrap_or_default();
    let theirs = ["backstage.io", "scaffolder.backstage.io"].contains(&group) || !entity.api_version().contains('/');
    let misspelt = crate::known_kinds().iter().any(|kind| kind.eq_ignore_ascii_case(entity.kind()));
    if !known && theirs && misspelt && entity.kind() != "Environment" {
        let message = format!(
            "No processor recognized the entity {reference} as valid, possibly caused by a foreign kind or apiVersion"
        );
        return Err(Failure::new("InputError", message).of_field("/apiVersion"));
    }
    Ok(())
}

fn processor(kind: &str) -> &'static str {
    if kind == "Template" { "ScaffolderEntitiesProcessor" } else { "BuiltinKindsEntityProcessor" }
}

/// The pointer of the field that a sentence of the policies is about.
fn field_of(message: &str) -> Option<String> {
    if let Some(rest) = message.strip_prefix("Malformed envelope, ") {
        return rest.split(' ').next().filter(|path| path.starts_with('/')).map(str::to_owned);
    }
    if let Some(field) = message.strip_prefix("Unknown field ") {
        return Some(format!("/{field}"));
    }
    let field = message.split('"').nth(1).or_else(|| message.strip_suffix(" must have a value"))?;
    let (first, rest) = field.split_once('.').unwrap_or((field, ""));
    let rest = rest.replace('/', "~1");
    Some(match first {
        "labels" | "annotations" => format!("/metadata/{first}/{rest}"),
        "tags" | "links" => format!("/metadata/{first}/{}", rest.replace('.', "/")),
        "metadata" => format!("/metadata/{rest}"),
        _ => format!("/{first}"),
    })
}

/// References are unordered, so their lists are sorted: a file that is only written in another order is no change.
fn sort_lists(entity: &mut Entity) {
    let Some(Value::Object(spec)) = entity.as_map_mut().get_mut("spec") else { return };
    for key in relations::SORTED {
        if let Some(Value::Array(items)) = spec.get_mut(key)
            && items.iter().all(Value::is_string)
        {
            items.sort_by(|a, b| by_units(a.as_str().unwrap_or_default(), b.as_str().unwrap_or_default()));
        }
    }
}

fn view_url(entity: &mut Entity, location: &LocationRef) {
    if location.kind == "url" {
        let annotations = entity.annotations_mut();
        if !annotations.contains_key(VIEW_URL) {
            annotations.insert(VIEW_URL.into(), location.target.as_str().into());
        }
    }
}

/// What a Location leads to.
fn targets(entity: &Entity, base: &LocationRef) -> (Vec<Target>, Vec<Failure>) {
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    if entity.kind() != "Location" {
        return (found, failures);
    }
    let kind = entity.text(&["spec", "type"]).unwrap_or(&base.kind);
    let optional = entity.text(&["spec", "presence"]) == Some("optional");
    if kind != base.kind && kind != "url" {
        let message = "Registered locations must be of an allowed type [\"url\"]";
        failures.push(Failure::new("InputError", message).of_field("/spec/type"));
        return (found, failures);
    }
    let one = entity.text(&["spec", "target"]).map(|target| (target, "/spec/target".to_owned()));
    let several = entity.at(&["spec", "targets"]).and_then(Value::as_array).into_iter().flatten().enumerate();
    let several = several.filter_map(|(index, target)| Some((target.as_str()?, format!("/spec/targets/{index}"))));
    for (target, field) in one.into_iter().chain(several) {
        if kind == "file" && target.ends_with('/') {
            let message = format!(
                "LocationEntityProcessor cannot handle {kind} type location with target {} that ends with a path separator",
                base.target
            );
            failures.push(Failure::new("InputError", message).of_field(field));
            continue;
        }
        let location = if kind == base.kind { base.step(target) } else { LocationRef::new(kind, target) };
        // As it would be written on the entities that are found there.
        match LocationRef::parse(&location.to_string()) {
            Ok(location) => found.push(Target { location, optional, field }),
            Err(error @ (LocationError::Form(_) | LocationError::Bare(_) | LocationError::Script(_))) => {
                failures.push(Failure::new("TypeError", error.to_string()).of_field(field));
            }
        }
    }
    (found, failures)
}
