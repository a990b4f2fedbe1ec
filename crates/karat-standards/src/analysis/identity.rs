//! Who may call, by identity.

use karat_kube::Path;
use karat_yaml::Value;

use super::{Analysis, Found, is_empty, label, list, text};
use crate::Scope;
use crate::judge::{Loaded, View};

/// A namespace speaks mTLS only, allows nobody by default, lets its waypoint in, and names callers at the waypoint.
pub(super) static AUTHORIZED: Analysis = Analysis {
    name: "authorized",
    scope: Scope::Namespace,
    kinds: &["PeerAuthentication", "AuthorizationPolicy", "Gateway"],
    about: "strict PeerAuthentication; an AuthorizationPolicy that allows nobody; one that lets the waypoint in; the same \
            at the waypoint, where every policy that allows names its callers",
    run,
};

const GROUP: &str = "security.istio.io";

fn run(view: &View<'_>) -> Vec<Found> {
    let name = view.name;
    let mut found = Vec::new();
    strict(view, &mut found);
    let policies: Vec<(usize, &Loaded<'_>)> = view.of(GROUP, "AuthorizationPolicy").collect();
    let untargeted = |policy: &Value| {
        is_empty(policy.at(["spec", "selector"]))
            && is_empty(policy.at(["spec", "targetRefs"]))
            && is_empty(policy.at(["spec", "targetRef"]))
    };
    if !policies.iter().any(|(_, policy)| untargeted(policy.value()) && allows_nobody(policy.value())) {
        found.push(Found::here(format!("no policy denies calls into namespace `{name}` by default")));
        return found;
    }
    if let Some((at, waypoint)) = waypoint(view) {
        let waypoint = &waypoint.identity.name;
        let domain = view.organisation().setting("network.clusterDomain").and_then(Value::as_str);
        let identity = format!("{}/ns/{name}/sa/{waypoint}", domain.unwrap_or("cluster.local"));
        let lets_in = |policy: &Value| {
            action(policy) == "ALLOW"
                && is_empty(policy.at(["spec", "targetRefs"]))
                && list(policy, "spec.rules").iter().any(|rule| principals(rule).any(|(_, one)| one == identity))
        };
        if !policies.iter().any(|(_, policy)| lets_in(policy.value())) {
            let message = format!("pods of namespace `{name}` do not let their waypoint in, so no call arrives");
            found.push(Found::at(at, "metadata.name", message));
        }
        let at_waypoint = |policy: &Value| {
            list(policy, "spec.targetRefs")
                .iter()
                .any(|target| text(target, "kind") == Some("Gateway") && text(target, "name") == Some(waypoint))
        };
        if !policies.iter().any(|(_, policy)| at_waypoint(policy.value()) && allows_nobody(policy.value())) {
            let message = format!("waypoint `{waypoint}` of namespace `{name}` lets through what no policy is about");
            found.push(Found::at(at, "metadata.name", message));
        }
    }
    for (at, policy) in policies {
        callers(at, policy, &mut found);
    }
    found
}

fn strict(view: &View<'_>, found: &mut Vec<Found>) {
    let name = view.name;
    let mut whole = false;
    for (at, peers) in view.of(GROUP, "PeerAuthentication") {
        let mode = text(peers.value(), "spec.mtls.mode");
        let selects = !is_empty(peers.value().at(["spec", "selector"]));
        match mode {
            Some("STRICT") => whole |= !selects,
            Some("PERMISSIVE" | "DISABLE") => {
                let mode = mode.unwrap_or_default();
                let message = format!("namespace `{name}` takes calls without mTLS ({mode})");
                found.push(Found::at(at, "spec.mtls.mode", message));
                whole |= !selects;
            }
            _ => {}
        }
    }
    if !whole {
        found.push(Found::here(format!("namespace `{name}` does not insist on mTLS (PeerAuthentication STRICT)")));
    }
}

/// The waypoint of the namespace: a Gateway of its class.
fn waypoint<'v>(view: &View<'v>) -> Option<(usize, &'v Loaded<'v>)> {
    let mut gateways = view.of("gateway.networking.k8s.io", "Gateway");
    gateways.find(|(_, gateway)| is_waypoint(gateway.value()))
}

/// Whether a Gateway is a waypoint.
pub(super) fn is_waypoint(gateway: &Value) -> bool {
    text(gateway, "spec.gatewayClassName").is_some_and(|class| class.starts_with("istio-waypoint"))
        || label(gateway, "istio.io/waypoint-for").is_some()
}

fn action(policy: &Value) -> &str {
    text(policy, "spec.action").unwrap_or("ALLOW")
}

/// Whether it is an ALLOW policy without rules: what it covers, nobody may call.
fn allows_nobody(policy: &Value) -> bool {
    action(policy) == "ALLOW" && list(policy, "spec.rules").is_empty()
}

/// The principals that a rule names, with their places below the rule.
fn principals(rule: &Value) -> impl Iterator<Item = (Path, &str)> {
    list(rule, "from").iter().enumerate().flat_map(|(from, source)| {
        let path = Path::keys(["from"]).index(from).key("source").key("principals");
        let named = list(source, "source.principals").iter().enumerate();
        named.filter_map(move |(at, name)| Some((path.index(at), name.as_str()?)))
    })
}

/// Each rule that allows must say whom, and not everybody.
fn callers(at: usize, policy: &Loaded<'_>, found: &mut Vec<Found>) {
    if action(policy.value()) != "ALLOW" {
        return;
    }
    let name = &policy.identity.name;
    for (place, rule) in list(policy.value(), "spec.rules").iter().enumerate() {
        let path = Path::keys(["spec", "rules"]).index(place);
        let sources = list(rule, "from");
        let named = |source: &Value| {
            !list(source, "source.principals").is_empty() || !list(source, "source.serviceAccounts").is_empty()
        };
        if sources.is_empty() || !sources.iter().all(named) {
            let message = format!("AuthorizationPolicy `{name}` allows callers that it does not name by identity");
            found.push(Found::within(at, path.clone(), message));
        }
        for (below, principal) in principals(rule) {
            if principal.trim_matches('*').is_empty() || principal.ends_with("/sa/*") || principal.ends_with("/ns/*") {
                let message = format!("AuthorizationPolicy `{name}` allows whoever `{principal}` fits");
                found.push(Found::within(at, path.join(&below), message));
            }
        }
    }
}
