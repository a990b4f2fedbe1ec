//! The last step: the entity that people see, with its relations, its status and its identity.

use serde_json::{Value, json};
use sha1::{Digest as _, Sha1};

use crate::entity::Entity;
use crate::failure::Failure;
use crate::json::stable;
use crate::location::{hex, is_script};
use crate::refs::EntityRef;
use crate::uid::Uid;

/// An entity as the API gives it.
#[derive(Clone, Debug, PartialEq)]
pub struct Final {
    /// The entity.
    pub entity: Entity,
    /// The digest of all that it says, its uid left out. Unless it brings its own, its etag.
    pub hash: String,
}

/// What stitching adds to a processed entity.
#[derive(Clone, Copy, Debug)]
pub struct Stitching<'s> {
    /// Its identity.
    pub uid: Uid,
    /// Its relations, sorted by type and target, none twice.
    pub relations: &'s [(&'s str, &'s EntityRef)],
    /// Whether nothing leads to it any more.
    pub orphan: bool,
    /// What its last processing failed of.
    pub failures: &'s [Failure],
}

const ORPHAN: &str = "backstage.io/orphan";
const LINKS: [&str; 2] = ["backstage.io/view-url", "backstage.io/edit-url"];
const REJECTED: &str = "https://backstage.io/annotation-rejected-for-security-reasons";

/// The processed entity again, of what [`stitch`] made of it; `orphan` and `failed` say whether it was stitched as one that is.
pub fn unstitch(made: &Entity, hash: &str, orphan: bool, failed: bool) -> Entity {
    let mut entity = made.clone();
    entity.as_map_mut().remove("relations");
    if failed {
        entity.as_map_mut().remove("status");
    }
    if orphan {
        entity.annotations_mut().remove(ORPHAN);
    }
    let metadata = entity.metadata_mut();
    metadata.remove("uid");
    if metadata.get("etag").and_then(Value::as_str) == Some(hash) {
        metadata.remove("etag");
    }
    entity
}

/// Makes the entity that people see of a processed one.
pub fn stitch(processed: &Entity, with: &Stitching<'_>) -> Final {
    let mut entity = processed.clone();
    if with.orphan {
        entity.annotations_mut().insert(ORPHAN.into(), "true".into());
    }
    for annotation in LINKS {
        if entity.annotation(annotation).is_some_and(is_script) {
            entity.annotations_mut().insert(annotation.into(), REJECTED.into());
        }
    }
    let relations: Vec<Value> =
        with.relations.iter().map(|(kind, target)| json!({"type": kind, "targetRef": target.as_str()})).collect();
    entity.as_map_mut().insert("relations".into(), relations.into());
    if !with.failures.is_empty() {
        let items: Vec<Value> = with.failures.iter().map(Failure::to_status).collect();
        entity.as_map_mut().insert("status".into(), json!({ "items": items }));
    }
    let whole = entity.into_value();
    let hash = hex(&Sha1::digest(stable(&whole)));
    let mut entity = Entity::from_envelope(whole);
    let metadata = entity.metadata_mut();
    metadata.insert("uid".into(), with.uid.to_string().into());
    if metadata.get("etag").and_then(Value::as_str).is_none_or(str::is_empty) {
        metadata.insert("etag".into(), hash.as_str().into());
    }
    Final { entity, hash }
}
