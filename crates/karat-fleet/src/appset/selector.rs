//! A generator's `selector`: Kubernetes' label selector, but over parameters and without limits on values.

use std::collections::BTreeMap;

use karat_template::Str;
use karat_yaml::Value;

/// Why a selector is no selector.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SelectorError {
    #[error("`{0}` is not an operator; it is In, NotIn, Exists or DoesNotExist")]
    Operator(String),
    #[error("{0} needs values")]
    NoValues(String),
    #[error("{0} takes no values")]
    Values(String),
    #[error(
        "`{0}` is not a label key: letters, digits, `-`, `_` and `.`, at most 63, a domain and `/` before them if wanted"
    )]
    Key(String),
}

/// All requirements must hold.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selector(Vec<Requirement>);

#[derive(Clone, Debug)]
enum Requirement {
    In(Str, Vec<Str>),
    NotIn(Str, Vec<Str>),
    Exists(Str),
    DoesNotExist(Str),
}

impl Selector {
    /// Reads a `LabelSelector` that has been through [`crate::argo::shape`].
    pub(crate) fn parse(selector: &Value) -> Result<Self, SelectorError> {
        let mut requirements = Vec::new();
        for (key, value) in selector.get("matchLabels").and_then(Value::as_map).into_iter().flatten() {
            check_key(key)?;
            requirements.push(Requirement::In(key.clone(), vec![text(Some(value))]));
        }
        for expression in selector.get("matchExpressions").and_then(Value::as_seq).unwrap_or_default() {
            let key = text(expression.get("key"));
            let operator = text(expression.get("operator"));
            let values: Vec<Str> = expression
                .get("values")
                .and_then(Value::as_seq)
                .unwrap_or_default()
                .iter()
                .map(|value| text(Some(value)))
                .collect();
            let some = |values: Vec<Str>| {
                if values.is_empty() { Err(SelectorError::NoValues(operator.lossy().into_owned())) } else { Ok(values) }
            };
            let none = |requirement| {
                if values.is_empty() {
                    Ok(requirement)
                } else {
                    Err(SelectorError::Values(operator.lossy().into_owned()))
                }
            };
            let requirement = match operator.as_str() {
                Some("In") => Requirement::In(key.clone(), some(values)?),
                Some("NotIn") => Requirement::NotIn(key.clone(), some(values)?),
                Some("Exists") => none(Requirement::Exists(key.clone()))?,
                Some("DoesNotExist") => none(Requirement::DoesNotExist(key.clone()))?,
                _ => return Err(SelectorError::Operator(operator.lossy().into_owned())),
            };
            check_key(&key)?;
            requirements.push(requirement);
        }
        Ok(Self(requirements))
    }

    /// Whether flattened, printed parameters fit.
    pub(crate) fn matches(&self, labels: &BTreeMap<Str, Str>) -> bool {
        self.0.iter().all(|requirement| match requirement {
            Requirement::In(key, values) => labels.get(key).is_some_and(|value| values.contains(value)),
            Requirement::NotIn(key, values) => labels.get(key).is_none_or(|value| !values.contains(value)),
            Requirement::Exists(key) => labels.contains_key(key),
            Requirement::DoesNotExist(key) => !labels.contains_key(key),
        })
    }
}

fn text(value: Option<&Value>) -> Str {
    match value {
        Some(Value::Str(text)) => text.clone(),
        _ => Str::new(),
    }
}

/// Kubernetes' `IsQualifiedName`.
fn check_key(key: &Str) -> Result<(), SelectorError> {
    let bad = || SelectorError::Key(key.lossy().into_owned());
    let text = key.as_str().ok_or_else(bad)?;
    let name = match text.split_once('/') {
        None => text,
        Some((prefix, name)) => {
            let label = |label: &str| within(label, |c| c.is_ascii_lowercase() || c.is_ascii_digit(), |c| c == '-');
            if prefix.is_empty() || prefix.len() > 253 || !prefix.split('.').all(label) {
                return Err(bad());
            }
            name
        }
    };
    let named = within(name, |c| c.is_ascii_alphanumeric(), |c| matches!(c, '-' | '_' | '.'));
    if named && name.len() <= 63 { Ok(()) } else { Err(bad()) }
}

/// Not empty, `ends` at both ends, `ends` or `inner` between.
fn within(text: &str, ends: impl Fn(char) -> bool, inner: impl Fn(char) -> bool) -> bool {
    text.starts_with(&ends) && text.ends_with(&ends) && text.chars().all(|c| ends(c) || inner(c))
}
