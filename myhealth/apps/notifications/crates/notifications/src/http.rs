//! The HTTP API: what was told, and what will be. Described by `api/openapi.yaml`.

use crate::store::{Filter, Message, Messages, kind_word, state_of, state_word};
use ::http::StatusCode;
use axum::{Json, Router, extract::State, routing::get};
use chassis::{
    Problem,
    http::{Path, Query, document},
    store::error_type,
};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use uuid::Uuid;

/// The description of the API.
pub const OPENAPI: &str = include_str!("../../../api/openapi.yaml");
const DEFAULT_LIMIT: u8 = 50;
const MAX_LIMIT: u8 = 100;

/// The service's routes.
pub fn routes(messages: Messages) -> Router {
    Router::new()
        .route("/v1/messages", get(list))
        .route("/v1/messages/{id}", get(read))
        .route("/openapi.yaml", get(document("application/yaml", OPENAPI)))
        .with_state(messages)
}

/// Parameters of the list.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Parameters {
    appointment_id: Option<Uuid>,
    #[serde(default, deserialize_with = "state")]
    state: Option<domain::State>,
    /// The last message of the page before.
    cursor: Option<Uuid>,
    #[serde(default, deserialize_with = "limit")]
    limit: Option<u8>,
}

fn state<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<domain::State>, D::Error> {
    let word = String::deserialize(deserializer)?;
    state_of(&word).map(Some).ok_or_else(|| D::Error::custom("expected due, sent, withdrawn or failed"))
}

fn limit<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u8>, D::Error> {
    let limit = String::deserialize(deserializer)?.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
    limit.map(Some).ok_or_else(|| D::Error::custom(format_args!("expected a whole number from 1 to {MAX_LIMIT}")))
}

/// A page of messages.
#[derive(Serialize)]
struct Page {
    items: Vec<View>,
    /// The cursor of the next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Uuid>,
}

/// A message as the API shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct View {
    id: Uuid,
    appointment_id: Uuid,
    version: i64,
    patient_id: Uuid,
    kind: &'static str,
    state: &'static str,
    clinician: String,
    starts_at: Timestamp,
    ends_at: Timestamp,
    due_at: Timestamp,
    attempts: u32,
    created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    sent_at: Option<Timestamp>,
}

impl From<Message> for View {
    fn from(message: Message) -> Self {
        Self {
            id: message.id,
            appointment_id: message.appointment,
            version: message.version,
            patient_id: message.patient,
            kind: kind_word(message.kind),
            state: state_word(message.state),
            clinician: message.clinician,
            starts_at: message.starts_at,
            ends_at: message.ends_at,
            due_at: message.due_at,
            attempts: message.attempts,
            created_at: message.created_at,
            sent_at: message.sent_at,
        }
    }
}

async fn list(
    State(messages): State<Messages>,
    Query(Parameters { appointment_id, state, cursor, limit }): Query<Parameters>,
) -> Result<Json<Page>, Problem> {
    let filter = Filter { appointment: appointment_id, state, after: cursor };
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    let mut found = messages.list(filter, i64::from(limit) + 1).await.map_err(unavailable)?;
    let more = found.len() > usize::from(limit);
    found.truncate(limit.into());
    let next = if more { found.last().map(|message| message.id) } else { None };
    Ok(Json(Page { items: found.into_iter().map(View::from).collect(), next }))
}

async fn read(State(messages): State<Messages>, Path(id): Path<Uuid>) -> Result<Json<View>, Problem> {
    match messages.get(id).await.map_err(unavailable)? {
        Some(message) => Ok(Json(message.into())),
        None => Err(Problem::new(StatusCode::NOT_FOUND, "unknown-message", "There is no such message")),
    }
}

#[allow(clippy::needless_pass_by_value, reason = "as map_err wants it")]
fn unavailable(error: sqlx::Error) -> Problem {
    tracing::error!({ "error.type" = error_type(&error) }, "the store does not answer");
    Problem::unavailable("store-unavailable", "The store does not answer", std::time::Duration::from_secs(1))
}
