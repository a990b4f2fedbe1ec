//! The service: its store on each database, and the whole as a process.

mod api;
mod service;
mod store;
mod telemetry;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

/// An event as appointments sends it; the appointment starts so many hours after `time`.
fn event(change: &str, appointment: Uuid, version: i64, time: Timestamp, starts_in: i64) -> Value {
    let starts_at = time + SignedDuration::from_hours(starts_in);
    json!({
        "specversion": "1.0",
        "id": Uuid::now_v7(),
        "source": "/scheduling/appointments",
        "type": format!("example.myhealth.appointment.{change}.v1"),
        "subject": appointment,
        "time": time,
        "datacontenttype": "application/json",
        "data": {
            "appointmentId": appointment,
            "version": version,
            "patientId": Uuid::now_v7(),
            "clinician": "dr-example",
            "startsAt": starts_at,
            "endsAt": starts_at + SignedDuration::from_mins(20),
            "reminders": true,
        },
    })
}
