//! Whether the portal lives, for supervisors: Karat's path and Backstage's.

use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::state::Shared;

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/healthz", get(ok))
        .route("/.backstage/health/v1/liveness", get(ok))
        .route("/.backstage/health/v1/readiness", get(ok))
}

async fn ok() -> Json<Value> {
    Json(json!({"status": "ok"}))
}
