//! What leaves by OTLP, and what does not.

use crate::service;
use chassis::testing::{Collector, Recorder, eventually};
use opentelemetry_proto::tonic::{
    common::v1::{KeyValue, any_value::Value},
    metrics::v1::{Metric, metric::Data},
    trace::v1::{Span, span::SpanKind},
};
use std::{collections::BTreeMap, fmt::Debug};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

#[test]
fn health_data_stays_in_over_grpc() {
    let (collector, endpoint) = Collector::grpc();
    nothing_leaks(&collector, &endpoint, "grpc");
}

#[test]
fn health_data_stays_in_over_http() {
    let (collector, endpoint) = Collector::http();
    nothing_leaks(&collector, &endpoint, "http/protobuf");
}

/// A handler tries every way out. What is allowed arrives, or the test would prove nothing.
fn nothing_leaks(collector: &Collector, endpoint: &str, protocol: &str) {
    let environment = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
        ("OTEL_BSP_SCHEDULE_DELAY", "50"),
    ];
    let mut process = service::serve(&environment);
    let request = format!(
        "GET /leak/4711?name=Grace%20Example HTTP/1.1\r\nHost: probe\r\nUser-Agent: Grace Example\r\n\
         traceparent: 00-{TRACE}-b7ad6b7169203331-01\r\nConnection: close\r\n\r\n"
    );
    assert_eq!(process.send(&request).status, 200);
    let line = eventually("the log line", || process.log("leaked"));
    assert_eq!(line["attributes"], serde_json::json!({"appointment.id": "a-1"}));
    assert_eq!(line["trace_id"], TRACE);
    process.signal("TERM");
    assert!(process.wait().success());

    let spans = collector.spans();
    let server = named(&spans, "GET /leak/{patient}");
    assert_eq!(text(&server.attributes)["appointment.id"], "a-1");
    let child = named(&spans, "child");
    assert_eq!(child.parent_span_id, server.span_id);
    assert_eq!(text(&child.events[0].attributes)["appointment.state"], "booked");
    assert_eq!((child.links.len(), child.links[0].attributes.len()), (1, 0));
    let counter = metric(collector, "leaks").expect("the counter arrives");
    assert!(format!("{counter:?}").contains("booked"));
    assert!(metric(collector, "leak.duration").is_some());
    let logs = collector.look(|received| format!("{:?}", received.logs));
    assert!(logs.contains("leaked") && logs.contains("a-1"), "{logs}");

    for signal in collector.look(|received| [shown(&received.traces), shown(&received.metrics), shown(&received.logs)])
    {
        assert!(!signal.is_empty());
        for secret in ["Grace", "patient.name", "user_agent"] {
            assert!(!signal.contains(secret), "{secret} left: {signal}");
        }
    }
}

fn shown(requests: &[impl Debug]) -> String {
    requests.iter().map(|request| format!("{request:?}")).collect()
}

#[test]
fn spans_and_metrics_follow_the_conventions() {
    let (collector, endpoint) = Collector::grpc();
    let downstream = Recorder::start();
    let environment = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
        ("OTEL_RESOURCE_ATTRIBUTES", "service.namespace=scheduling,rollouts.pod_template_hash=abc"),
        ("OTEL_SERVICE_NAME", "probe-canary"),
        ("DOWNSTREAM", &downstream.url),
    ];
    let mut process = service::serve(&environment);
    let request = format!(
        "GET /call?times=1 HTTP/1.1\r\nHost: probe:8080\r\ntraceparent: 00-{TRACE}-b7ad6b7169203331-01\r\nConnection: close\r\n\r\n"
    );
    assert_eq!(process.send(&request).status, 200);
    assert_eq!(process.get("/fail").status, 500);
    assert_eq!(process.get("/readyz").status, 200);
    process.signal("TERM");
    assert!(process.wait().success());

    let spans = collector.spans();
    assert!(spans.iter().all(|span| !span.name.contains("readyz")), "probes are not traced");
    let server = named(&spans, "GET /call");
    assert_eq!(server.kind(), SpanKind::Server);
    assert_eq!(hex(&server.trace_id), TRACE);
    assert_eq!(hex(&server.parent_span_id), "b7ad6b7169203331");
    let expected = [
        ("http.request.method", "GET"),
        ("http.response.status_code", "200"),
        ("http.route", "/call"),
        ("network.protocol.version", "1.1"),
        ("server.address", "probe"),
        ("server.port", "8080"),
        ("url.path", "/call"),
        ("url.scheme", "http"),
    ];
    assert_eq!(text(&server.attributes), expected.map(|(k, v)| (k.to_owned(), v.to_owned())).into());
    let client = spans.iter().find(|span| span.kind() == SpanKind::Client).expect("a client span");
    assert_eq!((client.name.as_str(), &client.parent_span_id), ("GET", &server.span_id));
    let failed = named(&spans, "GET /fail");
    assert_eq!(text(&failed.attributes)["error.type"], "500");

    for name in [
        "http.server.request.duration",
        "http.client.request.duration",
        "http.server.active_requests",
        "process.memory.usage",
        "tokio.workers",
    ] {
        assert!(metric(&collector, name).is_some(), "no {name}");
    }
    let duration = metric(&collector, "http.server.request.duration").expect("it is there");
    let Some(Data::Histogram(histogram)) = duration.data else { panic!("a histogram") };
    assert_eq!((duration.unit.as_str(), histogram.data_points[0].explicit_bounds[0]), ("s", 0.005));
    let resource =
        collector.look(|received| received.traces[0].resource_spans[0].resource.clone().expect("a resource"));
    let resource = text(&resource.attributes);
    let has = |key: &str| resource.get(key).map(String::as_str);
    assert_eq!(has("service.name"), Some("probe-canary"));
    assert_eq!(has("service.namespace"), Some("scheduling"));
    assert_eq!(has("service.version"), Some("1.2.3"));
    assert_eq!(has("rollouts.pod_template_hash"), Some("abc"));
}

fn named<'a>(spans: &'a [Span], name: &str) -> &'a Span {
    spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("no span `{name}`: {spans:#?}"))
}

fn metric(collector: &Collector, name: &str) -> Option<Metric> {
    collector.look(|received| {
        let resources = received.metrics.iter().flat_map(|request| &request.resource_metrics);
        let mut metrics = resources.flat_map(|resource| &resource.scope_metrics).flat_map(|scope| &scope.metrics);
        metrics.find(|metric| metric.name == name).cloned()
    })
}

fn text(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let value = |attribute: &KeyValue| match attribute.value.clone()?.value? {
        Value::StringValue(text) => Some(text),
        Value::IntValue(number) => Some(number.to_string()),
        other => Some(format!("{other:?}")),
    };
    attributes.iter().map(|attribute| (attribute.key.clone(), value(attribute).unwrap_or_default())).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
