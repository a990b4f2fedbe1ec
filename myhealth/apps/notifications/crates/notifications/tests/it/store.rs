//! Exactly once, in any order, by any number of replicas.

use crate::event;
use chassis::testing::{TestDatabase, databases};
use domain::{Event, Kind, State, delivery::Next};
use jiff::{SignedDuration, Timestamp};
use notifications::store::{Applied, Filter, Messages};
use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use tokio::task::JoinSet;
use uuid::Uuid;

const LEASE: Duration = Duration::from_secs(20);

async fn open(database: &TestDatabase) -> Messages {
    let (settings, secrets) = database.settings();
    Messages::open(&settings, &secrets).await.expect("the store opens")
}

/// Whole milliseconds, as the store keeps them.
fn now() -> Timestamp {
    Timestamp::from_millisecond(Timestamp::now().as_millisecond()).expect("now")
}

fn read(change: &str, appointment: Uuid, version: i64, time: Timestamp, starts_in: i64) -> Event {
    notifications::event::read(&event(change, appointment, version, time, starts_in).to_string()).expect("an event")
}

fn booked(appointment: Uuid) -> Event {
    read("booked", appointment, 1, now(), 100)
}

type Plan = BTreeMap<(i64, Kind), (State, Timestamp)>;

async fn plan(messages: &Messages, appointment: Uuid) -> Plan {
    let filter = Filter { appointment: Some(appointment), ..Filter::default() };
    let found = messages.list(filter, 1000).await.expect("lists");
    found.iter().map(|message| ((message.version, message.kind), (message.state, message.due_at))).collect()
}

#[tokio::test]
async fn any_order_and_any_repetition_by_any_replica_give_the_same_plan() {
    for database in databases().await {
        let replicas = [open(&database).await, open(&database).await];
        let mut runner = TestRunner::deterministic();
        for _ in 0..12 {
            let (ordered, time) = (Uuid::now_v7(), now());
            let changes = [("booked", 100), ("moved", 30), ("moved", 200), ("cancelled", 200)];
            let history: Vec<_> = changes
                .iter()
                .zip(1..)
                .map(|((change, starts_in), version)| read(change, ordered, version, time, *starts_in))
                .collect();
            for event in &history {
                assert_eq!(replicas[0].apply(event).await.expect("applies"), Applied::Newest);
            }
            // The same history of another appointment, twice over, shuffled, by two replicas at the same time.
            let shuffled = Uuid::now_v7();
            let other = history.iter().cloned().map(|mut event| {
                event.id = Uuid::now_v7();
                event.appointment.id = shuffled;
                event
            });
            let doubled: Vec<_> = other.flat_map(|event| [event.clone(), event]).collect();
            let arrivals = Just(doubled).prop_shuffle().new_tree(&mut runner).expect("a shuffle").current();
            let mut tasks = JoinSet::new();
            for (i, event) in arrivals.into_iter().enumerate() {
                let messages = replicas[i % 2].clone();
                tasks.spawn(async move { messages.apply(&event).await.expect("applies") });
            }
            let applied = tasks.join_all().await;
            assert_eq!(applied.iter().filter(|applied| **applied == Applied::Duplicate).count(), history.len());
            let expected = plan(&replicas[0], ordered).await;
            assert_eq!(expected.len(), 7, "{}: {expected:?}", database.name);
            assert_eq!(plan(&replicas[0], shuffled).await, expected, "{}", database.name);
            let due: Vec<_> = expected.iter().filter(|(_, (state, _))| *state == State::Due).collect();
            assert_eq!(due.len(), 1, "{}: {due:?}", database.name);
        }
    }
}

