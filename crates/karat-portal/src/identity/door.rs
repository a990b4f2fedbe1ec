//! The second door, behind the one that knows hosts and origins: who asks, whether they may, and a line for each write.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde_json::json;

use super::{Entry, Identity, Person, Role, random};
use crate::parts::{Viewer, segment};
use crate::site::cookie;

/// The largest form.
const FORM: usize = 1 << 20;

/// What a request needs. What is not known to need less needs the most.
pub(crate) fn needs(method: &Method, path: &str) -> Option<Role> {
    let reads = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    let questions = [
        "/api/catalog/analyze-location",
        "/api/catalog/entities/by-query",
        "/api/catalog/entities/by-refs",
        "/api/catalog/entity-facets",
        "/api/catalog/locations/by-query",
        "/api/catalog/validate-entity",
    ];
    match path {
        // How to come in, and how it looks on the way.
        "/login" | "/theme" => None,
        _ if reads && path.starts_with("/assets/") => None,
        "/audit" => Some(Role::Platform),
        _ if reads => Some(Role::Viewer),
        "/logout" | "/tokens" | "/tokens/revoke" => Some(Role::Viewer),
        _ if *method == Method::POST && questions.contains(&path) => Some(Role::Viewer),
        _ if *method == Method::POST && (path.starts_with("/create/") || path.starts_with("/api/scaffolder/")) => {
            Some(Role::Developer)
        }
        "/api/catalog/refresh" | "/api/catalog/locations" if *method == Method::POST => Some(Role::Developer),
        _ => Some(Role::Platform),
    }
}

/// Whether programs ask there, with JSON, and not forms.
fn is_api(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/")
}

/// Lets a request in with who it is from, or answers it.
pub(crate) async fn door(State(identity): State<Arc<Identity>>, mut request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let reads = matches!(method, Method::GET | Method::HEAD | Method::OPTIONS);
    let api = is_api(&path);
    let person = identity.person(request.headers());
    let name = person.as_ref().map(|person| person.name.clone()).unwrap_or_default();
    let (visit, is_new) = match cookie(request.headers(), identity.visit_cookie()) {
        Some(visit) if (20..=64).contains(&visit.len()) => (visit.to_owned(), false),
        _ => (random(), true),
    };
    let by_token = person.as_ref().is_some_and(|person| person.by_token);
    let mut response = match allowed(&identity, person.as_ref(), &method, &path, &request) {
        Err(refused) => refused,
        Ok(()) => {
            let viewer = Viewer {
                person: person.clone().unwrap_or_default(),
                signs_out: identity.is_guarded() && person.is_some(),
                csrf: identity.forgery.token(&visit),
            };
            request.extensions_mut().insert(viewer);
            if let Some(person) = person {
                request.extensions_mut().insert(person);
            }
            // A form is of ours if it holds the token. The API takes JSON, which no form of another site can send, from the same
            // origin, which the first door sees to.
            if reads || api || by_token {
                next.run(request).await
            } else {
                match form(&identity, &visit, is_new, request).await {
                    Ok(request) => next.run(request).await,
                    Err(refused) => refused,
                }
            }
        }
    };
    let is_write = needs(&method, &path) > Some(Role::Viewer) || path == "/login" || path.starts_with("/tokens");
    if is_write && !reads {
        let entry = Entry {
            at: identity.now(),
            who: name,
            method: method.to_string(),
            path,
            status: response.status().as_u16(),
        };
        // What cannot be written down is done all the same: a full disk must not lock its administrator out.
        let _ = identity.audit.add(&entry);
    }
    if is_new && !api && !by_token {
        let secure = if identity.is_guarded() { "; Secure" } else { "" };
        let cookie = format!("{}={visit}; Path=/; HttpOnly; SameSite=Lax{secure}", identity.visit_cookie());
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    response
}

impl Identity {
    /// The cookie that tells one browser from another. A name with `__Host-` cannot be set by a neighbour's subdomain.
    pub(super) fn visit_cookie(&self) -> &'static str {
        if self.is_guarded() { "__Host-karat_visit" } else { "karat_visit" }
    }

    /// The cookie of a session.
    pub(super) fn session_cookie() -> &'static str {
        "__Host-karat"
    }

    /// Who a request is from.
    fn person(&self, headers: &HeaderMap) -> Option<Person> {
        let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        if let Some(secret) = bearer.and_then(|value| value.strip_prefix("Bearer ")) {
            let account = self.accounts.of_token(secret.trim());
            // On this machine alone a client may bring a token of some other portal, and needs none.
            if account.is_some() || self.is_guarded() {
                return account.map(|account| Person { name: account.name, role: account.role, by_token: true });
            }
        }
        if !self.is_guarded() {
            return Some(Person { name: String::new(), role: Role::Platform, by_token: false });
        }
        let name = self.sessions.find(cookie(headers, Self::session_cookie())?, self.now())?;
        // Who was removed, or given another role, is so at once.
        let account = self.accounts.find(&name)?;
        Some(Person { name: account.name, role: account.role, by_token: false })
    }
}

