//! The scaffolder's REST API (v2), as Backstage has it: templates, actions, tasks and their events, dry runs.

mod dry_run;
mod events;
mod tasks;
mod templates;

use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use karat_catalog::{Defaults, EntityRef};
use karat_scaffold::{Data, Problem};
use karat_workshop::Found;
use serde_json::{Value, json};

use super::ApiError;
use super::document::{Document, Routes};
use crate::identity::Person;
use crate::make::{Failure, Who};
use crate::state::{Portal, Shared};

static DOCUMENT: Document = Document::new("/api/scaffolder", include_str!("openapi.json"));

/// The routes below `/api/scaffolder`.
pub(super) fn router() -> Router<Shared> {
    let large = DOCUMENT.routes(large_routes()).layer(DefaultBodyLimit::max(dry_run::BODY));
    DOCUMENT.routes(routes()).merge(large)
}

fn routes() -> Routes {
    vec![
        DOCUMENT.route(),
        ("/v2/templates/{namespace}/{kind}/{name}/parameter-schema", get(templates::parameter_schema)),
        ("/v2/actions", get(templates::actions)),
        ("/v2/templating-extensions", get(templates::extensions)),
        ("/v2/tasks", get(tasks::list).post(tasks::create)),
        ("/v2/tasks/{id}", get(tasks::one)),
        ("/v2/tasks/{id}/cancel", post(tasks::cancel)),
        ("/v2/tasks/{id}/retry", post(tasks::retry)),
        ("/v2/tasks/{id}/events", get(events::events)),
        ("/v2/tasks/{id}/eventstream", get(events::stream)),
        ("/v2/autocomplete/{provider}/{resource}", post(templates::autocomplete)),
    ]
}

/// Those that take files.
fn large_routes() -> Routes {
    vec![("/v2/dry-run", post(dry_run::dry_run))]
}

/// Works off the async threads: templates are read and run there.
async fn off<T: Send + 'static>(work: impl FnOnce() -> Result<T, ApiError> + Send + 'static) -> Result<T, ApiError> {
    // A panic there has been told already.
    tokio::task::spawn_blocking(work).await.map_err(|_| ApiError::internal("the request could not be answered"))?
}

/// The template of a reference.
fn find(portal: &Portal, reference: &EntityRef) -> Result<Found, ApiError> {
    if reference.kind() != "template" {
        return Err(ApiError::input("Invalid kind, only 'Template' kind is supported"));
    }
    let found = portal.site.maker.path(reference.namespace(), reference.name()).map_err(told)?;
    found.ok_or_else(|| ApiError::not_found(format!("Template {reference} not found")))
}

fn reference(text: &str) -> Result<EntityRef, ApiError> {
    let defaults = Defaults { kind: Some("template"), ..Defaults::default() };
    EntityRef::parse(text, defaults).map_err(|error| ApiError::input(error.to_string()))
}

/// A failure that is no answer's.
fn told(failure: Failure) -> ApiError {
    let lines = failure.told().into_iter().map(|(what, next)| match next {
        Some(next) => format!("{what}: {next}"),
        None => what,
    });
    ApiError::input(lines.collect::<Vec<_>>().join("\n"))
}

/// Who asks, as templates see them: their entity too, if the catalog has it.
fn who(portal: &Portal, person: &Person) -> Who {
    if person.name.is_empty() {
        return Who::default();
    }
    let reference = EntityRef::new("user", "default", &person.name);
    let mut user = json!({"ref": reference.to_string()});
    if let Some(entity) = portal.site.entities().get(&reference) {
        user["entity"] = Value::Object(entity.as_map().clone());
    }
    Who { name: person.name.clone(), user }
}

/// A part of a body that is an object, as the document has it, or is not there.
fn object(body: &Value, name: &str) -> Result<Data, ApiError> {
    let object = body.get(name).cloned().unwrap_or_else(|| json!({}));
    serde_json::from_value(object).map_err(|error| ApiError::input(format!("{name}: {error}")))
}

/// Answers that do not fit, as JSON Schema's validator in Backstage tells them: 400.
fn refused(problems: &[Problem]) -> Response {
    (StatusCode::BAD_REQUEST, Json(errors(problems))).into_response()
}

/// Secrets that do not fit: without their values.
fn refused_secrets(problems: &[Problem]) -> Response {
    let mut body = errors(problems);
    for error in body["errors"].as_array_mut().into_iter().flatten() {
        let text = |name: &str| error[name].as_str().unwrap_or_default();
        let property = text("property").replacen("instance", "secrets", 1);
        let message = match (text("name"), text("argument")) {
            ("required", name) => format!("secrets.{name} is required"),
            _ => format!("{property}: {}", text("message")),
        };
        error["property"] = property.into();
        error["message"] = message.into();
        error["instance"] = json!({});
    }
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}

fn errors(problems: &[Problem]) -> Value {
    let one = |problem: &Problem| {
        let path: Vec<&str> = problem.parameter.split('/').filter(|part| !part.is_empty()).collect();
        // What is required is missing in what holds it.
        let holder = if problem.keyword == "required" { &path[..path.len().saturating_sub(1)] } else { &path[..] };
        let property = ["instance"].iter().chain(holder).copied().collect::<Vec<_>>().join(".");
        let message = match (problem.keyword.as_str(), path.last()) {
            ("required", Some(name)) => format!("requires property \"{name}\""),
            _ => problem.message.clone(),
        };
        let argument = (problem.keyword == "required").then(|| path.last().copied()).flatten();
        json!({
            "path": holder,
            "property": property,
            "message": message,
            "name": problem.keyword,
            "argument": argument,
            "stack": format!("{property} {message}"),
        })
    };
    json!({"errors": problems.iter().map(one).collect::<Vec<_>>()})
}

#[cfg(test)]
mod tests {
    use crate::api::document::tests::check_has_every_route;

    #[test]
    fn every_route_is_in_the_document_and_the_other_way_round() {
        let routes = super::routes().into_iter().chain(super::large_routes()).collect();
        check_has_every_route(&super::DOCUMENT, routes);
    }
}
