//! Routes of the documentation. Rendering a site for the first time takes a moment, so it is done off the async threads.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};

use super::{Ask, Site};
use crate::pages;

pub(super) async fn docs(State(site): State<Arc<Site>>, ask: Ask) -> Response {
    let now = site.models.now();
    site.answer(&ask, &now, &pages::docs(&now.model))
}

/// The first page of a site; links of its pages are relative to the address with a slash.
pub(super) async fn home(path: Path<(String, String, String)>, site: State<Arc<Site>>, ask: Ask) -> Response {
    if !ask.query.path().ends_with('/') {
        return Redirect::permanent(&format!("{}/", ask.query.path())).into_response();
    }
    let Path((namespace, kind, name)) = path;
    page(Path((namespace, kind, name, String::new())), site, ask).await
}

pub(super) async fn page(
    Path((namespace, kind, name, inner)): Path<(String, String, String, String)>,
    State(site): State<Arc<Site>>,
    ask: Ask,
) -> Response {
    let now = site.models.now();
    let Some(found) = now.model.docs.find(&kind, &namespace, &name).cloned() else {
        return site.maybe(&ask, &now, None, &format!("documentation of {name}"), ("/docs", "Show all documentation"));
    };
    let (model, asked) = (Arc::clone(&now.model), inner.clone());
    let slash = ask.query.path().ends_with('/');
    let work_site = Arc::clone(&site);
    let work = tokio::task::spawn_blocking(move || {
        let pages = found.site();
        if let Some(asset) = pages.asset(&asked) {
            return Answer::Asset(asset.media_type, found.world.read(&asset.source).unwrap_or_default());
        }
        let page = if asked.is_empty() { pages.home() } else { pages.page(asked.trim_end_matches('/')) };
        match page {
            // A page has one address.
            Some(page) if page.url.ends_with('/') && !slash => {
                Answer::Elsewhere(format!("{}{}", found.href(), page.url))
            }
            Some(page) => {
                let inner = page.source.strip_prefix(found.folder()).map(|inner| inner.trim_start_matches('/'));
                // Karat's own documentation is in no folder of the organisation.
                let change = inner.filter(|_| found.entity.is_some()).and_then(|inner| {
                    let changes = work_site.changes.of(&work_site.models.folder().join(found.folder()));
                    changes.get(inner).cloned()
                });
                Answer::Page(pages::doc(&model, &found, page, change.as_ref(), work_site.now()))
            }
            None => Answer::Nothing(pages::no_doc(&found)),
        }
    });
    match work.await {
        Ok(Answer::Page(page)) => site.answer(&ask, &now, &page),
        Ok(Answer::Nothing(page)) => site.answer_with(StatusCode::NOT_FOUND, &ask, &now, &page),
        Ok(Answer::Elsewhere(to)) => Redirect::permanent(&to).into_response(),
        Ok(Answer::Asset(media, bytes)) => {
            let how = if media.starts_with("image/") || media.starts_with("text/") { "inline" } else { "attachment" };
            // A drawing is a document of its own: nothing in it runs, and it is of no origin.
            let policy = "default-src 'none'; style-src 'unsafe-inline'; sandbox";
            let headers = [
                (header::CONTENT_TYPE, media),
                (header::CONTENT_DISPOSITION, how),
                (header::CONTENT_SECURITY_POLICY, policy),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ];
            (headers, bytes).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

enum Answer {
    Page(pages::Page),
    Nothing(pages::Page),
    Elsewhere(String),
    Asset(&'static str, Vec<u8>),
}
