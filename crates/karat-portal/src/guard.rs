//! The first door, before the one that knows people ([`crate::identity`]): which hosts and origins may ask at all.
//!
//! A page of another site may make a browser send requests to `127.0.0.1`, and a name of its own may resolve to it (DNS
//! rebinding). So a request's `Host` must be a name of this portal, and what is not a plain read must not come from a page of
//! another origin. A bearer or a program sends neither `Origin` nor `Sec-Fetch-Site`, and is let through to what follows.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::api::ApiError;
use crate::state::{Portal, Shared};

/// Lets a request in, or answers it.
pub(crate) async fn guard(State(portal): State<Shared>, request: Request, next: Next) -> Response {
    if let Err(refused) = admit(&portal, request.method(), request.uri(), request.headers()) {
        return refused.into_response();
    }
    next.run(request).await
}

fn admit(portal: &Portal, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), ApiError> {
    let host = host(uri, headers).ok_or_else(|| ApiError::input("the request names no host"))?;
    if !known(portal, name(&host)) {
        return Err(ApiError::not_allowed(format!("this portal is not called `{}`", name(&host))));
    }
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    let same_site = headers.get("sec-fetch-site").is_none_or(|site| site == "same-origin" || site == "none");
    let same_origin = headers.get(header::ORIGIN).is_none_or(|origin| {
        let origin = origin.to_str().unwrap_or_default();
        origin.split_once("://").is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(&host))
    });
    if same_site && same_origin {
        return Ok(());
    }
    Err(ApiError::not_allowed("a page of another origin may not send this request"))
}

/// The host and port that the request was sent to, as the client wrote them.
fn host(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let mut named = headers.get_all(header::HOST).iter();
    match (uri.authority(), named.next(), named.next()) {
        (_, _, Some(_)) => None,
        (Some(authority), ..) => Some(authority.as_str().to_owned()),
        (None, Some(host), None) => host.to_str().ok().map(ToOwned::to_owned),
        (None, None, None) => None,
    }
}

/// A host without its port.
fn name(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

fn known(portal: &Portal, name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["localhost", "127.0.0.1", "[::1]"].contains(&name.as_str()) || portal.host.as_deref() == Some(&name)
}
