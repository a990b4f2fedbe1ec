//! Replicas, spread and disruption budgets.

use karat_kube::{pod_spec, replicas, selects};
use karat_yaml::Value;

use super::{Analysis, Found, list, pod_labels, text};
use crate::Scope;
use crate::judge::{Loaded, View};

/// Every scaled workload of an application has enough replicas, in several zones, and a budget that lets nodes go.
pub(super) static SPREAD_AND_BUDGET: Analysis = Analysis {
    name: "spread-and-budget",
    scope: Scope::Application,
    kinds: &[
        "Deployment",
        "HorizontalPodAutoscaler",
        "PodDisruptionBudget",
        "ReplicaSet",
        "ReplicationController",
        "Rollout",
        "ScaledObject",
        "StatefulSet",
    ],
    about: "replicas (by autoscaler or workload), topology spread over zones, a PodDisruptionBudget that allows some",
    run,
};

fn run(view: &View<'_>) -> Vec<Found> {
    let least = view.organisation().setting("compute.minReplicas").and_then(Value::as_i64).unwrap_or(2);
    let mut found = Vec::new();
    for (at, object) in view.all() {
        let Some(pods) = replicas(object.value()) else { continue };
        // A Rollout that borrows its pods is spread by the Deployment that it borrows from, which is scaled to nothing.
        let Some(spec) = pod_spec(object.value()) else { continue };
        let (kind, name) = (&object.identity.kind, &object.identity.name);
        let scaler = autoscaler(view, object);
        let (scaled_by, pods) = match scaler {
            Some((at, scaler)) => (Some(at), scaler.at(["spec", "minReplicas"]).and_then(Value::as_i64).unwrap_or(1)),
            None => (None, pods),
        };
        if pods == 0 && scaled_by.is_none() {
            continue;
        }
        if pods < least {
            let (on, path) = scaled_by.map_or((at, "spec.replicas"), |scaler| (scaler, "spec.minReplicas"));
            found.push(Found::at(
                on,
                path,
                format!("{kind} `{name}` may run with {pods} of at least {least} replicas"),
            ));
        }
        let zones = list(spec, "topologySpreadConstraints");
        if !zones.iter().any(|zone| text(zone, "topologyKey") == Some("topology.kubernetes.io/zone")) {
            let path = karat_kube::pod_spec_path(&object.identity.group, kind).unwrap_or_default();
            let message = format!("{kind} `{name}` may have all its pods in one zone");
            found.push(Found::within(at, path.key("topologySpreadConstraints"), message));
        }
        budget(view, at, object, pods, &mut found);
    }
    found
}

fn autoscaler<'v>(view: &View<'v>, object: &Loaded<'_>) -> Option<(usize, &'v Value)> {
    let target = |scaler: &Value| {
        text(scaler, "spec.scaleTargetRef.kind") == Some(&object.identity.kind)
            && text(scaler, "spec.scaleTargetRef.name") == Some(&object.identity.name)
    };
    let mut scalers = view.of("autoscaling", "HorizontalPodAutoscaler").chain(view.of("keda.sh", "ScaledObject"));
    scalers.find(|(_, scaler)| target(scaler.value())).map(|(at, scaler)| (at, scaler.value()))
}

fn budget(view: &View<'_>, at: usize, object: &Loaded<'_>, pods: i64, found: &mut Vec<Found>) {
    let (kind, name) = (&object.identity.kind, &object.identity.name);
    let labels = pod_labels(object.value(), &object.identity.group, kind);
    let mut budgets = view.of("policy", "PodDisruptionBudget").filter(|(_, budget)| {
        budget.value().at(["spec", "selector"]).is_some_and(|selector| selects(selector, labels))
    });
    let Some((budget_at, budget)) = budgets.next() else {
        found.push(Found::at(at, "metadata.name", format!("no disruption budget covers {kind} `{name}`")));
        return;
    };
    let spec = budget.value();
    let none = |path: &str| {
        let allowed = spec.at(path.split('.'));
        allowed.and_then(Value::as_i64) == Some(0) || allowed.and_then(Value::as_str) == Some("0%")
    };
    let all = |path: &str| {
        let kept = spec.at(path.split('.'));
        kept.and_then(Value::as_i64).is_some_and(|kept| kept >= pods) || kept.and_then(Value::as_str) == Some("100%")
    };
    let message =
        || format!("the disruption budget of {kind} `{name}` lets no pod go, so its nodes can never be replaced");
    if none("spec.maxUnavailable") {
        found.push(Found::at(budget_at, "spec.maxUnavailable", message()));
    } else if all("spec.minAvailable") {
        found.push(Found::at(budget_at, "spec.minAvailable", message()));
    }
}
