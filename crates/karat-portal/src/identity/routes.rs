//! Signing in and out, tokens, and the log of writes.

use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use serde::Deserialize;

use super::{Identity, Person};
use crate::pages;
use crate::site::{Ask, Site, cookie, within};

/// So many lines of the log are shown.
const SHOWN: usize = 200;

/// The routes.
pub(crate) fn router() -> Router<Arc<Site>> {
    Router::new()
        .route("/login", get(login).post(sign_in))
        .route("/logout", post(sign_out))
        .route("/tokens", get(tokens).post(make_token))
        .route("/tokens/revoke", post(revoke))
        .route("/audit", get(audit))
}

async fn login(State(site): State<Arc<Site>>, ask: Ask) -> Response {
    let back = within(ask.query.get("back").unwrap_or("/")).to_owned();
    site.plain(StatusCode::OK, &ask, &pages::login(&ask.viewer, &back, None))
}

#[derive(Deserialize)]
struct Credentials {
    name: String,
    password: String,
    #[serde(default)]
    back: String,
}

async fn sign_in(State(site): State<Arc<Site>>, ask: Ask, Form(given): Form<Credentials>) -> Response {
    if !site.identity.is_guarded() {
        return Redirect::to("/").into_response();
    }
    match site.identity.sign_in(given.name.trim(), &given.password).await {
        Ok(secret) => {
            let cookie = format!("{}={secret}; Path=/; HttpOnly; Secure; SameSite=Lax", Identity::session_cookie());
            ([(header::SET_COOKIE, cookie)], Redirect::to(within(&given.back))).into_response()
        }
        Err(wrong) => {
            let page = pages::login(&ask.viewer, within(&given.back), Some(wrong));
            site.plain(StatusCode::UNAUTHORIZED, &ask, &page)
        }
    }
}

async fn sign_out(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    if let Some(secret) = cookie(&headers, Identity::session_cookie()) {
        site.identity.sessions.end(secret);
    }
    let gone = format!("{}=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax", Identity::session_cookie());
    ([(header::SET_COOKIE, gone)], Redirect::to("/login")).into_response()
}

async fn tokens(State(site): State<Arc<Site>>, Extension(person): Extension<Person>, ask: Ask) -> Response {
    let tokens = site.identity.accounts.tokens(&person.name);
    let page = pages::tokens(&ask.viewer, site.identity.is_guarded(), &tokens, site.identity.now(), None);
    site.answer(&ask, &site.models.now(), &page)
}

#[derive(Deserialize)]
struct NewToken {
    title: String,
}

async fn make_token(
    State(site): State<Arc<Site>>,
    Extension(person): Extension<Person>,
    ask: Ask,
    Form(new): Form<NewToken>,
) -> Response {
    if person.name.is_empty() {
        return Redirect::to("/tokens").into_response();
    }
    let made = site.identity.accounts.make_token(&person.name, &new.title, site.identity.now());
    let made = made.map_err(|error| error.to_string());
    let tokens = site.identity.accounts.tokens(&person.name);
    let page = pages::tokens(&ask.viewer, true, &tokens, site.identity.now(), Some(&made));
    // The secret is on this page once, and in no history.
    let mut response = site.answer(&ask, &site.models.now(), &page);
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    response
}

#[derive(Deserialize)]
struct Revoked {
    id: String,
}

async fn revoke(
    State(site): State<Arc<Site>>,
    Extension(person): Extension<Person>,
    Form(revoked): Form<Revoked>,
) -> Response {
    match site.identity.accounts.revoke(&person.name, &revoked.id) {
        Ok(()) => Redirect::to("/tokens").into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

async fn audit(State(site): State<Arc<Site>>, ask: Ask) -> Response {
    let entries = site.identity.audit.last(SHOWN);
    site.answer(&ask, &site.models.now(), &pages::audit(&entries, site.identity.now()))
}
