//! The pages as routes: what a URL asks is read, the page is made of the model of now, and what all pages have is put around it.

mod ask;
mod catalog;
mod create;
mod docs;
mod fleet;
mod judged;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use karat_ingest::Catalog;
use maud::html;
use tokio::sync::Semaphore;

use crate::identity::{self, Identity};
use crate::look::Asset;
use crate::make::Maker;
use crate::model::{Changes, Clock, Entities, Models, Snapshot};
use crate::pages::{Page, missing};
use crate::parts::Frame;

pub(crate) use ask::{Ask, cookie, within};

/// What the pages stand on.
pub struct Site {
    /// The organisation, compiled.
    pub models: Arc<Models>,
    /// Its catalog.
    pub catalog: Catalog,
    /// Who may come in.
    pub identity: Arc<Identity>,
    /// What makes things.
    pub maker: Arc<Maker>,
    changes: Changes,
    clock: Clock,
    /// Comparing revisions renders two fleets: one at a time.
    comparing: Semaphore,
}

impl Site {
    /// Pages of an organisation.
    pub fn new(
        models: Arc<Models>,
        catalog: Catalog,
        identity: Arc<Identity>,
        maker: Arc<Maker>,
        clock: Clock,
    ) -> Self {
        Self { models, catalog, identity, maker, changes: Changes::default(), clock, comparing: Semaphore::new(1) }
    }

    /// Now, in seconds since 1970.
    pub(crate) fn now(&self) -> i64 {
        (self.clock)().as_second()
    }

    /// A page that was made on another thread.
    fn worked(&self, ask: &Ask, page: Result<Page, tokio::task::JoinError>) -> Response {
        match page {
            Ok(page) => self.answer(ask, &self.models.now(), &page),
            // A panic there has been told already.
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }

    /// The catalog that pages show.
    pub(crate) fn entities(&self) -> Arc<dyn Entities> {
        self.catalog.now()
    }

    fn frame(&self, ask: &Ask, snapshot: &Snapshot) -> Frame {
        Frame {
            organisation: snapshot.model.title.clone(),
            theme: ask.theme,
            viewer: ask.viewer.clone(),
            here: ask.query.to_string(),
            stale: snapshot.stale.clone(),
            unkept: self.catalog.trouble(),
        }
    }

    /// A page as an answer.
    pub(crate) fn answer(&self, ask: &Ask, snapshot: &Snapshot, page: &Page) -> Response {
        self.answer_with(StatusCode::OK, ask, snapshot, page)
    }

    fn answer_with(&self, status: StatusCode, ask: &Ask, snapshot: &Snapshot, page: &Page) -> Response {
        let text = page.within(&self.frame(ask, snapshot)).into_string();
        // What one reader sees is not for another's cache, and is as new as the model.
        let headers =
            [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "private, no-cache")];
        (status, headers, text).into_response()
    }

    /// A page for who is not known yet: it says nothing of the organisation but its title.
    pub(crate) fn plain(&self, status: StatusCode, ask: &Ask, page: &Page) -> Response {
        let snapshot = self.models.now();
        let frame = Frame { stale: None, unkept: None, ..self.frame(ask, &snapshot) };
        let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
        (status, headers, page.within(&frame).into_string()).into_response()
    }

    /// A page, or that there is none.
    fn maybe(&self, ask: &Ask, snapshot: &Snapshot, page: Option<Page>, what: &str, up: (&str, &str)) -> Response {
        match page {
            Some(page) => self.answer(ask, snapshot, &page),
            None => {
                let next = html! { a href=(up.0) { (up.1) } };
                self.answer_with(StatusCode::NOT_FOUND, ask, snapshot, &missing(what, &next))
            }
        }
    }
}

/// The routes of the pages.
pub fn router(site: Arc<Site>) -> Router {
    let door = middleware::from_fn_with_state(Arc::clone(&site.identity), identity::door);
    Router::new()
        .route("/", get(judged::home))
        .route("/scorecards", get(judged::scorecards))
        .route("/scorecards/{kind}/{name}", get(judged::scorecard))
        .route("/waivers", get(judged::waivers))
        .route("/standards", get(judged::standards))
        .route("/standards/{area}/{slug}", get(judged::standard))
        .route("/source/{*path}", get(judged::source))
        .route("/fleet", get(fleet::fleet))
        .route("/fleet/diff", get(fleet::difference))
        .route("/fleet/{application}", get(fleet::application))
        .route("/fleet/{application}/{object}", get(fleet::object))
        .route("/docs", get(docs::docs))
        .route("/docs/{namespace}/{kind}/{name}", get(docs::home))
        .route("/docs/{namespace}/{kind}/{name}/", get(docs::home))
        .route("/docs/{namespace}/{kind}/{name}/{*path}", get(docs::page))
        .route("/catalog", get(catalog::catalog))
        .route("/catalog/{namespace}/{kind}/{name}", get(catalog::overview))
        .route("/catalog/{namespace}/{kind}/{name}/dependencies", get(catalog::dependencies))
        .route("/catalog/{namespace}/{kind}/{name}/api", get(catalog::api))
        .route("/search", get(catalog::page))
        .route("/search.json", get(catalog::palette))
        .route("/create", get(create::create))
        .route("/create/tasks/{id}", get(create::task))
        .route("/create/tasks/{id}/cancel", post(create::cancel))
        .route("/create/tasks/{id}/retry", post(create::again))
        .route("/create/{namespace}/{name}", get(create::form).post(create::sent))
        .route("/theme", post(ask::theme))
        .route("/assets/{name}", get(asset))
        .merge(identity::router())
        .fallback(nowhere)
        .layer(door)
        .with_state(site)
}

/// The stylesheet, the script, the mark: for good, since another text has another name.
async fn asset(Path(name): Path<String>) -> Response {
    let Some(asset) = Asset::find(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(asset.media)),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
    ];
    (headers, asset.text.as_str()).into_response()
}

async fn nowhere(State(site): State<Arc<Site>>, ask: Ask) -> Response {
    site.maybe(&ask, &site.models.now(), None, "page here", ("/", "Go home"))
}
