//! Errors as Backstage's clients expect them: `{error: {name, message}, request: {method, url}, response: {statusCode}}`.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// What a handler fails with. `@backstage/errors` names the kinds; a client tells them apart by `name`.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    name: &'static str,
    message: String,
}

impl ApiError {
    /// The request is wrong: 400.
    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, name: "InputError", message: message.into() }
    }

    /// The request may not be made: 403.
    pub(crate) fn not_allowed(message: impl Into<String>) -> Self {
        Self { status: StatusCode::FORBIDDEN, name: "NotAllowedError", message: message.into() }
    }

    /// There is no such thing: 404.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self { status: StatusCode::NOT_FOUND, name: "NotFoundError", message: message.into() }
    }

    /// The path is there, but not for this method: 405.
    pub(crate) fn wrong_method(method: &Method) -> Self {
        Self {
            status: StatusCode::METHOD_NOT_ALLOWED,
            name: "MethodNotAllowedError",
            message: format!("{method} is not for this path; the header Allow says what is"),
        }
    }

    /// It is there already, or not as the request takes it to be: 409.
    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self { status: StatusCode::CONFLICT, name: "ConflictError", message: message.into() }
    }

    /// Something went wrong here: 500.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, name: "Error", message: message.into() }
    }

    /// Not now: 503.
    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self { status: StatusCode::SERVICE_UNAVAILABLE, name: "ServiceUnavailableError", message: message.into() }
    }
}

/// The JSON of a body; what is none is told as Backstage tells it. No body at all is an empty object, as there.
#[derive(Clone, Debug)]
pub(super) struct Body(pub(super) Value);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = ApiError;

    async fn from_request(mut request: Request, state: &S) -> Result<Self, ApiError> {
        if let Some(read) = request.extensions_mut().remove::<Self>() {
            return Ok(read);
        }
        let is_json = is_json(request.headers());
        let bytes = Bytes::from_request(request, state).await.map_err(|wrong| match wrong.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Self::too_large(),
            _ => ApiError::input(wrong.body_text()),
        })?;
        if bytes.is_empty() {
            return Ok(Self(Value::Object(Map::new())));
        }
        if !is_json {
            return Err(ApiError::input("Illegal Content-Type"));
        }
        serde_json::from_slice(&bytes).map(Self).map_err(|error| ApiError::input(error.to_string()))
    }
}

impl Body {
    fn too_large() -> ApiError {
        let message = "request entity too large".to_owned();
        ApiError { status: StatusCode::PAYLOAD_TOO_LARGE, name: "PayloadTooLargeError", message }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    media.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

/// The names in a path, decoded.
pub(super) struct Named<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Named<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let found = Path::<T>::from_request_parts(parts, state).await;
        found.map(|Path(names)| Self(names)).map_err(|wrong| ApiError::input(wrong.body_text()))
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        // The body names the request, which only `tell_errors` knows.
        response.extensions_mut().insert(self);
        response
    }
}

/// Gives failed answers their bodies.
pub(crate) async fn tell_errors(request: Request, next: Next) -> Response {
    let (method, url) = (request.method().to_string(), within(&request.uri().to_string()).to_owned());
    let mut response = next.run(request).await;
    let Some(error) = response.extensions_mut().remove::<ApiError>() else { return response };
    let body = json!({
        "error": {"name": error.name, "message": error.message},
        "request": {"method": method, "url": url},
        "response": {"statusCode": error.status.as_u16()},
    });
    (error.status, response.headers().clone(), Json(body)).into_response()
}

/// The URL below the plugin that answers, as Backstage's plugins see it: `/api/catalog/entities` is `/entities`.
fn within(url: &str) -> &str {
    let below = url.strip_prefix("/api/").and_then(|rest| rest.find('/').map(|at| &rest[at..]));
    below.unwrap_or(url)
}
