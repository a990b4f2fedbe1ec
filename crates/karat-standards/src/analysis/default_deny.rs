//! NetworkPolicies of a namespace: nothing that was not opened, and nothing opened wide.

use karat_kube::{Path, selects_all};
use karat_yaml::Value;

use super::{Analysis, Found, list, text};
use crate::Scope;
use crate::judge::{Loaded, View};

/// A namespace denies by default, in both directions, and its other policies open no more than the mesh, DNS, probes
/// and named addresses.
pub(super) static DEFAULT_DENY: Analysis = Analysis {
    name: "default-deny",
    scope: Scope::Namespace,
    kinds: &["NetworkPolicy"],
    about: "a NetworkPolicy denies all; no other one lets everything in or out, or names another tenant beside the \
            mesh's port; the kubelet's probes and DNS are let through",
    run,
};

fn run(view: &View<'_>) -> Vec<Found> {
    let policies: Vec<(usize, &Loaded<'_>)> = view.of("networking.k8s.io", "NetworkPolicy").collect();
    let denies = |way: &str| {
        policies.iter().any(|(_, policy)| {
            let spec = policy.value();
            spec.at(["spec", "podSelector"]).is_some_and(selects_all)
                && types(spec).contains(&way)
                && list(spec, &format!("spec.{}", way.to_lowercase())).is_empty()
        })
    };
    let mut found = Vec::new();
    match (denies("Ingress"), denies("Egress")) {
        (true, true) => {}
        (false, false) => {
            found.push(Found::here(format!("nothing denies traffic of namespace `{}` by default", view.name)));
        }
        (false, true) => {
            found.push(Found::here(format!("nothing denies traffic into namespace `{}` by default", view.name)));
        }
        (true, false) => {
            found.push(Found::here(format!("nothing denies traffic out of namespace `{}` by default", view.name)));
        }
    }
    for (at, policy) in &policies {
        rules(view, *at, policy, "ingress", "from", &mut found);
        rules(view, *at, policy, "egress", "to", &mut found);
    }
    if found.is_empty() {
        needs(view, &policies, &mut found);
    }
    found
}

/// The directions that a policy is about: as written, or ingress and whatever it has egress rules for.
fn types(policy: &Value) -> Vec<&str> {
    match policy.at(["spec", "policyTypes"]).and_then(Value::as_seq) {
        Some(types) => types.iter().filter_map(Value::as_str).collect(),
        None if policy.at(["spec", "egress"]).is_some() => vec!["Ingress", "Egress"],
        None => vec!["Ingress"],
    }
}

fn rules(view: &View<'_>, at: usize, policy: &Loaded<'_>, way: &str, peers: &str, found: &mut Vec<Found>) {
    let name = &policy.identity.name;
    let direction = if way == "ingress" { "in from" } else { "out to" };
    for (place, rule) in list(policy.value(), &format!("spec.{way}")).iter().enumerate() {
        let path = Path::keys(["spec", way]).index(place);
        let given = list(rule, peers);
        if given.is_empty() {
            found.push(Found::within(at, path, format!("NetworkPolicy `{name}` lets everything {direction} anywhere")));
            continue;
        }
        for (place, peer) in given.iter().enumerate() {
            let path = path.key(peers).index(place);
            if let Some(cidr) = text(peer, "ipBlock.cidr").filter(|cidr| cidr.ends_with("/0")) {
                let path = path.key("ipBlock").key("cidr");
                found.push(Found::within(
                    at,
                    path,
                    format!("NetworkPolicy `{name}` lets traffic {direction} `{cidr}`"),
                ));
            }
            let Some(namespaces) = peer.get("namespaceSelector") else { continue };
            if selects_all(namespaces) {
                let path = path.key("namespaceSelector");
                let message = format!("NetworkPolicy `{name}` lets traffic {direction} every namespace");
                found.push(Found::within(at, path, message));
            } else if !is_platform(view, namespaces) && !only_mesh(view, rule) {
                let path = path.key("namespaceSelector");
                let message = format!("NetworkPolicy `{name}` lets traffic {direction} another tenant beside the mesh");
                found.push(Found::within(at, path, message));
            }
        }
    }
}

/// Whether a selector names namespaces of the platform only, by the name that Kubernetes labels each with.
fn is_platform(view: &View<'_>, selector: &Value) -> bool {
    const NAME: &str = "kubernetes.io/metadata.name";
    let named = selector.get("matchLabels").and_then(|labels| labels.get(NAME)).and_then(Value::as_str);
    let mut listed = list(selector, "matchExpressions")
        .iter()
        .filter(|expression| text(expression, "key") == Some(NAME) && text(expression, "operator") == Some("In"));
    let is_ours = |name: &str| view.organisation().is_platform(name);
    named.is_some_and(is_ours)
        || listed.any(|expression| {
            let names = list(expression, "values");
            !names.is_empty() && names.iter().all(|name| name.as_str().is_some_and(is_ours))
        })
}

/// Whether a rule opens the mesh's port and no other.
fn only_mesh(view: &View<'_>, rule: &Value) -> bool {
    let hbone = view.organisation().setting("network.hbonePort").and_then(Value::as_i64).unwrap_or(15008);
    let ports = list(rule, "ports");
    let is_mesh = |port: &Value| {
        port.get("port").and_then(Value::as_i64) == Some(hbone)
            && port.get("endPort").is_none()
            && matches!(text(port, "protocol"), None | Some("TCP"))
    };
    !ports.is_empty() && ports.iter().all(is_mesh)
}

/// What a namespace that denies by default cannot live without.
fn needs(view: &View<'_>, policies: &[(usize, &Loaded<'_>)], found: &mut Vec<Found>) {
    let probes = view.organisation().setting("network.probeAddress").and_then(Value::as_str).unwrap_or_default();
    let rules =
        |way: &'static str| policies.iter().flat_map(move |(_, policy)| list(policy.value(), &format!("spec.{way}")));
    let lets_probes =
        rules("ingress").any(|rule| list(rule, "from").iter().any(|peer| text(peer, "ipBlock.cidr") == Some(probes)));
    let cluster_wide =
        view.cluster().is_some_and(|cluster| super::cluster::lets_probes_in(view.index, cluster, probes));
    if !lets_probes && !cluster_wide && !probes.is_empty() {
        let message = format!("the kubelet's probes ({probes}) do not reach the pods of namespace `{}`", view.name);
        found.push(Found::here(message));
    }
    let dns = |port: &Value| port.get("port").and_then(Value::as_i64) == Some(53);
    if !rules("egress").any(|rule| list(rule, "ports").iter().any(dns)) {
        found.push(Found::here(format!("pods of namespace `{}` cannot look up names (port 53)", view.name)));
    }
}
