//! Why a request is not answered: a status, and a sentence that git prints to its user.

use std::borrow::Cow;
use std::io;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    message: Cow<'static, str>,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, message: message.into() }
    }

    pub(crate) fn too_large(limit: u64) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the request is larger than {limit} bytes; push in smaller steps"),
        )
    }

    pub(crate) fn slow() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "the request took too long to arrive")
    }

    pub(crate) fn busy() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "too much is asked at once; try again in a moment")
    }

    /// Git ended without a word.
    pub(crate) fn failed() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "git could not answer this request")
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::InvalidData => Self::new(StatusCode::BAD_REQUEST, error.to_string()),
            io::ErrorKind::UnexpectedEof => Self::new(StatusCode::BAD_REQUEST, "the request ends too early"),
            io::ErrorKind::ConnectionAborted => Self::new(StatusCode::BAD_REQUEST, "the request did not arrive whole"),
            io::ErrorKind::TimedOut => Self::slow(),
            io::ErrorKind::NotFound => {
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "the server has no git, or the repository has just gone")
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::new(StatusCode::INSUFFICIENT_STORAGE, "the server's disk is full")
            }
            // Paths of this machine are nobody's business.
            _ => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "the server could not read or write its files"),
        }
    }
}

impl From<crate::Error> for Refusal {
    fn from(error: crate::Error) -> Self {
        match error {
            crate::Error::Missing { name } => Self::new(StatusCode::NOT_FOUND, format!("no repository `{name}`")),
            crate::Error::Io(error) => error.into(),
            _ => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "the repository cannot be read"),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status, format!("{}\n", self.message)).into_response();
        let mut add = |name, value| response.headers_mut().insert(name, HeaderValue::from_static(value));
        add(header::CACHE_CONTROL, "no-cache");
        add(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        match self.status {
            StatusCode::UNAUTHORIZED => drop(add(header::WWW_AUTHENTICATE, "Basic realm=\"Karat\"")),
            StatusCode::SERVICE_UNAVAILABLE => drop(add(header::RETRY_AFTER, "5")),
            _ => {}
        }
        response
    }
}
