//! What judges a canary.

use std::collections::BTreeSet;

use karat_kube::Path;
use karat_yaml::Value;
use regex::Regex;

use super::{Analysis, Found, list, text};
use crate::Scope;
use crate::judge::{Loaded, View};

/// Every canary is analysed: error rate and latency, of its own series, with enough traffic, and without data decided.
pub(super) static CANARY_IS_ANALYSED: Analysis = Analysis {
    name: "canary-is-analysed",
    scope: Scope::Application,
    kinds: &["AnalysisTemplate", "ClusterAnalysisTemplate", "Rollout"],
    about: "the Rollout's analysis templates exist and measure errors and latency of the canary's own series in \
            Prometheus, with a minimum of traffic, a failure limit and an answer to no data",
    run,
};

fn run(view: &View<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for (at, rollout) in view.of("argoproj.io", "Rollout") {
        if rollout.value().at(["spec", "strategy", "canary"]).is_some() {
            check(view, at, rollout, &mut found);
        }
    }
    found
}

/// A reference to a template: its name, whether it is the cluster's, where it is, and the arguments it gets.
struct Reference<'v> {
    name: &'v str,
    cluster: bool,
    path: Path,
    args: &'v [Value],
}

fn references(rollout: &Value) -> Vec<Reference<'_>> {
    let canary = Path::keys(["spec", "strategy", "canary"]);
    let mut analyses = vec![(canary.key("analysis"), rollout.at(["spec", "strategy", "canary", "analysis"]))];
    for (place, step) in list(rollout, "spec.strategy.canary.steps").iter().enumerate() {
        analyses.push((canary.key("steps").index(place).key("analysis"), step.get("analysis")));
    }
    let mut found = Vec::new();
    for (path, analysis) in analyses {
        let Some(analysis) = analysis else { continue };
        for (place, template) in list(analysis, "templates").iter().enumerate() {
            found.push(Reference {
                name: text(template, "templateName").unwrap_or_default(),
                cluster: template.get("clusterScope").and_then(Value::as_bool) == Some(true),
                path: path.key("templates").index(place).key("templateName"),
                args: list(analysis, "args"),
            });
        }
    }
    found
}

fn check(view: &View<'_>, at: usize, rollout: &Loaded<'_>, found: &mut Vec<Found>) {
    let name = &rollout.identity.name;
    let references = references(rollout.value());
    if references.is_empty() {
        let message = format!("the canary of `{name}` is judged by nothing");
        found.push(Found::at(at, "spec.strategy.canary.analysis", message));
        return;
    }
    let (mut errors, mut latency, mut traffic) = (false, false, false);
    let mut first = None;
    let mut seen = BTreeSet::new();
    for reference in &references {
        let kind = if reference.cluster { "ClusterAnalysisTemplate" } else { "AnalysisTemplate" };
        let mut templates =
            view.of("argoproj.io", kind).filter(|(_, template)| template.identity.name == reference.name);
        let Some((template_at, template)) = templates.next() else {
            // A template of the whole cluster comes from elsewhere; the platform's own is judged there.
            if !reference.cluster {
                let message = format!("there is no {kind} `{}` to judge the canary of `{name}`", reference.name);
                found.push(Found::within(at, reference.path.clone(), message));
            }
            return;
        };
        first.get_or_insert(template_at);
        if !seen.insert((template_at, reference.path.clone())) {
            continue;
        }
        let own = own_series(rollout.value(), reference);
        for (place, metric) in list(template.value(), "spec.metrics").iter().enumerate() {
            let path = Path::keys(["spec", "metrics"]).index(place);
            let (is_errors, is_latency, is_traffic) = what(metric);
            traffic |= is_traffic;
            if !(is_errors || is_latency) {
                continue;
            }
            errors |= is_errors;
            latency |= is_latency;
            check_metric(name, template_at, &path, metric, &own, found);
        }
    }
    let Some(template) = first else { return };
    let mut missing = |is_there: bool, what: &str| {
        if !is_there {
            let message = format!("the canary of `{name}` {what}");
            found.push(Found::at(template, "spec.metrics", message));
        }
    };
    missing(errors, "is not judged by its error rate");
    missing(latency, "is not judged by its latency");
    missing(traffic, "is judged without a minimum of traffic");
}

