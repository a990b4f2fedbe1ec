//! Health data stays in: whatever a patient is and has, no log line, span, metric or event says it.

use serde_json::{Value, json};

use crate::collector::Collector;
use crate::hospital::{Hospital, change, id, wait};
use crate::http::send;

/// Values that occur nowhere else, one for each place where personal data enters.
const SECRETS: &[&str] = &[
    "Quackenbush",
    "1931-07-13",
    "zebulon@example.org",
    "+493012345678",
    "knee-that-clicks",
    "amoxicillin-for-a-fortnight",
    "moved-to-the-sea",
];

#[test]
fn personal_data_is_in_no_signal_and_no_event() {
    let collector = Collector::start();
    let Some(mut hospital) = Hospital::new(Some(&collector)) else { return };
    for service in [&mut hospital.records, &mut hospital.appointments, &mut hospital.notifications] {
        service.set("LOG_LEVEL", "debug");
    }
    let open = hospital.open();
    let patient = open.patient(
        "p",
        &json!({
            "name": "Zebulon Quackenbush", "dateOfBirth": "1931-07-13", "reminders": true,
            "contact": { "email": "zebulon@example.org", "phone": "+493012345678" }
        }),
    );
    let headers = [("X-Actor", "clinician/dr-7"), ("Idempotency-Key", "e")];
    let url = format!("{}/v1/patients/{patient}/entries", open.records.url);
    let entry = json!({ "kind": "medication", "text": "amoxicillin-for-a-fortnight", "author": "clinician/dr-7" });
    send(&open.client, "POST", &url, &headers, &entry).unwrap().expect(201);
    // What is refused is told to the caller, not to the log.
    let wrong = json!({ "name": "Zebulon Quackenbush", "dateOfBirth": "1931-07-13-and-a-half", "contact": "zebulon@example.org" });
    let refused = send(&open.client, "POST", &format!("{}/v1/patients", open.records.url), &headers, &wrong).unwrap();
    assert!((400..500).contains(&refused.status), "{refused:?}");

    let slots = open.slots("dr-7", "2030-01-07T08:00:00Z", "2030-01-07T10:00:00Z");
    let url = format!("{}/v1/appointments", open.appointments.url);
    let booking = json!({ "patientId": patient, "slotId": slots[0], "reason": "knee-that-clicks" });
    let booked = id(&change(&open.client, &url, "b", None, &booking).unwrap().expect(201));
    let cancel = json!({ "reason": "moved-to-the-sea" });
    change(&open.client, &format!("{url}/{booked}/cancel"), "c", None, &cancel).unwrap().expect(200);
    wait("both events are processed", 20, || open.messages(&booked).len() >= 2);
    let messages = Value::Array(open.messages(&booked)).to_string();
    open.appointments.stop();
    open.notifications.stop();
    open.records.stop();

    let logs: Vec<String> =
        [&hospital.records, &hospital.appointments, &hospital.notifications].map(|service| service.logs()).into();
    let exported = collector.everything();
    assert!(exported.contains(&booked), "what may be told is told: the appointment's id");
    for secret in SECRETS {
        assert!(!exported.contains(secret), "{secret:?} was exported");
        assert!(!messages.contains(secret), "{secret:?} reached notifications");
        for log in &logs {
            let line = log.lines().find(|line| line.contains(secret));
            assert_eq!(line, None, "{secret:?} was logged");
        }
    }
}
