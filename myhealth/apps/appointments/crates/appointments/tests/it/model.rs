//! The store against a model: whatever is asked, it answers and keeps what the domain says, alone or with others.

use appointments::store::Calendar;
use chassis::testing::{TestDatabase, databases};
use domain::{
    Appointment, AppointmentId, Booking, Change, ClinicianId, EventId, Opening, PatientId, Refused, Slot, SlotId,
    Stamp,
    ports::{Failed, Once, SlotQuery, Store},
};
use jiff::{SignedDuration, Timestamp};
use proptest::{prelude::*, sample::Index, strategy::ValueTree as _, test_runner::TestRunner};
use std::collections::BTreeMap;
use uuid::Uuid;

#[derive(Debug, Clone, Copy)]
enum Command {
    Open { hour: i64, minutes: u32 },
    Book { slot: Index, key: u8 },
    Move { appointment: Index, slot: Index, stale: bool },
    Cancel { appointment: Index, stale: bool },
}

fn command() -> impl Strategy<Value = Command> {
    let (index, rarely) = (any::<Index>, || prop::bool::weighted(0.2));
    prop_oneof![
        1 => (-2..5_i64, prop_oneof![Just(20_u32), Just(30)])
            .prop_map(|(hour, minutes)| Command::Open { hour, minutes }),
        5 => (index(), 0..30_u8).prop_map(|(slot, key)| Command::Book { slot, key }),
        4 => (index(), index(), rarely())
            .prop_map(|(appointment, slot, stale)| Command::Move { appointment, slot, stale }),
        2 => (index(), rarely()).prop_map(|(appointment, stale)| Command::Cancel { appointment, stale }),
    ]
}

fn commands(runner: &mut TestRunner, count: usize) -> Vec<Command> {
    prop::collection::vec(command(), count).new_tree(runner).expect("commands").current()
}

fn now() -> Timestamp {
    "2030-01-07T08:00:00Z".parse().expect("a time")
}

fn stamp() -> Stamp {
    Stamp { now: now(), event: EventId::from(Uuid::now_v7()) }
}

fn clinician() -> ClinicianId {
    "dr-1".parse().expect("an id")
}

fn patient() -> PatientId {
    Uuid::from_u128(7).into()
}

fn opening(hour: i64, minutes: u32) -> Opening {
    let from = now() + SignedDuration::from_hours(hour);
    Opening::new(clinician(), from, from + SignedDuration::from_hours(1), minutes).expect("an opening")
}

fn booking() -> Booking {
    Booking { id: Uuid::now_v7().into(), patient: patient(), reminders: true, reason: None }
}

fn once(key: impl std::fmt::Display, slot: SlotId) -> Once {
    Once { scope: "model", key: key.to_string(), fingerprint: slot.to_string() }
}

async fn calendar(database: &TestDatabase) -> Calendar {
    let (settings, secrets) = database.settings();
    Calendar::open(&settings, &secrets).await.expect("the store opens")
}

/// What a store is, in memory.
#[derive(Debug, Default)]
struct Model {
    slots: Vec<Slot>,
    appointments: BTreeMap<AppointmentId, Appointment>,
    keys: BTreeMap<String, (SlotId, Appointment)>,
}

impl Model {
    fn keep(&mut self, change: Change) -> Appointment {
        let appointment = change.appointment;
        for slot in &mut self.slots {
            if slot.taken_by == Some(appointment.id) {
                slot.taken_by = None;
            }
            if slot.id == appointment.slot && appointment.is_live() {
                slot.taken_by = Some(appointment.id);
            }
        }
        self.appointments.insert(appointment.id, appointment.clone());
        appointment
    }

    fn book(&mut self, slot: &Slot, booking: Booking, key: &str, stamp: Stamp) -> Result<(Appointment, bool), Refused> {
        match self.keys.get(key) {
            Some((of, answer)) if *of == slot.id => return Ok((answer.clone(), true)),
            Some(_) => return Err(Refused::KeyReused),
            None => {}
        }
        let appointment = self.keep(slot.book(booking, stamp)?);
        self.keys.insert(key.to_owned(), (slot.id, appointment.clone()));
        Ok((appointment, false))
    }

    fn appointment(&self, index: Index) -> Option<Appointment> {
        let all: Vec<_> = self.appointments.values().collect();
        (!all.is_empty()).then(|| (*index.get(&all)).clone())
    }
}

/// A refusal is an answer; an outage is none.
fn answer<T>(result: Result<T, Failed>) -> Result<T, Refused> {
    match result {
        Ok(answer) => Ok(answer),
        Err(Failed::Refused(refused)) => Err(refused),
        Err(Failed::Outage(outage)) => panic!("{outage}: {}", outage.source),
    }
}

