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
        Err(complaints(validator.iter_errors(&values)))
    }
}

/// One line per violation; the missing properties of one object share theirs.
fn complaints<'a>(errors: impl Iterator<Item = ValidationError<'a>>) -> String {
    let mut lines: Vec<(String, String)> = Vec::new();
    let mut missing: Vec<(String, Vec<String>)> = Vec::new();
    for error in errors {
        let path = error.instance_path().as_str().to_owned();
        match error.kind() {
            ValidationErrorKind::Required { property: Json::String(name) } => {
                match missing.iter_mut().find(|(known, _)| *known == path) {
                    Some((_, names)) => names.push(quoted(name)),
                    None => missing.push((path, vec![quoted(name)])),
                }
            }
            _ => lines.push((path, Finding(&error).to_string())),
        }
    }
    lines.extend(missing.into_iter().map(|(path, names)| match names.as_slice() {
        [name] => (path, format!("missing property {name}")),
        names => (path, format!("missing properties {}", names.join(", "))),
    }));
    lines.iter().map(|(path, message)| format!("- at '{path}': {message}\n")).collect()
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
        use ValidationErrorKind as Kind;
        let value: &Json = self.0.instance();
        let bound = |f: &mut fmt::Formatter<'_>, got: &dyn fmt::Display, want: &dyn fmt::Display| {
            write!(f, "{}: got {got}, want {want}", self.0.kind().keyword())
        };
        match self.0.kind() {
            Kind::Type { kind: TypeKind::Single(wanted) } => write!(f, "got {}, want {wanted}", kind_of(value)),
            Kind::AdditionalProperties { unexpected } => {
                let names: Vec<String> = unexpected.iter().map(|name| quoted(name)).collect();
                write!(f, "additional properties {} not allowed", names.join(", "))
            }
            Kind::Pattern { pattern } => {
                write!(f, "{} does not match pattern {}", quoted(value.as_str().unwrap_or_default()), quoted(pattern))
            }
            Kind::Minimum { limit }
            | Kind::Maximum { limit }
            | Kind::ExclusiveMinimum { limit }
            | Kind::ExclusiveMaximum { limit } => bound(f, value, limit),
            Kind::MultipleOf { multiple_of } => bound(f, value, multiple_of),
            Kind::MinLength { limit }
            | Kind::MaxLength { limit }
            | Kind::MinItems { limit }
            | Kind::MaxItems { limit }
            | Kind::MinProperties { limit }
            | Kind::MaxProperties { limit } => bound(f, &size(value), limit),
            Kind::Enum { options } => {
                let options: Vec<String> = options.as_array().into_iter().flatten().map(shown).collect();
                match options.as_slice() {
                    [only] => write!(f, "value must be {only}"),
                    options => write!(f, "value must be one of {}", options.join(", ")),
                }
            }
            Kind::Constant { expected_value } => write!(f, "value must be {}", shown(expected_value)),
            Kind::FalseSchema => f.write_str("false schema"),
            Kind::Not { .. } => f.write_str("'not' failed"),
            Kind::AnyOf { .. } => f.write_str("'anyOf' failed"),
            Kind::OneOfNotValid { .. } => f.write_str("'oneOf' failed, none matched"),
            Kind::Format { format } => write!(f, "{} is not valid {format}", shown(value)),
            Kind::Contains => f.write_str("no items match contains schema"),
            _ => write!(f, "{}", self.0),
        }
    }
}

/// What a bound on a size counts.
fn size(value: &Json) -> usize {
    match value {
        Json::String(text) => text.chars().count(),
        Json::Array(items) => items.len(),
        Json::Object(properties) => properties.len(),
        Json::Null | Json::Bool(_) | Json::Number(_) => 0,
    }
}

fn shown(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), quoted)
}

/// In single quotes, escaped as Go escapes.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
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
