//! Errors over HTTP: problem details (RFC 9457).

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use opentelemetry::{Context, trace::TraceContextExt as _};
use serde::Serialize;
use std::{borrow::Cow, time::Duration};

const TYPES: &str = "https://myhealth.example/problems/";
/// The media type of problem details.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// An answer that says what went wrong, to a program (`type`, `status`) and to a person (`title`, `detail`).
///
/// ```
/// # use chassis::Problem;
/// # use http::StatusCode;
/// let problem = Problem::new(StatusCode::CONFLICT, "slot-taken", "The slot is taken").detail("choose another slot");
/// ```
#[derive(Debug, Clone)]
pub struct Problem(Box<Details>);

/// The members of RFC 9457, and ours.
#[derive(Debug, Clone, Serialize)]
struct Details {
    #[serde(rename = "type")]
    kind: String,
    title: Cow<'static, str>,
    #[serde(serialize_with = "as_number")]
    status: StatusCode,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
    #[serde(skip)]
    retry_after: Option<Duration>,
}

/// What is wrong with one member of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// JSON Pointer (RFC 6901) into the body; empty for the whole. A query parameter is `?name`.
    pub pointer: String,
    /// What is wrong.
    pub detail: String,
}

impl Problem {
    /// A problem of the kind `slug`, a word of the service's API that never changes.
    pub fn new(status: StatusCode, slug: &str, title: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Details {
            kind: format!("{TYPES}{slug}"),
            title: title.into(),
            status,
            detail: None,
            instance: None,
            errors: Vec::new(),
            trace_id: None,
            retry_after: None,
        }))
    }

    /// The request can be understood, but breaks rules: 422 with the place of each.
    #[must_use]
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "The request breaks a rule").errors(errors)
    }

    /// Our own failure. What it was stands in the log, not in the answer.
    #[must_use]
    pub fn internal() -> Self {
        Self::of_status(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Something that is needed does not answer; `retry_after` says when to come again.
    #[must_use]
    pub fn unavailable(slug: &str, title: &'static str, retry_after: Duration) -> Self {
        let mut problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, slug, title);
        problem.0.retry_after = Some(retry_after);
        problem
    }

    /// The plain problem of a status, for answers that say nothing more.
    #[must_use]
    pub fn of_status(status: StatusCode) -> Self {
        let title = status.canonical_reason().unwrap_or("Error");
        let slug = title.to_ascii_lowercase().replace(' ', "-");
        Self::new(status, &slug, title)
    }

    /// What a person should know of this occurrence. Without personal data.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// With places in the request.
    #[must_use]
    pub fn errors(mut self, errors: Vec<FieldError>) -> Self {
        self.0.errors = errors;
        self
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The request's path, set by the chassis.
    #[must_use]
    pub(crate) fn instance(mut self, path: &str) -> Self {
        self.0.instance = Some(path.to_owned());
        self
    }

    /// The body as it is sent.
    pub(crate) fn render(mut self) -> Response {
        let context = Context::current();
        let span = context.span().span_context().clone();
        self.0.trace_id = span.is_valid().then(|| span.trace_id().to_string());
        let body = serde_json::to_vec(&self.0).unwrap_or_default(); // strings and numbers only: cannot fail
        let mut response =
            (self.0.status, [(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE))], body).into_response();
        if let Some(after) = self.0.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(after.as_secs().max(1)));
        }
        response
    }
}

impl IntoResponse for Problem {
    /// Leaves the problem in the response's extensions: the layer that knows the path writes it ([`crate::http`]).
    fn into_response(self) -> Response {
        let mut response = self.0.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

fn as_number<S: serde::Serializer>(status: &StatusCode, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_u16(status.as_u16())
}
