//! Answers that are refusals: the error bodies and codes of the specification.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::Error;

/// The codes of the distribution specification, and one for what is our own fault, which has none there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    BlobUnknown,
    BlobUploadInvalid,
    BlobUploadUnknown,
    DigestInvalid,
    ManifestBlobUnknown,
    ManifestInvalid,
    ManifestUnknown,
    NameInvalid,
    NameUnknown,
    SizeInvalid,
    Unauthorized,
    Denied,
    Unsupported,
    TooManyRequests,
    Unknown,
}

impl Code {
    fn as_str(self) -> &'static str {
        match self {
            Self::BlobUnknown => "BLOB_UNKNOWN",
            Self::BlobUploadInvalid => "BLOB_UPLOAD_INVALID",
            Self::BlobUploadUnknown => "BLOB_UPLOAD_UNKNOWN",
            Self::DigestInvalid => "DIGEST_INVALID",
            Self::ManifestBlobUnknown => "MANIFEST_BLOB_UNKNOWN",
            Self::ManifestInvalid => "MANIFEST_INVALID",
            Self::ManifestUnknown => "MANIFEST_UNKNOWN",
            Self::NameInvalid => "NAME_INVALID",
            Self::NameUnknown => "NAME_UNKNOWN",
            Self::SizeInvalid => "SIZE_INVALID",
            Self::Unauthorized => "UNAUTHORIZED",
            Self::Denied => "DENIED",
            Self::Unsupported => "UNSUPPORTED",
            Self::TooManyRequests => "TOOMANYREQUESTS",
            Self::Unknown => "UNKNOWN",
        }
    }
}

/// Why a request is not done.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    code: Code,
    message: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    /// What went wrong on our side. The client is not told; whoever serves the registry finds it in the answer's extensions.
    cause: Option<Arc<Error>>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, code: Code, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), headers: Vec::new(), cause: None }
    }

    pub(super) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(super) fn method() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, Code::Unsupported, "this cannot be done here")
    }

    pub(super) fn authenticate(challenge: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, Code::Unauthorized, "say first who you are")
            .with(header::WWW_AUTHENTICATE, super::value(challenge))
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let (status, code) = match &error {
            Error::Name { .. } => (StatusCode::BAD_REQUEST, Code::NameInvalid),
            Error::Tag { .. } => (StatusCode::BAD_REQUEST, Code::ManifestInvalid),
            Error::Digest { .. } | Error::Mismatch { .. } => (StatusCode::BAD_REQUEST, Code::DigestInvalid),
            Error::NameUnknown { .. } => (StatusCode::NOT_FOUND, Code::NameUnknown),
            Error::BlobUnknown { .. } => (StatusCode::NOT_FOUND, Code::BlobUnknown),
            Error::ManifestUnknown { .. } => (StatusCode::NOT_FOUND, Code::ManifestUnknown),
            Error::Manifest { .. } => (StatusCode::BAD_REQUEST, Code::ManifestInvalid),
            Error::Missing { .. } => (StatusCode::NOT_FOUND, Code::ManifestBlobUnknown),
            Error::Referred { .. } => (StatusCode::METHOD_NOT_ALLOWED, Code::Unsupported),
            Error::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, Code::SizeInvalid),
            Error::Io(_) | Error::InUse { .. } | Error::Damaged { .. } | Error::GivenUp => {
                let message = "the registry could not do it";
                let cause = Some(Arc::new(error));
                return Self { cause, ..Self::new(StatusCode::INTERNAL_SERVER_ERROR, Code::Unknown, message) };
            }
        };
        Self::new(status, code, error.to_string())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = json!({"errors": [{"code": self.code.as_str(), "message": self.message}]}).to_string();
        let headers: HeaderMap = self.headers.into_iter().collect();
        let mut response = (self.status, headers, [(header::CONTENT_TYPE, "application/json")], body).into_response();
        if let Some(cause) = self.cause {
            response.extensions_mut().insert(cause);
        }
        response
    }
}
