//! Routes of what was judged: home, scorecards, standards, waivers, files.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;

use super::{Ask, Site};
use crate::pages;

pub(super) async fn home(State(site): State<Arc<Site>>, ask: Ask) -> Response {
    let now = site.models.now();
    site.answer(&ask, &now, &pages::home(&now.model, &ask.query))
}

pub(super) async fn scorecards(State(site): State<Arc<Site>>, ask: Ask) -> Response {
    let now = site.models.now();
    site.answer(&ask, &now, &pages::scorecards(&now.model, &*site.entities(), &ask.query))
}

pub(super) async fn scorecard(
    State(site): State<Arc<Site>>,
    Path((kind, name)): Path<(String, String)>,
    ask: Ask,
) -> Response {
    let now = site.models.now();
    let page = now.model.entity(&kind, &name).map(|scored| pages::scorecard(&now.model, scored));
    site.maybe(
        &ask,
        &now,
        page,
        &format!("{kind} called {name} with a scorecard"),
        ("/scorecards", "Show every scorecard"),
    )
}

pub(super) async fn waivers(State(site): State<Arc<Site>>, ask: Ask) -> Response {
    let now = site.models.now();
    site.answer(&ask, &now, &pages::waivers(&now.model, &ask.query))
}

pub(super) async fn standards(State(site): State<Arc<Site>>, ask: Ask) -> Response {
    let now = site.models.now();
    site.answer(&ask, &now, &pages::standards(&now.model, &ask.query))
}

pub(super) async fn standard(
    State(site): State<Arc<Site>>,
    Path((area, slug)): Path<(String, String)>,
    ask: Ask,
) -> Response {
    let now = site.models.now();
    let id = format!("{area}/{slug}");
    let page = now.model.verdict.standards.get(&id).map(|standard| pages::standard(&now.model, standard));
    site.maybe(&ask, &now, page, &format!("standard {id}"), ("/standards", "Show every standard"))
}

pub(super) async fn source(State(site): State<Arc<Site>>, Path(path): Path<String>, ask: Ask) -> Response {
    let now = site.models.now();
    let page = pages::source(&now.model, &path, &ask.query);
    site.maybe(&ask, &now, page, &format!("file {path} of text in a repository of the organisation"), ("/", "Go home"))
}
