//! The catalog's REST API, as Backstage has it: what is read. Nothing is written here: what the catalog holds is in files.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use karat_catalog::{
    Defaults, EntityRef, Facet, Fields, List, Page, Predicate, Query, QueryError, facets_from_body, facets_from_params,
    filter_from_params,
};
use serde_json::{Map, Value, json};

use super::ApiError;
use super::error::Body;
use crate::model::Entities;
use crate::state::{Portal, Shared};

/// The routes below `/api/catalog`.
pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/api/catalog/entities", get(list))
        .route("/api/catalog/entities/by-query", get(by_params).post(by_body))
        .route("/api/catalog/entities/by-refs", post(by_refs))
        .route("/api/catalog/entities/by-name/{kind}/{namespace}/{name}", get(by_name))
        .route("/api/catalog/entity-facets", get(facets_by_params).post(facets_by_body))
}

type Answer = Result<Json<Value>, ApiError>;

impl From<QueryError> for ApiError {
    fn from(error: QueryError) -> Self {
        Self::input(error.to_string())
    }
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

    fn fields(&self) -> Result<Option<Fields>, QueryError> {
        Fields::parse(self.0.iter().filter(|(name, _)| name == "fields").map(|(_, value)| value.as_str()))
    }
}

fn entities(portal: &Portal) -> Arc<dyn Entities> {
    portal.site.entities(&portal.site.models.now())
}

fn shown(entities: &dyn Entities, reference: &EntityRef, fields: Option<&Fields>) -> Value {
    match (entities.get(reference), fields) {
        (None, _) => Value::Null,
        (Some(entity), Some(fields)) => fields.project(entity.as_map()),
        (Some(entity), None) => Value::Object(entity.as_map().clone()),
    }
}

fn all(entities: &dyn Entities, references: &[EntityRef], fields: Option<&Fields>) -> Vec<Value> {
    references.iter().map(|reference| shown(entities, reference, fields)).collect()
}

async fn list(State(portal): State<Shared>, RawQuery(query): RawQuery, uri: Uri) -> Result<Response, ApiError> {
    let asked = Asked::of(query);
    let (list, fields) = (List::from_params(&asked.pairs())?, asked.fields()?);
    let entities = entities(&portal);
    let found = entities.list(&list);
    let mut headers = HeaderMap::new();
    if let Some(after) = found.after {
        let rest = asked.0.iter().filter(|(name, _)| name != "offset" && name != "after");
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(rest.map(|(name, value)| (name, value)))
            .append_pair("after", &after)
            .finish();
        let path = uri.path().strip_prefix("/api/catalog").unwrap_or(uri.path());
        if let Ok(link) = HeaderValue::from_str(&format!("<{path}?{query}>; rel=\"next\"")) {
            headers.insert(header::LINK, link);
        }
    }
    Ok((headers, Json(Value::Array(all(&*entities, &found.ids, fields.as_ref())))).into_response())
}

async fn by_params(State(portal): State<Shared>, RawQuery(query): RawQuery) -> Answer {
    let asked = Asked::of(query);
    let (query, fields) = (Query::from_params(&asked.pairs())?, asked.fields()?);
    Ok(page(&portal, &query, fields.as_ref()))
}

async fn by_body(State(portal): State<Shared>, Body(body): Body) -> Answer {
    let (query, fields) = (Query::from_body(&body)?, fields_of(&body)?);
    Ok(page(&portal, &query, fields.as_ref()))
}

fn fields_of(body: &Value) -> Result<Option<Fields>, QueryError> {
    let fields = body.get("fields").and_then(Value::as_array).into_iter().flatten();
    Fields::parse(fields.filter_map(Value::as_str))
}

fn page(portal: &Portal, query: &Query, fields: Option<&Fields>) -> Json<Value> {
    let entities = entities(portal);
    let Page { ids, total, next, prev } = entities.query(query);
    let mut info = Map::new();
    for (name, cursor) in [("nextCursor", next), ("prevCursor", prev)] {
        if let Some(cursor) = cursor {
            info.insert(name.to_owned(), cursor.encode().into());
        }
    }
    Json(json!({"items": all(&*entities, &ids, fields), "totalItems": total, "pageInfo": info}))
}

async fn by_refs(State(portal): State<Shared>, RawQuery(query): RawQuery, Body(body): Body) -> Answer {
    let asked = Asked::of(query);
    let fields = match fields_of(&body)? {
        Some(fields) => Some(fields),
        None => asked.fields()?,
    };
    let wanted =
        body.get("entityRefs").and_then(Value::as_array).ok_or_else(|| ApiError::input("entityRefs is missing"))?;
    let read = |wanted: &Value| {
        let text = wanted.as_str().ok_or_else(|| ApiError::input("entityRefs holds what is no text"))?;
        EntityRef::parse(text, Defaults::default()).map_err(|error| ApiError::input(error.to_string()))
    };
    let mut references =
        wanted.iter().map(read).collect::<Result<Vec<_>, _>>()?.into_iter().map(Some).collect::<Vec<_>>();
    let query = body.get("query").map(Predicate::parse).transpose()?;
    let filters: Vec<Predicate> = filter_from_params(&asked.pairs())?.into_iter().chain(query).collect();
    let entities = entities(&portal);
    if !filters.is_empty() {
        let mut fitting = entities.list(&List { filter: Some(Predicate::All(filters)), ..List::default() }).ids;
        fitting.sort_unstable();
        for reference in &mut references {
            *reference = reference.take().filter(|reference| fitting.binary_search(reference).is_ok());
        }
    }
    let item = |reference: &Option<EntityRef>| {
        reference.as_ref().map_or(Value::Null, |reference| shown(&*entities, reference, fields.as_ref()))
    };
    Ok(Json(json!({"items": references.iter().map(item).collect::<Vec<_>>()})))
}

async fn by_name(
    State(portal): State<Shared>,
    Path((kind, namespace, name)): Path<(String, String, String)>,
) -> Answer {
    let found = entities(&portal).get(&EntityRef::new(&kind, &namespace, &name));
    let missing = || {
        ApiError::not_found(format!("No entity named '{name}' found, with kind '{kind}' in namespace '{namespace}'"))
    };
    found.map(|entity| Json(Value::Object(entity.as_map().clone()))).ok_or_else(missing)
}

async fn facets_by_params(State(portal): State<Shared>, RawQuery(query): RawQuery) -> Answer {
    let asked = Asked::of(query);
    let pairs = asked.pairs();
    Ok(facets(&portal, &facets_from_params(&pairs)?, filter_from_params(&pairs)?.as_ref()))
}

async fn facets_by_body(State(portal): State<Shared>, Body(body): Body) -> Answer {
    let (keys, filter) = facets_from_body(&body)?;
    Ok(facets(&portal, &keys, filter.as_ref()))
}

fn facets(portal: &Portal, keys: &[String], filter: Option<&Predicate>) -> Json<Value> {
    let counted = entities(portal).facets(keys, filter);
    let one = |Facet { value, count }: Facet| json!({"value": value, "count": count});
    let all: Map<String, Value> =
        counted.into_iter().map(|(key, found)| (key, found.into_iter().map(one).collect::<Vec<_>>().into())).collect();
    Json(json!({"facets": all}))
}
