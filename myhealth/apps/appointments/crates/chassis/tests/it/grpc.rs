//! Calls over gRPC: context and deadline go along, and no answer is one too.

use crate::service;
use chassis::testing::{Collector, Recorder};
use opentelemetry_proto::tonic::trace::v1::{Span, span::SpanKind};
use std::{collections::BTreeMap, net::TcpListener};

/// The call's answer and its client span, when it is made to `callee`.
fn call(callee: &str) -> (String, Span) {
    let (collector, endpoint) = Collector::grpc();
    let mut process = service::serve(&[("RPC", callee), ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)]);
    let answer = process.get("/rpc").body;
    process.signal("TERM");
    assert!(process.wait().success());
    let spans = collector.spans();
    let span = spans.iter().find(|span| span.kind() == SpanKind::Client).expect("a client span").clone();
    let server = spans.iter().find(|span| span.kind() == SpanKind::Server).expect("a server span");
    assert_eq!(span.parent_span_id, server.span_id);
    assert!(collector.look(|received| format!("{:?}", received.metrics)).contains("\"rpc.client.call.duration\""));
    (answer, span)
}

fn attributes(span: &Span) -> BTreeMap<&str, String> {
    let text = |value| format!("{value:?}").split('"').nth(1).unwrap_or_default().to_owned();
    span.attributes.iter().map(|attribute| (attribute.key.as_str(), text(&attribute.value))).collect()
}

#[test]
fn an_answer() {
    let (_, callee) = Collector::grpc();
    let (answer, span) = call(&callee);
    assert_eq!(
        (answer.as_str(), span.name.as_str()),
        ("Ok", "opentelemetry.proto.collector.trace.v1.TraceService/Export")
    );
    let attributes = attributes(&span);
    assert_eq!(attributes["rpc.system.name"], "grpc");
    assert_eq!(attributes["rpc.method"], span.name);
    assert_eq!(attributes["rpc.response.status_code"], "OK");
    assert_eq!(attributes["server.address"], "127.0.0.1");
    assert!(!attributes.contains_key("error.type"));
}

#[test]
fn context_and_deadline_go_along() {
    let recorder = Recorder::start();
    let (answer, span) = call(&recorder.url);
    assert_ne!(answer, "Ok", "it speaks no gRPC");
    let request = &recorder.take()[0];
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let expected = format!("00-{}-{}-01", hex(&span.trace_id), hex(&span.span_id));
    assert_eq!(request.header("traceparent"), Some(expected.as_str()));
    assert!(request.header("grpc-timeout").is_some());
    assert_eq!(attributes(&span)["error.type"], attributes(&span)["rpc.response.status_code"]);
}

#[test]
fn no_answer() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port"); // connects, and says nothing
    let (answer, span) = call(&format!("http://{}", silent.local_addr().expect("bound")));
    assert_eq!((answer.as_str(), attributes(&span)["error.type"].as_str()), ("DeadlineExceeded", "DEADLINE_EXCEEDED"));
    let address = silent.local_addr().expect("bound");
    drop(silent);
    let (answer, span) = call(&format!("http://{address}"));
    assert_eq!((answer.as_str(), attributes(&span)["error.type"].as_str()), ("Unavailable", "UNAVAILABLE"));
}
