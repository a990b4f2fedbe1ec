//! Routes of the catalog and of search.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use karat_catalog::EntityRef;
use serde_json::json;

use super::{Ask, Site};
use crate::model::{Hit, search};
use crate::pages::{self, View};

/// So many hits are on the page, and in the palette.
const HITS: (usize, usize) = (60, 12);

pub(super) async fn catalog(State(site): State<Arc<Site>>, ask: Ask) -> Response {
    let now = site.models.now();
    let entities = site.entities();
    site.answer(&ask, &now, &pages::catalog(&now.model, &*entities, &ask.query, &ask.viewer))
}

type Named = Path<(String, String, String)>;

pub(super) async fn overview(named: Named, site: State<Arc<Site>>, ask: Ask) -> Response {
    entity(named, site, &ask, View::Overview)
}

pub(super) async fn dependencies(named: Named, site: State<Arc<Site>>, ask: Ask) -> Response {
    entity(named, site, &ask, View::Dependencies)
}

pub(super) async fn api(named: Named, site: State<Arc<Site>>, ask: Ask) -> Response {
    entity(named, site, &ask, View::Api)
}

fn entity(Path((namespace, kind, name)): Named, State(site): State<Arc<Site>>, ask: &Ask, view: View) -> Response {
    let now = site.models.now();
    let reference = EntityRef::new(&kind, &namespace, &name);
    let page = pages::entity(&now.model, &*site.entities(), &reference, view);
    site.maybe(ask, &now, page, &format!("{kind} called {name} in the catalog"), ("/catalog", "Show the catalog"))
}

/// What is found; documentation that nobody has read yet is rendered for it, so not on an async thread.
async fn found(site: &Arc<Site>, words: &str, most: usize) -> Vec<Hit> {
    let (now, words) = (site.models.now(), words.to_owned());
    let entities = site.entities();
    let work = tokio::task::spawn_blocking(move || search(&now.model, &*entities, &words, most));
    work.await.unwrap_or_default()
}

pub(super) async fn page(State(site): State<Arc<Site>>, ask: Ask) -> Response {
    let words = ask.query.get("q").unwrap_or_default().to_owned();
    let hits = found(&site, &words, HITS.0).await;
    site.answer(&ask, &site.models.now(), &pages::search(&words, &hits))
}

/// The same for the palette.
pub(super) async fn palette(State(site): State<Arc<Site>>, ask: Ask) -> Response {
    let hits = found(&site, ask.query.get("q").unwrap_or_default(), HITS.1).await;
    let hits: Vec<_> = hits.iter().map(|hit| json!({"title": hit.title, "kind": hit.kind, "href": hit.href})).collect();
    ([(header::CONTENT_TYPE, "application/json")], json!({ "results": hits }).to_string()).into_response()
}
