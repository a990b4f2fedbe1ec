//! What is told: every change, at least once, those of one appointment in their order.

use crate::{
    alone, book,
    patients::{ACTIVE, Patients},
    send, serve, slots, text,
};
use chassis::testing::{Sqs, databases, eventually, queue_of_peers};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    io,
    net::{TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

#[tokio::test(flavor = "multi_thread")]
async fn an_event_tells_who_when_and_nothing_about_health() {
    let (process, sqs, _patients) = alone(&databases().await[0]).await;
    let slot = &slots(&process, "dr-1", 1)[0];
    let booking = json!({ "patientId": ACTIVE, "slotId": slot, "reason": "a knee that clicks" });
    let trace = "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let booked = send(&process, "POST", "/v1/appointments", &["Idempotency-Key: k", trace], &booking);
    assert_eq!(booked.status, 201, "{}", booked.body);
    let booked = booked.json();
    let (body, attributes) = eventually("the event is sent", || sqs.messages().pop());
    let event: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(event["type"], "example.myhealth.appointment.booked.v1");
    assert_eq!((&event["specversion"], &event["source"]), (&json!("1.0"), &json!("/scheduling/appointments")));
    assert_eq!(event["subject"], booked["id"]);
    let data = json!({
        "appointmentId": booked["id"], "version": 1, "patientId": ACTIVE, "clinician": "dr-1",
        "startsAt": booked["startsAt"], "endsAt": booked["endsAt"], "reminders": true,
    });
    assert_eq!(event["data"], data, "and nothing else");
    assert!(!body.contains("knee"));
    let parent = text(&attributes["traceparent"]["StringValue"]);
    assert!(parent.starts_with("00-0af7651916cd43dd8448eb211c80319c-"), "{parent}");
    assert!(!parent.contains("b7ad6b7169203331"), "its own span, not the caller's");
    assert_eq!(attributes["type"]["StringValue"], event["type"]);
}

/// Replicas are killed while appointments change: every change is told, and told in order.
#[tokio::test(flavor = "multi_thread")]
async fn killed_on_the_way_nothing_is_lost_or_out_of_order() {
    for database in databases().await {
        let (sqs, patients) = (Sqs::start(), Patients::start().await);
        let mut process = serve(&database, &sqs.environment(), &patients.url);
        let slots = slots(&process, "dr-1", 60);
        let mut changed: BTreeMap<String, u64> = BTreeMap::new();
        for (round, pair) in slots.chunks(2).enumerate() {
            let booked = book(&process, &format!("k-{round}"), ACTIVE, &pair[0]);
            let id = text(&booked.json()["id"]);
            let path = format!("/v1/appointments/{id}");
            assert_eq!(send(&process, "POST", &format!("{path}/move"), &[], &json!({ "slotId": pair[1] })).status, 200);
            assert_eq!(send(&process, "POST", &format!("{path}/cancel"), &[], &json!({})).status, 200);
            changed.insert(id, 3);
            if round % 6 == 5 {
                process.signal("KILL");
                process.wait();
                process = serve(&database, &sqs.environment(), &patients.url);
            }
        }
        // A lease that a killed replica held lasts half a minute: its events come then.
        let told = |sqs: &Sqs| {
            let mut told: BTreeMap<String, Vec<u64>> = BTreeMap::new();
            for (body, _) in sqs.messages() {
                let event: Value = serde_json::from_str(&body).expect("JSON");
                let versions = told.entry(text(&event["subject"])).or_default();
                let version = event["data"]["version"].as_u64().expect("a version");
                if !versions.contains(&version) {
                    versions.push(version);
                }
            }
            told
        };
        let begin = Instant::now();
        while told(&sqs).values().map(Vec::len).sum::<usize>() < 90 {
            assert!(begin.elapsed().as_secs() < 45, "{}: {:?}", database.name, told(&sqs));
            thread::sleep(Duration::from_millis(100));
        }
        for (id, versions) in told(&sqs) {
            assert_eq!(versions, [1, 2, 3], "{}: {id} in order", database.name);
        }
    }
}

/// A replica that dies after it has sent an event and before it has noted that: the event is sent again, and none of the same
/// appointment goes ahead of it, though another replica has nothing else to do.
#[tokio::test(flavor = "multi_thread")]
async fn killed_between_sending_and_noting_it_sends_again_and_in_order() {
    let mut open = Vec::new();
    for database in databases().await {
        let (sqs, patients) = (Sqs::start(), Patients::start().await);
        let mut process = serve(&database, &without_answers(&sqs), &patients.url);
        let slots = slots(&process, "dr-1", 2);
        let id = text(&book(&process, "k", ACTIVE, &slots[0]).json()["id"]);
        eventually("the event is sent", || (!sqs.is_empty()).then_some(()));
        process.signal("KILL");
        process.wait();
        let process = serve(&database, &sqs.environment(), &patients.url);
        let moved = send(&process, "POST", &format!("/v1/appointments/{id}/move"), &[], &json!({ "slotId": slots[1] }));
        assert_eq!(moved.status, 200, "{}", moved.body);
        open.push((database, process, sqs, patients));
    }
    // The lease of the one that was killed ends after half a minute.
    let begin = Instant::now();
    for (database, _process, sqs, _patients) in &open {
        let sent = || -> Vec<(Value, Value)> {
            let events = sqs.messages().into_iter().map(|(body, _)| serde_json::from_str(&body).expect("JSON"));
            events.map(|event: Value| (event["data"]["version"].clone(), event["id"].clone())).collect()
        };
        while sent().last().is_none_or(|(version, _)| *version != 2) {
            assert!(begin.elapsed().as_secs() < 45, "{}: {:?}", database.name, sent());
            thread::sleep(Duration::from_millis(100));
        }
        let sent = sent();
        let versions: Vec<_> = sent.iter().map(|(version, _)| version.as_u64()).collect();
        assert_eq!(versions, [Some(1), Some(1), Some(2)], "{}", database.name);
        assert_eq!(sent[0].1, sent[1].1, "{}: receivers know it by its id", database.name);
    }
}

/// The queue as a replica sees it that hears no answer: what is sent arrives.
fn without_answers(sqs: &Sqs) -> Vec<(String, String)> {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    let server = sqs.endpoint.trim_start_matches("http://").trim_end_matches('/').to_owned();
    thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.expect("connects");
            let mut server = TcpStream::connect(&server).expect("SQS answers");
            thread::spawn(move || io::copy(&mut client, &mut server));
        }
    });
    let mut environment = sqs.environment();
    for (name, value) in &mut environment {
        match name.as_str() {
            // By its URL: nothing has to be asked before something is sent.
            "EVENTS_QUEUE" => *value = format!("{endpoint}/000000000000/events"),
            "AWS_ENDPOINT_URL" => value.clone_from(&endpoint),
            _ => {}
        }
    }
    environment
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_may_be_away_for_a_while() {
    let (database, patients) = (&databases().await[0], Patients::start().await);
    let nobody =
        [("EVENTS_QUEUE", "events"), ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"), ("AWS_REGION", "eu-central-1")];
    let nobody = nobody.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let process = serve(database, &nobody, &patients.url);
    let slot = &slots(&process, "dr-1", 1)[0];
    assert_eq!(book(&process, "k", ACTIVE, slot).status, 201, "patients do not wait for a queue");
    assert_eq!(process.get("/readyz").status, 200, "nor does the service");
    process.signal("KILL");
    let sqs = Sqs::start();
    let _process = serve(database, &sqs.environment(), &patients.url);
    // The lease of the replica that was killed may have to end first.
    let begin = Instant::now();
    while sqs.is_empty() {
        assert!(begin.elapsed().as_secs() < 45, "the event is not sent");
        thread::sleep(Duration::from_millis(100));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqs_as_moto_has_it() {
    let Some(queue) = queue_of_peers() else { return };
    let patients = Patients::start().await;
    let mut process = serve(&databases().await[0], &queue, &patients.url);
    let slot = &slots(&process, "dr-1", 1)[0];
    let booked = book(&process, "k", ACTIVE, slot);
    assert_eq!(booked.status, 201, "{}", booked.body);
    thread::sleep(Duration::from_secs(2));
    let errors: Vec<_> = process.lines().iter().filter(|line| line["severity"] == "ERROR").cloned().collect();
    assert_eq!(errors, Vec::<Value>::new());
}
