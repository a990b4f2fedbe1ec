//! Every error is problem details (RFC 9457), whoever made it.

use crate::service;
use serde_json::json;

#[test]
fn errors_are_problem_details() {
    let process = service::serve(&[]);
    let post = |media_type: &str, body: &str| {
        let length = body.len();
        process.send(&format!(
            "POST /body HTTP/1.1\r\nHost: probe\r\nContent-Type: {media_type}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        ))
    };
    let errors = |pointer: &str, detail: &str| json!([{"pointer": pointer, "detail": detail}]);
    let cases = [
        ("no such path", process.get("/none"), 404, "not-found", json!(null)),
        (
            "no such method",
            process.send("DELETE /body HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n"),
            405,
            "method-not-allowed",
            json!(null),
        ),
        ("other media", post("text/plain", "{}"), 415, "unsupported-media-type", json!(null)),
        ("not JSON", post("application/json", "{"), 400, "not-json", json!(null)),
        ("more than JSON", post("application/json", r#"{"slot":"a","items":[]} x"#), 400, "not-json", json!(null)),
        (
            "too large",
            post("application/json", &format!("\"{}\"", "x".repeat(70_000))),
            413,
            "payload-too-large",
            json!(null),
        ),
        (
            "an unknown member",
            post("application/json", r#"{"slot":"a","items":[],"more":1}"#),
            422,
            "invalid",
            errors("/more", "unknown field `more`, expected `slot` or `items`"),
        ),
        (
            "a wrong type, deep inside",
            post("application/json; charset=utf-8", r#"{"slot":"a","items":[{"count":1},{"count":"2"}]}"#),
            422,
            "invalid",
            errors("/items/1/count", "invalid type: string \"2\", expected u8"),
        ),
        (
            "an unknown parameter",
            process.get("/call?time=1"),
            422,
            "invalid",
            errors("?time", "unknown field `time`, expected `times`"),
        ),
        ("our own failure", process.get("/fail"), 500, "internal-server-error", json!(null)),
    ];
    for (name, answer, status, slug, errors) in cases {
        assert_eq!(answer.status, status, "{name}: {}", answer.body);
        assert!(answer.head.contains("content-type: application/problem+json"), "{name}: {}", answer.head);
        let problem = answer.json();
        assert_eq!(problem["type"], format!("https://myhealth.example/problems/{slug}"), "{name}");
        assert_eq!(problem["status"], status, "{name}");
        assert_eq!(problem["errors"], errors, "{name}");
        assert_eq!(problem["trace_id"].as_str().map(str::len), Some(32), "{name}");
        assert!(
            problem["instance"].as_str().is_some_and(|path| path.starts_with('/') && !path.contains('?')),
            "{name}"
        );
        assert_eq!(answer.head.contains("allow: post"), status == 405, "{name}: {}", answer.head);
    }
    let document = process.get("/openapi.yaml");
    assert_eq!((document.status, document.body.as_str()), (200, "openapi: 3.1.0\n"));
    assert!(document.head.contains("content-type: application/yaml"));
}

#[test]
fn load_is_shed_and_waiting_ends() {
    let process = service::serve(&[("MAX_CONCURRENT_REQUESTS", "1")]);
    let slow = process.write("GET /slow HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n");
    std::thread::sleep(std::time::Duration::from_millis(200));
    let refused = process.get("/slow");
    assert_eq!(refused.status, 503);
    assert!(refused.head.contains("retry-after: 1"), "{}", refused.head);
    assert_eq!(refused.json()["type"], "https://myhealth.example/problems/overloaded");
    assert_eq!(process.get("/livez").status, 200, "probes are answered under load");
    assert_eq!(chassis::testing::Answer::of(slow).status, 200);
}
