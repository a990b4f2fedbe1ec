//! The API as a client sees it.

use axum::{
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
};
use chassis::http::{Limits, layered};
use serde_json::{Value, json};
use std::time::Duration;
use tower::ServiceExt as _;

async fn get(path: &str) -> (StatusCode, String, Vec<u8>) {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let limits = Limits { concurrent: 8, timeout: Duration::from_secs(5) };
    let routes = layered(server::http::routes(), limits);
    let answer = routes.oneshot(request).await.unwrap();
    let kind = answer.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned();
    let status = answer.status();
    (status, kind, to_bytes(answer.into_body(), 1 << 20).await.unwrap().into())
}

#[tokio::test]
async fn a_week_has_five_working_days() {
    let (status, kind, body) = get("/v1/working-days?from=2026-01-05&to=2026-01-11").await;
    assert_eq!((status, kind.as_str()), (StatusCode::OK, "application/json"));
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body, json!({ "from": "2026-01-05", "to": "2026-01-11", "workingDays": 5 }));
}

#[tokio::test]
async fn what_cannot_be_counted_is_refused_with_its_place() {
    for (query, place) in [
        ("from=2026-01-11&to=2026-01-05", "?to"),
        ("from=2026-01-05&to=9999-01-01", "?to"),
        ("from=yesterday&to=2026-01-05", "?from"),
        ("from=2026-01-05&to=2026-01-06&weekends=true", "?weekends"),
    ] {
        let (status, kind, body) = get(&format!("/v1/working-days?{query}")).await;
        assert_eq!((status, kind.as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "application/problem+json"), "{query}");
        let problem: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(problem["errors"][0]["pointer"], place, "{query}: {problem}");
    }
}

/// Every path of the document is a route, and every route is in the document.
#[tokio::test]
async fn the_document_and_the_routes_are_the_same() {
    let (status, _, document) = get("/openapi.yaml").await;
    assert_eq!(status, StatusCode::OK);
    let document = String::from_utf8(document).unwrap();
    let described = document.lines().filter_map(|line| line.strip_prefix("  ")?.strip_suffix(':'));
    let paths: Vec<&str> = described.filter(|line| line.starts_with('/')).collect();
    assert_eq!(paths, ["/v1/working-days", "/openapi.yaml"]);
    for path in paths {
        assert_ne!(get(path).await.0, StatusCode::NOT_FOUND, "{path} is described but not there");
    }
}
