//! Entities: what is read.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::{IntoResponse as _, Response};
use karat_catalog::{
    Condition, Defaults, Entity, EntityRef, Facet, Fields, List, Page, Predicate, Query, QueryError, facets_from_body,
    facets_from_params, filter_from_params,
};
use serde_json::{Map, Value, json};

use super::shown::{Listed, Shown};
use super::{Asked, BASE, entities};
use crate::api::ApiError;
use crate::api::error::{Body, Named};
use crate::state::{Portal, Shared};

type Answer = Result<Json<Value>, ApiError>;

pub(super) async fn list(
    State(portal): State<Shared>,
    RawQuery(query): RawQuery,
    uri: Uri,
) -> Result<Response, ApiError> {
    let asked = Asked::of(query);
    let (list, fields) = (List::from_params(&asked.pairs())?, fields_of_params(&asked)?);
    let entities = entities(&portal);
    let found = entities.list(&list);
    let mut headers = HeaderMap::new();
    if let Some(after) = found.after {
        let pairs = asked.pairs();
        let rest = pairs.iter().filter(|(name, _)| *name != "offset" && *name != "after");
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(rest.map(|(name, value)| (name, value)))
            .append_pair("after", &after)
            .finish();
        let path = uri.path().strip_prefix(BASE).unwrap_or(uri.path());
        if let Ok(link) = HeaderValue::from_str(&format!("<{path}?{query}>; rel=\"next\"")) {
            headers.insert(header::LINK, link);
        }
    }
    Ok((headers, Listed::new(entities, found.ids, fields)).into_response())
}

pub(super) async fn by_params(State(portal): State<Shared>, RawQuery(query): RawQuery) -> Result<Listed, ApiError> {
    let asked = Asked::of(query);
    let (query, fields) = (Query::from_params(&asked.pairs())?, fields_of_params(&asked)?);
    Ok(page(&portal, &query, fields))
}

pub(super) async fn by_body(State(portal): State<Shared>, Body(body): Body) -> Result<Listed, ApiError> {
    let (query, fields) = (Query::from_body(&body)?, fields_of(&body)?);
    Ok(page(&portal, &query, fields))
}

fn fields_of_params(asked: &Asked) -> Result<Option<Fields>, QueryError> {
    Fields::parse(asked.pairs().into_iter().filter(|(name, _)| *name == "fields").map(|(_, value)| value))
}

fn fields_of(body: &Value) -> Result<Option<Fields>, QueryError> {
    let fields = body.get("fields").and_then(Value::as_array).into_iter().flatten();
    Fields::parse(fields.filter_map(Value::as_str))
}

fn page(portal: &Portal, query: &Query, fields: Option<Fields>) -> Listed {
    let entities = entities(portal);
    let Page { ids, total, next, prev } = entities.query(query);
    let mut info = Map::new();
    for (name, cursor) in [("nextCursor", next), ("prevCursor", prev)] {
        if let Some(cursor) = cursor {
            info.insert(name.to_owned(), cursor.encode().into());
        }
    }
    let others = [("totalItems".to_owned(), total.into()), ("pageInfo".to_owned(), info.into())];
    Listed::new(entities, ids, fields).beside(&Map::from_iter(others))
}

pub(super) async fn by_refs(
    State(portal): State<Shared>,
    RawQuery(query): RawQuery,
    Body(body): Body,
) -> Result<Listed, ApiError> {
    let asked = Asked::of(query);
    let fields = match fields_of(&body)? {
        Some(fields) => Some(fields),
        None => fields_of_params(&asked)?,
    };
    let wanted = body["entityRefs"].as_array().into_iter().flatten().filter_map(Value::as_str);
    // What is no whole reference is nothing that is there.
    let whole = |text: &str| {
        let reference = EntityRef::parse(text, Defaults::default()).ok()?;
        (reference.as_str() == text.to_lowercase()).then_some(reference)
    };
    let mut references: Vec<Option<EntityRef>> = wanted.map(whole).collect();
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
    Ok(Listed::with_nulls(entities, references, fields))
}

/// One entity, or why there is none.
fn one(entity: Option<Arc<Entity>>, missing: impl FnOnce() -> String) -> Result<Json<Shown>, ApiError> {
    entity.map(|entity| Json(Shown::Whole(entity))).ok_or_else(|| ApiError::not_found(missing()))
}

pub(super) async fn by_name(
    State(portal): State<Shared>,
    Named((kind, namespace, name)): Named<(String, String, String)>,
) -> Result<Json<Shown>, ApiError> {
    let found = entities(&portal).get(&EntityRef::new(&kind, &namespace, &name));
    one(found, || format!("No entity named '{name}' found, with kind '{kind}' in namespace '{namespace}'"))
}

pub(super) async fn by_uid(State(portal): State<Shared>, Named(uid): Named<String>) -> Result<Json<Shown>, ApiError> {
    let is = Predicate::Fields(vec![("metadata.uid".to_owned(), Condition::Is(uid.as_str().into()))]);
    let entities = entities(&portal);
    let found = entities.list(&List { filter: Some(is), ..List::default() }).ids;
    one(found.first().and_then(|reference| entities.get(reference)), || format!("No entity with uid {uid}"))
}

pub(super) async fn ancestry(
    State(portal): State<Shared>,
    Named((kind, namespace, name)): Named<(String, String, String)>,
) -> Answer {
    let root = EntityRef::new(&kind, &namespace, &name);
    let entities = entities(&portal);
    if entities.get(&root).is_none() {
        return Err(ApiError::not_found(format!("No such entity {root}")));
    }
    let shown = |(reference, parents): (EntityRef, Vec<EntityRef>)| {
        let entity = entities.get(&reference)?;
        let parents: Vec<&str> = parents.iter().map(EntityRef::as_str).collect();
        Some(json!({"entity": entity.as_map(), "parentEntityRefs": parents}))
    };
    let items: Vec<Value> = entities.ancestry(&root).into_iter().filter_map(shown).collect();
    Ok(Json(json!({"rootEntityRef": root.as_str(), "items": items})))
}

pub(super) async fn facets_by_params(State(portal): State<Shared>, RawQuery(query): RawQuery) -> Answer {
    let asked = Asked::of(query);
    let pairs = asked.pairs();
    Ok(facets(&portal, &facets_from_params(&pairs)?, filter_from_params(&pairs)?.as_ref()))
}

pub(super) async fn facets_by_body(State(portal): State<Shared>, Body(body): Body) -> Answer {
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
