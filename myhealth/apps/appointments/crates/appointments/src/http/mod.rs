//! The HTTP API, as `api/openapi.yaml` describes it.

mod appointments;
mod headers;
mod problems;
mod slots;
mod values;

use axum::{
    Router,
    routing::{get, post, put},
};
use chassis::http::document;
use domain::{
    Desk,
    ports::{Records, Store},
};
use std::sync::Arc;

/// The description of the API.
pub const OPENAPI: &str = include_str!("../../../../api/openapi.yaml");

/// The service's routes.
pub fn routes<S, R>(desk: Desk<S, R>) -> Router
where
    S: Store + 'static,
    R: Records + 'static,
{
    Router::new()
        .route("/v1/clinicians/{clinician}/slots", put(slots::open::<S, R>))
        .route("/v1/slots", get(slots::list::<S, R>))
        .route("/v1/appointments", post(appointments::book::<S, R>).get(appointments::list::<S, R>))
        .route("/v1/appointments/{id}", get(appointments::read::<S, R>))
        .route("/v1/appointments/{id}/move", post(appointments::move_to::<S, R>))
        .route("/v1/appointments/{id}/cancel", post(appointments::cancel::<S, R>))
        .route("/openapi.yaml", get(document("application/yaml", OPENAPI)))
        .with_state(Arc::new(desk))
}
