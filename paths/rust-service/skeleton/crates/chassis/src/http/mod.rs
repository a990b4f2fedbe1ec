//! The server's layers around a service's routes, from the outside in: span and metrics, problem details, at most so many
//! requests at once, a timeout, a bounded body.

mod extract;

use crate::{
    problem::{self, Problem},
    telemetry::{self, FutureExt as _, metrics},
};
use axum::{
    Router,
    extract::{DefaultBodyLimit, MatchedPath, Request, State},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, Version, header};
use opentelemetry::{
    KeyValue,
    metrics::{Histogram, UpDownCounter},
    trace::{SpanKind, TraceContextExt as _},
};
use std::{
    sync::{Arc, LazyLock},
    time::{Duration, Instant},
};
use tokio::sync::Semaphore;

pub use extract::{Body, Path, Query, parse};

static DURATION: LazyLock<Histogram<f64>> = LazyLock::new(|| metrics::duration("http.server.request.duration"));
static ACTIVE: LazyLock<UpDownCounter<i64>> = LazyLock::new(|| {
    metrics::meter().i64_up_down_counter("http.server.active_requests").with_unit("{request}").build()
});

/// The most that a request's body may hold, in bytes.
pub const MAX_BODY: usize = 64 * 1024;

/// How much a server takes on.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Requests at once; one more is answered 503 `overloaded`.
    pub concurrent: usize,
    /// For one request; then it is answered 503 `timeout`.
    pub timeout: Duration,
}

/// Puts the layers around `routes`.
pub fn layered(routes: Router, limits: Limits) -> Router {
    let slots = Arc::new(Semaphore::new(limits.concurrent));
    routes
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn_with_state((slots, limits.timeout), limit))
        .layer(middleware::from_fn(explain))
        .layer(middleware::from_fn(observe))
}

/// A document of the API, such as its OpenAPI description.
pub fn document(media_type: &'static str, text: &'static str) -> impl IntoResponseClone {
    ([(header::CONTENT_TYPE, HeaderValue::from_static(media_type))], text)
}

/// What axum takes as a route's fixed answer.
pub trait IntoResponseClone: axum::response::IntoResponse + Clone + Send + Sync + 'static {}
impl<T: axum::response::IntoResponse + Clone + Send + Sync + 'static> IntoResponseClone for T {}

/// The server span and its metrics, by the conventions for HTTP.
async fn observe(request: Request, next: Next) -> Response {
    let method = known_method(request.method());
    let route = request.extensions().get::<MatchedPath>().map(|route| route.as_str().to_owned());
    let scheme = "http"; // TLS ends in the mesh
    let mut attributes = vec![KeyValue::new("http.request.method", method), KeyValue::new("url.scheme", scheme)];
    let active = attributes.clone();
    attributes.extend(route.clone().map(|route| KeyValue::new("http.route", route)));
    attributes.push(KeyValue::new("network.protocol.version", version(request.version())));
    let mut on_span = attributes.clone();
    on_span.push(KeyValue::new("url.path", request.uri().path().to_owned()));
    on_span.extend(server(request.headers(), request.uri()));
    let parent = telemetry::extract(&opentelemetry_http::HeaderExtractor(request.headers()));
    let name = route.map_or_else(|| method.to_owned(), |route| format!("{method} {route}"));
    let context = telemetry::span(&parent, SpanKind::Server, name, on_span);

    let guard = Active::new(active);
    let started = Instant::now();
    let response = next.run(request).with_context(context.clone()).await;
    drop(guard);

    let status = response.status();
    let code = KeyValue::new("http.response.status_code", i64::from(status.as_u16()));
    context.span().set_attribute(code.clone());
    attributes.push(code);
    let error = status.is_server_error().then(|| status.as_u16().to_string());
    attributes.extend(error.clone().map(|error| KeyValue::new("error.type", error)));
    // Recorded in the span's context, so that an exemplar can name the trace.
    let _current = context.clone().attach();
    DURATION.record(started.elapsed().as_secs_f64(), &attributes);
    telemetry::finish(&context, error.as_deref());
    response
}

/// Counts a request as active until it is dropped, which also happens when its client goes away.
struct Active(Vec<KeyValue>);

impl Active {
    fn new(attributes: Vec<KeyValue>) -> Self {
        ACTIVE.add(1, &attributes);
        Self(attributes)
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        ACTIVE.add(-1, &self.0);
    }
}

/// Every error leaves as problem details, whoever made it: a handler, an extractor, the router.
async fn explain(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let (mut head, body) = response.into_parts();
    let problem = match head.extensions.remove::<Problem>() {
        Some(problem) => problem,
        None if head.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == problem::MEDIA_TYPE) => {
            return Response::from_parts(head, body);
        }
        None => Problem::of_status(status),
    };
    let mut response = problem.instance(&path).render();
    for (name, value) in &head.headers {
        if *name != header::CONTENT_TYPE && *name != header::CONTENT_LENGTH {
            response.headers_mut().append(name, value.clone()); // such as Allow of a 405
        }
    }
    response
}

/// Sheds load instead of queueing it, and gives up on what takes too long.
async fn limit(State((slots, timeout)): State<(Arc<Semaphore>, Duration)>, request: Request, next: Next) -> Response {
    let Ok(_slot) = slots.try_acquire() else {
        return Problem::unavailable("overloaded", "Too many requests at once", Duration::from_secs(1)).into_response();
    };
    match tokio::time::timeout(timeout, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::unavailable("timeout", "The request took too long", Duration::from_secs(1)).into_response(),
    }
}

/// A method as the conventions count it: an unknown one is `_OTHER`, for a client can invent as many as it likes.
fn known_method(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        "CONNECT" => "CONNECT",
        "TRACE" => "TRACE",
        _ => "_OTHER",
    }
}

fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_2 => "2",
        Version::HTTP_10 => "1.0",
        _ => "1.1",
    }
}

/// `server.address` and `server.port` as the client names them.
fn server(headers: &HeaderMap, uri: &Uri) -> Vec<KeyValue> {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let authority = uri.authority().cloned().or_else(|| host?.parse().ok());
    let Some(authority) = authority else { return Vec::new() };
    let mut attributes = vec![KeyValue::new("server.address", authority.host().to_owned())];
    attributes.extend(authority.port_u16().map(|port| KeyValue::new("server.port", i64::from(port))));
    attributes
}

/// The routes' answer where none matches.
pub(crate) async fn not_found() -> Problem {
    Problem::of_status(StatusCode::NOT_FOUND).detail("there is no such path; the API is described at /openapi.yaml")
}
