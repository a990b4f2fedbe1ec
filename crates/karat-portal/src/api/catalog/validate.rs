//! What is asked before something is registered: whether an entity would be one, and what is at a location.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use karat_catalog::{
    Condition, Entity, Failure, LOCATION, List, Located, LocationRef, ORIGIN_LOCATION, Predicate, Reader, process,
};
use serde_json::{Value, json};
use url::Url;

use super::entities;
use crate::api::ApiError;
use crate::api::error::Body;
use crate::state::{Portal, Shared};

/// A question reads nothing: who may only ask must not make the portal read what they name.
struct Unread;

impl Reader for Unread {
    fn read(&self, location: &LocationRef) -> Result<Vec<u8>, String> {
        Err(format!(
            "NotAllowedError: Reading from '{}' is not allowed when an entity is only validated",
            location.target
        ))
    }
}

/// `POST /validate-entity`.
pub(super) async fn validate(Body(body): Body) -> Response {
    match problems(&body) {
        found if found.is_empty() => StatusCode::OK.into_response(),
        found => {
            let errors: Vec<Value> = found.iter().map(Failure::to_error).collect();
            (StatusCode::BAD_REQUEST, Json(json!({ "errors": errors }))).into_response()
        }
    }
}

fn problems(body: &Value) -> Vec<Failure> {
    let wrong = |message: String| vec![Failure::new("TypeError", message)];
    let entity = match Entity::new(body["entity"].clone()) {
        Ok(entity) => entity,
        Err(message) => return wrong(message),
    };
    let text = body["location"].as_str().unwrap_or_default();
    let location = match LocationRef::parse(text) {
        Ok(location) => location,
        Err(error) => return wrong(error.to_string()),
    };
    if location.kind != "url" {
        return wrong(format!(
            "Invalid location ref {text}, only 'url:<target>' is supported, e.g. url:https://host/path"
        ));
    }
    match process(&entity, &Located::registered(location), &Unread) {
        Ok(processed) => processed.failures,
        Err(failure) => vec![failure],
    }
}

/// `POST /analyze-location`.
pub(super) async fn analyze(State(portal): State<Shared>, Body(body): Body) -> Result<Json<Value>, ApiError> {
    let target = body.pointer("/location/target").and_then(Value::as_str).unwrap_or_default();
    let existing = existing(&portal, target);
    let generated = if existing.is_empty() {
        let repository =
            Repository::of(target).ok_or_else(|| ApiError::input("The given location.target is not a URL"))?;
        vec![json!({"entity": repository.draft(), "fields": []})]
    } else {
        Vec::new()
    };
    Ok(Json(json!({"existingEntityFiles": existing, "generateEntities": generated})))
}

/// The entities that are from a location, from files below it, or from the repository of the organisation that it is the URL of.
fn existing(portal: &Portal, target: &str) -> Vec<Value> {
    let target = target.trim_end_matches('/');
    let model = &portal.site.models.now().model;
    let plain = |url: &str| url.trim_end_matches('/').trim_end_matches(".git").to_owned();
    let own = model.verdict.fleet.organisation.repositories.iter().find(|own| plain(&own.url) == plain(target));
    let at = own.map_or_else(|| format!("url:{target}"), |own| format!("file:{}", own.folder));
    let field = |condition| Predicate::Fields(vec![(format!("metadata.annotations.{LOCATION}"), condition)]);
    let filter =
        Predicate::Any(vec![field(Condition::Is(at.as_str().into())), field(Condition::HasPrefix(format!("{at}/")))]);
    let entities = entities(portal);
    let found = entities.list(&List { filter: Some(filter), ..List::default() }).ids;
    let known = found.iter().filter_map(|reference| entities.get(reference));
    let item = |entity: std::sync::Arc<Entity>| {
        let location = entity.annotation(LOCATION).and_then(|text| LocationRef::parse(text).ok())?;
        // The one that stands for the location itself is in no file.
        if entity.name() == location.entity_name() {
            return None;
        }
        let is_registered = entity.annotation(ORIGIN_LOCATION).is_some();
        Some(json!({
            "location": {"type": location.kind, "target": location.target},
            "isRegistered": is_registered,
            "entity": entity.as_map(),
        }))
    };
    known.filter_map(item).collect()
}

/// A repository, as its URL names it.
struct Repository {
    owner: String,
    name: String,
    /// Whose annotation names it.
    host: Option<&'static str>,
}

impl Repository {
    fn of(target: &str) -> Option<Self> {
        let url = Url::parse(target).ok().filter(|url| matches!(url.scheme(), "http" | "https" | "ssh" | "git"))?;
        let host = match url.host_str()? {
            "github.com" => Some("github.com"),
            "gitlab.com" => Some("gitlab.com"),
            "dev.azure.com" => Some("dev.azure.com"),
            _ => None,
        };
        let parts: Vec<&str> = url.path_segments()?.filter(|part| !part.is_empty()).collect();
        // What follows is a place within the repository.
        let end = parts.iter().position(|part| matches!(*part, "-" | "blob" | "tree" | "raw" | "edit"));
        let parts: Vec<&str> =
            parts[..end.unwrap_or(parts.len())].iter().copied().filter(|part| *part != "_git").collect();
        let (name, above) = parts.split_last()?;
        let above = if host == Some("dev.azure.com") { above.get(1..).unwrap_or_default() } else { above };
        let name = name.strip_suffix(".git").unwrap_or(name).to_owned();
        Some(Self { owner: above.join("/"), name, host })
    }

    /// A component to begin with.
    fn draft(&self) -> Value {
        let mut metadata = json!({"name": self.name});
        if let Some(host) = self.host {
            let slug = format!("{}/{}", self.owner, self.name);
            metadata["annotations"] = json!({format!("{host}/project-slug"): slug});
        }
        json!({
            "apiVersion": "backstage.io/v1alpha1",
            "kind": "Component",
            "metadata": metadata,
            "spec": {"type": "other", "lifecycle": "unknown"},
        })
    }
}