async fn carry_out(command: Command, model: &mut Model, calendar: &Calendar) {
    let stamp = stamp();
    match command {
        Command::Open { hour, minutes } => {
            let opening = opening(hour, minutes);
            let expected = opening.missing(&model.slots).map(|missing| missing.len());
            let before = model.slots.len();
            let opened = answer(calendar.open(&opening).await);
            assert_eq!(opened.as_ref().err(), expected.as_ref().err());
            for slot in opened.into_iter().flatten() {
                if let Some(known) = model.slots.iter().find(|known| known.id == slot.id) {
                    assert_eq!(&slot, known);
                } else {
                    model.slots.push(slot);
                }
            }
            assert_eq!(model.slots.len() - before, expected.unwrap_or(0));
        }
        Command::Book { slot, key } if !model.slots.is_empty() => {
            let slot = slot.get(&model.slots).clone();
            let (booking, once) = (booking(), once(key, slot.id));
            let known = answer(calendar.booked(&once, stamp.now).await);
            let expected = model.book(&slot, booking.clone(), &once.key, stamp);
            match &expected {
                Ok((appointment, replayed)) => assert_eq!(known, Ok(replayed.then(|| appointment.clone()))),
                Err(refused) => assert_eq!(known.err(), (*refused == Refused::KeyReused).then_some(*refused)),
            }
            let booked = answer(calendar.book(slot.id, booking, &once, stamp).await);
            assert_eq!(booked.map(|booked| (booked.appointment, booked.replayed)), expected);
        }
        Command::Move { appointment, slot, stale } => {
            let Some(appointment) = model.appointment(appointment) else { return };
            let (id, expected) = (appointment.id, Some(appointment.version - u32::from(stale)));
            let slot = slot.get(&model.slots).clone();
            let moved = appointment.move_to(&slot, expected, stamp).map(|change| model.keep(change));
            assert_eq!(answer(calendar.move_to(id, slot.id, expected, stamp).await), moved);
        }
        Command::Cancel { appointment, stale } => {
            let Some(appointment) = model.appointment(appointment) else { return };
            let (id, expected) = (appointment.id, Some(appointment.version - u32::from(stale)));
            let cancelled = appointment.cancel(None, expected, stamp).map(|change| model.keep(change));
            assert_eq!(answer(calendar.cancel(id, None, expected, stamp).await), cancelled);
        }
        Command::Book { .. } => {} // nothing to book yet
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_keeps_what_the_domain_says() {
    for database in databases().await {
        let calendar = calendar(&database).await;
        let mut model = Model::default();
        for command in commands(&mut TestRunner::deterministic(), 400) {
            carry_out(command, &mut model, &calendar).await;
        }
        assert!(model.appointments.len() > 20, "{}: the commands did something", database.name);
        let query = SlotQuery { limit: 500, ..SlotQuery::default() };
        let mut kept = calendar.slots(&query).await.expect("the slots");
        kept.sort_by_key(|slot| slot.id);
        model.slots.sort_by_key(|slot| slot.id);
        assert_eq!(kept, model.slots, "{}", database.name);
        let kept = calendar.appointments_of(patient(), None, 500).await.expect("the appointments");
        assert_eq!(kept, model.appointments.values().cloned().collect::<Vec<_>>(), "{}", database.name);
        let changes: usize = model.appointments.values().map(|appointment| appointment.version as usize).sum();
        let waiting = calendar.waiting().await.expect("the outbox");
        assert_eq!(
            usize::try_from(waiting.count).expect("few"),
            changes,
            "{}: each change is told once",
            database.name
        );
    }
}

/// Replicas that want the same few slots, and move and cancel each other's appointments: no outage, no deadlock, no slot twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn replicas_that_want_the_same_stand_in_nobodys_way() {
    for database in databases().await {
        let replicas = [calendar(&database).await, calendar(&database).await, calendar(&database).await];
        let slots: Vec<SlotId> =
            answer(replicas[0].open(&opening(1, 20)).await).expect("opens").iter().map(|slot| slot.id).collect();
        let mut clients = tokio::task::JoinSet::new();
        for client in 0..9_usize {
            let (calendar, slots) = (replicas[client % 3].clone(), slots.clone());
            let mut runner = TestRunner::deterministic();
            let commands = commands(&mut runner, 60 * (client + 1)).split_off(60 * client);
            clients.spawn(async move {
                for (turn, command) in commands.into_iter().enumerate() {
                    let held = calendar.appointments_of(patient(), None, 500).await.expect("the appointments");
                    // A refusal is fine here.
                    let _ = match command {
                        Command::Move { appointment, slot, .. } if !held.is_empty() => {
                            answer(calendar.move_to(appointment.get(&held).id, *slot.get(&slots), None, stamp()).await)
                                .map(|_| ())
                        }
                        Command::Cancel { appointment, .. } if !held.is_empty() => {
                            answer(calendar.cancel(appointment.get(&held).id, None, None, stamp()).await).map(|_| ())
                        }
                        Command::Book { slot, .. } => {
                            let slot = *slot.get(&slots);
                            let once = once(format_args!("{client}-{turn}"), slot);
                            answer(calendar.book(slot, booking(), &once, stamp()).await).map(|_| ())
                        }
                        _ => Ok(()),
                    };
                }
            });
        }
        while let Some(done) = clients.join_next().await {
            done.expect(database.name);
        }
        let all = replicas[0].appointments_of(patient(), None, 500).await.expect("the appointments");
        let mut live: Vec<_> = all.iter().filter(|found| found.is_live()).map(|found| found.slot).collect();
        live.sort_unstable();
        assert!(live.windows(2).all(|pair| pair[0] != pair[1]), "{}: {live:?}", database.name);
        let changes: i64 = all.iter().map(|appointment| i64::from(appointment.version)).sum();
        assert_eq!(replicas[0].waiting().await.expect("the outbox").count, changes, "{}", database.name);
    }
}
