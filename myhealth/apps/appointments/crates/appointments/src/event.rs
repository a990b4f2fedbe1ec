//! Events as the queue carries them: CloudEvents 1.0, structured mode.

use domain::Event;
use serde_json::json;

/// The event's `type`.
#[must_use]
pub fn kind(event: &Event) -> String {
    format!("example.myhealth.appointment.{}.v1", event.kind.word())
}

/// The event as JSON. It has ids and times, and nothing about health.
#[must_use]
pub fn body(event: &Event) -> String {
    let body = json!({
        "specversion": "1.0",
        "id": event.id.to_string(),
        "source": "/scheduling/appointments",
        "type": kind(event),
        "subject": event.appointment.to_string(),
        "time": event.at,
        "datacontenttype": "application/json",
        "data": {
            "appointmentId": event.appointment.to_string(),
            "version": event.version,
            "patientId": event.patient.to_string(),
            "clinician": event.clinician.as_str(),
            "startsAt": event.period.from(),
            "endsAt": event.period.to(),
            "reminders": event.reminders,
        },
    });
    body.to_string()
}
