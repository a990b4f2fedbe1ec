//! The queue: SQS by the AWS SDK, with the trace's context in message attributes.
//!
//! A message is sent under a PRODUCER span whose context travels with it. It is processed under a CONSUMER span that is a
//! child of that context, so that one trace is whole, and has a link to it, as the conventions for messaging want.

use crate::{
    config::Reader,
    telemetry::{self, FutureExt as _, metrics},
};
use aws_config::BehaviorVersion;
use aws_sdk_sqs::{
    Client,
    config::timeout::TimeoutConfig,
    error::{ProvideErrorMetadata, SdkError},
    types::{MessageAttributeValue, MessageSystemAttributeName},
};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use opentelemetry::{
    Context, KeyValue,
    metrics::{Counter, Histogram},
    trace::{SpanKind, TraceContextExt as _},
};
use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
    time::{Duration, Instant},
};
use tokio::sync::OnceCell;

static DURATION: LazyLock<Histogram<f64>> = LazyLock::new(|| metrics::duration("messaging.client.operation.duration"));
static PROCESS: LazyLock<Histogram<f64>> = LazyLock::new(|| metrics::duration("messaging.process.duration"));
static SENT: LazyLock<Counter<u64>> = LazyLock::new(|| metrics::counter("messaging.client.sent.messages", "{message}"));
static CONSUMED: LazyLock<Counter<u64>> =
    LazyLock::new(|| metrics::counter("messaging.client.consumed.messages", "{message}"));

/// Messages of one receive; the most that SQS gives.
const BATCH: i32 = 10;
/// How long a receive waits for a message.
const WAIT: Duration = Duration::from_secs(10);
/// No attempt to send takes longer, the SDK's own repetitions included.
pub const SEND_WITHIN: Duration = Duration::from_secs(10);
/// How long a received message is ours; extended while it is worked on.
const VISIBILITY: Duration = Duration::from_secs(30);

/// What the environment says of the queue; the rest (`AWS_*`) the SDK reads itself.
#[derive(Debug, Clone)]
pub struct QueueSettings {
    /// `EVENTS_QUEUE`: a name or a URL.
    queue: String,
}

impl QueueSettings {
    /// Reads `EVENTS_QUEUE`.
    pub fn read(env: &mut Reader) -> Option<Self> {
        let expected = "the name of a queue (letters, digits, - and _, at most 80), or its URL";
        let queue = env.required("EVENTS_QUEUE", expected, |text| {
            let name = |text: &str| {
                let text = text.strip_suffix(".fifo").unwrap_or(text);
                (1..=80).contains(&text.len())
                    && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
            };
            let url =
                (text.starts_with("http://") || text.starts_with("https://")) && text.parse::<http::Uri>().is_ok();
            (url || name(text)).then(|| text.to_owned())
        })?;
        Some(Self { queue })
    }
}

/// The queue did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[error("{operation} of queue {queue}: {kind}")]
pub struct QueueError {
    operation: &'static str,
    queue: String,
    /// Its `error.type`: SQS's code, or what kept us from an answer.
    pub kind: String,
}

/// A message to send.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// The body, JSON.
    pub body: String,
    /// The event's type, told as the message attribute `type`.
    pub kind: String,
    /// Orders messages of a FIFO queue, and tells a copy of one; other queues have no use for it.
    pub group: String,
    /// The event's id.
    pub id: String,
}

/// A message received, and ours until its visibility ends.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// SQS's id of the message.
    pub id: String,
    /// The body.
    pub body: String,
    /// The how-manieth delivery this is.
    pub attempt: u32,
    receipt: String,
    carrier: HashMap<String, String>,
}

/// A queue.
#[derive(Debug, Clone)]
pub struct Queue {
    client: Client,
    configured: Arc<str>,
    name: Arc<str>,
    url: Arc<OnceCell<String>>,
}

