//! Errors as Backstage's clients expect them: `{error: {name, message}, request: {method, url}, response: {statusCode}}`.

use axum::Json;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

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

    /// Not now: 503.
    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self { status: StatusCode::SERVICE_UNAVAILABLE, name: "ServiceUnavailableError", message: message.into() }
    }
}

/// The JSON of a body; what is none is told as Backstage tells it.
pub(super) struct Body(pub(super) Value);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        match Json::<Value>::from_request(request, state).await {
            Ok(Json(value)) => Ok(Self(value)),
            Err(wrong) if wrong.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(ApiError {
                status: StatusCode::PAYLOAD_TOO_LARGE,
                name: "PayloadTooLargeError",
                message: "request entity too large".to_owned(),
            }),
            Err(wrong) => Err(ApiError::input(wrong.body_text())),
        }
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
    let (method, url) = (request.method().to_string(), request.uri().to_string());
    let mut response = next.run(request).await;
    let Some(error) = response.extensions_mut().remove::<ApiError>() else { return response };
    let body = json!({
        "error": {"name": error.name, "message": error.message},
        "request": {"method": method, "url": url},
        "response": {"statusCode": error.status.as_u16()},
    });
    (error.status, response.headers().clone(), Json(body)).into_response()
}
