//! The OpenAPI document of the catalog's API: served, and what every request is held to before a handler sees it, in the
//! sentences that Backstage's own validator has.

use std::fmt;
use std::sync::LazyLock;

use axum::extract::{FromRequest as _, Request, State};
use axum::http::{Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

use crate::api::ApiError;
use crate::api::error::Body;

/// The document, as it is served.
const TEXT: &str = include_str!("openapi.json");

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(TEXT).unwrap_or_default());

pub(super) async fn serve() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], TEXT)
}

/// Refuses a request that is not as the document has it. The body goes on as a [`Body`].
pub(super) async fn check(
    State(path): State<&'static str>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let operation = operation(request.method(), path);
    let Some(operation) = operation else { return Ok(next.run(request).await) };
    check_query(operation, request.uri().query().unwrap_or_default()).map_err(ApiError::input)?;
    let Some(wanted) = operation.pointer("/requestBody/content/application~1json/schema") else {
        return Ok(next.run(request).await);
    };
    let (mut parts, body) = request.into_parts();
    let read = Body::from_request(Request::from_parts(parts.clone(), body), &()).await?;
    check_value(wanted, &read.0, &Place::Root("request/body")).map_err(ApiError::input)?;
    parts.extensions.insert(read);
    Ok(next.run(Request::from_parts(parts, axum::body::Body::empty())).await)
}

fn operation(method: &Method, path: &str) -> Option<&'static Value> {
    let method = if *method == Method::HEAD { "get".to_owned() } else { method.as_str().to_lowercase() };
    DOCUMENT.get("paths")?.get(path)?.get(method)
}

/// A part of the document, or what it refers to.
fn resolved(part: &Value) -> &Value {
    let pointer = part.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix('#'));
    pointer.and_then(|pointer| DOCUMENT.pointer(pointer)).unwrap_or(part)
}

fn check_query(operation: &Value, query: &str) -> Result<(), String> {
    let listed = operation.get("parameters").and_then(Value::as_array).into_iter().flatten().map(resolved);
    let listed: Vec<&Value> = listed.filter(|parameter| parameter["in"] == "query").collect();
    let known: Vec<(&str, &Value)> =
        listed.iter().filter_map(|parameter| Some((parameter["name"].as_str()?, &parameter["schema"]))).collect();
    let mut seen: Vec<&str> = Vec::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let Some((name, schema)) = known.iter().copied().find(|(known, _)| *known == name) else {
            return Err(format!("Unknown query parameter '{name}'"));
        };
        if value.is_empty() {
            return Err(format!("Empty value found for query parameter '{name}'"));
        }
        let place = Place::Below(&Place::Root("request/query"), name);
        let value = match schema["type"].as_str() {
            Some("array") => Value::Array(Vec::new()),
            // Twice is a list.
            _ if seen.contains(&name) => Value::Array(Vec::new()),
            Some("integer") => value.parse::<i64>().map_or(Value::String(value.into_owned()), Value::from),
            _ => Value::String(value.into_owned()),
        };
        seen.push(name);
        check_value(schema, &value, &place)?;
    }
    let required = listed.iter().filter(|parameter| parameter["required"] == true);
    match required.filter_map(|parameter| parameter["name"].as_str()).find(|name| !seen.contains(name)) {
        Some(missing) => Err(format!("request/query must have required property '{missing}'")),
        None => Ok(()),
    }
}

/// Where in a request something is.
enum Place<'p> {
    Root(&'static str),
    Below(&'p Self, &'p str),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root(name) => f.write_str(name),
            Self::Below(above, name) => write!(f, "{above}/{name}"),
        }
    }
}

/// Holds a value to a schema: the keywords that our document has for requests.
fn check_value(schema: &Value, value: &Value, place: &Place<'_>) -> Result<(), String> {
    let schema = resolved(schema);
    let kind = schema["type"].as_str().unwrap_or_default();
    let fits = match kind {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    };
    if !fits {
        return Err(format!("{place} must be {kind}"));
    }
    if let Some(least) = schema["minimum"].as_f64()
        && value.as_f64().is_some_and(|number| number < least)
    {
        return Err(format!("{place} must be >= {least}"));
    }
    if let Some(allowed) = schema["enum"].as_array()
        && !allowed.contains(value)
    {
        let allowed: Vec<&str> = allowed.iter().filter_map(Value::as_str).collect();
        return Err(format!("{place} must be equal to one of the allowed values: {}", allowed.join(", ")));
    }
    if let Some(items) = value.as_array().filter(|_| schema["items"].is_object()) {
        for (index, item) in items.iter().enumerate() {
            check_value(&schema["items"], item, &Place::Below(place, &index.to_string()))?;
        }
    }
    value.as_object().map_or(Ok(()), |object| check_object(schema, object, place))
}

fn check_object(schema: &Value, object: &Map<String, Value>, place: &Place<'_>) -> Result<(), String> {
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    if let Some(missing) = required.into_iter().find(|name| !object.contains_key(*name)) {
        return Err(format!("{place} must have required property '{missing}'"));
    }
    for (name, value) in object {
        match schema["properties"].get(name) {
            Some(schema) => check_value(schema, value, &Place::Below(place, name))?,
            None if schema["additionalProperties"] == false => {
                return Err(format!("{place} must NOT have additional properties"));
            }
            None => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::DOCUMENT;

    /// The tests of requests see to the methods.
    #[test]
    fn every_route_is_in_the_document_and_the_other_way_round() {
        let mut routes: Vec<&str> = super::super::routes().into_iter().map(|(path, _)| path).collect();
        let mut documented: Vec<&str> = DOCUMENT["paths"].as_object().unwrap().keys().map(String::as_str).collect();
        routes.sort_unstable();
        documented.sort_unstable();
        assert_eq!(routes, documented);
    }
}
