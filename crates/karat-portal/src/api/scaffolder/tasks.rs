//! Tasks: asked for, listed, ended, done again.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::error::{Body, Named};
use super::{ApiError, find, object, off, reference, refused, refused_secrets, who};
use crate::identity::Person;
use crate::make::{NotAsked, Refused, Task};
use crate::state::Shared;

/// Asks for a walk of a template.
pub(super) async fn create(
    State(portal): State<Shared>,
    Extension(person): Extension<Person>,
    Body(body): Body,
) -> Result<Response, ApiError> {
    let work = Arc::clone(&portal);
    let asked = off(move || {
        let template = reference(body["templateRef"].as_str().unwrap_or_default())?;
        let (values, secrets) = (object(&body, "values")?, object(&body, "secrets")?);
        let found = find(&work, &template)?;
        Ok(work.site.maker.ask(&found, &values, secrets, &who(&work, &person)))
    });
    match asked.await? {
        Ok(id) => {
            portal.site.maker.work();
            Ok((StatusCode::CREATED, Json(json!({"id": id}))).into_response())
        }
        Err(not_asked) => not_made(not_asked),
    }
}

/// Why a task does not begin.
fn not_made(why: NotAsked) -> Result<Response, ApiError> {
    match why {
        NotAsked::Answers(problems) => Ok(refused(&problems)),
        NotAsked::Secrets(problems) => Ok(refused_secrets(&problems)),
        NotAsked::Refused(refused) => Err(refused.into()),
    }
}

/// Tasks, the newest first unless another order is asked for.
pub(super) async fn list(State(portal): State<Shared>, RawQuery(query): RawQuery) -> Result<Json<Value>, ApiError> {
    let asked = Asked::read(query.as_deref().unwrap_or_default())?;
    let mut tasks = portal.site.maker.tasks();
    tasks.retain(|task| {
        let by = created_by(task);
        (asked.created_by.is_empty() || by.is_some_and(|by| asked.created_by.contains(&by)))
            && (asked.status.is_empty() || asked.status.iter().any(|status| status == task.status.word()))
    });
    for (descending, field) in asked.order.iter().rev() {
        let key = |task: &Task| match field {
            Field::CreatedAt => (task.asked.at, String::new()),
            Field::Status => (0, task.status.word().to_owned()),
            Field::CreatedBy => (0, created_by(task).unwrap_or_default()),
        };
        tasks.sort_by(|a, b| if *descending { key(b).cmp(&key(a)) } else { key(a).cmp(&key(b)) });
    }
    let total = tasks.len();
    let page = tasks.iter().skip(asked.offset).take(asked.limit.unwrap_or(usize::MAX)).map(shown);
    Ok(Json(json!({"tasks": page.collect::<Vec<_>>(), "totalTasks": total})))
}

enum Field {
    CreatedAt,
    Status,
    CreatedBy,
}

#[derive(Default)]
struct Asked {
    created_by: Vec<String>,
    status: Vec<String>,
    /// Whether descending, and by what.
    order: Vec<(bool, Field)>,
    limit: Option<usize>,
    offset: usize,
}

impl Asked {
    fn read(query: &str) -> Result<Self, ApiError> {
        let mut asked = Self::default();
        let number = |name: &str, value: &str| {
            value.parse().map_err(|_| ApiError::input(format!("request/query/{name} is too large")))
        };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "createdBy" => asked.created_by.push(value.into_owned()),
                "status" => asked.status.push(value.into_owned()),
                "limit" => asked.limit = Some(number("limit", &value)?),
                "offset" => asked.offset = number("offset", &value)?,
                "order" => asked.order.push(order(&value)?),
                _ => {}
            }
        }
        Ok(asked)
    }
}

fn order(item: &str) -> Result<(bool, Field), ApiError> {
    let (direction, field) =
        item.split_once(':').filter(|(direction, _)| ["asc", "desc"].contains(direction)).ok_or_else(|| {
            ApiError::input(format!("Invalid order parameter \"{item}\", expected \"<asc or desc>:<field name>\""))
        })?;
    let field = match field {
        "created_at" => Field::CreatedAt,
        "status" => Field::Status,
        "created_by" => Field::CreatedBy,
        other => return Err(ApiError::input(format!("Invalid order field \"{other}\""))),
    };
    Ok((direction == "desc", field))
}

/// A task.
pub(super) async fn one(State(portal): State<Shared>, Named(id): Named<String>) -> Result<Json<Value>, ApiError> {
    let task = portal.site.maker.task(&id).ok_or(Refused::Missing(id))?;
    Ok(Json(shown(&task)))
}

/// Says that a task shall end.
pub(super) async fn cancel(
    State(portal): State<Shared>,
    Extension(person): Extension<Person>,
    Named(id): Named<String>,
) -> Result<Json<Value>, ApiError> {
    off(move || Ok(portal.site.maker.cancel(&id, &person)?)).await?;
    Ok(Json(json!({"status": "cancelled"})))
}

/// Asks for a task again.
pub(super) async fn retry(
    State(portal): State<Shared>,
    Extension(person): Extension<Person>,
    Named(id): Named<String>,
    Body(body): Body,
) -> Result<Response, ApiError> {
    let secrets = object(&body, "secrets")?;
    let (work, again) = (Arc::clone(&portal), id.clone());
    let asked = off(move || Ok(work.site.maker.again(&again, secrets, &person)));
    match asked.await? {
        Ok(()) => {
            portal.site.maker.work();
            Ok((StatusCode::CREATED, Json(json!({"id": id}))).into_response())
        }
        Err(not_asked) => not_made(not_asked),
    }
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        let message = refused.to_string();
        match refused {
            Refused::Missing(_) => Self::not_found(message),
            Refused::NotTheirs(_) => Self::not_allowed(message),
            Refused::Conflict(_) => Self::conflict(message),
            Refused::Full => Self::unavailable(message),
            Refused::Kept(_) => Self::internal(message),
        }
    }
}

fn created_by(task: &Task) -> Option<String> {
    task.asked.spec.pointer("/user/ref").and_then(Value::as_str).map(str::to_owned)
}

fn shown(task: &Task) -> Value {
    let mut shown = json!({
        "id": task.asked.id,
        "spec": task.asked.spec,
        "status": task.status.word(),
        "createdAt": moment(task.asked.at),
    });
    if let Some(heard) = task.heard {
        shown["lastHeartbeatAt"] = moment(heard).into();
    }
    if let Some(by) = created_by(task) {
        shown["createdBy"] = by.into();
    }
    shown
}

/// `2026-11-25T10:00:00.000Z`, as JavaScript writes a time.
pub(super) fn moment(milliseconds: i64) -> String {
    let at = Timestamp::from_millisecond(milliseconds).unwrap_or_default();
    format!("{at:.3}")
}
