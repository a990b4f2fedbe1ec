//! Plain data to typed fields, by the rules of Go's `encoding/json` as `sigs.k8s.io/yaml` calls it: names match
//! without regard to case, a null leaves a field as it is, and a number or truth value becomes text where text is
//! wanted (`appVersion: 1.10` is `"1.1"`).

use std::collections::BTreeMap;

use karat_yaml::{Map, Str, Value};

/// The fields of a Go struct.
pub(crate) struct Fields<'a> {
    map: Option<&'a Map>,
    /// As Go names the struct in errors.
    type_name: &'static str,
}

/// A value of the wrong kind, in Go's words.
pub(crate) type TypeError = String;

impl<'a> Fields<'a> {
    /// A null is a struct without fields.
    pub(crate) fn of(value: &'a Value, type_name: &'static str) -> Result<Self, TypeError> {
        match value {
            Value::Map(map) => Ok(Self { map: Some(map), type_name }),
            Value::Null => Ok(Self { map: None, type_name }),
            other => Err(format!("json: cannot unmarshal {} into Go value of type {type_name}", go_kind(other))),
        }
    }

    /// The value of a field. Of several spellings the last in byte order wins, because that is decoded last.
    pub(crate) fn get(&self, name: &str) -> Option<&'a Value> {
        let map = self.map?;
        let exact = map.get(name.as_bytes());
        if exact.is_some() && name.bytes().next().is_some_and(|first| first.is_ascii_lowercase()) {
            return exact;
        }
        map.iter().rev().find(|(key, _)| key.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| value)
    }

    fn present(&self, name: &str) -> Option<&'a Value> {
        self.get(name).filter(|value| !value.is_null())
    }

    fn mismatch(&self, name: &str, value: &Value, wanted: &str) -> TypeError {
        format!(
            "json: cannot unmarshal {} into Go struct field {}.{name} of type {wanted}",
            go_kind(value),
            self.type_name.trim_start_matches("v2.").trim_start_matches("util.")
        )
    }

    /// A `string`.
    pub(crate) fn string(&self, name: &str) -> Result<String, TypeError> {
        let Some(value) = self.present(name) else { return Ok(String::new()) };
        text(value).ok_or_else(|| self.mismatch(name, value, "string"))
    }

    /// A `bool`.
    pub(crate) fn bool(&self, name: &str) -> Result<bool, TypeError> {
        let Some(value) = self.present(name) else { return Ok(false) };
        value.as_bool().ok_or_else(|| self.mismatch(name, value, "bool"))
    }

    /// A slice; `None` is a nil slice.
    pub(crate) fn list(&self, name: &str, wanted: &str) -> Result<Option<&'a [Value]>, TypeError> {
        let Some(value) = self.present(name) else { return Ok(None) };
        value.as_seq().map(Some).ok_or_else(|| self.mismatch(name, value, wanted))
    }

    /// A `[]string`.
    pub(crate) fn strings(&self, name: &str) -> Result<Vec<String>, TypeError> {
        let items = self.list(name, "[]string")?.unwrap_or_default();
        items.iter().map(|item| self.element(name, item)).collect()
    }

    /// A `map[string]string`; `None` is a nil map.
    pub(crate) fn string_map(&self, name: &str) -> Result<Option<BTreeMap<Str, Str>>, TypeError> {
        let Some(value) = self.present(name) else { return Ok(None) };
        let map = value.as_map().ok_or_else(|| self.mismatch(name, value, "map[string]string"))?;
        let entries = map.iter().map(|(key, value)| Ok((key.clone(), self.element(name, value)?.into())));
        entries.collect::<Result<_, _>>().map(Some)
    }

    fn element(&self, name: &str, value: &Value) -> Result<String, TypeError> {
        if value.is_null() {
            Ok(String::new())
        } else {
            text(value).ok_or_else(|| self.mismatch(name, value, "string"))
        }
    }
}

/// A scalar as text.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Str(text) => Some(text.lossy().into_owned()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Int(number) => Some(number.to_string()),
        Value::Float(number) => Some(short_float(*number)),
        Value::Null | Value::Seq(_) | Value::Map(_) => None,
    }
}

/// `strconv.FormatFloat(number, 'g', -1, 32)`: the library asks for 32 bits although the number has 64.
fn short_float(number: f64) -> String {
    let short = number as f32;
    if short.is_finite() { shortest(&format!("{short:e}"), || short.to_string()) } else { go_float(f64::from(short)) }
}

/// `strconv.FormatFloat(number, 'g', -1, 64)`.
pub(crate) fn go_float(number: f64) -> String {
    if number.is_nan() {
        return "NaN".into();
    }
    if number.is_infinite() {
        return if number > 0.0 { "+Inf".into() } else { "-Inf".into() };
    }
    shortest(&format!("{number:e}"), || number.to_string())
}

/// Without a precision, Go decides between the notations by six digits.
fn shortest(scientific: &str, plain: impl FnOnce() -> String) -> String {
    let (digits, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        return plain();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// What Go's JSON decoder calls a value in errors.
pub(crate) fn go_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::Float(_) => "number",
        Value::Str(_) => "string",
        Value::Seq(_) => "array",
        Value::Map(_) => "object",
    }
}
