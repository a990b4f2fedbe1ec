//! Messages that nobody can read: they are left to the queue's dead-letter policy, and hold up no one.

use serde_json::json;

use crate::hospital::{Hospital, change, id, wait};
use crate::queue;

#[test]
fn a_message_that_cannot_be_read_holds_up_no_other() {
    let Some(mut hospital) = Hospital::new(None) else { return };
    let open = hospital.open();
    for body in ["not JSON", "{}", r#"{"specversion":"1.0","id":"1","type":"example.unknown.v9","data":[]}"#] {
        queue::send(&hospital.queue.endpoint, &hospital.queue.url, body);
    }
    let patient = open.patient("p", &json!({
        "name": "Test Patient", "dateOfBirth": "1980-02-29", "contact": { "email": "test@example.org" }, "reminders": true
    }));
    let slots = open.slots("dr-7", "2030-01-07T08:00:00Z", "2030-01-07T10:00:00Z");
    let url = format!("{}/v1/appointments", open.appointments.url);
    let booking = json!({ "patientId": patient, "slotId": slots[0] });
    let booked = id(&change(&open.client, &url, "b", None, &booking).unwrap().expect(201));
    wait("the confirmation is planned", 20, || !open.messages(&booked).is_empty());
    open.notifications.stop();
    let errors = hospital.notifications.logs();
    assert!(
        errors.lines().any(|line| line.to_ascii_lowercase().contains("error")),
        "what could not be read is told:\n{errors}"
    );
}
