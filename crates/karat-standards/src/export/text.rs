//! Expressions as an API server takes them: names are translated in the text itself.

use ecow::EcoString;
use karat_yaml::Value;

use super::ExportError;
use crate::Cluster;

/// What becomes literal.
pub(super) struct Facts<'s> {
    pub(super) standard: &'s EcoString,
    pub(super) settings: &'s Value,
    pub(super) cluster: Option<&'s Cluster>,
}

/// `expression` with `settings.…` and `cluster.…` as literals and pod specs as variables.
///
/// Works on words: a name that follows a dot is a field, one within quotes is text, and the variables of comprehensions
/// are never called like what is translated.
pub(super) fn translate(expression: &str, facts: &Facts<'_>) -> Result<String, ExportError> {
    let mut out = String::with_capacity(expression.len());
    let mut rest = expression;
    let mut after_dot = false;
    while let Some(first) = rest.chars().next() {
        if first == '\'' || first == '"' {
            let end = string_end(rest, first);
            out.push_str(&rest[..end]);
            rest = &rest[end..];
            after_dot = false;
        } else if first.is_alphabetic() || first == '_' {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            let word = &rest[..end];
            rest = &rest[end..];
            match word {
                _ if after_dot => out.push_str(word),
                "podSpec" | "podTemplate" => {
                    out.push_str("variables.");
                    out.push_str(word);
                }
                "settings" => rest = inline(facts.settings, "settings", rest, facts, &mut out)?,
                "cluster" => {
                    let Some(cluster) = facts.cluster else {
                        let fact = rest.strip_prefix('.').unwrap_or_default();
                        let end = fact.find(|c: char| !c.is_alphanumeric()).unwrap_or(fact.len());
                        let fact = fact[..end].to_owned();
                        return Err(ExportError::NeedsCluster { standard: facts.standard.clone(), fact });
                    };
                    let file = cluster.doc.value();
                    rest = inline(file.get("cluster").unwrap_or(&file), "cluster", rest, facts, &mut out)?;
                }
                _ => out.push_str(word),
            }
            after_dot = false;
        } else {
            // A line break is a space: expressions of a policy are one line.
            out.push(if first.is_whitespace() { ' ' } else { first });
            if !first.is_whitespace() {
                after_dot = first == '.';
            }
            rest = &rest[first.len_utf8()..];
        }
    }
    Ok(out.split("  ").filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" "))
}

/// Where a string that starts `text` ends.
fn string_end(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, found) in text.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if found == '\\' {
            escaped = true;
        } else if found == quote {
            return at + 1;
        }
    }
    text.len()
}

/// Writes the value at the path that `rest` starts with, as far as it leads through mappings; gives what comes after.
fn inline<'t>(
    root: &Value,
    name: &str,
    mut rest: &'t str,
    facts: &Facts<'_>,
    out: &mut String,
) -> Result<&'t str, ExportError> {
    let mut value = root;
    let mut path = name.to_owned();
    let problem =
        |path: &str, reason| ExportError::Setting { standard: facts.standard.clone(), path: path.to_owned(), reason };
    while let (Some(after), Value::Map(map)) = (rest.strip_prefix('.'), value) {
        let end = after.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(after.len());
        let key = &after[..end];
        if after[end..].starts_with('(') {
            break;
        }
        path = format!("{path}.{key}");
        value = map.get(key.as_bytes()).ok_or_else(|| problem(&path, "is not set"))?;
        rest = &after[end..];
    }
    let literal = literal(value).ok_or_else(|| problem(&path, "has no form as a literal of one type"))?;
    out.push_str(&literal);
    Ok(rest)
}

/// A value as CEL writes it. Lists and mappings only of texts, numbers or truths, all of one kind: an API server refuses
/// mixed ones.
fn literal(value: &Value) -> Option<String> {
    match value {
        Value::Seq(items) => {
            let items: Vec<String> = same_kind(items.iter())?;
            Some(format!("[{}]", items.join(", ")))
        }
        Value::Map(map) => {
            let values = same_kind(map.values())?;
            let entries: Vec<String> =
                map.keys().zip(values).map(|(key, value)| format!("{}: {value}", quoted(&key.lossy()))).collect();
            Some(format!("{{{}}}", entries.join(", ")))
        }
        scalar => self::scalar(scalar),
    }
}

fn same_kind<'v>(values: impl Iterator<Item = &'v Value> + Clone) -> Option<Vec<String>> {
    let mut kinds = values.clone().map(Value::kind);
    if let Some(first) = kinds.next()
        && !kinds.all(|kind| kind == first)
    {
        return None;
    }
    values.map(scalar).collect()
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Int(number) => Some(number.to_string()),
        Value::Float(_) if value.as_i64().is_some() => value.as_i64().map(|number| number.to_string()),
        Value::Float(number) if number.is_finite() => Some(format!("{number:?}")),
        Value::Str(text) => Some(quoted(&text.lossy())),
        _ => None,
    }
}

/// A text as CEL writes it.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('\'');
    for c in text.chars() {
        match c {
            '\\' => quoted.push_str("\\\\"),
            '\'' => quoted.push_str("\\'"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            c => quoted.push(c),
        }
    }
    quoted.push('\'');
    quoted
}
