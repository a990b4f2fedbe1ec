//! Whether who is called knows what to do.

use karat_kube::Path;
use karat_yaml::Value;
use regex::Regex;

use super::{Analysis, Found, list, text};
use crate::Scope;
use crate::judge::View;

/// Every alert links a page, and a page of this organisation exists.
pub(super) static ALERTS_HAVE_RUNBOOKS: Analysis = Analysis {
    name: "alerts-have-runbooks",
    scope: Scope::Application,
    kinds: &["PrometheusRule"],
    about: "each alert of a service's PrometheusRules has an annotation `runbook_url`, and where that is a page of the portal \
            (settings.docs.pages) the component's documentation has the page",
    run,
};

fn run(view: &View<'_>) -> Vec<Found> {
    let pages =
        view.organisation().setting("docs.pages").and_then(Value::as_str).and_then(|text| Regex::new(text).ok());
    let mut found = Vec::new();
    for (at, object) in view.all().filter(|(_, object)| object.identity.kind == "PrometheusRule") {
        for (group_at, group) in list(object.value(), "spec.groups").iter().enumerate() {
            for (rule_at, rule) in list(group, "rules").iter().enumerate() {
                let Some(alert) = text(rule, "alert") else { continue };
                let path = Path::keys(["spec", "groups"]).index(group_at).key("rules").index(rule_at);
                match text(rule, "annotations.runbook_url") {
                    None | Some("") => {
                        let message = format!("alert `{alert}` does not say what to do (annotation runbook_url)");
                        found.push(Found::within(at, path.key("alert"), message));
                    }
                    Some(url) => {
                        if let Some(message) = missing(view, pages.as_ref(), alert, url) {
                            let path = path.key("annotations").key("runbook_url");
                            found.push(Found::within(at, path, message));
                        }
                    }
                }
            }
        }
    }
    found
}

/// What is wrong with a link: it is none, or the page that it names is not there. Other places are not looked at.
fn missing(view: &View<'_>, pages: Option<&Regex>, alert: &str, url: &str) -> Option<String> {
    if !url.starts_with("https://") && !url.starts_with("http://") {
        return Some(format!("the runbook of alert `{alert}`, `{url}`, is no address"));
    }
    let parts = pages?.captures(url)?;
    let (component, page) = (parts.get(1)?.as_str(), parts.get(2)?.as_str().trim_matches('/'));
    let repositories = &view.subject().repositories;
    let repository = repositories.iter().find(|repository| repository.name == component)?;
    let pages = repository.facts.docs.iter().flat_map(|docs| &docs.pages);
    let mut there = pages.filter(|there| there.url.trim_matches('/') == page);
    match there.next() {
        Some(_) => None,
        None => Some(format!("the runbook of alert `{alert}` is missing: `{component}` has no page `{page}`")),
    }
}
