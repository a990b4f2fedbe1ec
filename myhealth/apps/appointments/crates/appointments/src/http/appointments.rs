//! A patient's time with a clinician.

use super::{
    headers::{idempotency_key, if_match},
    problems::{failed, failed_at, unavailable},
    values::{DEFAULT_LIMIT, Page, limit, parsed, some_parsed},
};
use axum::{
    Json,
    extract::{FromRequest as _, Request, State},
    response::{IntoResponse as _, Response},
};
use chassis::{
    Problem,
    http::{Body, Path, Query},
    problem::FieldError,
    telemetry,
};
use domain::{
    AppointmentId, Desk, EventId, PatientId, Reason, SlotId, Stamp, Wish,
    ports::{Once, Records, Store},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body::Body as _;
use jiff::{Timestamp, TimestampRound, Unit};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use uuid::Uuid;

/// The scope of keys of bookings: no other route may give the same answer.
const BOOKING: &str = "POST /v1/appointments";

/// A booking as it is asked for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Booking {
    #[serde(deserialize_with = "parsed")]
    patient_id: PatientId,
    #[serde(deserialize_with = "parsed")]
    slot_id: SlotId,
    reason: Option<String>,
}

/// Where an appointment is moved to.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Destination {
    #[serde(deserialize_with = "parsed")]
    slot_id: SlotId,
}

/// Why an appointment is cancelled.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cancellation {
    reason: Option<String>,
}

/// Parameters of the list.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Parameters {
    #[serde(deserialize_with = "parsed")]
    patient_id: PatientId,
    #[serde(default, deserialize_with = "some_parsed")]
    cursor: Option<AppointmentId>,
    #[serde(default, deserialize_with = "limit")]
    limit: Option<u32>,
}

/// An appointment as the API shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Appointment {
    id: String,
    patient_id: String,
    slot_id: String,
    clinician: String,
    starts_at: Timestamp,
    ends_at: Timestamp,
    state: &'static str,
    version: u32,
    reminders: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cancellation: Option<String>,
    booked_at: Timestamp,
    changed_at: Timestamp,
}

impl From<domain::Appointment> for Appointment {
    fn from(appointment: domain::Appointment) -> Self {
        let words = |reason: Option<Reason>| reason.map(|reason| reason.as_str().to_owned());
        Self {
            id: appointment.id.to_string(),
            patient_id: appointment.patient.to_string(),
            slot_id: appointment.slot.to_string(),
            clinician: appointment.clinician.to_string(),
            starts_at: appointment.period.from(),
            ends_at: appointment.period.to(),
            state: appointment.state.word(),
            version: appointment.version,
            reminders: appointment.reminders,
            reason: words(appointment.reason),
            cancellation: words(appointment.cancellation),
            booked_at: appointment.booked_at,
            changed_at: appointment.changed_at,
        }
    }
}

pub(super) async fn book<S: Store, R: Records>(
    State(desk): State<Arc<Desk<S, R>>>,
    headers: HeaderMap,
    Body(Booking { patient_id: patient, slot_id: slot, reason }): Body<Booking>,
) -> Result<Response, Problem> {
    let key = idempotency_key(&headers)?;
    let reason = read_reason(reason)?;
    let asked = format!("{patient} {slot} {}", reason.as_ref().map_or("", Reason::as_str));
    let once = Once { scope: BOOKING, key, fingerprint: format!("{:x}", Sha256::digest(asked)) };
    let wish = Wish { id: Uuid::now_v7().into(), patient, slot, reason };
    let booked = desk.book(wish, &once, stamp()).await.map_err(failed)?;
    telemetry::annotate("idempotent.replayed", booked.replayed);
    log(&booked.appointment, "an appointment is booked");
    let location = HeaderValue::try_from(format!("/v1/appointments/{}", booked.appointment.id));
    let mut response = shown(StatusCode::CREATED, booked.appointment);
    if let Ok(location) = location {
        response.headers_mut().insert(header::LOCATION, location);
    }
    if booked.replayed {
        response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
    }
    Ok(response)
}

