//! The queue: context goes along, what was processed is gone, what was not comes again. In memory, and on moto's SQS where
//! `KARAT_PEERS_SQS` says where it is.

use crate::service;
use chassis::testing::{Collector, Process, Sqs, eventually, queue_of_peers};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

#[test]
fn a_trace_goes_through_the_queue() {
    let sqs = Sqs::start();
    through(&sqs.environment());
    eventually("processed messages are deleted", || sqs.is_empty().then_some(()));
}

#[test]
fn a_trace_goes_through_sqs_as_moto_has_it() {
    if let Some(environment) = queue_of_peers() {
        through(&environment);
    }
}

/// `POST /send` sends a message, which the same service receives; its first attempt fails.
fn through(environment: &[(String, String)]) {
    let (collector, endpoint) = Collector::grpc();
    let mut environment: Vec<_> = environment.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    environment.push(("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint));
    let mut process: Process = service::serve(&environment);
    let request = format!(
        "POST /send HTTP/1.1\r\nHost: probe\r\nContent-Length: 0\r\ntraceparent: 00-{TRACE}-b7ad6b7169203331-01\r\n\
         tracestate: foo=1\r\nConnection: close\r\n\r\n"
    );
    assert_eq!(process.send(&request).status, 200);
    let line = eventually("it is processed", || process.log("processed"));
    assert_eq!(line["trace_id"], TRACE);
    process.signal("TERM");
    assert!(process.wait().success());

    let spans = collector.spans();
    let of_kind = |kind| spans.iter().find(|span| span.kind() == kind).unwrap_or_else(|| panic!("{spans:#?}"));
    let (server, producer, consumer) =
        (of_kind(SpanKind::Server), of_kind(SpanKind::Producer), of_kind(SpanKind::Consumer));
    assert!(producer.name.starts_with("send ") && consumer.name.starts_with("process "));
    assert_eq!(producer.parent_span_id, server.span_id);
    assert_eq!((&consumer.trace_id, &consumer.parent_span_id), (&producer.trace_id, &producer.span_id));
    assert_eq!((consumer.links.len(), &consumer.links[0].span_id), (1, &producer.span_id));
    assert_eq!(consumer.trace_state, "foo=1");
    let keys = |span: &opentelemetry_proto::tonic::trace::v1::Span| {
        span.attributes.iter().map(|attribute| attribute.key.clone()).collect::<std::collections::BTreeSet<_>>()
    };
    for span in [producer, consumer] {
        for key in [
            "messaging.system",
            "messaging.operation.name",
            "messaging.operation.type",
            "messaging.destination.name",
            "messaging.message.id",
        ] {
            assert!(keys(span).contains(key), "{key} of {}", span.name);
        }
    }
    let metrics = collector.look(|received| format!("{:?}", received.metrics));
    for name in [
        "messaging.client.operation.duration",
        "messaging.process.duration",
        "messaging.client.sent.messages",
        "messaging.client.consumed.messages",
    ] {
        assert!(metrics.contains(name), "no {name}");
    }
}
