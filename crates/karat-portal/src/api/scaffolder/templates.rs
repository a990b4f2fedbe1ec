//! What a template asks, what steps can do, what expressions can use.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use karat_catalog::EntityRef;
use serde_json::{Map, Value, json};

use super::super::error::{Body, Named};
use super::{ApiError, find, off};
use crate::state::Shared;

/// The pages of a template's form.
pub(super) async fn parameter_schema(
    State(portal): State<Shared>,
    Named((namespace, kind, name)): Named<(String, String, String)>,
) -> Result<Json<Value>, ApiError> {
    let found = off(move || find(&Arc::clone(&portal), &EntityRef::new(&kind, &namespace, &name))).await?;
    let entity = found.template.entity().to_serde();
    let part = |pointer: &str| entity.pointer(pointer).filter(|part| !part.is_null()).cloned();
    let pages = match part("/spec/parameters") {
        None => Vec::new(),
        Some(Value::Array(pages)) => pages,
        Some(page) => vec![page],
    };
    let mut schema = Map::new();
    schema.insert("title".to_owned(), found.template.title.clone().into());
    for (name, pointer) in [
        ("presentation", "/spec/presentation"),
        ("description", "/metadata/description"),
        ("ui:options", "/metadata/ui:options"),
    ] {
        schema.extend(part(pointer).map(|value| (name.to_owned(), value)));
    }
    schema.insert("steps".to_owned(), pages.into_iter().map(step).collect());
    let decorators = part("/spec/formDecorators").or_else(|| part("/spec/EXPERIMENTAL_formDecorators"));
    schema.extend(decorators.map(|value| ("formDecorators".to_owned(), value)));
    Ok(Json(Value::Object(schema)))
}

/// A page: its schema, and what is shown above it.
fn step(mut schema: Value) -> Value {
    let when = schema.as_object_mut().and_then(|schema| schema.shift_remove("when"));
    let title = schema.get("title").cloned().unwrap_or_else(|| "Please enter the following information".into());
    let mut step = Map::from_iter([("title".to_owned(), title)]);
    step.extend(schema.get("description").map(|text| ("description".to_owned(), text.clone())));
    step.extend(when.filter(|when| when.is_string() || when.is_boolean()).map(|when| ("when".to_owned(), when)));
    step.insert("schema".to_owned(), schema);
    Value::Object(step)
}

/// Everything that steps can do.
pub(super) async fn actions() -> Json<Value> {
    let object = |properties: &Map<String, Value>, required: &[String]| {
        let mut schema = json!({"type": "object", "properties": properties});
        if !required.is_empty() {
            schema["required"] = json!(required);
        }
        schema
    };
    let one = |action: &karat_scaffold::Action| {
        let mut schema = json!({"input": object(&action.input, &action.required)});
        if !action.output.is_empty() {
            schema["output"] = object(&action.output, &[]);
        }
        json!({"id": action.id, "description": action.description, "schema": schema})
    };
    Json(karat_scaffold::actions().iter().map(one).collect())
}

/// Backstage's own filters, beside those of the template language; there are no globals of its own.
pub(super) async fn extensions() -> Json<Value> {
    Json(json!({
        "filters": {
            "parseEntityRef": {"description": "The kind, namespace and name of a reference"},
            "parseRepoUrl": {"description": "The host, owner and name in the address of a repository"},
            "pick": {"description": "The value of a key"},
            "projectSlug": {"description": "The owner and name in the address of a repository, as owner/name"},
        },
        "globals": {"functions": {}, "values": {}},
    }))
}

/// Suggestions come from hosts of repositories, which are not asked.
pub(super) async fn autocomplete(
    Named((provider, _)): Named<(String, String)>,
    Body(body): Body,
) -> Result<Json<Value>, ApiError> {
    if body.get("token").and_then(Value::as_str).is_none_or(str::is_empty) {
        return Err(ApiError::input("Missing token query parameter"));
    }
    Err(ApiError::input(format!("Unsupported provider: {provider}")))
}
