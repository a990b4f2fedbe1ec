//! The catalog's REST API, as Backstage has it.

mod entities;
mod locations;
mod shown;
mod validate;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use karat_catalog::QueryError;
use karat_ingest::View;

use super::ApiError;
use super::document::{Document, Routes};
use crate::state::{Portal, Shared};

/// Where it is.
const BASE: &str = "/api/catalog";

static DOCUMENT: Document = Document::new(BASE, include_str!("openapi.json"));

/// The routes below `/api/catalog`.
pub(super) fn router() -> Router<Shared> {
    DOCUMENT.routes(routes())
}

fn routes() -> Routes {
    vec![
        DOCUMENT.route(),
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

#[cfg(test)]
mod tests {
    use crate::api::document::tests::check_has_every_route;

    #[test]
    fn every_route_is_in_the_document_and_the_other_way_round() {
        check_has_every_route(&super::DOCUMENT, super::routes());
    }
}
