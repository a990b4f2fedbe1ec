//! Objects of Kubernetes as types of ours: through JSON, as the API server reads them.

use karat_yaml::Escape;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::error::Error;

/// The name of an object and its `spec`.
pub(crate) fn object<T: DeserializeOwned>(
    object: &karat_yaml::Value,
    kind: &'static str,
) -> Result<(String, T), Error> {
    let json = json(object, kind)?;
    let name = json.pointer("/metadata/name").and_then(Json::as_str).unwrap_or_default().to_owned();
    let spec = json.get("spec").cloned().unwrap_or_else(|| Json::Object(serde_json::Map::new()));
    let spec = serde_json::from_value(spec).map_err(|error| Error::Shape { kind, why: error.to_string() })?;
    Ok((name, spec))
}

/// An object as JSON, without the fields that are null, which are as good as not there.
pub(crate) fn json(object: &karat_yaml::Value, kind: &'static str) -> Result<Json, Error> {
    let text =
        karat_yaml::to_json(object, Escape::Raw).map_err(|error| Error::Shape { kind, why: error.to_string() })?;
    let mut json = serde_json::from_str(&text).map_err(|error| Error::Shape { kind, why: error.to_string() })?;
    without_nulls(&mut json);
    Ok(json)
}

fn without_nulls(json: &mut Json) {
    match json {
        Json::Array(items) => items.iter_mut().for_each(without_nulls),
        Json::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(without_nulls);
        }
        _ => {}
    }
}

/// A field of a Rollout as text: `metadata.name`, `metadata.labels['region']`, `spec.template.spec.containers[0].image`.
pub(crate) fn field(rollout: &Json, path: &str) -> Result<String, Error> {
    let wrong = || Error::invalid("fieldPath", format!("invalid path {path} in rollout"));
    let keyed = path.split_once("['").and_then(|(parent, key)| Some((parent, key.strip_suffix("']")?)));
    if let Some((parent, key)) = keyed {
        // Labels and annotations that are not there are empty.
        let map = parent.split('.').try_fold(rollout, |value, part| value.get(part));
        return Ok(map.and_then(|map| map.get(key)).and_then(Json::as_str).unwrap_or_default().to_owned());
    }
    let mut value = rollout;
    for part in path.split(['.', '[', ']']).filter(|part| !part.is_empty()) {
        value = match value {
            Json::Array(items) => part.parse().ok().and_then(|index: usize| items.get(index)),
            other => other.get(part),
        }
        .ok_or_else(wrong)?;
    }
    match value {
        Json::String(text) => Ok(text.clone()),
        Json::Number(number) => Ok(number.to_string()),
        Json::Bool(truth) => Ok(truth.to_string()),
        _ => Err(wrong()),
    }
}
