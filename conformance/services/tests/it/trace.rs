//! One trace: `POST /v1/appointments` -> gRPC `records` -> store -> queue -> `notifications`, as it was exported.

use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use serde_json::json;

use crate::collector::{Collector, Span};
use crate::hospital::{Hospital, change, id, wait};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";

#[test]
fn a_booking_is_one_trace_through_all_services() {
    let collector = Collector::start();
    let Some(mut hospital) = Hospital::new(Some(&collector)) else { return };
    for service in [&mut hospital.records, &mut hospital.appointments, &mut hospital.notifications] {
        service.set("LOG_LEVEL", "debug");
    }
    let open = hospital.open();
    let patient = open.patient("p", &json!({
        "name": "Test Patient", "dateOfBirth": "1980-02-29", "contact": { "email": "test@example.org" }, "reminders": true
    }));
    let slots = open.slots("dr-7", "2030-01-07T08:00:00Z", "2030-01-07T10:00:00Z");
    let url = format!("{}/v1/appointments", open.appointments.url);
    let booking = json!({ "patientId": patient, "slotId": slots[0] });
    let parent = format!("00-{TRACE}-{CALLER}-01");
    let booked = id(&change(&open.client, &url, "b", Some(&parent), &booking).unwrap().expect(201));
    wait("the confirmation is planned", 20, || !open.messages(&booked).is_empty());

    let ends = [
        ("records", SpanKind::Server),
        ("appointments", SpanKind::Server),
        ("appointments", SpanKind::Producer),
        ("notifications", SpanKind::Consumer),
    ];
    let spans = collector.trace(TRACE, |spans| {
        let there = |service: &str, kind| spans.iter().any(|span| span.service == service && span.kind == kind);
        // Each process exports in its own time: whole is a trace whose every span has its parent.
        let known = |id: &str| id == CALLER || spans.iter().any(|span| span.id == id);
        ends.into_iter().all(|(service, kind)| there(service, kind)) && spans.iter().all(|span| known(&span.parent))
    });
    let trace = Trace(&spans);

    let server = trace.only("appointments", SpanKind::Server, "POST /v1/appointments");
    assert_eq!(server.parent, CALLER, "the request goes on with its caller's trace");
    assert_eq!(server.attributes["http.request.method"], "POST");
    assert_eq!(server.attributes["http.route"], "/v1/appointments");
    assert_eq!(server.attributes["http.response.status_code"], "201");

    let call = trace.only("appointments", SpanKind::Client, "records.v1.Records/CheckPatient");
    assert!(trace.within(call, server));
    let answer = trace.only("records", SpanKind::Server, "records.v1.Records/CheckPatient");
    assert_eq!(answer.parent, call.id, "gRPC: the server's parent is the client's span");
    for side in [call, answer] {
        assert_eq!(side.attributes["rpc.system.name"], "grpc");
        assert_eq!(side.attributes["rpc.method"], "records.v1.Records/CheckPatient");
    }

    let read = trace.store("records").into_iter().any(|span| trace.within(span, answer));
    assert!(read, "records reads its store within the call");
    let written = trace.store("appointments").into_iter().any(|span| trace.within(span, server));
    assert!(written, "appointments writes its store within the request");

    let sends = trace.all("appointments", SpanKind::Producer);
    let [sent] = sends[..] else { panic!("one event, {} PRODUCER spans: {sends:#?}", sends.len()) };
    assert!(trace.within(sent, server), "the relay's span belongs to the request that wrote the event");
    let processed = trace.all("notifications", SpanKind::Consumer);
    let [processed] = processed[..] else { panic!("one event, {} CONSUMER spans", processed.len()) };
    assert_eq!(processed.parent, sent.id, "the message carried the producer's context");
    assert!(
        processed.links.contains(&(TRACE.to_owned(), sent.id.clone())),
        "and is linked to it: {:?}",
        processed.links
    );
    for side in [sent, processed] {
        assert_eq!(side.attributes["messaging.system"], "aws_sqs");
        assert!(side.attributes.contains_key("messaging.destination.name"), "{side:#?}");
    }
    let noted = trace.store("notifications").into_iter().any(|span| trace.within(span, processed));
    assert!(noted, "notifications writes its store while it processes");

    wait("what was done is logged within the trace", 10, || {
        collector.logged(TRACE) == ["appointments", "notifications", "records"]
    });
    golden_signals(&collector);
}

/// Latency, traffic and errors are the durations; saturation is what is in use of what there is.
fn golden_signals(collector: &Collector) {
    let expected = [
        (
            "appointments",
            &[
                "http.server.request.duration",
                "http.server.active_requests",
                "rpc.client.call.duration",
                "db.client.operation.duration",
                "db.client.connection.count",
                "db.client.connection.max",
                "messaging.client.sent.messages",
                "messaging.client.operation.duration",
                "outbox.pending",
            ][..],
        ),
        (
            "records",
            &[
                "http.server.request.duration",
                "http.server.active_requests",
                "rpc.server.call.duration",
                "db.client.operation.duration",
                "db.client.connection.count",
                "db.client.connection.max",
            ][..],
        ),
        (
            "notifications",
            &[
                "http.server.request.duration",
                "http.server.active_requests",
                "db.client.operation.duration",
                "db.client.connection.count",
                "db.client.connection.max",
                "messaging.client.consumed.messages",
                "messaging.process.duration",
            ][..],
        ),
    ];
    for (service, names) in expected {
        wait(&format!("{service} exports {names:?}; it has {:?}", collector.metrics(service)), 10, || {
            let exported = collector.metrics(service);
            names.iter().all(|name| exported.iter().any(|exported| exported == name))
        });
    }
}

struct Trace<'a>(&'a [Span]);

impl<'a> Trace<'a> {
    fn all(&self, service: &str, kind: SpanKind) -> Vec<&'a Span> {
        self.0.iter().filter(|span| span.service == service && span.kind == kind).collect()
    }

    #[track_caller]
    fn only(&self, service: &str, kind: SpanKind, name: &str) -> &'a Span {
        let spans = self.all(service, kind);
        let mut named = spans.iter().filter(|span| span.name == name);
        match (named.next(), named.next()) {
            (Some(span), None) => span,
            _ => panic!("{service}: one {kind:?} span named {name:?}, among {:#?}", self.0),
        }
    }

    /// The spans of a service's queries.
    fn store(&self, service: &str) -> Vec<&'a Span> {
        let mut spans = self.all(service, SpanKind::Client);
        spans.retain(|span| span.attributes.contains_key("db.system.name"));
        spans
    }

    /// Whether a span is below another, at any depth, without a gap in between.
    fn within(&self, span: &Span, above: &Span) -> bool {
        let mut parent = &span.parent;
        for _ in 0..self.0.len() {
            if *parent == above.id {
                return true;
            }
            match self.0.iter().find(|span| span.id == *parent) {
                Some(span) => parent = &span.parent,
                None => return false,
            }
        }
        false
    }
}
