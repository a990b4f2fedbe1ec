//! values.schema.json: the values of a chart and its subcharts against their JSON schemas.
//!
//! Helm's validator is `santhosh-tekuri/jsonschema` v6, ours the `jsonschema` crate; they are set up to accept and
//! reject the same: draft 2020-12 where a schema names none, formats asserted up to draft 7 and annotations after,
//! patterns in RE2's language, contents never looked into. No reference leaves the file: Helm would read `file:` and
//! `https:` ones, here they are an error.

use std::fmt;
use std::sync::OnceLock;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{PatternOptions, Retrieve, Uri, ValidationError, Validator};
use karat_template::{Map, Value};
use serde_json::Value as Json;

use crate::dependencies::Node;

/// A schema, compiled on first use.
pub(crate) struct Schema {
    text: Vec<u8>,
    validator: OnceLock<Result<Validator, String>>,
}

impl Schema {
    pub(crate) fn new(text: Vec<u8>) -> Self {
        Self { text, validator: OnceLock::new() }
    }

    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }

    fn validate(&self, values: &Map) -> Result<(), String> {
        let validator = self.validator.get_or_init(|| compile(&self.text)).as_ref().map_err(Clone::clone)?;
        let values = Json::Object(object(values));
        if validator.is_valid(&values) {
            return Ok(());
        }
        Err(validator.iter_errors(&values).map(|error| format!("- {}\n", Finding(&error))).collect())
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schema").field("bytes", &self.text.len()).finish_non_exhaustive()
    }
}

/// Checks the values of `node` and of all charts below it; the error names each chart that has complaints.
pub(crate) fn validate(node: &Node, values: &Map) -> Result<(), String> {
    let mut complaints = String::new();
    collect(node, values, &mut complaints);
    if complaints.is_empty() { Ok(()) } else { Err(complaints) }
}

fn collect(node: &Node, values: &Map, complaints: &mut String) {
    if let Some(schema) = &node.chart.schema
        && let Err(message) = schema.validate(values)
    {
        complaints.push_str(&format!("{}:\n{message}", node.name));
    }
    for child in &node.children {
        match values.get(&child.name) {
            None | Some(Value::Nil) => {}
            Some(Value::Map(own)) => collect(child, &own, complaints),
            Some(other) => complaints.push_str(&format!(
                "{}:\ninvalid type for values: expected object (map), got {}\n",
                child.name,
                other.go_type()
            )),
        }
    }
}

fn compile(text: &[u8]) -> Result<Validator, String> {
    let mut schema: Json = serde_json::from_slice(text).map_err(|error| format!("values.schema.json: {error}\n"))?;
    if let Some(Json::String(dialect)) = schema.get_mut("$schema")
        && let Some(known) = dialect_name(dialect)
    {
        *dialect = known.to_owned();
    }
    jsonschema::options()
        .with_base_uri("file:///values.schema.json")
        .with_retriever(Closed)
        .with_pattern_options(PatternOptions::regex())
        .should_ignore_unknown_formats(true)
        .without_content_encoding_support("base64")
        .without_content_media_type_support("application/json")
        .build(&schema)
        .map_err(|error| format!("values.schema.json: {error}\n"))
}

/// The spelling of a dialect that the validator knows; Helm's takes http and https, with and without `#`.
fn dialect_name(dialect: &str) -> Option<&'static str> {
    let name = dialect.strip_suffix('#').unwrap_or(dialect);
    let name = name.strip_prefix("http://").or_else(|| name.strip_prefix("https://")).unwrap_or(name);
    Some(match name {
        "json-schema.org/schema" | "json-schema.org/draft/2020-12/schema" => {
            "https://json-schema.org/draft/2020-12/schema"
        }
        "json-schema.org/draft/2019-09/schema" => "https://json-schema.org/draft/2019-09/schema",
        "json-schema.org/draft-07/schema" => "http://json-schema.org/draft-07/schema#",
        "json-schema.org/draft-06/schema" => "http://json-schema.org/draft-06/schema#",
        "json-schema.org/draft-04/schema" => "http://json-schema.org/draft-04/schema#",
        _ => return None,
    })
}

/// Nothing is fetched; a `urn:` that nobody resolves allows everything, as in Helm.
struct Closed;

impl Retrieve for Closed {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Json, Box<dyn std::error::Error + Send + Sync>> {
        if uri.scheme().as_str() == "urn" {
            return Ok(Json::Bool(true));
        }
        Err(format!("{uri} is not fetched: a schema must be one file").into())
    }
}

fn json(value: &Value) -> Json {
    match value {
        Value::Nil => Json::Null,
        Value::Bool(truth) => Json::Bool(*truth),
        Value::Int(_, number) => Json::from(*number),
        // A whole number is an integer to Helm's validator in every draft, however it was written.
        Value::Float(number) if number.fract() == 0.0 && number.abs() < 9.0e18 => Json::from(*number as i64),
        Value::Float(number) => Json::from(*number),
        Value::Str(text) | Value::Bytes(text) => Json::from(text.lossy().into_owned()),
        Value::List(list) => Json::Array(list.items().iter().map(json).collect()),
        Value::Map(map) => Json::Object(object(map)),
        Value::Object(object) => json(&object.data()),
    }
}

fn object(map: &Map) -> serde_json::Map<String, Json> {
    map.borrow().iter().map(|(key, value)| (key.lossy().into_owned(), json(value))).collect()
}

/// A violation as Helm words it, where the wording is simple.
struct Finding<'a>(&'a ValidationError<'a>);

impl fmt::Display for Finding<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at '{}': ", self.0.instance_path().as_str())?;
        match self.0.kind() {
            ValidationErrorKind::Type { kind: TypeKind::Single(wanted) } => {
                write!(f, "got {}, want {wanted}", kind_of(self.0.instance()))
            }
            ValidationErrorKind::Required { property: Json::String(name) } => write!(f, "missing property '{name}'"),
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                let names: Vec<String> = unexpected.iter().map(|name| format!("'{name}'")).collect();
                write!(f, "additional properties {} not allowed", names.join(", "))
            }
            ValidationErrorKind::Pattern { pattern } => {
                write!(f, "'{}' does not match pattern '{pattern}'", self.0.instance().as_str().unwrap_or_default())
            }
            ValidationErrorKind::Minimum { limit } => write!(f, "minimum: got {}, want {limit}", self.0.instance()),
            ValidationErrorKind::Maximum { limit } => write!(f, "maximum: got {}, want {limit}", self.0.instance()),
            ValidationErrorKind::Enum { options } => {
                let options = options.as_array().map(|all| all.iter().map(quoted).collect::<Vec<_>>());
                write!(f, "value must be one of {}", options.unwrap_or_default().join(", "))
            }
            _ => write!(f, "{}", self.0),
        }
    }
}

fn quoted(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), |text| format!("'{text}'"))
}

fn kind_of(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "boolean",
        Json::Number(_) => "number",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    }
}
