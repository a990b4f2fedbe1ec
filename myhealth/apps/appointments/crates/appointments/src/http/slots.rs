//! A clinician's calendar.

use super::{
    problems::{failed, unavailable},
    values::{DEFAULT_LIMIT, Page, SlotCursor, limit, some_parsed, time, truth},
};
use axum::{Json, extract::State};
use chassis::{
    Problem,
    http::{Body, Path, Query},
    problem::FieldError,
};
use domain::{
    ClinicianId, Desk, Opening,
    ports::{Records, SlotQuery, Store},
};
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What a clinician opens.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    from: Timestamp,
    to: Timestamp,
    minutes: u32,
}

/// Parameters of the list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parameters {
    #[serde(default, deserialize_with = "some_parsed")]
    clinician: Option<ClinicianId>,
    #[serde(default, deserialize_with = "time")]
    from: Option<Timestamp>,
    #[serde(default, deserialize_with = "time")]
    to: Option<Timestamp>,
    #[serde(default, deserialize_with = "truth")]
    free: Option<bool>,
    #[serde(default, deserialize_with = "some_parsed")]
    cursor: Option<SlotCursor>,
    #[serde(default, deserialize_with = "limit")]
    limit: Option<u32>,
}

/// A slot as the API shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Slot {
    id: String,
    clinician: String,
    starts_at: Timestamp,
    ends_at: Timestamp,
    free: bool,
}

impl From<domain::Slot> for Slot {
    fn from(slot: domain::Slot) -> Self {
        Self {
            id: slot.id.to_string(),
            clinician: slot.clinician.to_string(),
            starts_at: slot.period.from(),
            ends_at: slot.period.to(),
            free: slot.taken_by.is_none(),
        }
    }
}

pub(super) async fn open<S: Store, R: Records>(
    State(desk): State<Arc<Desk<S, R>>>,
    Path(clinician): Path<String>,
    Body(Wanted { from, to, minutes }): Body<Wanted>,
) -> Result<Json<Page<Slot>>, Problem> {
    let clinician = clinician.parse().map_err(|_| Problem::of_status(StatusCode::NOT_FOUND))?;
    let opening = Opening::new(clinician, from, to, minutes).map_err(|broken| {
        let error = |broken: domain::Broken| FieldError { pointer: format!("/{}", broken.member), detail: broken.rule };
        Problem::invalid(broken.into_iter().map(error).collect())
    })?;
    let slots = desk.store.open(&opening).await.map_err(failed)?;
    Ok(Json(Page { items: slots.into_iter().map(Slot::from).collect(), next: None }))
}

pub(super) async fn list<S: Store, R: Records>(
    State(desk): State<Arc<Desk<S, R>>>,
    Query(Parameters { clinician, from, to, free, cursor, limit }): Query<Parameters>,
) -> Result<Json<Page<Slot>>, Problem> {
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    let after = cursor.map(|SlotCursor(at, id)| (at, id));
    let query = SlotQuery { clinician, from, to, free, after, limit: limit + 1 };
    let found = desk.store.slots(&query).await.map_err(|outage| unavailable(&outage))?;
    Ok(Json(Page::of(found, limit, |slot| SlotCursor(slot.period.from(), slot.id).to_string())))
}
