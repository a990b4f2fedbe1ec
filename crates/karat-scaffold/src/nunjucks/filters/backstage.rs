//! The filters that Backstage adds: `parseRepoUrl`, `projectSlug`, `parseEntityRef`, `pick`.

use std::rc::Rc;

use crate::RepoUrl;
use crate::nunjucks::budget::{Budget, Fault, Outcome};
use crate::nunjucks::convert::to_text;
use crate::nunjucks::eval::Given;
use crate::nunjucks::methods;
use crate::nunjucks::value::Value;

/// Applies one of Backstage's filters; `None` if there is none of this name.
pub(super) fn apply(name: &str, input: &Value, given: &Given, budget: &Budget) -> Option<Outcome<Value>> {
    if !matches!(name, "parseRepoUrl" | "projectSlug" | "parseEntityRef" | "pick") {
        return None;
    }
    if let Some((keyword, _)) = given.keyword.first() {
        return Some(Err(Fault::new(format!("takes no named arguments, but is given `{keyword}`"))));
    }
    Some(match name {
        "parseRepoUrl" => repo_url(input, budget).map(|url| {
            let optional = |text: Option<String>| text.map_or(Value::Undefined, Value::text);
            record([
                ("host", Value::text(url.host)),
                ("owner", optional(url.owner)),
                ("repo", Value::text(url.repo)),
                ("organization", optional(url.organization)),
                ("workspace", optional(url.workspace)),
                ("project", optional(url.project)),
            ])
        }),
        "projectSlug" => repo_url(input, budget)
            .map(|url| Value::text(format!("{}/{}", url.owner.as_deref().unwrap_or("undefined"), url.repo))),
        "parseEntityRef" => entity_ref(input, given.at(0)),
        _ => pick(input, given, budget),
    })
}

fn record<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::record(entries.map(|(key, value)| (Rc::from(key), value)))
}

fn repo_url(input: &Value, budget: &Budget) -> Outcome<RepoUrl> {
    RepoUrl::parse(&to_text(input, budget)?).map_err(Fault::new)
}

/// `[kind:][namespace/]name`, with defaults for what is left out.
fn entity_ref(input: &Value, context: &Value) -> Outcome<Value> {
    if !input.truthy() {
        return Err(Fault::new("an entity reference is not empty"));
    }
    let field = |value: &Value, key: &str| methods::own(value, key).filter(|value| !value.is_nullish());
    let default_kind = field(context, "defaultKind");
    let default_namespace =
        field(context, "defaultNamespace").filter(Value::truthy).unwrap_or_else(|| Value::text("default"));
    let (kind, namespace, name) = match input.as_text() {
        Some(reference) => {
            let wrong =
                || Fault::new(format!("`{reference}` is not an entity reference: [<kind>:][<namespace>/]<name>"));
            let slash = reference.find('/');
            let colon = reference.find(':').filter(|colon| slash.is_none_or(|slash| *colon < slash));
            let kind = colon.map(|colon| &reference[..colon]);
            let start = colon.map_or(0, |colon| colon + 1);
            let namespace = slash.map(|slash| &reference[start..slash]);
            let name = &reference[start.max(slash.map_or(0, |slash| slash + 1))..];
            if kind == Some("") || namespace == Some("") || name.is_empty() {
                return Err(wrong());
            }
            (kind.map(Value::text), namespace.map(Value::text), Some(Value::text(name)))
        }
        None => (field(input, "kind"), field(input, "namespace"), field(input, "name")),
    };
    let kind = kind.or(default_kind);
    let named = |what: &str, value: Option<Value>| {
        value.filter(Value::truthy).ok_or_else(|| Fault::new(format!("an entity reference without its {what}")))
    };
    Ok(record([
        ("kind", named("kind", kind)?),
        ("namespace", named("namespace", Some(namespace.unwrap_or(default_namespace)))?),
        ("name", named("name", name)?),
    ]))
}

/// The value at a path such as `a.b[0].c`, or the second argument.
fn pick(input: &Value, given: &Given, budget: &Budget) -> Outcome<Value> {
    let path = given.at(0);
    let keys: Vec<Rc<str>> = match path {
        Value::List(keys) => keys.items().iter().map(|key| to_text(key, budget)).collect::<Outcome<_>>()?,
        path => {
            let path = to_text(path, budget)?;
            match methods::own(input, &path) {
                Some(_) => vec![path],
                None => keys(&path),
            }
        }
    };
    let mut value = Some(input.clone());
    for key in &keys {
        value = value.and_then(|value| methods::own(&value, key));
    }
    Ok(value.filter(|value| !matches!(value, Value::Undefined)).unwrap_or_else(|| given.at(1).clone()))
}

/// The keys of `a.b[0]["c"]`.
fn keys(path: &str) -> Vec<Rc<str>> {
    let dotted = path.replace('[', ".").replace(['"', '\'', ']'], "");
    let dotted = if path.starts_with('[') { dotted.trim_start_matches('.') } else { &dotted };
    dotted.split('.').map(Rc::from).collect()
}
