//! TechDocs' REST API: metadata, the state of a site, its files as `mkdocs build` lays them out.
//!
//! Pages are rendered from the files as they are now, so there is nothing to publish and nothing to wait for: `sync` always
//! answers that all is up to date.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use data_encoding::HEXLOWER;
use maud::{DOCTYPE, PreEscaped, html};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::ApiError;
use super::error::Named;
use crate::model::DocSite;
use crate::state::Shared;

/// Namespace, kind and name of an entity.
type Of = (String, String, String);

/// The routes below `/api/techdocs`.
pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/api/techdocs/metadata/techdocs/{namespace}/{kind}/{name}", get(metadata))
        .route("/api/techdocs/metadata/entity/{namespace}/{kind}/{name}", get(entity))
        .route("/api/techdocs/sync/{namespace}/{kind}/{name}", get(sync))
        .route("/api/techdocs/static/docs/{namespace}/{kind}/{name}/{*path}", get(file))
        .method_not_allowed_fallback(super::wrong_method)
}

fn find(portal: &Shared, (namespace, kind, name): &Of) -> Result<Arc<DocSite>, ApiError> {
    let now = portal.site.models.now();
    let found = now.model.docs.find(kind, namespace, name).cloned();
    found.ok_or_else(|| ApiError::not_found(format!("there is no documentation of {kind}:{namespace}/{name}")))
}

/// Works off the async threads: a site is rendered when it is first asked for.
async fn render<T: Send + 'static>(
    site: Arc<DocSite>,
    work: impl FnOnce(&DocSite) -> T + Send + 'static,
) -> Result<T, ApiError> {
    let done = tokio::task::spawn_blocking(move || work(&site)).await;
    // A panic there has been told already.
    done.map_err(|_| ApiError::internal("the documentation could not be rendered"))
}

/// `techdocs_metadata.json`.
async fn metadata(State(portal): State<Shared>, Named(named): Named<Of>) -> Result<Json<Value>, ApiError> {
    let site = find(&portal, &named)?;
    let now = (portal.clock)().as_millisecond();
    let value = render(site, move |site| {
        let Value::Object(mut value) = describe(site) else { return Value::Null };
        value.insert("build_timestamp".to_owned(), now.into());
        Value::Object(value)
    });
    Ok(Json(value.await?))
}

/// What a site says of itself. The tag changes when a page does.
fn describe(site: &DocSite) -> Value {
    let pages = site.site();
    let mut digest = Sha256::new();
    let mut files: Vec<String> = pages.assets().map(|(path, _)| path.to_owned()).collect();
    for page in pages.pages() {
        files.push(file_of(&page.url));
        digest.update(page.url.as_bytes());
        digest.update([0]);
        digest.update(page.html.as_bytes());
    }
    files.extend(["search/search_index.json".to_owned(), "techdocs_metadata.json".to_owned()]);
    files.sort();
    json!({
        "site_name": pages.name(),
        "site_description": pages.config().site_description,
        "files": files,
        "etag": HEXLOWER.encode(&digest.finalize()[..20]),
    })
}

/// The entity, and where its documentation is from.
async fn entity(State(portal): State<Shared>, Named(named): Named<Of>) -> Result<Json<Value>, ApiError> {
    let site = find(&portal, &named)?;
    let Some(Value::Object(mut value)) = site.entity.clone() else {
        let (namespace, kind, name) = &named;
        return Err(ApiError::not_found(format!("the catalog has no {kind}:{namespace}/{name}")));
    };
    value.insert("locationMetadata".to_owned(), json!({ "type": "dir", "target": site.folder() }));
    Ok(Json(Value::Object(value)))
}

/// Whether the site is up to date: it is. Clients listen to events; one that does not gets 304, as from Backstage.
async fn sync(State(portal): State<Shared>, Named(named): Named<Of>, headers: HeaderMap) -> Result<Response, ApiError> {
    find(&portal, &named)?;
    if headers.get(header::ACCEPT).is_none_or(|accept| accept != "text/event-stream") {
        return Ok(StatusCode::NOT_MODIFIED.into_response());
    }
    let headers = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-cache")];
    Ok((headers, "event: finish\ndata: {\"updated\":false}\n\n").into_response())
}

/// A file of the site.
async fn file(
    State(portal): State<Shared>,
    Named((namespace, kind, name, path)): Named<(String, String, String, String)>,
) -> Result<Response, ApiError> {
    let site = find(&portal, &(namespace, kind, name))?;
    let missing = ApiError::not_found(format!("there is no file {path}"));
    let found = render(site, move |site| content(site, &path)).await?;
    let Some((media, bytes)) = found else { return Err(missing) };
    // A page or a drawing is a document of its own: nothing in it runs, and it is of no origin.
    let policy = "default-src 'none'; img-src 'self' data:; style-src 'self'; sandbox";
    let headers = [
        (header::CONTENT_TYPE, media),
        (header::CACHE_CONTROL, "private, no-cache"),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((headers, bytes).into_response())
}

fn content(site: &DocSite, path: &str) -> Option<(&'static str, Vec<u8>)> {
    let pages = site.site();
    match path {
        "techdocs_metadata.json" => return Some(("application/json", describe(site).to_string().into_bytes())),
        "search/search_index.json" => {
            let entries = pages.search_entries();
            let entries = entries
                .iter()
                .map(|entry| json!({ "location": entry.location, "title": entry.title, "text": entry.text }));
            let index = json!({ "config": { "lang": ["en"] }, "docs": entries.collect::<Vec<_>>() });
            return Some(("application/json", index.to_string().into_bytes()));
        }
        _ => {}
    }
    if let Some(asset) = pages.asset(path) {
        return Some((asset.media_type, site.world.read(&asset.source).ok()?));
    }
    let page = pages.pages().iter().find(|page| file_of(&page.url) == path || page.url == path)?;
    let whole = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                title { (page.title) " - " (pages.name()) }
                @if let Some(description) = &page.description { meta name="description" content=(description); }
            }
            body {
                main class="md-main" {
                    article class="md-content__inner md-typeset" {
                        @if let Some(edit) = page.edit_url.as_deref().and_then(crate::parts::safe) {
                            a class="md-content__button md-icon" href=(edit) title="Edit this page" { "Edit this page" }
                        }
                        // Cleaned by an allow-list in `karat-docs`: nothing in it runs.
                        (PreEscaped(&page.html))
                    }
                }
            }
        }
    };
    Some(("text/html; charset=utf-8", whole.into_string().into_bytes()))
}

/// The file of a page: `how-to/release/index.html`.
fn file_of(url: &str) -> String {
    if url.ends_with(".html") { url.to_owned() } else { format!("{url}index.html") }
}
