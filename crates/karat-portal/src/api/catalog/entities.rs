//! Entities: what is read.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::{IntoResponse as _, Response};
use karat_catalog::{
    Defaults, EntityRef, Facet, Fields, List, Page, Predicate, Query, QueryError, Uid, facets_from_body,
    facets_from_params, filter_from_params,
};
use serde_json::{Map, Value, json};

use super::shown::{Listed, One};
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
    let view = entities(&portal);
    if !filters.is_empty() {
        let known: Vec<EntityRef> = references.iter().flatten().cloned().collect();
        let mut fits = view.matches(&Predicate::All(filters), &known).into_iter();
        for reference in references.iter_mut().filter(|reference| reference.is_some()) {
            if fits.next() != Some(true) {
                *reference = None;
            }
        }
    }
    Ok(Listed::with_nulls(view, references, fields))
}

/// One entity, or why there is none.
fn one(body: Option<Arc<str>>, missing: impl FnOnce() -> String) -> Result<One, ApiError> {
    body.map(One).ok_or_else(|| ApiError::not_found(missing()))
}

pub(super) async fn by_name(
    State(portal): State<Shared>,
    Named((kind, namespace, name)): Named<(String, String, String)>,
) -> Result<One, ApiError> {
    let found = entities(&portal).body(&EntityRef::new(&kind, &namespace, &name));
    one(found, || format!("No entity named '{name}' found, with kind '{kind}' in namespace '{namespace}'"))
}

pub(super) async fn by_uid(State(portal): State<Shared>, Named(uid): Named<String>) -> Result<One, ApiError> {
    let view = entities(&portal);
    let found = Uid::parse(&uid).and_then(|uid| view.by_uid(uid));
    one(found.and_then(|reference| view.body(&reference)), || format!("No entity with uid {uid}"))
}

pub(super) async fn ancestry(
    State(portal): State<Shared>,
    Named((kind, namespace, name)): Named<(String, String, String)>,
) -> Result<One, ApiError> {
    let root = EntityRef::new(&kind, &namespace, &name);
    let view = entities(&portal);
    let shown = |(reference, parents): (EntityRef, Vec<EntityRef>)| {
        let parents: Vec<&str> = parents.iter().map(EntityRef::as_str).collect();
        Some(format!("{{\"entity\":{},\"parentEntityRefs\":{}}}", view.body(&reference)?, json!(parents)))
    };
    let items: Vec<String> = view.ancestry(&root).into_iter().filter_map(shown).collect();
    let whole = format!("{{\"rootEntityRef\":{},\"items\":[{}]}}", json!(root.as_str()), items.join(","));
    one((!items.is_empty()).then(|| whole.into()), || format!("No such entity {root}"))
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
