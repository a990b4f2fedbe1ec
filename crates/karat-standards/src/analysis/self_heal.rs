//! What self-heal must leave alone.

use karat_kube::Path;
use karat_yaml::Value;

use super::{Analysis, Found, list, text};
use crate::Scope;
use crate::judge::{Loaded, View};

/// An Application ignores what controllers own in its objects: weights of canary routes, replicas under an autoscaler.
pub(super) static SELF_HEAL: Analysis = Analysis {
    name: "self-heal-leaves-controllers-alone",
    scope: Scope::Application,
    kinds: &["Deployment", "HTTPRoute", "HorizontalPodAutoscaler", "ReplicaSet", "Rollout", "StatefulSet"],
    about: "self-heal ignores the weights of routes that a Rollout moves, and replicas that an autoscaler moves",
    run,
};

fn run(view: &View<'_>) -> Vec<Found> {
    let Some(application) = view.application else { return Vec::new() };
    let manifest = &application.doc.value();
    let heals = manifest.at(["spec", "syncPolicy", "automated", "selfHeal"]).and_then(Value::as_bool) == Some(true);
    if !heals {
        return Vec::new();
    }
    let ignored = list(manifest, "spec.ignoreDifferences");
    let path = if ignored.is_empty() {
        Path::keys(["spec", "syncPolicy", "automated", "selfHeal"])
    } else {
        Path::keys(["spec", "ignoreDifferences"])
    };
    let found = |message| Found { on: Some(view.about), path: path.clone(), message, place: None };
    let mut all = Vec::new();
    for (_, rollout) in view.of("argoproj.io", "Rollout") {
        for route in routes(rollout.value()) {
            let there =
                view.of("gateway.networking.k8s.io", "HTTPRoute").any(|(_, object)| object.identity.name == route);
            if there && !ignores(ignored, "gateway.networking.k8s.io", "HTTPRoute", route, "weight") {
                let name = &rollout.identity.name;
                all.push(found(format!(
                    "self-heal puts back the weights of HTTPRoute `{route}` while Rollout `{name}` moves them"
                )));
            }
        }
    }
    for (_, scaler) in view.of("autoscaling", "HorizontalPodAutoscaler") {
        let target = |key: &str| text(scaler.value(), &format!("spec.scaleTargetRef.{key}")).unwrap_or_default();
        let (kind, name) = (target("kind"), target("name"));
        let scaled = |object: &Loaded<'_>| object.identity.kind == kind && object.identity.name == name;
        // Without `replicas` in Git there is nothing to put back.
        let fixed = view.all().find(|(_, object)| {
            scaled(object) && object.value().at(["spec", "replicas"]).is_some_and(|replicas| !replicas.is_null())
        });
        if let Some((_, object)) = fixed
            && !ignores(ignored, &object.identity.group, kind, name, "replicas")
        {
            all.push(found(format!(
                "self-heal puts back the replicas of {kind} `{name}` while its autoscaler moves them"
            )));
        }
    }
    all
}

/// The routes whose weights a Rollout moves.
fn routes(rollout: &Value) -> Vec<&str> {
    let Some(plugin) =
        rollout.at(["spec", "strategy", "canary", "trafficRouting", "plugins", "argoproj-labs/gatewayAPI"])
    else {
        return Vec::new();
    };
    let listed = list(plugin, "httpRoutes").iter().filter_map(|route| text(route, "name"));
    text(plugin, "httpRoute").into_iter().chain(listed).collect()
}

fn ignores(ignored: &[Value], group: &str, kind: &str, name: &str, field: &str) -> bool {
    ignored.iter().any(|one| {
        let is = |key: &str, wanted: &str| {
            text(one, key).is_none_or(|value| value.is_empty() || value == wanted || value == "*")
        };
        let paths = list(one, "jsonPointers").iter().chain(list(one, "jqPathExpressions"));
        let owned = list(one, "managedFieldsManagers")
            .iter()
            .any(|manager| manager.as_str().is_some_and(|manager| manager.contains("rollouts")));
        is("group", group)
            && is("kind", kind)
            && is("name", name)
            && (owned || paths.filter_map(Value::as_str).any(|path| path.contains(field) || path == "/spec"))
    })
}