fn query(metric: &Value) -> &str {
    text(metric, "provider.prometheus.query").unwrap_or_default()
}

/// What a metric is about, by what its query counts: errors, latency, the amount of traffic.
fn what(metric: &Value) -> (bool, bool, bool) {
    let name = text(metric, "name").unwrap_or_default().to_lowercase();
    let query = query(metric);
    let codes = ["response_code", "status_code", "http_status", "grpc_status", "grpc_code", "error_type"];
    let is_errors = codes.iter().any(|code| query.contains(code))
        || name.contains("error") && !query.is_empty()
        || name.contains("success") && !query.is_empty();
    let is_latency = query.contains("histogram_quantile") || query.contains("_bucket") || name.contains("latency");
    // A threshold on a count of requests: in the query itself, or as a metric of its own.
    let counts = query.contains("increase(") || query.contains("_count") || query.contains("_total");
    let compares = |text: &str| text.contains(">=") || text.contains("> ");
    let guard = query.split(" and").skip(1).any(compares) || query.split("\nand").skip(1).any(compares);
    let own = counts && !is_errors && !is_latency && text(metric, "successCondition").is_some_and(compares);
    (is_errors, is_latency && !query.is_empty(), (counts && guard) || own)
}

/// Texts of which a query must contain one to look at the canary alone.
fn own_series(rollout: &Value, reference: &Reference<'_>) -> Vec<String> {
    let service = text(rollout, "spec.strategy.canary.canaryService");
    let mut own: Vec<String> = service.map(str::to_owned).into_iter().collect();
    for arg in reference.args {
        let latest = text(arg, "valueFrom.podTemplateHashValue") == Some("Latest");
        let canary = service.is_some() && text(arg, "value") == service;
        if let Some(name) = text(arg, "name").filter(|_| latest || canary) {
            own.push(format!("args.{name}"));
        }
    }
    own
}

fn check_metric(name: &str, at: usize, path: &Path, metric: &Value, own: &[String], found: &mut Vec<Found>) {
    let what = text(metric, "name").unwrap_or_default();
    if metric.at(["provider", "prometheus"]).is_none() {
        let message = format!("metric `{what}` of the canary of `{name}` is not measured in Prometheus");
        found.push(Found::within(at, path.key("provider"), message));
        return;
    }
    let query = query(metric);
    // `{{args.x}}` and `{{ args.x }}` are the same to Argo Rollouts.
    let close = query.replace("{{ ", "{{").replace(" }}", "}}");
    let mentions = |text: &String| {
        let text = if text.starts_with("args.") { format!("{{{{{text}}}}}") } else { text.clone() };
        close.contains(&text)
    };
    if !own.iter().any(mentions) {
        let message = format!("metric `{what}` of the canary of `{name}` measures the stable version too");
        found.push(Found::within(at, path.join(&Path::keys(["provider", "prometheus", "query"])), message));
    }
    match metric.get("failureLimit").map(|limit| limit.as_i64().or_else(|| limit.as_str()?.parse().ok())) {
        None => {
            let message = format!("metric `{what}` of the canary of `{name}` does not say how often it may fail");
            found.push(Found::within(at, path.key("failureLimit"), message));
        }
        Some(Some(limit)) if limit < 0 => {
            let message = format!("metric `{what}` of the canary of `{name}` may fail as often as it likes");
            found.push(Found::within(at, path.key("failureLimit"), message));
        }
        Some(_) => {}
    }
    let conditions =
        [text(metric, "successCondition").unwrap_or_default(), text(metric, "failureCondition").unwrap_or_default()];
    let words = ["len(", "isNaN(", "isNil(", "default("];
    let asks = conditions.iter().any(|condition| words.iter().any(|word| condition.contains(word)));
    let fills = Regex::new(r"or\s+(on\s*\(\s*\)\s*)?vector\s*\(").is_ok_and(|regex| regex.is_match(query));
    if !asks && !fills {
        let field = if metric.get("successCondition").is_some() { "successCondition" } else { "failureCondition" };
        let message = format!("metric `{what}` of the canary of `{name}` says nothing about no data");
        found.push(Found::within(at, path.key(field), message));
    }
}
