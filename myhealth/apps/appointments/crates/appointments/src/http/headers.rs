//! Headers that a request is carried out by: its key, and the version it means.

use chassis::{Problem, problem::FieldError};
use domain::Version;
use http::{HeaderMap, StatusCode, header};

/// The `Idempotency-Key`, without the quotes that belong to its syntax.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<String, Problem> {
    let mut keys = headers.get_all("idempotency-key").iter();
    let Some(key) = keys.next() else {
        let title = "The request needs an Idempotency-Key";
        return Err(Problem::new(StatusCode::BAD_REQUEST, "idempotency-key-missing", title)
            .detail("send a UUID, and the same one when you send the request again"));
    };
    let text = key.to_str().unwrap_or_default();
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let plain = (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if plain && keys.next().is_none() {
        return Ok(text.to_owned());
    }
    Err(invalid("Idempotency-Key", "expected one key of 1 to 255 visible ASCII characters"))
}

/// The version that `If-Match` means; `None` where any will do.
pub(super) fn if_match(headers: &HeaderMap) -> Result<Option<Version>, Problem> {
    let Some(tag) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = tag.to_str().unwrap_or_default();
    if text == "*" {
        return Ok(None);
    }
    let version = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).and_then(|text| text.parse().ok());
    version.map(Some).ok_or_else(|| invalid("If-Match", "expected an ETag such as \"3\", or *"))
}

fn invalid(header: &str, detail: &str) -> Problem {
    Problem::invalid(vec![FieldError { pointer: header.to_owned(), detail: detail.to_owned() }])
}
