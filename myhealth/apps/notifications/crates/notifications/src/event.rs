//! Appointments' events as they travel: CloudEvents 1.0 in structured mode.

use chassis::messaging::ErrorType;
use domain::{Appointment, Change, Event, EventError};
use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

/// A body that is no event of ours. It does not quote the body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnknownEvent {
    /// Not the JSON of a CloudEvent with an appointment.
    #[error("not a CloudEvent of an appointment, line {line}, column {column}")]
    Shape {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// A type that this release does not know.
    #[error("an unknown type of event")]
    Type,
    /// The appointment breaks a rule.
    #[error(transparent)]
    Rule(#[from] EventError),
}

impl ErrorType for UnknownEvent {
    fn error_type(&self) -> String {
        let kind = match self {
            Self::Shape { .. } => "event_shape",
            Self::Type => "event_type",
            Self::Rule(_) => "event_rule",
        };
        kind.to_owned()
    }
}

/// The envelope; members that are not here may be there, for a producer may add some.
#[derive(Deserialize)]
struct CloudEvent {
    specversion: SpecVersion,
    id: Uuid,
    #[serde(rename = "type")]
    kind: String,
    time: Timestamp,
    data: Data,
}

#[derive(Deserialize)]
enum SpecVersion {
    #[serde(rename = "1.0")]
    One,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    appointment_id: Uuid,
    version: i64,
    patient_id: Uuid,
    clinician: String,
    starts_at: Timestamp,
    ends_at: Timestamp,
    reminders: bool,
}

/// Reads a message's body.
///
/// # Errors
/// It is no event that this release knows.
pub fn read(body: &str) -> Result<Event, UnknownEvent> {
    let shape = |error: serde_json::Error| UnknownEvent::Shape { line: error.line(), column: error.column() };
    let CloudEvent { specversion: SpecVersion::One, id, kind, time, data } =
        serde_json::from_str(body).map_err(shape)?;
    let change = match kind.as_str() {
        "example.myhealth.appointment.booked.v1" => Change::Booked,
        "example.myhealth.appointment.moved.v1" => Change::Moved,
        "example.myhealth.appointment.cancelled.v1" => Change::Cancelled,
        _ => return Err(UnknownEvent::Type),
    };
    let appointment = Appointment {
        id: data.appointment_id,
        version: data.version,
        patient: data.patient_id,
        clinician: data.clinician,
        starts_at: data.starts_at,
        ends_at: data.ends_at,
        reminders: data.reminders,
    };
    Ok(Event::new(id, time, change, appointment)?)
}
