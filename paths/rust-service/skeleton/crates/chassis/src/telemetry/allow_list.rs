//! Health data stays in: the attributes that may leave the process. Every other is dropped, whoever set it.
//!
//! The list is held where each signal passes last: spans in front of the exporter ([`Filtered`]), metrics in a view of every
//! instrument ([`super::metrics::view`]), log fields where a line is written ([`super::logs`]).

use opentelemetry::{KeyValue, trace::Status};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{SpanData, SpanExporter},
};
use std::time::Duration;

/// Attributes by name, sorted: the semantic conventions that the services use, then our own ids and states. A value is an id, a
/// code, a count, a name of the system. Never a text that a person wrote, a name, a date of birth, a contact, a query string.
pub const ALLOWED: &[&str] = &[
    "appointment.id",
    "appointment.state",
    "appointment.version",
    "cloudevents.event_id",
    "cloudevents.event_type",
    "code.file.path",
    "code.line.number",
    "db.client.connection.pool.name",
    "db.client.connection.state",
    "db.collection.name",
    "db.operation.name",
    "db.response.status_code",
    "db.system.name",
    "error.type",
    "event.outcome",
    "health.check",
    "http.request.method",
    "http.request.resend_count",
    "http.response.status_code",
    "http.route",
    "idempotent.replayed",
    "message.id",
    "message.kind",
    "message.state",
    "messaging.batch.message_count",
    "messaging.destination.name",
    "messaging.message.id",
    "messaging.operation.name",
    "messaging.operation.type",
    "messaging.system",
    "network.protocol.name",
    "network.protocol.version",
    "outbox.attempt",
    "rpc.method",
    "rpc.response.status_code",
    "rpc.system.name",
    "server.address",
    "server.port",
    "service.version",
    "url.path",
    "url.scheme",
];

/// Whether an attribute of this name may leave.
#[must_use]
pub fn allows(name: &str) -> bool {
    ALLOWED.binary_search(&name).is_ok()
}

/// An exporter of spans that hands on only what is allowed: of the span, its events and its links. A status says its code; its
/// description is a text that may hold anything.
#[derive(Debug)]
pub struct Filtered<E>(pub E);

impl<E: SpanExporter> SpanExporter for Filtered<E> {
    async fn export(&self, mut batch: Vec<SpanData>) -> OTelSdkResult {
        for span in &mut batch {
            span.dropped_attributes_count += retain(&mut span.attributes);
            for event in &mut span.events.events {
                event.dropped_attributes_count += retain(&mut event.attributes);
            }
            for link in &mut span.links.links {
                link.dropped_attributes_count += retain(&mut link.attributes);
            }
            if let Status::Error { description } = &mut span.status {
                *description = "".into();
            }
        }
        self.0.export(batch).await
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.0.set_resource(resource);
    }
}

/// Keeps what is allowed and says how many were not.
fn retain(attributes: &mut Vec<KeyValue>) -> u32 {
    let before = attributes.len();
    attributes.retain(|attribute| allows(attribute.key.as_str()));
    (before - attributes.len()).try_into().unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::ALLOWED;

    #[test]
    fn the_list_is_sorted_so_that_it_can_be_searched() {
        assert!(ALLOWED.is_sorted(), "sort {ALLOWED:#?}");
    }
}
