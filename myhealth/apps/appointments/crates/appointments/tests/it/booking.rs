//! Rules that hold whoever asks, and however many replicas answer.

use crate::{
    alone, book,
    patients::{ACTIVE, INACTIVE, MERGED, Patients, UNKNOWN},
    send, serve, slots, slug, text,
};
use chassis::testing::{Sqs, databases};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};
use tonic::Code;

#[tokio::test(flavor = "multi_thread")]
async fn three_replicas_on_one_store_give_each_slot_once() {
    for database in databases().await {
        let (sqs, patients) = (Sqs::start(), Patients::start().await);
        let replicas = [(); 3].map(|()| serve(&database, &sqs.environment(), &patients.url));
        let slots = slots(&replicas[0], "dr-1", 30);
        let booked: Mutex<BTreeMap<&str, Vec<String>>> = Mutex::default();
        let refused = AtomicUsize::new(0);
        thread::scope(|scope| {
            for (client, replica) in replicas.iter().enumerate().cycle().take(12) {
                let (booked, refused, slots) = (&booked, &refused, &slots);
                let first = client * 7;
                let key = format!("client-{client}-{:?}", thread::current().id());
                scope.spawn(move || {
                    for turn in 0..slots.len() {
                        let slot = &slots[(first + turn) % slots.len()];
                        let key = format!("{key}-{turn}-{:?}", thread::current().id());
                        let answer = book(replica, &key, ACTIVE, slot);
                        match answer.status {
                            201 => booked
                                .lock()
                                .expect("the lock")
                                .entry(slot)
                                .or_default()
                                .push(text(&answer.json()["id"])),
                            409 => {
                                assert_eq!(slug(&answer), "slot-taken");
                                refused.fetch_add(1, Ordering::Relaxed);
                            }
                            status => panic!("{}: {status} {}", database.name, answer.body),
                        }
                    }
                });
            }
        });
        let booked = booked.into_inner().expect("the lock");
        assert_eq!(booked.len(), 30, "{}: every slot found someone", database.name);
        assert!(booked.values().all(|who| who.len() == 1), "{}: {booked:?}", database.name);
        assert_eq!(refused.into_inner(), 12 * 30 - 30);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_appointment_is_booked_moved_and_cancelled() {
    for database in databases().await {
        let (process, _sqs, _patients) = alone(&database).await;
        let slots = slots(&process, "dr-2", 3);
        let booked = book(&process, "k", ACTIVE, &slots[0]);
        assert_eq!(booked.status, 201, "{}", booked.body);
        let id = text(&booked.json()["id"]);
        assert!(booked.head.contains(&format!("location: /v1/appointments/{id}")), "{}", booked.head);
        assert!(booked.head.contains("etag: \"1\""), "{}", booked.head);
        let path = format!("/v1/appointments/{id}");
        let post = |what: &str, headers: &[&str], body: Value| {
            send(&process, "POST", &format!("{path}/{what}"), headers, &body)
        };

        let moved = post("move", &["If-Match: \"1\""], json!({ "slotId": slots[1] }));
        assert_eq!((moved.status, &moved.json()["state"], &moved.json()["version"]), (200, &json!("moved"), &json!(2)));
        let stale = post("move", &["If-Match: \"1\""], json!({ "slotId": slots[2] }));
        assert_eq!((stale.status, slug(&stale).as_str()), (412, "version-mismatch"));
        assert!(stale.head.contains("etag: \"2\""), "{}", stale.head);
        // The slot that it left is free, the one that it has is not.
        assert_eq!(book(&process, "k2", ACTIVE, &slots[0]).status, 201);
        assert_eq!(slug(&book(&process, "k3", ACTIVE, &slots[1])), "slot-taken");

        let cancelled = post("cancel", &[], json!({ "reason": "on holiday" }));
        assert_eq!((cancelled.status, &cancelled.json()["cancellation"]), (200, &json!("on holiday")));
        let again = post("cancel", &[], json!({ "reason": "another" }));
        assert_eq!(
            (again.status, &again.json()["version"], &again.json()["cancellation"]),
            (200, &json!(3), &json!("on holiday"))
        );
        let late = post("move", &[], json!({ "slotId": slots[2] }));
        assert_eq!((late.status, slug(&late).as_str()), (409, "appointment-cancelled"));
        assert_eq!(book(&process, "k4", ACTIVE, &slots[1]).status, 201, "its slot is free again");

        let list = process.get(&format!("/v1/appointments?patientId={ACTIVE}&limit=2")).json();
        assert_eq!(list["items"].as_array().expect("a list").len(), 2);
        let rest =
            process.get(&format!("/v1/appointments?patientId={ACTIVE}&limit=2&cursor={}", text(&list["next"]))).json();
        assert_eq!((rest["items"].as_array().expect("a list").len(), &rest["next"]), (1, &Value::Null));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patient_who_may_not_have_one_gets_none() {
    let database = &databases().await[0];
    let (process, _sqs, patients) = alone(database).await;
    let slots = slots(&process, "dr-3", 4);
    for (patient, status, kind) in
        [(UNKNOWN, 422, "unknown-patient"), (INACTIVE, 409, "patient-inactive"), (MERGED, 409, "patient-inactive")]
    {
        let refused = book(&process, patient, patient, &slots[0]);
        assert_eq!((refused.status, slug(&refused).as_str()), (status, kind), "{}", refused.body);
    }
    assert!(book(&process, "m", MERGED, &slots[0]).body.contains(ACTIVE), "who to book for instead is told");
    // One replica of records that goes away is no outage; two in a row are.
    patients.fail(&[Code::Unavailable]);
    assert_eq!(book(&process, "a", ACTIVE, &slots[1]).status, 201);
    patients.fail(&[Code::Unavailable, Code::Unavailable]);
    let out = book(&process, "b", ACTIVE, &slots[2]);
    assert_eq!((out.status, slug(&out).as_str()), (503, "records-unavailable"));
    assert!(out.head.contains("retry-after: 1"), "{}", out.head);
    patients.fail(&[Code::Internal]);
    assert_eq!(book(&process, "c", ACTIVE, &slots[2]).status, 503);
    assert_eq!(book(&process, "c", ACTIVE, &slots[2]).status, 201, "the key of a refusal may be used again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_calendar_has_no_overlapping_slots() {
    for database in databases().await {
        let (process, _sqs, _patients) = alone(&database).await;
        let open = |clinician: &str, from: &str, to: &str, minutes: u32| {
            let body = json!({ "from": from, "to": to, "minutes": minutes });
            send(&process, "PUT", &format!("/v1/clinicians/{clinician}/slots"), &[], &body)
        };
        let first = open("dr-4", "2030-01-07T08:00:00Z", "2030-01-07T10:00:00Z", 20);
        assert_eq!(first.json()["items"].as_array().expect("a list").len(), 6);
        let same = open("dr-4", "2030-01-07T08:00:00Z", "2030-01-07T10:00:00Z", 20);
        assert_eq!(same.json(), first.json(), "it may be sent again");
        let other = open("dr-4", "2030-01-07T09:00:00Z", "2030-01-07T11:00:00Z", 30);
        assert_eq!((other.status, slug(&other).as_str()), (409, "slots-overlap"));
        assert_eq!(open("dr-5", "2030-01-07T09:00:00Z", "2030-01-07T11:00:00Z", 30).status, 200, "another's calendar");
        let page =
            process.get("/v1/slots?clinician=dr-4&from=2030-01-07T08:20:00Z&to=2030-01-07T09:40:00Z&limit=3").json();
        assert_eq!(page["items"].as_array().expect("a list").len(), 3);
        let rest = process.get(&format!(
            "/v1/slots?clinician=dr-4&from=2030-01-07T08:20:00Z&to=2030-01-07T09:40:00Z&limit=3&cursor={}",
            text(&page["next"])
        ));
        assert_eq!(rest.json()["items"].as_array().expect("a list").len(), 1);
        assert_eq!(book(&process, "k", ACTIVE, &text(&page["items"][0]["id"])).status, 201);
        let taken = process.get("/v1/slots?clinician=dr-4&free=false").json();
        assert_eq!(taken["items"].as_array().expect("a list").len(), 1);
        assert_eq!(
            process.get("/v1/slots?clinician=dr-4&free=true").json()["items"].as_array().expect("a list").len(),
            5
        );
    }
}
