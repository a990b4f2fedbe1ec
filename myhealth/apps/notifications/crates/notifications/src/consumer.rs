//! Events in: from the queue into the store, at most ten at a time.

use crate::{
    event::{self, UnknownEvent},
    store::{Applied, Messages},
};
use chassis::{
    messaging::{Delivery, ErrorType, Queue},
    serve::Stop,
    store::error_type,
    telemetry,
};
use std::time::Duration;
use tokio::task::JoinSet;

/// How long to wait when the queue does not answer.
const PAUSE: Duration = Duration::from_secs(2);

/// Consumes until told to stop; what it has begun it finishes.
pub async fn run(queue: Queue, messages: Messages, mut stop: Stop) {
    loop {
        match stop.or(queue.receive()).await {
            None => return,
            Some(Ok(deliveries)) => {
                let mut batch = JoinSet::new();
                for delivery in deliveries {
                    let (queue, messages) = (queue.clone(), messages.clone());
                    // Its error is told by the queue, which delivers it again.
                    batch.spawn(async move { queue.process(&delivery, || apply(&messages, &delivery)).await });
                }
                while batch.join_next().await.is_some() {}
            }
            Some(Err(error)) => {
                tracing::error!({ "error.type" = error.kind, "messaging.destination.name" = queue.name() }, "the queue does not answer");
                if !stop.sleep(PAUSE).await {
                    return;
                }
            }
        }
    }
}

async fn apply(messages: &Messages, delivery: &Delivery) -> Result<(), ConsumeError> {
    let event = event::read(&delivery.body)?;
    telemetry::annotate("appointment.id", event.appointment.id.to_string());
    telemetry::annotate("appointment.version", event.appointment.version);
    telemetry::annotate("cloudevents.event_id", event.id.to_string());
    let applied = messages.apply(&event).await?;
    let outcome = match applied {
        Applied::Newest => "newest",
        Applied::Outdated => "outdated",
        Applied::Duplicate => "duplicate",
    };
    telemetry::annotate("event.outcome", outcome);
    tracing::info!(
        {
            "appointment.id" = event.appointment.id.to_string(),
            "appointment.version" = event.appointment.version,
            "cloudevents.event_id" = event.id.to_string(),
            "event.outcome" = outcome
        },
        "an event is applied"
    );
    Ok(())
}

/// An event was not applied.
#[derive(Debug, thiserror::Error)]
enum ConsumeError {
    #[error(transparent)]
    Unknown(#[from] UnknownEvent),
    #[error(transparent)]
    Store(#[from] sqlx::Error),
}

impl ErrorType for ConsumeError {
    fn error_type(&self) -> String {
        match self {
            Self::Unknown(error) => error.error_type(),
            Self::Store(error) => error_type(error),
        }
    }
}
