//! One trace from the event's producer into the store, and on to the gateway by a link.

use crate::{event, service::serve};
use chassis::testing::{Collector, Recorder, Sqs, databases, eventually};
use jiff::Timestamp;
use opentelemetry_proto::tonic::trace::v1::{Span, span::SpanKind};
use uuid::Uuid;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PRODUCER: &str = "b7ad6b7169203331";

#[tokio::test]
async fn an_event_is_part_of_the_trace_that_sent_it() {
    for database in databases().await {
        let (sqs, gateway, (collector, endpoint)) = (Sqs::start(), Recorder::start(), Collector::grpc());
        let environment = [("GATEWAY_URL", gateway.url.as_str()), ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)];
        let mut process = serve(&database, &sqs.environment(), &environment);
        let body = event("booked", Uuid::now_v7(), 1, Timestamp::now(), 100).to_string();
        sqs.send(&body, &[("traceparent", &format!("00-{TRACE}-{PRODUCER}-01"))]);
        eventually("it is sent", || process.log("a message is sent"));
        process.signal("TERM");
        assert!(process.wait().success());

        let spans = collector.spans();
        let named = |name: &str| spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("no `{name}`"));
        let consumer = named("process events");
        assert_eq!(consumer.kind(), SpanKind::Consumer);
        assert_eq!((hex(&consumer.trace_id), hex(&consumer.parent_span_id)), (TRACE.to_owned(), PRODUCER.to_owned()));
        assert_eq!(hex(&consumer.links[0].span_id), PRODUCER);
        let children: Vec<_> = spans.iter().filter(|span| span.parent_span_id == consumer.span_id).collect();
        let mut names: Vec<_> = children.iter().map(|span| span.name.as_str()).collect();
        names.sort_unstable();
        let expected = [
            "BEGIN",
            "COMMIT",
            "INSERT appointments",
            "INSERT inbox",
            "INSERT messages",
            "INSERT messages",
            "UPDATE messages",
        ];
        assert_eq!(names, expected);
        let system = if database.name == "postgres" { "postgresql" } else { "sqlite" };
        for span in children {
            assert_eq!((span.kind(), attribute(span, "db.system.name").as_str()), (SpanKind::Client, system));
        }

        let looks =
            spans.iter().filter(|span| span.kind() == SpanKind::Client && span.parent_span_id.is_empty()).count();
        assert_eq!(looks, 0, "looking for work is no trace");

        // A reminder may be sent months later: a trace of its own, with a link to this one.
        let delivery = named("deliver message");
        assert_ne!(hex(&delivery.trace_id), TRACE);
        let link = &delivery.links[0];
        assert_eq!((&link.trace_id, &link.span_id), (&consumer.trace_id, &consumer.span_id));
        let call = named("POST");
        assert_eq!((call.kind(), &call.parent_span_id), (SpanKind::Client, &delivery.span_id));
        let header = gateway.take()[0].header("traceparent").map(str::to_owned);
        assert_eq!(header, Some(format!("00-{}-{}-01", hex(&call.trace_id), hex(&call.span_id))));

        let metrics = collector.look(|received| format!("{:?}", received.metrics));
        for name in [
            "db.client.operation.duration",
            "db.client.connection.count",
            "db.client.connection.max",
            "http.client.request.duration",
            "messages.oldest.age",
            "messages.pending",
            "messaging.process.duration",
        ] {
            assert!(metrics.contains(&format!("\"{name}\"")), "no {name}");
        }
    }
}

fn attribute(span: &Span, key: &str) -> String {
    let found = span.attributes.iter().find(|attribute| attribute.key == key);
    format!("{:?}", found.and_then(|attribute| attribute.value.clone()))
        .split('"')
        .nth(1)
        .unwrap_or_default()
        .to_owned()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
