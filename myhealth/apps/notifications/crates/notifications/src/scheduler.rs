//! Messages out, when they are due: every replica looks, a lease gives each message to one.

use crate::{
    gateway::{DEADLINE, Gateway},
    store::{Backlog, Message, Messages, kind_word},
};
use chassis::{
    serve::Stop,
    store::error_type,
    telemetry::{self, FutureExt as _, metrics},
};
use domain::delivery::{Next, Outcome, after};
use jiff::{SignedDuration, Timestamp};
use opentelemetry::{Context, KeyValue, trace::SpanKind};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::task::JoinSet;

/// How often to look when nothing was due.
const PAUSE: Duration = Duration::from_millis(500);
/// Messages in flight of one replica.
const BATCH: i64 = 20;
/// How long a message is ours; longer than the gateway's deadline, so that there is one sender at a time.
const LEASE: Duration = DEADLINE.saturating_mul(4);
/// How often the backlog is measured, and old events are looked for.
const HOUSEKEEPING: Duration = Duration::from_secs(5);
/// How long an event's id is kept; SQS keeps a message for at most 14 days.
const INBOX: SignedDuration = SignedDuration::from_hours(15 * 24);

/// Sends until told to stop; what it has begun it finishes.
pub async fn run(gateway: impl Gateway, messages: Messages, mut stop: Stop) {
    let gateway = Arc::new(gateway);
    while !stop.is_requested() {
        let claimed = match messages.claim(Timestamp::now(), BATCH, LEASE).await {
            Ok(claimed) => claimed,
            Err(error) => {
                tracing::error!({ "error.type" = error_type(&error) }, "due messages cannot be read");
                Vec::new()
            }
        };
        if claimed.is_empty() {
            stop.sleep(PAUSE).await;
        }
        let mut batch = JoinSet::new();
        for message in claimed {
            let (gateway, messages) = (Arc::clone(&gateway), messages.clone());
            batch.spawn(async move { deliver(&*gateway, &messages, &message).await });
        }
        while batch.join_next().await.is_some() {}
    }
}

/// One attempt, as a trace of its own with a link to the event's: a reminder may come months later.
async fn deliver(gateway: &impl Gateway, messages: &Messages, message: &Message) {
    let attributes = vec![
        KeyValue::new("appointment.id", message.appointment.to_string()),
        KeyValue::new("message.id", message.id.to_string()),
        KeyValue::new("message.kind", kind_word(message.kind)),
    ];
    let context =
        telemetry::linked_span(&Context::new(), &message.cause(), SpanKind::Internal, "deliver message", attributes);
    let error = attempt(gateway, messages, message).with_context(context.clone()).await;
    telemetry::finish(&context, error.as_deref());
}

/// The `error.type`, if it was not sent.
async fn attempt(gateway: &impl Gateway, messages: &Messages, message: &Message) -> Option<String> {
    let next = if Timestamp::now() < message.useful_until {
        let spread = message.id.as_u64_pair().1;
        after(gateway.send(message).await, message.attempts, spread, Timestamp::now(), message.useful_until)
    } else {
        after(Outcome::Refused, message.attempts, 0, Timestamp::now(), message.useful_until)
    };
    let (id, kind, attempts) = (message.id.to_string(), kind_word(message.kind), message.attempts);
    let settled = messages.settle(message, next, Timestamp::now()).await;
    if let Err(error) = settled {
        let error = error_type(&error);
        tracing::error!({ "message.id" = id, "error.type" = error }, "an attempt cannot be noted; it will be made again");
        return Some(error);
    }
    let state = match next {
        Next::Sent => "sent",
        Next::Failed => "failed",
        Next::Again(_) => "due",
    };
    telemetry::annotate("message.state", state);
    match next {
        Next::Sent => tracing::info!({ "message.id" = id, "message.kind" = kind }, "a message is sent"),
        Next::Again(_) => {
            tracing::warn!({ "message.id" = id, "message.kind" = kind, "outbox.attempt" = attempts }, "a message is tried again later");
        }
        Next::Failed => tracing::error!({ "message.id" = id, "message.kind" = kind }, "a message is given up"),
    }
    (next != Next::Sent).then(|| state.to_owned())
}

/// Measures the backlog, for it is the saturation of this service, and forgets old events.
pub async fn keep_house(messages: Messages, mut stop: Stop) {
    let seen = Arc::new(Mutex::new(Backlog { count: 0, oldest: None }));
    let read = |seen: &Mutex<Backlog>| *seen.lock().unwrap_or_else(PoisonError::into_inner);
    let (count, oldest) = (Arc::clone(&seen), Arc::clone(&seen));
    #[allow(clippy::cast_precision_loss, reason = "a count of messages is far below 2^52")]
    metrics::observe_gauge("messages.pending", "{message}", move || Some(read(&count).count as f64));
    metrics::observe_gauge("messages.oldest.age", "s", move || {
        let age = read(&oldest).oldest.map(|since| Timestamp::now().duration_since(since));
        Some(age.map_or(0.0, |age| age.as_secs_f64().max(0.0)))
    });
    loop {
        match messages.backlog(Timestamp::now()).await {
            Ok(backlog) => *seen.lock().unwrap_or_else(PoisonError::into_inner) = backlog,
            Err(error) => tracing::warn!({ "error.type" = error_type(&error) }, "the backlog cannot be read"),
        }
        if let Ok(before) = Timestamp::now().checked_sub(INBOX)
            && let Err(error) = messages.forget_events(before).await
        {
            tracing::warn!({ "error.type" = error_type(&error) }, "old events cannot be forgotten");
        }
        if !stop.sleep(HOUSEKEEPING).await {
            return;
        }
    }
}