#[expect(clippy::result_large_err, reason = "the error is the answer")]
fn allowed(
    identity: &Identity,
    person: Option<&Person>,
    method: &Method,
    path: &str,
    request: &Request,
) -> Result<(), Response> {
    let Some(needed) = needs(method, path) else { return Ok(()) };
    let api = is_api(path);
    let Some(person) = person else {
        if api {
            return Err(refusal(StatusCode::UNAUTHORIZED, "AuthenticationError", "sign in, or send a token", request));
        }
        let back = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let back = if *method == Method::GET { back } else { "/" };
        return Err(Redirect::to(&format!("/login?back={}", segment(back))).into_response());
    };
    if let Some(says) = person.lacks(needed) {
        return Err(match api {
            true => refusal(StatusCode::FORBIDDEN, "NotAllowedError", &says, request),
            false => not_allowed(&says),
        });
    }
    // A session's cookie is sent by the browser alone: what changes something must say where it comes from.
    let says_where = request.headers().contains_key("sec-fetch-site") || request.headers().contains_key(header::ORIGIN);
    let reads = needed == Role::Viewer;
    if api && !reads && identity.is_guarded() && !person.by_token && !says_where {
        return Err(refusal(
            StatusCode::FORBIDDEN,
            "NotAllowedError",
            "send a token: a session is for browsers",
            request,
        ));
    }
    Ok(())
}

/// What a page says to who may not do that.
pub(crate) fn not_allowed(says: &str) -> Response {
    (StatusCode::FORBIDDEN, format!("Not allowed: {says}. Ask who administers the portal.\n")).into_response()
}

/// An error as Backstage's clients read one.
fn refusal(status: StatusCode, name: &str, message: &str, request: &Request) -> Response {
    let body = json!({
        "error": {"name": name, "message": message},
        "request": {"method": request.method().as_str(), "url": request.uri().path()},
        "response": {"statusCode": status.as_u16()},
    });
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

/// The request again, if its form holds the token of this browser.
async fn form(identity: &Identity, visit: &str, is_new: bool, request: Request) -> Result<Request, Response> {
    let (parts, body) = request.into_parts();
    let refused = |status: StatusCode, text: &str| (status, format!("{text}\n")).into_response();
    let bytes = axum::body::to_bytes(body, FORM)
        .await
        .map_err(|_| refused(StatusCode::PAYLOAD_TOO_LARGE, "Refused: the form is larger than 1 MiB."))?;
    let token = form_urlencoded::parse(&bytes).find(|(name, _)| name == "csrf").map(|(_, value)| value.into_owned());
    if is_new || !token.is_some_and(|token| identity.forgery.fits(visit, &token)) {
        return Err(refused(
            StatusCode::FORBIDDEN,
            "Refused: this form is not from a page of this portal, or the portal has started again since. Go back, load the page \
             again, and send it once more.",
        ));
    }
    Ok(Request::from_parts(parts, Body::from(bytes)))
}
