//! The HTTP API, as `api/openapi.yaml` describes it.

use axum::{Json, Router, routing::get};
use chassis::{
    Problem,
    http::{Query, document},
    problem::FieldError,
};
use domain::{RangeError, working_days};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

const OPENAPI: &str = include_str!("../../../api/openapi.yaml");

/// The routes. A test holds them to the document.
pub fn routes() -> Router {
    Router::new()
        .route("/v1/working-days", get(count))
        .route("/openapi.yaml", get(document("application/yaml", OPENAPI)))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Range {
    from: Date,
    to: Date,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Count {
    from: Date,
    to: Date,
    working_days: u32,
}

async fn count(Query(Range { from, to }): Query<Range>) -> Result<Json<Count>, Problem> {
    let working_days = working_days(from, to).map_err(|error| refuse(&error))?;
    Ok(Json(Count { from, to, working_days }))
}

fn refuse(error: &RangeError) -> Problem {
    Problem::invalid(vec![FieldError { pointer: "?to".to_owned(), detail: error.to_string() }])
}
