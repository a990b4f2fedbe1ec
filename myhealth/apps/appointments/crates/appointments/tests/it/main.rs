//! The service as processes: its API, its rules with several replicas on one store, what it tells the queue.

mod api;
mod booking;
mod contract;
mod model;
mod once;
mod outbox;
mod patients;
mod rotation;
mod telemetry;

use chassis::testing::{Answer, Process, Sqs, TestDatabase};
use patients::Patients;
use serde_json::{Value, json};
use std::process::Command;

fn command(verb: &str, environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_appointments"));
    command.arg(verb).env_clear().envs(environment.iter().copied());
    command
}

/// A replica on this store, with this queue and these patients.
fn serve(database: &TestDatabase, queue: &[(String, String)], patients: &str) -> Process {
    let mut command = command("serve", &[("RECORDS_URL", patients)]);
    command.envs(database.environment.iter().chain(queue).map(|(name, value)| (name, value)));
    Process::serve(command).keeping(&database.folder)
}

/// A replica with an empty queue and patients of its own, and these two.
async fn alone(database: &TestDatabase) -> (Process, Sqs, Patients) {
    let (sqs, patients) = (Sqs::start(), Patients::start().await);
    (serve(database, &sqs.environment(), &patients.url), sqs, patients)
}

/// Sends JSON; a header is `Name: value`.
fn send(process: &Process, method: &str, path: &str, headers: &[&str], body: &Value) -> Answer {
    let body = body.to_string();
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    process.send(&format!(
        "{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    ))
}

/// Opens `count` slots of 20 minutes far ahead and gives their ids.
fn slots(process: &Process, clinician: &str, count: u32) -> Vec<String> {
    let minutes = count * 20;
    let to = format!("2030-01-{:02}T{:02}:{:02}:00Z", 7 + minutes / 1440, minutes / 60 % 24, minutes % 60);
    let opening = json!({ "from": "2030-01-07T00:00:00Z", "to": to, "minutes": 20 });
    let opened = send(process, "PUT", &format!("/v1/clinicians/{clinician}/slots"), &[], &opening);
    assert_eq!(opened.status, 200, "{}", opened.body);
    let slots: Vec<String> =
        opened.json()["items"].as_array().expect("a list").iter().map(|slot| text(&slot["id"])).collect();
    assert_eq!(slots.len(), usize::try_from(count).expect("few"));
    slots
}

fn book(process: &Process, key: &str, patient: &str, slot: &str) -> Answer {
    let booking = json!({ "patientId": patient, "slotId": slot });
    send(process, "POST", "/v1/appointments", &[&format!("Idempotency-Key: {key}")], &booking)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// The last word of a problem's type.
fn slug(answer: &Answer) -> String {
    assert!(answer.head.contains("content-type: application/problem+json"), "{}", answer.head);
    text(&answer.json()["type"]).rsplit('/').next().unwrap_or_default().to_owned()
}
