//! Events out: from the outbox to the queue, at least once, those of one appointment in their order.
//!
//! Every replica runs a relay. A lease gives an event to one of them; one that dies with it loses it when the lease is over,
//! and another sends it again, perhaps for the second time: receivers know an event by its id.

use crate::store::{Calendar, Pending, Waiting};
use chassis::{
    messaging::{Outgoing, Queue, SEND_WITHIN},
    serve::Stop,
    store::error_type,
    telemetry::metrics,
};
use jiff::{SignedDuration, Timestamp};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::task::JoinSet;

/// How often to look, when nobody says that there is something: what another replica left behind.
const PAUSE: Duration = Duration::from_millis(500);
/// How long to wait when the queue or the store does not answer.
const TROUBLE: Duration = Duration::from_secs(1);
/// Events in flight of one replica.
const BATCH: i64 = 20;
/// How long an event is ours: longer than it takes to send it and to note that, so that a copy that comes late is rare.
const LEASE: Duration = SEND_WITHIN.saturating_add(Duration::from_secs(10));
/// How often the outbox is measured, and what is old is forgotten.
const HOUSEKEEPING: Duration = Duration::from_secs(5);
/// How long an event that was sent is kept, for whoever asks what was told.
const SENT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Relays until told to stop; what it has begun it finishes.
pub async fn run(queue: Queue, calendar: Calendar, mut stop: Stop) {
    while !stop.is_requested() {
        let pause = match calendar.claim(Timestamp::now(), BATCH, LEASE).await {
            Ok(pending) if pending.is_empty() => {
                tokio::select! {
                    () = calendar.committed() => {}
                    _ = stop.sleep(PAUSE) => {}
                }
                continue;
            }
            Ok(pending) => send(&queue, &calendar, pending).await,
            Err(error) => {
                tracing::error!({ "error.type" = error_type(&error) }, "the outbox cannot be read");
                Some(TROUBLE)
            }
        };
        if let Some(pause) = pause {
            stop.sleep(pause).await;
        }
    }
}

/// Sends what was claimed, all at once, and notes together what arrived; answers how long to wait if something went wrong.
async fn send(queue: &Queue, calendar: &Calendar, pending: Vec<Pending>) -> Option<Duration> {
    let mut batch = JoinSet::new();
    for event in pending {
        let queue = queue.clone();
        batch.spawn(async move { send_one(&queue, event).await });
    }
    let (mut arrived, mut fine) = (Vec::new(), true);
    while let Some(sent) = batch.join_next().await {
        match sent {
            Ok(Ok(event)) => arrived.push(event),
            Ok(Err(event)) => {
                fine = false;
                settled(&calendar.release(&event).await);
            }
            Err(_) => fine = false, // it panicked; its lease ends
        }
    }
    if !arrived.is_empty() {
        fine &= settled(&calendar.sent(&arrived, Timestamp::now()).await);
    }
    (!fine).then_some(TROUBLE)
}

/// Sends an event; gives it back as sent or not.
async fn send_one(queue: &Queue, event: Pending) -> Result<Pending, Pending> {
    let (body, kind) = (event.body.clone(), event.kind.clone());
    let message = Outgoing { body, kind, group: event.appointment.clone(), id: event.id.clone() };
    match queue.send(&event.cause, message).await {
        Ok(_) => Ok(event),
        Err(error) => {
            tracing::error!({ "error.type" = error.kind, "cloudevents.event_id" = event.id }, "an event was not sent; it will be");
            Err(event)
        }
    }
}

fn settled(result: &Result<(), sqlx::Error>) -> bool {
    if let Err(error) = result {
        tracing::error!({ "error.type" = error_type(error) }, "the outbox cannot be written; events may be sent again");
    }
    result.is_ok()
}

/// Measures the outbox, for it is the saturation of the relay, and forgets what is old.
pub async fn keep_house(calendar: Calendar, mut stop: Stop) {
    let seen = Arc::new(Mutex::new(Waiting::default()));
    let read = |seen: &Mutex<Waiting>| *seen.lock().unwrap_or_else(PoisonError::into_inner);
    let (count, oldest) = (Arc::clone(&seen), Arc::clone(&seen));
    #[allow(clippy::cast_precision_loss, reason = "a count of events is far below 2^52")]
    metrics::observe_gauge("outbox.pending", "{event}", move || Some(read(&count).count as f64));
    metrics::observe_gauge("outbox.oldest.age", "s", move || {
        let age = read(&oldest).since.map(|since| Timestamp::now().duration_since(since));
        Some(age.map_or(0.0, |age| age.as_secs_f64().max(0.0)))
    });
    loop {
        match calendar.waiting().await {
            Ok(waiting) => *seen.lock().unwrap_or_else(PoisonError::into_inner) = waiting,
            Err(error) => tracing::warn!({ "error.type" = error_type(&error) }, "the outbox cannot be measured"),
        }
        let now = Timestamp::now();
        if let Ok(before) = now.checked_sub(SENT)
            && let Err(error) = calendar.forget(before, now).await
        {
            tracing::warn!({ "error.type" = error_type(&error) }, "what is old cannot be forgotten");
        }
        if !stop.sleep(HOUSEKEEPING).await {
            return;
        }
    }
}
