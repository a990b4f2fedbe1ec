//! Arguments of templates and the `{{tags}}` that they fill.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::error::Error;
use crate::metric::Metric;

/// An argument of a template, a Rollout's analysis or a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Argument {
    /// `{{args.<name>}}`.
    pub name: String,
    /// Its value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Where its value is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_from: Option<ValueFrom>,
}

/// Where an argument's value is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ValueFrom {
    /// `Latest` or `Stable`: the hash of that version's pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_template_hash_value: Option<String>,
    /// A field of the Rollout.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field_ref: Option<FieldRef>,
    /// A key of a Secret; who calls [`crate::AnalysisRun::due`] has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_key_ref: Option<SecretKeyRef>,
}

/// A field of the Rollout.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FieldRef {
    /// Such as `metadata.name` or `metadata.labels['region']`.
    pub field_path: String,
}

/// A key of a Secret.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SecretKeyRef {
    /// The Secret.
    pub name: String,
    /// The key in it.
    pub key: String,
}

/// Those of the templates, with the values that the Rollout gives; an argument that only the Rollout has is dropped.
pub(crate) fn merge(given: &[Argument], of_templates: &[Argument]) -> Result<Vec<Argument>, Error> {
    let mut merged = of_templates.to_vec();
    for argument in given {
        if let Some(own) = merged.iter_mut().find(|own| own.name == argument.name) {
            if argument.value.is_some() {
                own.value.clone_from(&argument.value);
            } else if argument.value_from.is_some() {
                own.value_from.clone_from(&argument.value_from);
            }
        }
    }
    match merged.iter().find(|argument| argument.value.is_none() && argument.value_from.is_none()) {
        Some(argument) => Err(Error::Argument(format!("args.{} was not resolved", argument.name))),
        None => Ok(merged),
    }
}

/// The arguments of several templates: a name once, and with one value.
pub(crate) fn combine(all: impl IntoIterator<Item = Argument>) -> Result<Vec<Argument>, Error> {
    let mut combined: Vec<Argument> = Vec::new();
    for argument in all {
        let Some(own) = combined.iter_mut().find(|own| own.name == argument.name) else {
            combined.push(argument);
            continue;
        };
        match (&own.value, &argument.value) {
            (Some(a), Some(b)) if a != b => {
                let name = &argument.name;
                return Err(Error::Argument(format!(
                    "Argument `{name}` specified multiple times with different values: '{a}', '{b}'"
                )));
            }
            (None, _) => *own = argument,
            _ => {}
        }
    }
    Ok(combined)
}

/// The metric with its `{{tags}}` filled. Values of `secrets`, by argument, go before what the arguments say.
pub(crate) fn resolve(
    metric: &Metric,
    arguments: &[Argument],
    secrets: &BTreeMap<String, String>,
) -> Result<Metric, Error> {
    let mut values = BTreeMap::new();
    for argument in arguments {
        let value = secrets.get(&argument.name).or(argument.value.as_ref());
        let Some(value) = value else {
            return Err(Error::Argument(format!("argument \"{}\" was not supplied", argument.name)));
        };
        values.insert(format!("args.{}", argument.name), value.as_str());
    }
    let shape = |error: serde_json::Error| Error::Shape { kind: "metric", why: error.to_string() };
    let mut json = serde_json::to_value(metric).map_err(shape)?;
    fill(&mut json, &values)?;
    serde_json::from_value(json).map_err(shape)
}

/// Fills the texts of a tree. Argo Rollouts fills the JSON of the metric, which is the same but for a tag that begins in
/// one text and ends in another.
fn fill(json: &mut Json, values: &BTreeMap<String, &str>) -> Result<(), Error> {
    match json {
        Json::String(text) => *text = filled(text, values)?,
        Json::Array(items) => items.iter_mut().try_for_each(|item| fill(item, values))?,
        Json::Object(fields) => fields.iter_mut().try_for_each(|(_, value)| fill(value, values))?,
        _ => {}
    }
    Ok(())
}

fn filled(text: &str, values: &BTreeMap<String, &str>) -> Result<String, Error> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((tag, after)) = after.split_once("}}") else { break };
        let Some(value) = values.get(tag.trim()) else {
            return Err(Error::Argument(format!("failed to resolve {{{{{tag}}}}}")));
        };
        out.push_str(before);
        out.push_str(value);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}
