//! Services are killed twenty times while patients book, move and cancel: no event is lost, and none changes the domain of
//! `notifications` twice.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::hospital::{Hospital, change, id, wait};
use crate::http::client;
use crate::{process::Process, queue};

const KILLS: usize = 20;
const CLIENTS: usize = 4;
/// Between two visits of a client: the services would take many times as much, the queue's stand-in does not.
const PACE: Duration = Duration::from_millis(250);

/// What a client was told of an appointment: the version that each of its acknowledged changes gave.
type Told = BTreeMap<String, Vec<u64>>;

#[test]
fn killed_twenty_times_under_load_no_event_is_lost_or_applied_twice() {
    let Some(mut hospital) = Hospital::new(None) else { return };
    let open = hospital.open();
    let patient = open.patient("p", &json!({
        "name": "Test Patient", "dateOfBirth": "1980-02-29", "contact": { "email": "test@example.org" }, "reminders": true
    }));
    // An opening makes at most 500 slots: a week of 20 minutes each, ten clinicians.
    let calendars =
        (0..10).flat_map(|doctor| open.slots(&format!("dr-{doctor}"), "2030-01-07T00:00:00Z", "2030-01-13T00:00:00Z"));
    let slots: Vec<String> = calendars.collect();
    assert!(slots.len() > 4000, "{} slots", slots.len());

    let over = AtomicBool::new(false);
    let told = Mutex::new(Told::new());
    let replicas = Mutex::new(Some((open.appointments, open.notifications)));
    let address = Mutex::new(replicas.lock().unwrap().as_ref().unwrap().0.url.clone());
    std::thread::scope(|scope| {
        for (worker, slots) in slots.chunks(slots.len().div_ceil(CLIENTS)).enumerate() {
            let load = Load { address: &address, over: &over, patient: &patient, worker };
            let told = &told;
            scope.spawn(move || {
                for (turn, pair) in slots.chunks(2).enumerate() {
                    if load.over.load(Ordering::Relaxed) {
                        break;
                    }
                    if let [first, second] = pair {
                        let (appointment, versions) = load.visit(turn, first, second);
                        told.lock().unwrap().insert(appointment, versions);
                        std::thread::sleep(PACE);
                    }
                }
            });
        }
        for round in 0..KILLS {
            std::thread::sleep(Duration::from_millis(150 + (round as u64 * 97) % 400));
            let (appointments, notifications) = replicas.lock().unwrap().take().unwrap();
            // By turns the one, the other, and both.
            let next = match round % 3 {
                0 => (again(appointments, || hospital.appointments.start()), notifications),
                1 => (appointments, again(notifications, || hospital.notifications.start())),
                _ => (
                    again(appointments, || hospital.appointments.start()),
                    again(notifications, || hospital.notifications.start()),
                ),
            };
            *address.lock().unwrap() = next.0.url.clone();
            *replicas.lock().unwrap() = Some(next);
        }
        over.store(true, Ordering::Relaxed);
    });

    let told = told.into_inner().unwrap();
    let changes: usize = told.values().map(Vec::len).sum();
    assert!(told.len() > 50, "only {} appointments were made: no load to speak of", told.len());
    let (appointments, notifications) = replicas.into_inner().unwrap().unwrap();
    wait("every event has left the queue", 120, || queue::length(&hospital.queue.endpoint, &hospital.queue.url) == 0);
    let client = client();
    let messages = |appointment: &str| -> Vec<Value> {
        let url = format!("{}/v1/messages?appointmentId={appointment}", notifications.url);
        let answer = crate::http::send(&client, "GET", &url, &[], &Value::Null).unwrap().expect(200);
        answer["items"].as_array().unwrap().clone()
    };
    for (appointment, versions) in &told {
        let last = versions.last().copied().unwrap();
        assert!(
            versions.windows(2).all(|pair| pair[0] + 1 == pair[1]),
            "{appointment}: a change came between: {versions:?}"
        );
        // Nothing lost: what the last change means for the patient is planned.
        wait(
            &format!("{appointment}: version {last} has reached notifications: {:?}", messages(appointment)),
            20,
            || messages(appointment).iter().any(|message| message["version"].as_u64() == Some(last)),
        );
        // Nothing twice: a change gives each kind of message once.
        let mut kinds: Vec<String> =
            messages(appointment).iter().map(|message| format!("{} {}", message["version"], message["kind"])).collect();
        kinds.sort();
        let all = kinds.len();
        kinds.dedup();
        assert_eq!(kinds.len(), all, "{appointment}: a message was planned twice: {kinds:?}");
    }
    println!("{KILLS} kills, {} appointments, {changes} changes: every one arrived, none twice", told.len());
    drop(appointments);
}

fn again(process: Process, start: impl FnOnce() -> Process) -> Process {
    process.kill();
    start()
}

/// One client's work.
struct Load<'a> {
    address: &'a Mutex<String>,
    over: &'a AtomicBool,
    patient: &'a str,
    worker: usize,
}

impl Load<'_> {
    /// Books a slot, moves to the other, and cancels every third time; gives the appointment and the versions it was told.
    fn visit(&self, turn: usize, first: &str, second: &str) -> (String, Vec<u64>) {
        let key = |what: &str| format!("{what}-{}-{turn}", self.worker);
        let booked = self.insist("", &key("book"), &json!({ "patientId": self.patient, "slotId": first }));
        let appointment = id(&booked);
        let mut versions = vec![version(&booked)];
        versions.push(version(&self.insist(
            &format!("/{appointment}/move"),
            &key("move"),
            &json!({ "slotId": second }),
        )));
        if turn.is_multiple_of(3) && !self.over.load(Ordering::Relaxed) {
            versions.push(version(&self.insist(&format!("/{appointment}/cancel"), &key("cancel"), &json!({}))));
        }
        (appointment, versions)
    }

    /// Sends a change until it is answered, as a client with an idempotency key may.
    fn insist(&self, path: &str, key: &str, body: &Value) -> Value {
        let (client, begin) = (client(), Instant::now());
        loop {
            let url = format!("{}/v1/appointments{path}", self.address.lock().unwrap());
            match change(&client, &url, key, None, body) {
                Ok(answer) if answer.status < 300 => return answer.body,
                // In flight elsewhere, draining, or starting: as its Retry-After says, later.
                Ok(answer)
                    if answer.status >= 500
                        || answer.body["type"].as_str().is_some_and(|kind| kind.contains("idempotency")) => {}
                Ok(answer) => panic!("{path} {key}: {answer:?}"),
                Err(_) => {}
            }
            assert!(begin.elapsed() < Duration::from_secs(60), "{path} {key}: no answer within a minute");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn version(of: &Value) -> u64 {
    of["version"].as_u64().unwrap_or_else(|| panic!("no version in {of}"))
}
