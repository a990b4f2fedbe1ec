//! Where entities come from: registered locations, and reading them again. What waits for a disk or a network has a thread.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use data_encoding::BASE64;
use karat_catalog::{Condition, Defaults, EntityRef, LocationRef, ORIGIN_LOCATION, Predicate, Uid};
use karat_ingest::{Added, Catalog, Location, LocationError};
use serde_json::{Value, json};

use super::{Asked, entities};
use crate::api::ApiError;
use crate::api::error::{Body, Named};
use crate::state::Shared;

/// So many locations are on a page if nobody says.
const PAGE: u64 = 1_000;

type Answer = Result<Json<Value>, ApiError>;

impl From<LocationError> for ApiError {
    fn from(error: LocationError) -> Self {
        let message = error.to_string();
        match error {
            LocationError::Input(_) => Self::input(message),
            LocationError::Exists(_) => Self::conflict(message),
            LocationError::Missing(_) | LocationError::NoEntity(_) => Self::not_found(message),
            LocationError::Own => Self::not_allowed(message),
            LocationError::Store(_) => Self::unavailable(message),
        }
    }
}

/// Works where waiting holds nobody up.
async fn apart<T: Send + 'static>(
    portal: &Shared,
    work: impl FnOnce(&Catalog) -> Result<T, LocationError> + Send + 'static,
) -> Result<T, ApiError> {
    let catalog = portal.site.catalog.clone();
    match tokio::task::spawn_blocking(move || work(&catalog)).await {
        Ok(done) => Ok(done?),
        // A panic there has been told already.
        Err(_) => Err(ApiError::unavailable("the catalog stopped while it worked; this is a bug in Karat")),
    }
}

fn shown(location: &Location) -> Value {
    json!({
        "id": location.id,
        "target": location.target,
        "type": location.kind,
        "entityRef": location.reference.as_str(),
    })
}

/// `POST /refresh`.
pub(super) async fn refresh(State(portal): State<Shared>, Body(body): Body) -> Result<StatusCode, ApiError> {
    let text = body["entityRef"].as_str().unwrap_or_default().to_lowercase();
    let reference = EntityRef::parse(&text, Defaults::default()).ok();
    let known = reference.filter(|one| one.as_str() == text && entities(&portal).get(one).is_some());
    let reference = known.ok_or_else(|| ApiError::not_found(format!("Entity {text} not found")))?;
    portal.site.catalog.refresh(&reference);
    Ok(StatusCode::OK)
}

