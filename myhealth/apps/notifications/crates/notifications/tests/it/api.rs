//! The API, and that its description is true.

use crate::service::{command, serve};
use chassis::testing::{Process, Sqs, databases};
use notifications::http::OPENAPI;
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

#[tokio::test]
async fn routes_and_description_are_the_same() {
    let source = include_str!("../../src/http.rs");
    let routed = source.match_indices(".route(\"").map(|(at, start)| {
        let rest = &source[at + start.len()..];
        rest.split('"').next().expect("a path").to_owned()
    });
    let probes = ["/startupz", "/livez", "/readyz"].map(str::to_owned);
    let routed: BTreeSet<_> = routed.chain(probes).collect();
    let documented = documented();
    assert_eq!(documented.iter().map(|(path, _)| path.clone()).collect::<BTreeSet<_>>(), routed);

    let (database, sqs) = (&databases().await[0], Sqs::start());
    let process = serve(database, &sqs.environment(), &[]);
    for path in routed {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let url = path.replace("{id}", "0190d6a3-0000-7000-8000-000000000000");
            let answer = process.send(&format!("{method} {url} HTTP/1.1\r\nHost: n\r\nConnection: close\r\n\r\n"));
            let described = documented.contains(&(path.clone(), method.to_owned()));
            assert_eq!(answer.status != 405, described, "{method} {path}: {}", answer.status);
        }
    }
    assert_eq!(process.get("/openapi.yaml").body, OPENAPI);
}

#[tokio::test]
async fn what_cannot_be_asked_is_told() {
    let (database, sqs) = (&databases().await[0], Sqs::start());
    let process = serve(database, &sqs.environment(), &[]);
    let cases = [
        ("/v1/messages?state=lost", "?state", "expected due, sent, withdrawn or failed"),
        ("/v1/messages?limit=0", "?limit", "expected a whole number from 1 to 100"),
        ("/v1/messages?limit=101", "?limit", "expected a whole number from 1 to 100"),
        ("/v1/messages?appointment=1", "?appointment", "unknown field `appointment`"),
        ("/v1/messages?appointmentId=1", "?appointmentId", "UUID"),
    ];
    for (path, pointer, detail) in cases {
        let answer = process.get(path);
        assert_eq!(answer.status, 422, "{path}: {}", answer.body);
        let problem = answer.json();
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{path}: {problem}");
        assert!(problem["errors"][0]["detail"].as_str().is_some_and(|text| text.contains(detail)), "{path}: {problem}");
    }
    let kind = |path: &str| process.get(path).json()["type"].as_str().map(str::to_owned);
    let slug = |slug: &str| Some(format!("https://myhealth.example/problems/{slug}"));
    assert_eq!(kind("/v1/messages/0190d6a3-0000-7000-8000-000000000000"), slug("unknown-message"));
    assert_eq!(kind("/v1/messages/1"), slug("not-found"));
    assert_eq!(kind("/v2"), slug("not-found"));
}

#[test]
fn the_environment_is_checked() {
    let mut process = Process::spawn(command("check", &[("DATABASE", "mysql:x"), ("GATEWAY_URL", "gateway")]));
    assert_eq!(process.wait().code(), Some(2));
    let errors = process.errors();
    for variable in ["DATABASE: `mysql:x`", "EVENTS_QUEUE: is not set", "GATEWAY_URL: `gateway`"] {
        assert!(errors.contains(variable), "{errors}");
    }
    let unreachable = [("DATABASE", "sqlite:/nonexistent/store.sqlite"), ("EVENTS_QUEUE", "events")];
    for (verb, code) in [("check", 0), ("serve", 3), ("migrate", 3)] {
        assert_eq!(Process::spawn(command(verb, &unreachable)).wait().code(), Some(code), "{verb}");
    }
}
