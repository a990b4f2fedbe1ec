//! The whole service as a process: from the queue to the gateway, killed on the way.

use crate::event;
use chassis::testing::{Process, Recorder, Sqs, TestDatabase, databases, eventually, queue_of_peers, send_to_peers};
use jiff::Timestamp;
use serde_json::Value;
use std::{collections::BTreeMap, process::Command};
use uuid::Uuid;

pub(crate) fn command(verb: &str, environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_notifications"));
    command.arg(verb).env_clear().envs(environment.iter().copied());
    command
}

pub(crate) fn serve(database: &TestDatabase, queue: &[(String, String)], environment: &[(&str, &str)]) -> Process {
    let mut command = command("serve", environment);
    command.envs(database.environment.iter().chain(queue).map(|(name, value)| (name, value)));
    Process::serve(command).keeping(&database.folder)
}

fn messages(process: &Process, appointment: Uuid) -> Vec<Value> {
    let page = process.get(&format!("/v1/messages?appointmentId={appointment}"));
    assert_eq!(page.status, 200, "{}", page.body);
    page.json()["items"].as_array().expect("a list").clone()
}

#[tokio::test]
async fn from_the_queue_to_the_gateway() {
    for database in databases().await {
        let (sqs, gateway) = (Sqs::start(), Recorder::start());
        gateway.answer(&[503]);
        let process = serve(&database, &sqs.environment(), &[("GATEWAY_URL", &gateway.url)]);
        let appointment = Uuid::now_v7();
        let booked = event("booked", appointment, 1, Timestamp::now(), 100);
        sqs.send(&booked.to_string(), &[]);
        sqs.send(&booked.to_string(), &[]);
        let sent = || messages(&process, appointment).into_iter().find(|message| message["state"] == "sent");
        let confirmation = eventually("the confirmation is sent", sent);
        assert_eq!((&confirmation["kind"], &confirmation["attempts"]), (&"confirmation".into(), &2.into()));
        assert!(confirmation["sentAt"].is_string());
        let all = messages(&process, appointment);
        assert_eq!(all.len(), 2, "the second delivery changed nothing: {all:?}");
        assert_eq!((&all[1]["kind"], &all[1]["state"]), (&"reminder".into(), &"due".into()));
        let one = process.get(&format!("/v1/messages/{}", confirmation["id"].as_str().expect("an id")));
        assert_eq!(one.json(), confirmation);

        let requests = gateway.take();
        assert_eq!(requests.len(), 2);
        for request in &requests {
            assert_eq!(request.header("idempotency-key"), confirmation["id"].as_str());
            assert!(request.header("traceparent").is_some());
            assert_eq!(request.body["messageId"], confirmation["id"]);
            assert_eq!(request.body["patientId"], booked["data"]["patientId"]);
            assert_eq!(request.body["startsAt"], confirmation["startsAt"]);
        }
        eventually("the queue is empty", || sqs.is_empty().then_some(()));
    }
}

#[tokio::test]
async fn what_is_no_event_stays_in_the_queue_and_its_content_is_not_told() {
    let (database, sqs) = (&databases().await[0], Sqs::start());
    let mut process = serve(database, &sqs.environment(), &[]);
    let mut unknown = event("booked", Uuid::now_v7(), 1, Timestamp::now(), 100);
    unknown["type"] = "example.myhealth.appointment.lost.v1".into();
    let mut broken = event("booked", Uuid::now_v7(), 0, Timestamp::now(), 100);
    broken["data"]["clinician"] = "Grace Example".into();
    for body in ["Grace Example", &unknown.to_string(), &broken.to_string()] {
        sqs.send(body, &[]);
    }
    let mut told = BTreeMap::new();
    eventually("all three are told", || {
        for line in process.lines().iter().filter(|line| line["severity"] == "ERROR") {
            told.insert(line["attributes"]["error.type"].as_str().map(str::to_owned), line.to_string());
        }
        (told.len() == 3).then_some(())
    });
    let expected = ["event_rule", "event_shape", "event_type"].map(|kind| Some(kind.to_owned()));
    assert_eq!(told.keys().cloned().collect::<Vec<_>>(), expected);
    assert!(!process.lines().iter().any(|line| line.to_string().contains("Grace")));
    assert_eq!(sqs.len(), 3, "they are left to the queue's redrive");
}

/// Killed again and again while events come twice and out of order: nothing is lost, nothing is doubled.
#[tokio::test]
async fn killed_on_the_way() {
    for database in databases().await {
        let sqs = Sqs::start();
        let appointments: Vec<_> = (0..40).map(|_| Uuid::now_v7()).collect();
        let mut events = Vec::new();
        for appointment in &appointments {
            for (change, version) in [("moved", 2), ("booked", 1), ("cancelled", 3)] {
                events.push(event(change, *appointment, version, Timestamp::now(), 100).to_string());
            }
        }
        for bodies in events.chunks(30) {
            let mut process = serve(&database, &sqs.environment(), &[]);
            for body in bodies {
                sqs.send(body, &[]);
                sqs.send(body, &[]);
            }
            eventually("it works", || process.log("an event is applied"));
            process.signal("KILL");
            process.wait();
            sqs.expire();
        }
        let process = serve(&database, &sqs.environment(), &[]);
        eventually("the queue is empty", || sqs.is_empty().then_some(()));
        for appointment in appointments {
            let word = |message: &Value| format!("{} {} {}", message["version"], message["kind"], message["state"]);
            let mut told: Vec<_> = messages(&process, appointment).iter().map(word).collect();
            told.sort();
            let expected = [
                r#"1 "confirmation" "withdrawn""#,
                r#"1 "reminder" "withdrawn""#,
                r#"2 "moved" "withdrawn""#,
                r#"2 "reminder" "withdrawn""#,
                r#"3 "cancellation" "due""#,
            ];
            assert_eq!(told, expected, "{}", database.name);
        }
    }
}

#[tokio::test]
async fn on_sqs_as_moto_has_it() {
    let Some(queue) = queue_of_peers() else { return };
    let database = &databases().await[0];
    let process = serve(database, &queue, &[]);
    let appointment = Uuid::now_v7();
    send_to_peers(&queue, &event("booked", appointment, 1, Timestamp::now(), 100).to_string());
    let told = eventually("it is there", || Some(messages(&process, appointment)).filter(|told| told.len() == 2));
    assert_eq!(told[0]["state"], "due");
}
