//! The REST API: Backstage's paths, bodies and errors.

mod catalog;
mod document;
mod error;
mod health;
mod scaffolder;
mod techdocs;

use std::sync::Arc;

use axum::Router;
use axum::http::{Method, Uri};
use axum::middleware;
use axum::routing::any;

use crate::identity;
use crate::state::Shared;

pub(crate) use error::{ApiError, tell_errors};

/// Everything below `/api`, behind the door of identity, and what asks after the portal's health.
pub(crate) fn router(portal: &Shared) -> Router<Shared> {
    let door = middleware::from_fn_with_state(Arc::clone(&portal.site.identity), identity::door);
    let api = Router::new()
        .route("/api", any(nothing))
        .route("/api/{*path}", any(nothing))
        .merge(catalog::router())
        .merge(scaffolder::router())
        .merge(techdocs::router())
        .layer(door);
    Router::new().merge(api).merge(health::router())
}

async fn nothing(uri: Uri) -> ApiError {
    ApiError::not_found(format!("there is nothing at {}", uri.path()))
}

async fn wrong_method(method: Method) -> ApiError {
    ApiError::wrong_method(&method)
}
