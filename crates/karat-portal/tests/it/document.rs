//! The OpenAPI documents of the APIs, as the portal serves them: what answers are held to.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde_json::{Map, Value, json};

use crate::catalog::{Said, ask};

/// The document of an API.
pub(crate) struct Document {
    base: &'static str,
    value: Value,
}

impl Document {
    pub(crate) fn of(address: SocketAddr, base: &'static str) -> Self {
        let asked = json!({"path": format!("{base}/openapi.json")});
        Self { base, value: ask(address, asked.as_object().unwrap()).body }
    }

    /// The path of the document that a request's path is of.
    fn find(&self, path: &str) -> Option<(&str, &Value)> {
        let path = path.strip_prefix(self.base)?.split('?').next()?;
        let parts: Vec<&str> = path.split('/').collect();
        let fits = |known: &str| {
            let known: Vec<&str> = known.split('/').collect();
            known.len() == parts.len()
                && known.iter().zip(&parts).all(|(known, part)| known.starts_with('{') || known == part)
        };
        let mut found: Vec<(&str, &Value)> = self.value["paths"]
            .as_object()?
            .iter()
            .map(|(known, value)| (known.as_str(), value))
            .filter(|(known, _)| fits(known))
            .collect();
        // What is named counts before what is any name.
        found.sort_by_key(|(known, _)| known.matches('{').count());
        found.first().copied()
    }

    fn resolved<'d>(&'d self, part: &'d Value) -> &'d Value {
        let pointer = part["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
        pointer.and_then(|pointer| self.value.pointer(pointer)).unwrap_or(part)
    }

    /// In what an answer is not as the document has it; what is not in the document differs in nothing.
    pub(crate) fn differs(&self, case: &Map<String, Value>, said: &Said) -> Option<String> {
        let method = case.get("method").and_then(Value::as_str).unwrap_or("GET").to_lowercase();
        let path = case.get("path").and_then(Value::as_str).unwrap_or_default();
        let operation = self.find(path)?.1.get(&method)?;
        let responses = &operation["responses"];
        let response = responses.get(said.status.to_string()).unwrap_or(&responses["default"]);
        let Some(content) = self.resolved(response).get("content") else {
            return (!said.text.is_empty())
                .then(|| format!("has a body that the document does not have: {}", said.text));
        };
        let Some(schema) = content.pointer("/application~1json/schema") else {
            let media = said.header("content-type").unwrap_or_default();
            return content.get(media).is_none().then(|| format!("is {media}, which the document does not have"));
        };
        let mut schema = schema.clone();
        schema["components"] = self.value["components"].clone();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let error = validator.iter_errors(&said.body).next()?;
        Some(format!("is not as the document has it: {error} at {}", error.instance_path()))
    }

    /// Holds each route's methods to those that the document has, and the names of its operations to be different ones.
    pub(crate) fn check_methods(&self, address: SocketAddr) {
        let mut seen = BTreeMap::new();
        for (path, operations) in self.value["paths"].as_object().unwrap() {
            let asked = json!({"path": format!("{}{}", self.base, path.replace(['{', '}'], "")), "method": "PATCH"});
            let said = ask(address, asked.as_object().unwrap());
            assert_eq!(
                (said.status, &said.body["error"]["name"]),
                (405, &json!("MethodNotAllowedError")),
                "{path}: {}",
                said.text
            );
            let mut allowed: Vec<String> =
                said.header("allow").unwrap().split(',').map(str::to_lowercase).filter(|one| one != "head").collect();
            allowed.sort();
            let mut documented: Vec<String> = operations.as_object().unwrap().keys().cloned().collect();
            documented.sort();
            assert_eq!(allowed, documented, "{path}");
            for operation in operations.as_object().unwrap().values() {
                let id = operation["operationId"].as_str().unwrap().to_owned();
                assert_eq!(seen.insert(id, path.clone()), None, "{path}");
            }
        }
    }
}
