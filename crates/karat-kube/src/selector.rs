//! Label selectors.

use karat_yaml::{Map, Value};

/// Whether a label selector (`matchLabels`, `matchExpressions`) selects what has `labels`. An empty selector selects
/// everything; one that is no mapping, or has an operator that Kubernetes does not know, nothing.
///
/// Source: `metav1.LabelSelectorAsSelector`.
pub fn selects(selector: &Value, labels: Option<&Map>) -> bool {
    let Some(selector) = selector.as_map() else { return false };
    let label = |key: &[u8]| labels.and_then(|labels| labels.get(key));
    let wanted = selector.get("matchLabels".as_bytes()).and_then(Value::as_map);
    if wanted.is_some_and(|wanted| wanted.iter().any(|(key, value)| label(key) != Some(value))) {
        return false;
    }
    let expressions = selector.get("matchExpressions".as_bytes()).and_then(Value::as_seq).unwrap_or_default();
    expressions.iter().all(|expression| {
        let Some(key) = expression.get("key").and_then(Value::as_str) else { return false };
        let found = label(key.as_bytes());
        let values = expression.get("values").and_then(Value::as_seq).unwrap_or_default();
        match expression.get("operator").and_then(Value::as_str) {
            Some("In") => found.is_some_and(|found| values.contains(found)),
            Some("NotIn") => found.is_none_or(|found| !values.contains(found)),
            Some("Exists") => found.is_some(),
            Some("DoesNotExist") => found.is_none(),
            _ => false,
        }
    })
}

/// Whether a Service's selector, a plain mapping of labels, selects what has `labels`. An empty one selects nothing.
pub fn service_selects(selector: &Value, labels: Option<&Map>) -> bool {
    let Some(selector) = selector.as_map() else { return false };
    let has = |(key, value)| labels.and_then(|labels| labels.get(key)) == Some(value);
    !selector.is_empty() && selector.iter().all(has)
}

/// Whether a label selector selects everything: it is there and asks for nothing.
pub fn selects_all(selector: &Value) -> bool {
    let empty = |key: &str| match selector.get(key) {
        None | Some(Value::Null) => true,
        Some(Value::Map(map)) => map.is_empty(),
        Some(Value::Seq(items)) => items.is_empty(),
        Some(_) => false,
    };
    selector.as_map().is_some() && empty("matchLabels") && empty("matchExpressions")
}