pub(super) async fn read<S: Store, R: Records>(
    State(desk): State<Arc<Desk<S, R>>>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = read_id(&id)?;
    match desk.store.appointment(id).await.map_err(|outage| unavailable(&outage))? {
        Some(appointment) => Ok(shown(StatusCode::OK, appointment)),
        None => Err(failed(domain::Refused::UnknownAppointment.into())),
    }
}

pub(super) async fn list<S: Store, R: Records>(
    State(desk): State<Arc<Desk<S, R>>>,
    Query(Parameters { patient_id, cursor, limit }): Query<Parameters>,
) -> Result<Json<Page<Appointment>>, Problem> {
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    let found = desk.store.appointments_of(patient_id, cursor, limit + 1).await;
    let found = found.map_err(|outage| unavailable(&outage))?;
    Ok(Json(Page::of(found, limit, |appointment| appointment.id.to_string())))
}

pub(super) async fn move_to<S: Store, R: Records>(
    State(desk): State<Arc<Desk<S, R>>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(Destination { slot_id }): Body<Destination>,
) -> Result<Response, Problem> {
    let (id, expected) = (read_id(&id)?, if_match(&headers)?);
    let moved = desk.store.move_to(id, slot_id, expected, stamp()).await;
    let moved = moved.inspect(|appointment| log(appointment, "an appointment is moved"));
    Ok(moved.map_or_else(failed_at, |appointment| shown(StatusCode::OK, appointment)))
}

pub(super) async fn cancel<S: Store, R: Records>(
    State(desk): State<Arc<Desk<S, R>>>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (id, expected) = (read_id(&id)?, if_match(request.headers())?);
    // A reason may be left out, and the body with it.
    let Cancellation { reason } = match request.body().is_end_stream() {
        true => Cancellation::default(),
        false => Body::from_request(request, &()).await?.0,
    };
    let cancelled = desk.store.cancel(id, read_reason(reason)?, expected, stamp()).await;
    let cancelled = cancelled.inspect(|appointment| log(appointment, "an appointment is cancelled"));
    Ok(cancelled.map_or_else(failed_at, |appointment| shown(StatusCode::OK, appointment)))
}

/// The appointment, its version as `ETag`, its id and state on the request's span.
fn shown(status: StatusCode, appointment: domain::Appointment) -> Response {
    telemetry::annotate("appointment.id", appointment.id.to_string());
    telemetry::annotate("appointment.state", appointment.state.word());
    telemetry::annotate("appointment.version", i64::from(appointment.version));
    let tag = format!("\"{}\"", appointment.version);
    (status, [(header::ETAG, tag)], Json(Appointment::from(appointment))).into_response()
}

fn log(appointment: &domain::Appointment, what: &'static str) {
    let (id, version) = (appointment.id.to_string(), i64::from(appointment.version));
    tracing::info!({ "appointment.id" = id, "appointment.version" = version }, "{what}");
}

/// What is no id names nothing.
fn read_id(id: &str) -> Result<AppointmentId, Problem> {
    id.parse().map_err(|_| Problem::of_status(StatusCode::NOT_FOUND))
}

fn read_reason(reason: Option<String>) -> Result<Option<Reason>, Problem> {
    let invalid = |error: domain::ReasonError| {
        Problem::invalid(vec![FieldError { pointer: "/reason".to_owned(), detail: error.to_string() }])
    };
    reason.map(|text| Reason::new(&text)).transpose().map_err(invalid)
}

/// Now, as it can be kept, and the id of the event that tells of it.
fn stamp() -> Stamp {
    let now = Timestamp::now();
    let whole = now.round(TimestampRound::new().smallest(Unit::Millisecond).mode(jiff::RoundMode::Trunc));
    Stamp { now: whole.unwrap_or(now), event: EventId::from(Uuid::now_v7()) }
}
