//! One trace from the caller through the store to the queue, and nothing about health in any signal.

use crate::{
    patients::{ACTIVE, Patients},
    send, serve, slots, text,
};
use chassis::testing::{Collector, Sqs, databases, eventually};
use opentelemetry_proto::tonic::trace::v1::{Span, span::SpanKind};
use serde_json::json;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";

#[tokio::test(flavor = "multi_thread")]
async fn a_booking_is_one_trace_from_its_caller_to_the_queue() {
    for mut database in databases().await {
        let (sqs, patients, (collector, endpoint)) = (Sqs::start(), Patients::start().await, Collector::grpc());
        database.environment.push(("OTEL_EXPORTER_OTLP_ENDPOINT".to_owned(), endpoint));
        database.environment.push(("LOG_LEVEL".to_owned(), "debug".to_owned()));
        let mut process = serve(&database, &sqs.environment(), &patients.url);
        let slot = &slots(&process, "dr-1", 1)[0];
        let parent = format!("traceparent: 00-{TRACE}-{CALLER}-01");
        let booking = json!({ "patientId": ACTIVE, "slotId": slot, "reason": "knee-that-clicks" });
        let booked = send(&process, "POST", "/v1/appointments", &["Idempotency-Key: k", &parent], &booking);
        assert_eq!(booked.status, 201, "{}", booked.body);
        let id = text(&booked.json()["id"]);
        let cancel = json!({ "reason": "moved-to-the-sea" });
        assert_eq!(send(&process, "POST", &format!("/v1/appointments/{id}/cancel"), &[], &cancel).status, 200);
        let messages = eventually("both events are sent", || Some(sqs.messages()).filter(|sent| sent.len() == 2));
        process.signal("TERM");
        assert!(process.wait().success());

        let spans = collector.spans();
        let trace: Vec<&Span> = spans.iter().filter(|span| hex(&span.trace_id) == TRACE).collect();
        let only = |kind: SpanKind, name: &str| {
            let mut named = trace.iter().copied().filter(|span| span.kind() == kind && span.name == name);
            match (named.next(), named.next()) {
                (Some(span), None) => span,
                _ => panic!("{}: one {kind:?} `{name}` among {trace:#?}", database.name),
            }
        };
        let server = only(SpanKind::Server, "POST /v1/appointments");
        assert_eq!(hex(&server.parent_span_id), CALLER);
        assert_eq!(attribute(server, "appointment.id"), id);
        let call = only(SpanKind::Client, "records.v1.Records/CheckPatient");
        assert_eq!(call.parent_span_id, server.span_id);
        let system = if database.name == "postgres" { "postgresql" } else { "sqlite" };
        for statement in ["INSERT idempotency_keys", "INSERT appointments", "INSERT outbox", "COMMIT"] {
            let span = only(SpanKind::Client, statement);
            assert_eq!((&span.parent_span_id, attribute(span, "db.system.name")), (&server.span_id, system.to_owned()));
        }
        let producer = only(SpanKind::Producer, "send events");
        assert_eq!(producer.parent_span_id, server.span_id, "it belongs to the request that wrote the event");
        let (_, attributes) = &messages[0];
        let sent = format!("00-{TRACE}-{}-01", hex(&producer.span_id));
        assert_eq!(text(&attributes["traceparent"]["StringValue"]), sent, "and its own context travels on");

        let roots = spans.iter().filter(|span| span.kind() == SpanKind::Client && span.parent_span_id.is_empty());
        assert_eq!(roots.count(), 0, "looking for work is no trace");
        let metrics = collector.look(|received| format!("{:?}", received.metrics));
        for name in [
            "db.client.connection.count",
            "db.client.connection.max",
            "db.client.operation.duration",
            "http.server.active_requests",
            "http.server.request.duration",
            "messaging.client.operation.duration",
            "messaging.client.sent.messages",
            "outbox.oldest.age",
            "outbox.pending",
            "rpc.client.call.duration",
        ] {
            assert!(metrics.contains(&format!("\"{name}\"")), "no {name}");
        }

        let exported = collector.look(|received| format!("{received:?}"));
        let logs = format!("{:?}", process.lines());
        assert!(exported.contains(&id) && logs.contains(&id), "what may be told is told");
        for secret in ["knee-that-clicks", "moved-to-the-sea"] {
            assert!(!exported.contains(secret) && !logs.contains(secret), "{secret}");
            assert!(messages.iter().all(|(body, attributes)| !format!("{body}{attributes}").contains(secret)));
        }
    }
}

fn attribute(span: &Span, key: &str) -> String {
    let found = span.attributes.iter().find(|attribute| attribute.key == key);
    let value = format!("{:?}", found.and_then(|attribute| attribute.value.clone()));
    value.split('"').nth(1).unwrap_or_default().to_owned()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