#[tokio::test]
async fn each_message_has_one_sender_at_a_time() {
    for database in databases().await {
        let replicas = [open(&database).await, open(&database).await];
        for _ in 0..30 {
            replicas[0].apply(&booked(Uuid::now_v7())).await.expect("applies");
        }
        let now = now();
        let mut tasks = JoinSet::new();
        for i in 0..10 {
            let messages = replicas[i % 2].clone();
            tasks.spawn(async move { messages.claim(now, 2, LEASE).await.expect("claims") });
        }
        let claimed: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
        let ids: BTreeSet<_> = claimed.iter().map(|message| message.id).collect();
        assert_eq!(ids.len(), claimed.len(), "{}: nobody has what another has", database.name);
        assert!(claimed.iter().all(|message| message.kind == Kind::Confirmation && message.attempts == 1));
        let rest = replicas[0].claim(now, 100, LEASE).await.expect("claims");
        assert_eq!(rest.len() + claimed.len(), 30, "{}: and somebody has each", database.name);

        // The lease of one ends: another sender has it, and the first is too late.
        let first = &claimed[0];
        let later = now + SignedDuration::from_secs(21);
        let again = replicas[1].claim(later, 100, LEASE).await.expect("claims");
        let (second, others): (Vec<_>, Vec<_>) = again.into_iter().partition(|message| message.id == first.id);
        assert_eq!(second[0].attempts, 2);
        replicas[0].settle(first, Next::Failed, later).await.expect("settles");
        assert_eq!(replicas[0].get(first.id).await.expect("reads").expect("is there").state, State::Due);
        replicas[1].settle(&second[0], Next::Sent, later).await.expect("settles");
        let sent = replicas[0].get(first.id).await.expect("reads").expect("is there");
        assert_eq!((sent.state, sent.sent_at), (State::Sent, Some(later)));

        // Another time, and never.
        let (at, much_later) = (later + SignedDuration::from_hours(1), later + SignedDuration::from_hours(2));
        let (put_off, given_up) = (others[0].id, others[1].id);
        replicas[1].settle(&others[0], Next::Again(at), later).await.expect("settles");
        replicas[1].settle(&others[1], Next::Failed, later).await.expect("settles");
        let claim = async |at| -> BTreeSet<_> {
            let claimed = replicas[0].claim(at, 100, LEASE).await.expect("claims");
            claimed.iter().map(|message| message.id).collect()
        };
        let soon = claim(later + SignedDuration::from_mins(10)).await;
        assert!(!soon.contains(&put_off) && !soon.contains(&given_up) && !soon.contains(&first.id));
        let then = claim(much_later).await;
        assert!(then.contains(&put_off) && !then.contains(&given_up) && !then.contains(&first.id));
    }
}

#[tokio::test]
async fn what_is_withdrawn_is_not_sent_and_what_was_sent_stays_so() {
    for database in databases().await {
        let messages = open(&database).await;
        let appointment = Uuid::now_v7();
        messages.apply(&booked(appointment)).await.expect("applies");
        let claimed = messages.claim(now(), 10, LEASE).await.expect("claims");
        messages.apply(&read("cancelled", appointment, 2, now(), 100)).await.expect("applies");
        messages.settle(&claimed[0], Next::Sent, now()).await.expect("settles"); // it was under way
        let plan = plan(&messages, appointment).await;
        let states: Vec<_> = plan.iter().map(|((_, kind), (state, _))| (*kind, *state)).collect();
        let expected =
            [(Kind::Confirmation, State::Sent), (Kind::Reminder, State::Withdrawn), (Kind::Cancellation, State::Due)];
        assert_eq!(states, expected, "{}", database.name);
        let far = now() + SignedDuration::from_hours(1000);
        let left = messages.claim(far, 10, LEASE).await.expect("claims");
        assert_eq!(left.iter().map(|message| message.kind).collect::<Vec<_>>(), [Kind::Cancellation]);
    }
}

#[tokio::test]
async fn lists_have_pages_and_the_backlog_is_what_is_due() {
    for database in databases().await {
        let messages = open(&database).await;
        assert_eq!(messages.backlog(now()).await.expect("counts").count, 0);
        for _ in 0..5 {
            messages.apply(&booked(Uuid::now_v7())).await.expect("applies");
        }
        let mut filter = Filter::default();
        let mut seen = Vec::new();
        loop {
            let page = messages.list(filter, 3).await.expect("lists");
            let Some(last) = page.last() else { break };
            filter.after = Some(last.id);
            seen.extend(page.iter().map(|message| message.id));
        }
        assert_eq!(seen.len(), 10);
        assert!(seen.is_sorted());
        let due = Filter { state: Some(State::Due), appointment: None, after: Some(seen[7]) };
        assert_eq!(messages.list(due, 10).await.expect("lists").len(), 2);
        let backlog = messages.backlog(now()).await.expect("counts");
        assert_eq!(backlog.count, 5, "{}: reminders are not due yet", database.name);
        assert!(backlog.oldest.is_some_and(|oldest| oldest <= now()));
        let all = messages.forget_events(now() + SignedDuration::from_secs(1)).await;
        assert_eq!(all.expect("forgets"), 5);
        assert_eq!(messages.get(Uuid::now_v7()).await.expect("reads"), None);
    }
}
