//! The API, and that its description is true.

use crate::{alone, command, patients::ACTIVE, send, slots, slug};
use appointments::http::OPENAPI;
use chassis::testing::{Process, databases};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Paths and methods of a document: `paths:` has paths two spaces in, and methods four.
fn documented() -> BTreeSet<(String, String)> {
    let paths = OPENAPI.split_once("\npaths:\n").expect("paths").1.split_once("\ncomponents:").expect("components").0;
    let mut found = BTreeSet::new();
    let mut path = "";
    for line in paths.lines() {
        let name = line.trim().strip_suffix(':');
        match (line.len() - line.trim_start().len(), name) {
            (2, Some(name)) => path = name,
            (4, Some(name)) => _ = found.insert((path.to_owned(), name.to_ascii_uppercase())),
            _ => {}
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn routes_and_description_are_the_same() {
    let source = include_str!("../../src/http/mod.rs");
    let routed = source.match_indices(".route(\"").map(|(at, start)| {
        let rest = &source[at + start.len()..];
        rest.split('"').next().expect("a path").to_owned()
    });
    let routed: BTreeSet<_> = routed.collect();
    let documented = documented();
    assert_eq!(documented.iter().map(|(path, _)| path.clone()).collect::<BTreeSet<_>>(), routed);

    let (process, _sqs, _patients) = alone(&databases().await[0]).await;
    for path in routed {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let url = path.replace("{id}", "0190d6a3-0000-7000-8000-000000000000").replace("{clinician}", "dr-1");
            let answer = process.send(&format!("{method} {url} HTTP/1.1\r\nHost: n\r\nConnection: close\r\n\r\n"));
            let described = documented.contains(&(path.clone(), method.to_owned()));
            assert_eq!(answer.status != 405, described, "{method} {path}: {}", answer.status);
        }
    }
    assert_eq!(process.get("/openapi.yaml").body, OPENAPI);
}

/// Every kind of problem in the code is in the document, and the other way round.
#[test]
fn problems_and_description_are_the_same() {
    let listed = OPENAPI.split_once("ProblemType:").expect("the list").1;
    let listed: BTreeSet<&str> =
        listed.lines().filter_map(|line| line.trim().strip_prefix("- https://myhealth.example/problems/")).collect();
    let sources = [include_str!("../../src/http/problems.rs"), include_str!("../../src/http/headers.rs")].concat();
    // What the chassis answers for every service.
    let shared = [
        "internal-server-error",
        "invalid",
        "method-not-allowed",
        "not-found",
        "not-json",
        "overloaded",
        "payload-too-large",
        "timeout",
        "unsupported-media-type",
    ];
    for kind in &listed {
        assert!(
            shared.contains(kind) || sources.contains(&format!("\"{kind}\"")),
            "{kind} is described and never answered"
        );
    }
    let words = sources.split('"').skip(1).step_by(2);
    let kinds = words.filter(|word| word.contains('-') && word.chars().all(|c| c.is_ascii_lowercase() || c == '-'));
    for kind in kinds.filter(|word| *word != "idempotency-key") {
        assert!(listed.contains(kind), "{kind} is answered and not described");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_asked_is_told_with_its_place() {
    let (process, _sqs, _patients) = alone(&databases().await[0]).await;
    let slot = &slots(&process, "dr-1", 1)[0];
    let booking = |body: Value| send(&process, "POST", "/v1/appointments", &["Idempotency-Key: k"], &body);
    let opening = |body: Value| send(&process, "PUT", "/v1/clinicians/dr-1/slots", &[], &body);
    let day =
        |minutes: i64| json!({ "from": "2030-01-07T08:00:00Z", "to": "2030-01-07T18:00:00Z", "minutes": minutes });
    let cases = [
        (booking(json!({ "patientId": ACTIVE })), "", "missing field `slotId`"),
        (booking(json!({ "patientId": "7", "slotId": slot })), "/patientId", "an id is a UUID with hyphens"),
        (booking(json!({ "patientId": ACTIVE, "slotId": slot, "urgent": true })), "/urgent", "unknown field `urgent`"),
        (booking(json!({ "patientId": ACTIVE, "slotId": slot, "reason": " " })), "/reason", "is empty"),
        (
            booking(json!({ "patientId": ACTIVE, "slotId": slot, "reason": "x".repeat(501) })),
            "/reason",
            "is longer than 500",
        ),
        (opening(day(3)), "/minutes", "is from 5 to 240"),
        (
            opening(json!({ "from": "2030-01-07T08:00:00Z", "to": "2030-01-07T08:01:00Z", "minutes": 20 })),
            "/to",
            "at least 20 minutes",
        ),
        (opening(json!({ "from": "yesterday", "to": "2030-01-07T08:01:00Z", "minutes": 20 })), "/from", ""),
        (process.get("/v1/slots?free=maybe"), "?free", "expected true or false"),
        (process.get("/v1/slots?limit=501"), "?limit", "expected a whole number from 1 to 500"),
        (process.get("/v1/slots?cursor=1"), "?cursor", "`next` of the page before"),
        (process.get("/v1/slots?from=tomorrow"), "?from", "expected a time such as"),
        (process.get("/v1/appointments"), "?", "missing field `patientId`"),
    ];
    for (answer, pointer, detail) in cases {
        assert_eq!((answer.status, slug(&answer).as_str()), (422, "invalid"), "{pointer}: {}", answer.body);
        let problem = answer.json();
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
        assert!(problem["errors"][0]["detail"].as_str().is_some_and(|text| text.contains(detail)), "{problem}");
    }
    let unknown = "/v1/appointments/0190d6a3-0000-7000-8000-000000000000";
    assert_eq!(slug(&process.get(unknown)), "unknown-appointment");
    assert_eq!(slug(&process.get("/v1/appointments/1")), "not-found");
    let elsewhere = booking(json!({ "patientId": ACTIVE, "slotId": "0190d6a3-0000-7000-8000-000000000000" }));
    assert_eq!((elsewhere.status, slug(&elsewhere).as_str()), (422, "unknown-slot"));
}

#[test]
fn the_environment_is_checked() {
    let mut process = Process::spawn(command("check", &[("DATABASE", "mysql:x"), ("RECORDS_URL", "https://records")]));
    assert_eq!(process.wait().code(), Some(2));
    let errors = process.errors();
    for variable in ["DATABASE: `mysql:x`", "EVENTS_QUEUE: is not set", "RECORDS_URL: `https://records`"] {
        assert!(errors.contains(variable), "{errors}");
    }
    let mut process = Process::spawn(command("check", &[("EVENTS_QUEUE", "events")]));
    assert_eq!(process.wait().code(), Some(2));
    assert!(process.errors().contains("RECORDS_URL: is not set"));
    let unreachable = [
        ("DATABASE", "sqlite:/nonexistent/store.sqlite"),
        ("EVENTS_QUEUE", "events"),
        ("RECORDS_URL", "http://records:8080"),
    ];
    for (verb, code) in [("check", 0), ("serve", 3), ("migrate", 3)] {
        assert_eq!(Process::spawn(command(verb, &unreachable)).wait().code(), Some(code), "{verb}");
    }
}
