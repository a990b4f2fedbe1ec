//! The domain's rules, by example and by property.

use domain::{
    Appointment, Change, Event, EventError, Kind, REMINDER_AHEAD, State,
    delivery::{self, Next, Outcome},
    plan,
};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

fn at(text: &str) -> Timestamp {
    text.parse().expect("a timestamp")
}

fn event(version: i64, change: Change, starts_at: Timestamp) -> Event {
    let appointment = Appointment {
        id: Uuid::from_u128(1),
        version,
        patient: Uuid::from_u128(2),
        clinician: "c-1".to_owned(),
        starts_at,
        ends_at: starts_at + SignedDuration::from_mins(20),
        reminders: true,
    };
    let id = Uuid::from_u128(100 + u128::try_from(version).expect("positive"));
    Event::new(id, at("2026-11-25T10:00:00Z"), change, appointment).expect("a valid event")
}

#[test]
fn what_happened_is_told_and_the_day_before_reminded() {
    let starts_at = at("2026-12-01T09:00:00Z");
    let told = |change| -> Vec<_> {
        plan(&event(1, change, starts_at), 1).into_iter().map(|message| (message.kind, message.due_at)).collect()
    };
    let (now, reminder) = (at("2026-11-25T10:00:00Z"), (Kind::Reminder, at("2026-11-30T09:00:00Z")));
    assert_eq!(told(Change::Booked), [(Kind::Confirmation, now), reminder]);
    assert_eq!(told(Change::Moved), [(Kind::Moved, now), reminder]);
    assert_eq!(told(Change::Cancelled), [(Kind::Cancellation, now)]);
}

#[test]
fn nobody_is_reminded_without_consent_or_of_what_is_less_than_a_day_ahead() {
    let mut booked = event(1, Change::Booked, at("2026-12-01T09:00:00Z"));
    booked.appointment.reminders = false;
    let near = event(1, Change::Booked, at("2026-11-26T10:00:00Z"));
    for event in [booked, near] {
        let kinds: Vec<_> = plan(&event, 1).into_iter().map(|message| message.kind).collect();
        assert_eq!(kinds, [Kind::Confirmation]);
    }
}

#[test]
fn what_cannot_be_an_event_is_none() {
    let valid = event(1, Change::Booked, at("2026-12-01T09:00:00Z"));
    let with = |change: fn(&mut Appointment)| {
        let mut appointment = valid.appointment.clone();
        change(&mut appointment);
        Event::new(valid.id, valid.time, valid.change, appointment).expect_err("not valid")
    };
    assert_eq!(with(|appointment| appointment.version = 0), EventError::Version);
    assert_eq!(with(|appointment| appointment.ends_at = appointment.starts_at), EventError::Times);
    assert_eq!(with(|appointment| appointment.clinician.clear()), EventError::Clinician);
    assert_eq!(with(|appointment| appointment.clinician = "c".repeat(101)), EventError::Clinician);
}

/// What a store does, in memory: events once each, the newest version, the messages of all.
#[derive(Default)]
struct Model {
    inbox: BTreeSet<Uuid>,
    newest: i64,
    messages: BTreeMap<(i64, Kind), (State, Timestamp)>,
}

impl Model {
    fn apply(&mut self, event: &Event) {
        if !self.inbox.insert(event.id) {
            return;
        }
        let version = event.appointment.version;
        self.newest = self.newest.max(version);
        for ((older, _), (state, _)) in &mut self.messages {
            if *older < self.newest && *state == State::Due {
                *state = State::Withdrawn;
            }
        }
        for message in plan(event, self.newest) {
            self.messages.insert((version, message.kind), (message.state, message.due_at));
        }
    }
}

/// A booking, some moves, perhaps a cancellation.
fn histories() -> impl Strategy<Value = Vec<Event>> {
    (prop::collection::vec(0i64..400, 1..6), any::<bool>()).prop_map(|(hours, cancelled)| {
        let start = |hours: i64| at("2026-11-25T11:00:00Z") + SignedDuration::from_hours(hours);
        let count = hours.len();
        hours
            .into_iter()
            .enumerate()
            .map(|(i, hours)| {
                let change = match i {
                    0 => Change::Booked,
                    _ if cancelled && i + 1 == count => Change::Cancelled,
                    _ => Change::Moved,
                };
                event(i64::try_from(i).expect("small") + 1, change, start(hours))
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn any_order_and_any_repetition_give_the_same_plan(
        (history, arrivals) in histories().prop_flat_map(|history| {
            let doubled: Vec<_> = history.iter().chain(&history).cloned().collect();
            (Just(history), Just(doubled).prop_shuffle())
        })
    ) {
        let (mut in_order, mut shuffled) = (Model::default(), Model::default());
        history.iter().for_each(|event| in_order.apply(event));
        arrivals.iter().for_each(|event| shuffled.apply(event));
        prop_assert_eq!(&in_order.messages, &shuffled.messages);
        // And only the last version has anything left to tell.
        let last = i64::try_from(history.len()).expect("small");
        prop_assert!(in_order.messages.iter().all(|((version, _), (state, _))| (*version == last) == (*state == State::Due)));
    }

    #[test]
    fn a_reminder_is_a_day_ahead_and_never_after_the_start(hours in 0i64..100_000) {
        let starts_at = at("2026-11-25T11:00:00Z") + SignedDuration::from_hours(hours);
        for message in plan(&event(1, Change::Booked, starts_at), 1) {
            prop_assert!(message.due_at < message.useful_until);
            if message.kind == Kind::Reminder {
                prop_assert_eq!(message.due_at, starts_at - REMINDER_AHEAD);
                prop_assert_eq!(message.useful_until, starts_at);
            }
        }
    }

    #[test]
    fn waits_grow_to_ten_minutes_and_end_when_it_is_of_no_use(attempts in 1u32..100, spread: u64) {
        let now = at("2026-11-25T10:00:00Z");
        let Next::Again(again) = delivery::after(Outcome::Unknown, attempts, spread, now, Timestamp::MAX) else {
            panic!("there is time");
        };
        let doubled = 1i64 << (attempts - 1).min(20);
        let whole = SignedDuration::from_secs(doubled.min(600));
        let wait = again.duration_since(now);
        prop_assert!(wait <= whole && wait > whole * 3 / 4 , "{wait:?} of {whole:?}");
        prop_assert_eq!(delivery::after(Outcome::Unknown, attempts, spread, now, again), Next::Failed);
    }
}

#[test]
fn an_attempt_that_is_answered_is_the_last() {
    let (now, later) = (at("2026-11-25T10:00:00Z"), at("2026-11-25T11:00:00Z"));
    assert_eq!(delivery::after(Outcome::Accepted, 1, 0, now, later), Next::Sent);
    assert_eq!(delivery::after(Outcome::Refused, 1, 0, now, later), Next::Failed);
}