/// `DELETE /entities/by-uid/{uid}`. That there is none is as good.
pub(super) async fn remove_entity(
    State(portal): State<Shared>,
    Named(uid): Named<String>,
) -> Result<StatusCode, ApiError> {
    if let Some(uid) = Uid::parse(&uid) {
        apart(&portal, move |catalog| match catalog.remove_entity(uid) {
            Err(LocationError::NoEntity(_)) => Ok(()),
            done => done,
        })
        .await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /locations`.
pub(super) async fn list(State(portal): State<Shared>) -> Answer {
    let all = apart(&portal, Catalog::locations).await?;
    Ok(Json(all.iter().map(|location| json!({"data": shown(location)})).collect()))
}

/// `POST /locations`.
pub(super) async fn add(
    State(portal): State<Shared>,
    RawQuery(query): RawQuery,
    Body(body): Body,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let asked = Asked::of(query);
    let says = |name: &str| asked.pairs().into_iter().find(|(known, _)| *known == name).map(|(_, value)| value);
    let dry = says("dryRun").is_some_and(is_yes);
    let again = says("onConflict") == Some("refresh");
    let (kind, target) = spec(&body);
    let (added, tried) = apart(&portal, move |catalog| {
        if dry {
            return Ok((catalog.try_location(&kind, &target)?, true));
        }
        match catalog.add_location(&kind, &target) {
            Err(LocationError::Exists(_)) if again => {
                let known = catalog.locations()?.into_iter().find(|one| one.kind == kind && one.target == target);
                let location = known.ok_or_else(|| LocationError::Exists(format!("{kind}:{target}")))?;
                catalog.refresh(&location.reference);
                Ok((Added { location, entities: Vec::new(), exists: true }, false))
            }
            done => Ok((done?, false)),
        }
    })
    .await?;
    let entities: Vec<&serde_json::Map<String, Value>> = added.entities.iter().map(|entity| entity.as_map()).collect();
    let mut answer = json!({"location": shown(&added.location), "entities": entities});
    if tried {
        answer["exists"] = added.exists.into();
    }
    Ok((StatusCode::CREATED, Json(answer)))
}

fn spec(body: &Value) -> (String, String) {
    let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
    (text("type"), text("target"))
}

/// What counts as yes in a query; whatever else is no.
fn is_yes(text: &str) -> bool {
    ["y", "yes", "true", "1", "on"].iter().any(|yes| text.trim().eq_ignore_ascii_case(yes))
}

fn find(catalog: &Catalog, id: &str) -> Result<Location, LocationError> {
    let all = catalog.locations()?;
    all.into_iter().find(|location| location.id == id).ok_or_else(|| LocationError::Missing(id.to_owned()))
}

/// `GET /locations/{id}`.
pub(super) async fn one(State(portal): State<Shared>, Named(id): Named<String>) -> Answer {
    let location = apart(&portal, move |catalog| find(catalog, &id)).await?;
    Ok(Json(shown(&location)))
}

/// `PUT /locations/{id}`: another place instead. Its id is another one then, since an id is of its place.
pub(super) async fn change(State(portal): State<Shared>, Named(id): Named<String>, Body(body): Body) -> Answer {
    let (kind, target) = spec(&body);
    let location = apart(&portal, move |catalog| {
        let before = find(catalog, &id)?;
        if (before.kind.as_str(), before.target.as_str()) == (kind.as_str(), target.as_str()) {
            return Ok(before);
        }
        let added = catalog.add_location(&kind, &target)?;
        match catalog.remove_location(&id) {
            Ok(()) => Ok(added.location),
            Err(error) => {
                catalog.remove_location(&added.location.id)?;
                Err(error)
            }
        }
    })
    .await?;
    Ok(Json(shown(&location)))
}

/// `DELETE /locations/{id}`.
pub(super) async fn remove(State(portal): State<Shared>, Named(id): Named<String>) -> Result<StatusCode, ApiError> {
    apart(&portal, move |catalog| catalog.remove_location(&id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /locations/by-entity/{kind}/{namespace}/{name}`.
pub(super) async fn by_entity(
    State(portal): State<Shared>,
    Named((kind, namespace, name)): Named<(String, String, String)>,
) -> Answer {
    let reference = EntityRef::new(&kind, &namespace, &name);
    let entity = entities(&portal).get(&reference);
    let entity = entity.ok_or_else(|| ApiError::not_found(format!("found no entity for ref {reference}")))?;
    let origin = entity.annotation(ORIGIN_LOCATION).and_then(|text| LocationRef::parse(text).ok());
    let none = || ApiError::not_found(format!("found no origin annotation for ref {reference}"));
    let LocationRef { kind, target } = origin.ok_or_else(none)?;
    let all = apart(&portal, Catalog::locations).await?;
    let missing = || ApiError::not_found(format!("Found no location with type {kind} and target {target}"));
    let found = all.iter().find(|location| location.kind == kind && location.target == target);
    Ok(Json(shown(found.ok_or_else(missing)?)))
}

/// `POST /locations/by-query`.
pub(super) async fn by_query(State(portal): State<Shared>, Body(body): Body) -> Answer {
    let page = Page::of(&body)?;
    if let Some(query) = &page.query {
        known_keys(query)?;
    }
    let mut all = apart(&portal, Catalog::locations).await?;
    all.retain(|location| page.query.as_ref().is_none_or(|query| fits(query, location)));
    all.sort_by(|a, b| a.id.cmp(&b.id));
    let total = all.len();
    let left = all.iter().skip_while(|location| page.after.as_ref().is_some_and(|after| location.id <= *after));
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let mut items: Vec<&Location> = left.take(limit.saturating_add(1)).collect();
    let more = items.len() > limit;
    items.truncate(limit);
    let mut info = json!({});
    if let Some(last) = items.last().filter(|_| more) {
        info["nextCursor"] = page.cursor(&last.id).into();
    }
    let items: Vec<Value> = items.into_iter().map(shown).collect();
    Ok(Json(json!({"items": items, "totalItems": total, "pageInfo": info})))
}

/// A page of locations.
struct Page {
    limit: u64,
    after: Option<String>,
    query: Option<Predicate>,
}

impl Page {
    fn of(body: &Value) -> Result<Self, ApiError> {
        let wrong = |message: &str| Err(ApiError::input(message));
        let Some(cursor) = body.get("cursor") else {
            let limit = match body.get("limit") {
                None => PAGE,
                Some(limit) => match limit.as_u64() {
                    Some(limit) if limit > 0 => limit,
                    _ => return wrong("Limit must be a positive integer >= 1"),
                },
            };
            let query = body.get("query").map(Predicate::parse_any).transpose()?;
            return Ok(Self { limit, after: None, query });
        };
        let text = cursor.as_str().unwrap_or_default();
        if text.is_empty() {
            return wrong("Cursor cannot be empty");
        }
        let read = BASE64.decode(text.as_bytes()).ok().and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
        let Some(read) = read else { return wrong("Malformed cursor, unknown encoding") };
        let after = read.get("afterId").map(|after| after.as_str().map(str::to_owned));
        match (read["limit"].as_u64(), after) {
            (Some(limit), after) if limit > 0 && after != Some(None) => {
                let query = read.get("query").map(Predicate::parse_any).transpose()?;
                Ok(Self { limit, after: after.flatten(), query })
            }
            _ => wrong("Malformed cursor: it has no limit of 1 or more, or no text as afterId"),
        }
    }

    fn cursor(&self, after: &str) -> String {
        let mut cursor = json!({"limit": self.limit, "afterId": after});
        if let Some(query) = &self.query {
            cursor["query"] = query.to_json();
        }
        BASE64.encode(cursor.to_string().as_bytes())
    }
}

/// Locations have four fields.
fn known_keys(query: &Predicate) -> Result<(), ApiError> {
    match query {
        Predicate::All(items) | Predicate::Any(items) => items.iter().try_for_each(known_keys),
        Predicate::Not(item) => known_keys(item),
        Predicate::Value(_) => Ok(()),
        Predicate::Fields(fields) => {
            let known = |key: &str| ["id", "type", "target", "entityref"].contains(&key.to_lowercase().as_str());
            match fields.iter().find(|(key, _)| !known(key)) {
                None => Ok(()),
                Some((key, _)) => Err(ApiError::input(format!(
                    "Invalid filter predicate, expected key to be 'id', 'type', 'target', or 'entityRef', got '{key}'"
                ))),
            }
        }
    }
}

/// Whether a location is meant. No conditions at all mean none, as no alternatives do.
fn fits(query: &Predicate, location: &Location) -> bool {
    match query {
        Predicate::All(items) => !items.is_empty() && items.iter().all(|item| fits(item, location)),
        Predicate::Any(items) => items.iter().any(|item| fits(item, location)),
        Predicate::Not(item) => !fits(item, location),
        Predicate::Value(_) => false,
        Predicate::Fields(fields) => fields.iter().all(|(key, condition)| {
            let value = match key.to_lowercase().as_str() {
                "id" => location.id.as_str(),
                "type" => &location.kind,
                "target" => &location.target,
                _ => location.reference.as_str(),
            };
            !matches!(condition, Condition::Contains(_)) && condition.is_met_by(Some(&value.into()))
        }),
    }
}
