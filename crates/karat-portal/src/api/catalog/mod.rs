//! The catalog's REST API, as Backstage has it.

mod document;
mod entities;
mod locations;
mod shown;
mod validate;

use std::sync::Arc;

use axum::Router;
use axum::middleware;
use axum::routing::{MethodRouter, get, post};
use karat_catalog::QueryError;
use karat_ingest::View;

use super::ApiError;
use crate::state::{Portal, Shared};

/// Where it is.
const BASE: &str = "/api/catalog";

/// The routes below `/api/catalog`. Each is in `openapi.json`, which a request is held to first.
pub(super) fn router() -> Router<Shared> {
    let below = routes().into_iter().fold(Router::new(), |router, (path, method)| {
        let held = method.route_layer(middleware::from_fn_with_state(path, document::check));
        router.route(&format!("{BASE}{path}"), held)
    });
    below.method_not_allowed_fallback(super::wrong_method)
}

/// Each with its path in the document.
fn routes() -> Vec<(&'static str, MethodRouter<Shared>)> {
    vec![
        ("/openapi.json", get(document::serve)),
        ("/entities", get(entities::list)),
        ("/entities/by-query", get(entities::by_params).post(entities::by_body)),
        ("/entities/by-refs", post(entities::by_refs)),
        ("/entities/by-uid/{uid}", get(entities::by_uid).delete(locations::remove_entity)),
        ("/entities/by-name/{kind}/{namespace}/{name}", get(entities::by_name)),
        ("/entities/by-name/{kind}/{namespace}/{name}/ancestry", get(entities::ancestry)),
        ("/entity-facets", get(entities::facets_by_params).post(entities::facets_by_body)),
        ("/refresh", post(locations::refresh)),
        ("/locations", get(locations::list).post(locations::add)),
        ("/locations/by-query", post(locations::by_query)),
        ("/locations/{id}", get(locations::one).put(locations::change).delete(locations::remove)),
        ("/locations/by-entity/{kind}/{namespace}/{name}", get(locations::by_entity)),
        ("/validate-entity", post(validate::validate)),
        ("/analyze-location", post(validate::analyze)),
    ]
}

impl From<QueryError> for ApiError {
    fn from(error: QueryError) -> Self {
        Self::input(error.to_string())
    }
}

fn entities(portal: &Portal) -> Arc<View> {
    portal.site.catalog.now()
}

/// The parameters of a URL, decoded, in their order.
struct Asked(Vec<(String, String)>);

impl Asked {
    fn of(query: Option<String>) -> Self {
        Self(form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect())
    }

    fn pairs(&self) -> Vec<(&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }
}
