//! Routes of the fleet.

use std::path::Path as DiskPath;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use karat_diag::Diagnostic;
use karat_fleet::diff::Difference;
use karat_fleet::{Cache, Fleet};
use karat_source::{Folder, World};

use super::{Ask, Site};
use crate::pages::{self, Sides};

pub(super) async fn fleet(State(site): State<Arc<Site>>, ask: Ask) -> Response {
    let now = site.models.now();
    site.answer(&ask, &now, &pages::fleet(&now.model, &ask.query))
}

pub(super) async fn application(State(site): State<Arc<Site>>, Path(name): Path<String>, ask: Ask) -> Response {
    let now = site.models.now();
    let page = now
        .model
        .verdict
        .fleet
        .application(&name)
        .map(|application| pages::application(&now.model, application, &ask.query));
    site.maybe(&ask, &now, page, &format!("Application {name}"), ("/fleet", "Show the fleet"))
}

/// An object by its place, as a page; with `.yaml` after it as text.
pub(super) async fn object(
    State(site): State<Arc<Site>>,
    Path((name, object)): Path<(String, String)>,
    ask: Ask,
) -> Response {
    let now = site.models.now();
    let application = now.model.verdict.fleet.application(&name);
    if let Some(number) = object.strip_suffix(".yaml") {
        let text = application.zip(number.parse().ok()).and_then(|(found, at)| pages::object_text(found, at));
        if let Some(text) = text {
            return ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response();
        }
    }
    let page = application.zip(object.parse().ok()).and_then(|(found, at)| pages::object(&now.model, found, at));
    let up = format!("/fleet/{}", crate::parts::segment(&name));
    site.maybe(&ask, &now, page, &format!("object {object} of {name}"), (&up, "Show the Application"))
}

pub(super) async fn difference(State(site): State<Arc<Site>>, ask: Ask) -> Response {
    let now = site.models.now();
    let side = |key: &str| ask.query.get(key).unwrap_or_default().trim().to_owned();
    let sides = Sides { from: side("from"), to: side("to") };
    let asked = ask.query.get("from").is_some() || ask.query.get("to").is_some();
    if !asked {
        return site.answer(&ask, &now, &pages::difference(&sides, None));
    }
    let result = match site.comparing.try_acquire() {
        Err(_) => Err("another comparison is being made; ask again in a moment".to_owned()),
        Ok(_turn) => {
            let (folder, asked) = (site.models.folder().to_owned(), sides.clone());
            let work = tokio::task::spawn_blocking(move || compare(&folder, &asked));
            work.await.unwrap_or_else(|_| Err("the comparison stopped; this is a bug in Karat".to_owned()))
        }
    };
    let page = pages::difference(&sides, Some(result.as_ref().map_err(String::as_str)));
    site.answer(&ask, &now, &page)
}

/// The difference of two revisions of the organisation's repository; an empty one is the files as they are.
fn compare(folder: &DiskPath, sides: &Sides) -> Result<Difference, String> {
    let cache = Cache::default();
    let build = |revision: &str| -> Result<Fleet, String> {
        let world: Box<dyn World> = if revision.is_empty() {
            Box::new(Folder::open(folder).map_err(|error| error.to_string())?)
        } else {
            Box::new(karat_git::at(folder, revision).map_err(|error| error.to_string())?)
        };
        Fleet::build(&*world, &cache).map_err(|problem: Box<Diagnostic>| match problem.places.first() {
            Some(place) => format!("{place}: {}", problem.message),
            None => problem.message.clone(),
        })
    };
    let (before, after) = (build(&sides.from)?, build(&sides.to)?);
    Ok(karat_fleet::diff(&before, &after))
}
