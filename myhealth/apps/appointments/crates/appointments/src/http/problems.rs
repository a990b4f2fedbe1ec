//! What the domain refuses, and what fails, as problems of the API.

use chassis::{Problem, problem::FieldError};
use domain::{
    Refused,
    ports::{Failed, Neighbour, Outage},
};
use http::{HeaderName, HeaderValue, StatusCode, header};
use std::time::Duration;

/// When to come again after an outage.
const LATER: Duration = Duration::from_secs(1);

/// A problem, and headers that go with it.
pub(super) type Refusal = ([(HeaderName, HeaderValue); 1], Problem);

/// How a failed command is answered.
pub(super) fn failed(error: Failed) -> Problem {
    match error {
        Failed::Refused(refused) => refusal(refused),
        Failed::Outage(outage) => unavailable(&outage),
    }
}

/// The same; where the version is another one, it is told as `ETag` too.
pub(super) fn failed_at(error: Failed) -> axum::response::Response {
    use axum::response::IntoResponse as _;
    match error {
        Failed::Refused(refused @ Refused::VersionMismatch { current }) => {
            let tag = HeaderValue::try_from(format!("\"{current}\"")).unwrap_or(HeaderValue::from_static("*"));
            let refusal: Refusal = ([(header::ETAG, tag)], refusal(refused));
            refusal.into_response()
        }
        error => failed(error).into_response(),
    }
}

/// How an outage is answered. Why it is one stands in the log.
pub(super) fn unavailable(outage: &Outage) -> Problem {
    let (slug, title) = match outage.who {
        Neighbour::Records => ("records-unavailable", "The patient cannot be looked up now"),
        Neighbour::Store => ("store-unavailable", "The store does not answer"),
    };
    tracing::error!({ "error.type" = outage.source.to_string() }, "a neighbour does not answer");
    Problem::unavailable(slug, title, LATER)
}

fn refusal(refused: Refused) -> Problem {
    use StatusCode as Status;
    match refused {
        Refused::UnknownSlot => {
            let title = "There is no such slot";
            Problem::new(Status::UNPROCESSABLE_ENTITY, "unknown-slot", title).errors(at("/slotId", title))
        }
        Refused::UnknownPatient => {
            let title = "There is no such patient";
            Problem::new(Status::UNPROCESSABLE_ENTITY, "unknown-patient", title).errors(at("/patientId", title))
        }
        Refused::KeyReused => {
            Problem::new(Status::UNPROCESSABLE_ENTITY, "idempotency-key-reused", "The key belongs to another request")
                .detail("use a new key for a new request")
        }
        Refused::UnknownAppointment => {
            Problem::new(Status::NOT_FOUND, "unknown-appointment", "There is no such appointment")
        }
        Refused::SlotTaken => {
            Problem::new(Status::CONFLICT, "slot-taken", "The slot is taken").detail("choose another slot")
        }
        Refused::SlotPast => Problem::new(Status::CONFLICT, "slot-past", "The slot has begun"),
        Refused::SlotsOverlap => {
            Problem::new(Status::CONFLICT, "slots-overlap", "The clinician has other slots in this time")
        }
        Refused::AppointmentCancelled => {
            Problem::new(Status::CONFLICT, "appointment-cancelled", "The appointment is cancelled")
                .detail("book a new one")
        }
        Refused::PatientInactive { merged_into } => {
            let problem = Problem::new(Status::CONFLICT, "patient-inactive", "The patient is not active");
            match merged_into {
                Some(patient) => problem.detail(format!("book for patient {patient}, who this one is")),
                None => problem,
            }
        }
        Refused::VersionMismatch { current } => {
            Problem::new(Status::PRECONDITION_FAILED, "version-mismatch", "The appointment has changed since")
                .detail(format!("it is at version {current}: read it again"))
        }
    }
}

fn at(pointer: &str, detail: &str) -> Vec<FieldError> {
    vec![FieldError { pointer: pointer.to_owned(), detail: detail.to_owned() }]
}