impl Queue {
    /// The queue of these settings. Nothing is asked of it yet: a service can start while the queue cannot be reached.
    pub async fn open(settings: &QueueSettings) -> Self {
        let http =
            aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(3))
            .operation_attempt_timeout(WAIT + Duration::from_secs(5))
            .build();
        let config =
            aws_config::defaults(BehaviorVersion::latest()).http_client(http).timeout_config(timeouts).load().await;
        let name = settings.queue.rsplit('/').next().unwrap_or_default();
        Self {
            client: Client::new(&config),
            configured: settings.queue.as_str().into(),
            name: name.into(),
            url: Arc::default(),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    async fn url(&self) -> Result<&str, QueueError> {
        let resolve = || async {
            if self.configured.contains("://") {
                return Ok(self.configured.to_string());
            }
            let answer = self.client.get_queue_url().queue_name(&*self.configured).send().await;
            let answer = answer.map_err(|error| self.error("GetQueueUrl", &error))?;
            Ok(answer.queue_url.unwrap_or_default())
        };
        self.url.get_or_try_init(resolve).await.map(String::as_str)
    }

    /// Sends a message under a PRODUCER span that belongs to the trace of `parent`, and gives SQS's id of it.
    ///
    /// # Errors
    /// It may have been sent or not: send it again, its receivers know its id.
    pub async fn send(&self, parent: &Context, message: Outgoing) -> Result<String, QueueError> {
        let mut attributes = self.attributes("send", "send");
        let name = format!("send {}", self.name);
        let context = telemetry::span(parent, SpanKind::Producer, name, attributes.clone());
        let started = Instant::now();
        let sending = tokio::time::timeout(SEND_WITHIN, self.send_in(&context, message));
        let result = sending.with_context(context.clone()).await.unwrap_or_else(|_| {
            Err(QueueError { operation: "SendMessage", queue: self.name.to_string(), kind: "timeout".to_owned() })
        });
        if let Ok(id) = &result {
            context.span().set_attribute(KeyValue::new("messaging.message.id", id.clone()));
        }
        let error = result.as_ref().err().map(|error| error.kind.clone());
        attributes.extend(error.clone().map(|error| KeyValue::new("error.type", error)));
        DURATION.record(started.elapsed().as_secs_f64(), &attributes);
        SENT.add(1, &attributes);
        telemetry::finish(&context, error.as_deref());
        result
    }

    async fn send_in(&self, context: &Context, message: Outgoing) -> Result<String, QueueError> {
        let mut request = self.client.send_message().queue_url(self.url().await?).message_body(message.body);
        request = request.message_attributes("type", text_attribute(message.kind));
        let mut carrier = telemetry::inject(context);
        for key in ["traceparent", "tracestate"] {
            if let Some(value) = carrier.remove(key).filter(|value| !value.is_empty()) {
                request = request.message_attributes(key, text_attribute(value));
            }
        }
        if self.name.ends_with(".fifo") {
            request = request.message_group_id(message.group).message_deduplication_id(message.id);
        }
        let answer = request.send().await.map_err(|error| self.error("SendMessage", &error))?;
        Ok(answer.message_id.unwrap_or_default())
    }

    /// Waits up to ten seconds for up to ten messages.
    ///
    /// # Errors
    /// The queue does not answer.
    pub async fn receive(&self) -> Result<Vec<Delivery>, QueueError> {
        let seconds = |duration: Duration| i32::try_from(duration.as_secs()).unwrap_or(i32::MAX);
        let started = Instant::now();
        let answer = self
            .client
            .receive_message()
            .queue_url(self.url().await?)
            .max_number_of_messages(BATCH)
            .wait_time_seconds(seconds(WAIT))
            .visibility_timeout(seconds(VISIBILITY))
            .message_attribute_names("All")
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
            .send()
            .await
            .map_err(|error| self.error("ReceiveMessage", &error));
        let mut attributes = self.attributes("receive", "receive");
        attributes.extend(answer.as_ref().err().map(|error| KeyValue::new("error.type", error.kind.clone())));
        let messages = answer.map(|answer| answer.messages.unwrap_or_default());
        if !matches!(&messages, Ok(messages) if messages.is_empty()) {
            DURATION.record(started.elapsed().as_secs_f64(), &attributes);
        }
        let messages = messages?;
        CONSUMED.add(messages.len() as u64, &attributes);
        Ok(messages.into_iter().map(delivery).collect())
    }

    /// Works on a message under a CONSUMER span and deletes it when that went well. Its visibility is extended meanwhile. When
    /// it went wrong it stays, to be delivered again, and after some times to be moved to the dead-letter queue by its redrive
    /// policy.
    pub async fn process<F, E>(&self, delivery: &Delivery, work: impl FnOnce() -> F) -> Result<(), E>
    where
        F: Future<Output = Result<(), E>>,
        E: ErrorType,
    {
        let mut attributes = self.attributes("process", "process");
        let producer = telemetry::extract(&delivery.carrier);
        let mut on_span = attributes.clone();
        on_span.push(KeyValue::new("messaging.message.id", delivery.id.clone()));
        let name = format!("process {}", self.name);
        let context = telemetry::linked_span(&producer, &producer, SpanKind::Consumer, name, on_span);
        let started = Instant::now();
        let result = self.process_in(delivery, work).with_context(context.clone()).await;
        let error = result.as_ref().err().map(ErrorType::error_type);
        attributes.extend(error.clone().map(|error| KeyValue::new("error.type", error)));
        PROCESS.record(started.elapsed().as_secs_f64(), &attributes);
        telemetry::finish(&context, error.as_deref());
        result
    }

    async fn process_in<F, E>(&self, delivery: &Delivery, work: impl FnOnce() -> F) -> Result<(), E>
    where
        F: Future<Output = Result<(), E>>,
        E: ErrorType,
    {
        let result = tokio::select! {
            result = work() => result,
            never = self.keep_visible(delivery) => match never {},
        };
        match &result {
            Ok(()) => {
                if let Err(error) = self.delete(delivery).await {
                    // It comes again and is recognised.
                    tracing::warn!({ "error.type" = error.kind, "messaging.message.id" = delivery.id }, "a processed message was not deleted");
                }
            }
            Err(error) => {
                let (kind, attempt) = (error.error_type(), delivery.attempt);
                tracing::error!(
                    { "error.type" = kind, "messaging.message.id" = delivery.id, "outbox.attempt" = attempt },
                    "a message was not processed; it stays in the queue"
                );
            }
        }
        result
    }

    async fn keep_visible(&self, delivery: &Delivery) -> std::convert::Infallible {
        loop {
            tokio::time::sleep(VISIBILITY / 2).await;
            let Ok(url) = self.url().await else { continue };
            let request = self.client.change_message_visibility().queue_url(url).receipt_handle(&delivery.receipt);
            // If it fails the message comes a second time, which it may at any time.
            let _ = request.visibility_timeout(i32::try_from(VISIBILITY.as_secs()).unwrap_or(30)).send().await;
        }
    }

    async fn delete(&self, delivery: &Delivery) -> Result<(), QueueError> {
        let request = self.client.delete_message().queue_url(self.url().await?).receipt_handle(&delivery.receipt);
        request.send().await.map_err(|error| self.error("DeleteMessage", &error))?;
        Ok(())
    }

    fn attributes(&self, operation: &'static str, kind: &'static str) -> Vec<KeyValue> {
        vec![
            KeyValue::new("messaging.system", "aws_sqs"),
            KeyValue::new("messaging.operation.name", operation),
            KeyValue::new("messaging.operation.type", kind),
            KeyValue::new("messaging.destination.name", self.name.to_string()),
        ]
    }

    fn error<E: ProvideErrorMetadata>(&self, operation: &'static str, error: &SdkError<E>) -> QueueError {
        let kind = match error {
            SdkError::TimeoutError(_) => "timeout".to_owned(),
            SdkError::DispatchFailure(_) => "connection".to_owned(),
            SdkError::ConstructionFailure(_) => "construction".to_owned(),
            error => error.meta().code().unwrap_or("_OTHER").to_owned(),
        };
        QueueError { operation, queue: self.name.to_string(), kind }
    }
}

impl ErrorType for QueueError {
    fn error_type(&self) -> String {
        self.kind.clone()
    }
}

/// An error that can be told in telemetry.
pub trait ErrorType {
    /// Its `error.type`: a code, never a text that may quote data.
    fn error_type(&self) -> String;
}

fn delivery(message: aws_sdk_sqs::types::Message) -> Delivery {
    let attributes = message.message_attributes.unwrap_or_default();
    let text = |(key, value): (String, MessageAttributeValue)| Some((key.to_ascii_lowercase(), value.string_value?));
    let attempt = message
        .attributes
        .as_ref()
        .and_then(|attributes| attributes.get(&MessageSystemAttributeName::ApproximateReceiveCount)?.parse().ok());
    Delivery {
        id: message.message_id.unwrap_or_default(),
        body: message.body.unwrap_or_default(),
        attempt: attempt.unwrap_or(1),
        receipt: message.receipt_handle.unwrap_or_default(),
        carrier: attributes.into_iter().filter_map(text).collect(),
    }
}

fn text_attribute(value: String) -> MessageAttributeValue {
    let builder = MessageAttributeValue::builder().data_type("String").string_value(value);
    builder.build().expect("the data type is set")
}
