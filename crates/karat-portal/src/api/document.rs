//! The OpenAPI documents of the APIs: served, and what every request is held to before a handler sees it, in the sentences that
//! Backstage's own validator has.

use std::fmt;
use std::sync::OnceLock;

use axum::extract::{FromRequest as _, Request, State};
use axum::http::{Method, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use axum::{Router, response::IntoResponse as _};
use serde_json::{Map, Value};

use super::ApiError;
use super::error::Body;
use crate::state::Shared;

/// Where a document is, below its API.
const HERE: &str = "/openapi.json";

/// Routes, each with its path in the document.
pub(super) type Routes = Vec<(&'static str, MethodRouter<Shared>)>;

/// The document of an API.
pub(super) struct Document {
    /// Where the API is.
    base: &'static str,
    /// The document, as it is served.
    text: &'static str,
    read: OnceLock<Value>,
}

impl Document {
    pub(super) const fn new(base: &'static str, text: &'static str) -> Self {
        Self { base, text, read: OnceLock::new() }
    }

    /// The routes, below the API's base. A request is held to the document before its handler sees it.
    pub(super) fn routes(&'static self, routes: Routes) -> Router<Shared> {
        let below = routes.into_iter().fold(Router::new(), |router, (path, method)| {
            let held = method.route_layer(middleware::from_fn_with_state((self, path), check));
            router.route(&format!("{}{path}", self.base), held)
        });
        below.method_not_allowed_fallback(super::wrong_method)
    }

    /// The route of the document itself.
    pub(super) fn route(&'static self) -> (&'static str, MethodRouter<Shared>) {
        (HERE, get(async || ([(header::CONTENT_TYPE, "application/json")], self.text).into_response()))
    }

    fn value(&self) -> &Value {
        self.read.get_or_init(|| serde_json::from_str(self.text).unwrap_or_default())
    }

    fn operation(&self, method: &Method, path: &str) -> Option<&Value> {
        let method = if *method == Method::HEAD { "get".to_owned() } else { method.as_str().to_lowercase() };
        self.value().get("paths")?.get(path)?.get(method)
    }
}

/// Refuses a request that is not as the document has it. The body goes on as a [`Body`].
async fn check(
    State((document, path)): State<(&'static Document, &'static str)>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let operation = document.operation(request.method(), path);
    let Some(operation) = operation else { return Ok(next.run(request).await) };
    document.check_query(operation, request.uri().query().unwrap_or_default()).map_err(ApiError::input)?;
    let Some(wanted) = operation.pointer("/requestBody/content/application~1json/schema") else {
        return Ok(next.run(request).await);
    };
    let (mut parts, body) = request.into_parts();
    let read = Body::from_request(Request::from_parts(parts.clone(), body), &()).await?;
    document.check_value(wanted, &read.0, &Place::Root("request/body")).map_err(ApiError::input)?;
    parts.extensions.insert(read);
    Ok(next.run(Request::from_parts(parts, axum::body::Body::empty())).await)
}

impl Document {
    /// A part of the document, or what it refers to.
    fn resolved<'d>(&'d self, part: &'d Value) -> &'d Value {
        let pointer = part.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix('#'));
        pointer.and_then(|pointer| self.value().pointer(pointer)).unwrap_or(part)
    }

    fn check_query(&self, operation: &Value, query: &str) -> Result<(), String> {
        let listed =
            operation.get("parameters").and_then(Value::as_array).into_iter().flatten().map(|part| self.resolved(part));
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
            self.check_value(schema, &value, &place)?;
        }
        let required = listed.iter().filter(|parameter| parameter["required"] == true);
        match required.filter_map(|parameter| parameter["name"].as_str()).find(|name| !seen.contains(name)) {
            Some(missing) => Err(format!("request/query must have required property '{missing}'")),
            None => Ok(()),
        }
    }

    /// Holds a value to a schema: the keywords that our document has for requests.
    fn check_value(&self, schema: &Value, value: &Value, place: &Place<'_>) -> Result<(), String> {
        let schema = self.resolved(schema);
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
                self.check_value(&schema["items"], item, &Place::Below(place, &index.to_string()))?;
            }
        }
        value.as_object().map_or(Ok(()), |object| self.check_object(schema, object, place))
    }

    fn check_object(&self, schema: &Value, object: &Map<String, Value>, place: &Place<'_>) -> Result<(), String> {
        let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        if let Some(missing) = required.into_iter().find(|name| !object.contains_key(*name)) {
            return Err(format!("{place} must have required property '{missing}'"));
        }
        for (name, value) in object {
            match schema["properties"].get(name) {
                Some(schema) => self.check_value(schema, value, &Place::Below(place, name))?,
                None if schema["additionalProperties"] == false => {
                    return Err(format!("{place} must NOT have additional properties"));
                }
                None if schema["additionalProperties"].is_object() => {
                    self.check_value(&schema["additionalProperties"], value, &Place::Below(place, name))?;
                }
                None => {}
            }
        }
        Ok(())
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

#[cfg(test)]
pub(super) mod tests {
    use super::{Document, Routes};

    /// Whether a document has every route, and no other. The tests of requests see to the methods.
    pub(crate) fn check_has_every_route(document: &Document, routes: Routes) {
        let mut routes: Vec<&str> = routes.into_iter().map(|(path, _)| path).collect();
        let mut documented: Vec<&str> =
            document.value()["paths"].as_object().unwrap().keys().map(String::as_str).collect();
        routes.sort_unstable();
        documented.sort_unstable();
        assert_eq!(routes, documented);
    }
}
