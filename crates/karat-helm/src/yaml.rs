//! YAML and JSON as Helm reads and writes them: thin calls into `karat-yaml`, with the messages of the Go libraries.

use crate::capabilities;
use karat_template::{List, Map as Table, Value as Template};
use karat_yaml::{Dialect, Error, Escape, Map, Numbers, Str, Value};

/// `yaml.Unmarshal` into a struct with fields of type `string`, to which numbers are converted as they were written.
pub(crate) fn parse_written(bytes: &[u8]) -> Result<Value, String> {
    karat_yaml::from_yaml(bytes, Dialect::GoYaml, Numbers::Written).map_err(|error| error.to_go_unmarshal())
}

/// `yaml.Unmarshal` of an object.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, String> {
    karat_yaml::from_yaml(bytes, Dialect::GoYaml, Numbers::Kept).map_err(|error| error.to_go_unmarshal())
}

/// `yaml.Unmarshal` into a `map[string]any`: every number is a float.
pub(crate) fn parse_map(bytes: &[u8]) -> Result<Map, String> {
    karat_yaml::from_yaml_map(bytes, Dialect::GoYaml, Numbers::Float).map_err(|error| error.to_go_unmarshal())
}

/// `json.Unmarshal` into a `map[string]any`.
pub(crate) fn parse_json_map(bytes: &[u8]) -> Result<Map, String> {
    karat_yaml::from_json_map(bytes, Numbers::Float).map_err(|error| error.to_string())
}

/// The JSON value that `text` starts with, and its length: `json.Decoder`.
pub(crate) fn parse_json_prefix(text: &str) -> Result<(Value, usize), String> {
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<serde::de::IgnoredAny>();
    match stream.next() {
        Some(Ok(_)) => {}
        Some(Err(error)) => return Err(error.to_string()),
        None => return Err("EOF".into()),
    }
    let length = stream.byte_offset();
    let value = karat_yaml::from_json(&text.as_bytes()[..length], Numbers::Float).map_err(|error| error.to_string())?;
    Ok((value, length))
}

/// `fromYaml`: a map, with the message at `Error` when the text is not one.
pub(crate) fn from_yaml(text: &Str) -> Template {
    match parse_map(text) {
        Ok(map) => Template::from(&Value::Map(map)),
        Err(message) => error_map(message),
    }
}

/// `fromYamlArray`: a list, of the message alone when the text is not one.
pub(crate) fn from_yaml_array(text: &Str) -> Template {
    match karat_yaml::from_yaml_list(text, Dialect::GoYaml, Numbers::Float) {
        Ok(items) => Template::from(&Value::Seq(items)),
        Err(error) => Template::list(vec![Template::string(error.to_go_unmarshal())]),
    }
}

/// `fromJson`. A null is a nil map, unlike with `fromYaml`.
pub(crate) fn from_json(text: &Str) -> Template {
    match karat_yaml::from_json_map(text, Numbers::Float) {
        Ok(map) if map.is_empty() && is_null(text) => Template::Map(Table::nil(Table::ANY)),
        Ok(map) => Template::from(&Value::Map(map)),
        Err(error) => error_map(error.to_string()),
    }
}

/// `fromJsonArray`. A null is a nil list.
pub(crate) fn from_json_array(text: &Str) -> Template {
    match karat_yaml::from_json_list(text, Numbers::Float) {
        Ok(items) if items.is_empty() && is_null(text) => Template::List(List::nil(List::ANY)),
        Ok(items) => Template::from(&Value::Seq(items)),
        Err(error) => Template::list(vec![Template::string(error.to_string())]),
    }
}

/// `toYaml`, without the last line end.
pub(crate) fn to_yaml(value: &Template) -> Result<Str, String> {
    written(karat_yaml::to_yaml(&marshalled(value)))
}

/// `toYamlPretty`, without the last line end.
pub(crate) fn to_yaml_pretty(value: &Template) -> Result<Str, String> {
    written(karat_yaml::to_yaml_pretty(&marshalled(value)))
}

/// `toJson`
pub(crate) fn to_json(value: &Template) -> Result<Str, String> {
    if let Template::Object(object) = value
        && let Some(fields) = capabilities::json_fields(&**object)
    {
        let field = |(name, value)| Ok(format!("\"{name}\":{}", to_json(value)?));
        let fields = fields.iter().map(|(name, value)| field((name, value)));
        return Ok(format!("{{{}}}", fields.collect::<Result<Vec<_>, String>>()?.join(",")).into());
    }
    karat_yaml::to_json(&marshalled(value), Escape::Html).map(Str::from).map_err(|error| error.to_string())
}

fn written(text: Result<String, Error>) -> Result<Str, String> {
    let text = text.map_err(|error| error.to_string())?;
    Ok(text.strip_suffix('\n').unwrap_or(&text).into())
}

/// What `json.Marshal` makes of a value: bytes are base64, nil slices and maps are null.
fn marshalled(value: &Template) -> Value {
    match value {
        Template::Nil => Value::Null,
        Template::Bool(truth) => Value::Bool(*truth),
        Template::Int(_, number) => Value::Int(*number),
        Template::Float(number) => Value::Float(*number),
        Template::Str(text) => Value::Str(text.clone()),
        Template::Bytes(bytes) => Value::from(data_encoding::BASE64.encode(bytes)),
        Template::List(list) if list.is_nil() => Value::Null,
        Template::List(list) => Value::Seq(list.items().iter().map(marshalled).collect()),
        Template::Map(map) if map.is_nil() => Value::Null,
        Template::Map(map) => {
            Value::Map(map.borrow().iter().map(|(key, value)| (key.clone(), marshalled(value))).collect())
        }
        Template::Object(object) => marshalled(&object.data()),
    }
}

fn is_null(text: &[u8]) -> bool {
    text.trim_ascii() == b"null"
}

fn error_map(message: String) -> Template {
    let map = crate::coalesce::empty_map();
    map.set("Error", Template::string(message));
    Template::Map(map)
}
