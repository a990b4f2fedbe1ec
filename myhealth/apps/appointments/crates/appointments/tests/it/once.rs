//! A request that is sent again is carried out once.

use crate::{
    alone, book,
    patients::{ACTIVE, Patients},
    send, serve, slots, slug,
};
use chassis::testing::{Sqs, databases};
use serde_json::json;
use std::{collections::BTreeSet, thread};

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_gets_the_same_answer_and_no_second_appointment() {
    for database in databases().await {
        let (process, sqs, _patients) = alone(&database).await;
        let slots = slots(&process, "dr-1", 2);
        let first = book(&process, "key", ACTIVE, &slots[0]);
        assert!(!first.head.contains("idempotent-replayed"));
        let moved = format!("/v1/appointments/{}/move", first.json()["id"].as_str().expect("an id"));
        assert_eq!(send(&process, "POST", &moved, &[], &json!({ "slotId": slots[1] })).status, 200);
        // As it was answered, though the appointment has moved on. Quotes are the header's syntax.
        let again = book(&process, "\"key\"", ACTIVE, &slots[0]);
        assert_eq!((again.status, again.json()), (201, first.json()));
        assert!(again.head.contains("idempotent-replayed: true"), "{}", again.head);
        let other = book(&process, "key", ACTIVE, &slots[1]);
        assert_eq!((other.status, slug(&other).as_str()), (422, "idempotency-key-reused"));
        chassis::testing::eventually("both events are sent", || (sqs.len() == 2).then_some(()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_at_the_same_time_on_two_replicas_is_one_appointment() {
    for database in databases().await {
        let (sqs, patients) = (Sqs::start(), Patients::start().await);
        let replicas = [(); 2].map(|()| serve(&database, &sqs.environment(), &patients.url));
        let slots = slots(&replicas[0], "dr-1", 10);
        for (round, slot) in slots.iter().enumerate() {
            let key = format!("key-{round}");
            let answers: Vec<_> = thread::scope(|scope| {
                let sent: Vec<_> = (0..8)
                    .map(|n| {
                        scope.spawn({
                            let (key, replica) = (&key, &replicas[n % 2]);
                            move || book(replica, key, ACTIVE, slot)
                        })
                    })
                    .collect();
                sent.into_iter().map(|answer| answer.join().expect("an answer")).collect()
            });
            let ids: BTreeSet<String> = answers
                .iter()
                .map(|answer| {
                    assert_eq!(answer.status, 201, "{}: {}", database.name, answer.body);
                    answer.json()["id"].to_string()
                })
                .collect();
            assert_eq!(ids.len(), 1, "{}", database.name);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_booking_needs_a_key() {
    let (process, _sqs, _patients) = alone(&databases().await[0]).await;
    let slot = &slots(&process, "dr-1", 1)[0];
    let booking = json!({ "patientId": ACTIVE, "slotId": slot });
    let without = send(&process, "POST", "/v1/appointments", &[], &booking);
    assert_eq!((without.status, slug(&without).as_str()), (400, "idempotency-key-missing"));
    for key in ["", "a key", &"k".repeat(256)] {
        let refused = send(&process, "POST", "/v1/appointments", &[&format!("Idempotency-Key: {key}")], &booking);
        assert_eq!(
            (refused.status, refused.json()["errors"][0]["pointer"].clone()),
            (422, json!("Idempotency-Key")),
            "{key:?}"
        );
    }
    let twice = send(&process, "POST", "/v1/appointments", &["Idempotency-Key: a", "Idempotency-Key: b"], &booking);
    assert_eq!(twice.status, 422);
}
