//! The fields that all kinds share, in the form that Backstage's default policies ask for.

use serde_json::Value;

use crate::entity::Entity;

const HELP: &str = "To learn more about catalog file format, visit: \
    https://github.com/backstage/backstage/blob/master/docs/architecture-decisions/adr002-default-catalog-file-format.md";

const NAME: &str =
    "a string that is sequences of [a-zA-Z0-9] separated by any of [-_.], at most 63 characters in total";
const LABEL: &str = "a string that is sequences of [a-z0-9] separated by [-], at most 63 characters in total";
const TAG: &str = "a string that is sequences of [a-z0-9+#] separated by [-], at most 63 characters in total";
const KIND: &str = "a string that is a sequence of [a-zA-Z][a-z0-9A-Z], at most 63 characters in total";
const AFFIXES: &str = "a valid prefix and/or suffix";

/// Holds the root and the shared fields of an entity to their forms.
///
/// # Errors
/// Backstage's sentence about the first that has another.
pub(super) fn field_format(entity: &Entity) -> Result<(), String> {
    if let Some(key) = entity.keys().find(|key| !["apiVersion", "kind", "metadata", "spec"].contains(&key.as_str())) {
        return Err(format!("Unknown field {key}"));
    }
    require("apiVersion", entity.get("apiVersion"), is_api_version, AFFIXES)?;
    require("kind", entity.get("kind"), is_kind, KIND)?;
    let metadata = |key: &str| entity.at(&["metadata", key]);
    require("metadata.name", metadata("name"), is_name, NAME)?;
    if let Some(namespace) = metadata("namespace") {
        require("metadata.namespace", Some(namespace), is_dns_label, LABEL)?;
    }
    for (key, value) in map(metadata("labels")) {
        let field = format!("labels.{key}");
        require(&field, Some(&key.as_str().into()), is_key, AFFIXES)?;
        require(&field, Some(value), |text| text.is_empty() || is_name(text), NAME)?;
    }
    for (key, value) in map(metadata("annotations")) {
        let field = format!("annotations.{key}");
        require(&field, Some(&key.as_str().into()), is_key, AFFIXES)?;
        require(&field, Some(value), |_| true, "a string")?;
    }
    for (index, tag) in list(metadata("tags")).enumerate() {
        require(&format!("tags.{index}"), Some(tag), is_tag, TAG)?;
    }
    for (index, link) in list(metadata("links")).enumerate() {
        let url = |text: &str| url::Url::parse(text).is_ok();
        require(&format!("links.{index}.url"), link.get("url"), url, "a string that is a valid url")?;
        for key in ["title", "icon"] {
            if let Some(value) = link.get(key) {
                let filled = |text: &str| !text.trim().is_empty();
                require(&format!("links.{index}.{key}"), Some(value), filled, "a non empty string")?;
            }
        }
    }
    Ok(())
}

fn map(value: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    value.and_then(Value::as_object).into_iter().flatten()
}

fn list(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

fn require(field: &str, value: Option<&Value>, valid: impl Fn(&str) -> bool, expected: &str) -> Result<(), String> {
    let Some(value) = value.filter(|value| !value.is_null()) else {
        return Err(format!("{field} must have a value"));
    };
    if value.as_str().is_some_and(valid) {
        return Ok(());
    }
    let found = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Err(format!("\"{field}\" is not valid; expected {expected} but found \"{found}\". {HELP}"))
}

/// `group/version` or `version`.
fn is_api_version(text: &str) -> bool {
    affixes(text, |version| {
        (1..=63).contains(&version.len()) && version.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

/// Of labels and annotations: `prefix/name` or `name`.
fn is_key(text: &str) -> bool {
    affixes(text, is_name)
}

fn affixes(text: &str, suffix: impl Fn(&str) -> bool) -> bool {
    match text.split_once('/') {
        Some((prefix, rest)) => is_dns_subdomain(prefix) && suffix(rest),
        None => suffix(text),
    }
}

fn is_kind(text: &str) -> bool {
    text.len() <= 63
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn is_name(text: &str) -> bool {
    let edge = |character: char| character.is_ascii_alphanumeric();
    text.len() <= 63
        && text.starts_with(edge)
        && text.ends_with(edge)
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

fn is_dns_subdomain(text: &str) -> bool {
    (1..=253).contains(&text.len()) && text.split('.').all(is_dns_label)
}

fn is_dns_label(text: &str) -> bool {
    text.len() <= 63 && parted(text, |byte| byte.is_ascii_digit() || byte.is_ascii_lowercase(), true)
}

fn is_tag(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_lowercase() || b":+#".contains(&byte);
    text.len() <= 63 && parted(text, inner, false)
}

/// Parts that are not empty, with a `-` between two, or several where that is allowed.
fn parted(text: &str, inner: impl Fn(u8) -> bool, several: bool) -> bool {
    let mut parts = text.split('-').peekable();
    let mut first = true;
    while let Some(part) = parts.next() {
        let between = !first && parts.peek().is_some();
        if !part.bytes().all(&inner) || part.is_empty() && !(several && between) {
            return false;
        }
        first = false;
    }
    true
}
