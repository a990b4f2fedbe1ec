//! What needs a waypoint has one.

use karat_kube::Path;
use karat_yaml::Value;

use super::identity::is_waypoint;
use super::{Analysis, Found, label, list, text};
use crate::Scope;
use crate::judge::{Loaded, View};

/// Routes, weights and rules about requests are where a waypoint serves.
pub(super) static WAYPOINT_FOR_L7: Analysis = Analysis {
    name: "waypoint-for-l7",
    scope: Scope::Application,
    kinds: &["AuthorizationPolicy", "GRPCRoute", "HTTPRoute", "VirtualService"],
    about: "an HTTPRoute of a Service needs a waypoint for it; what the ingress Gateway sends goes through it too; rules \
            about requests target it; no VirtualService",
    run,
};

const GATEWAY_API: &str = "gateway.networking.k8s.io";

fn run(view: &View<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for (at, service) in view.of("networking.istio.io", "VirtualService") {
        let name = &service.identity.name;
        let message = format!("VirtualService `{name}` is not for ambient: a waypoint obeys HTTPRoutes");
        found.push(Found::at(at, "kind", message));
    }
    for kind in ["HTTPRoute", "GRPCRoute"] {
        for (at, route) in view.of(GATEWAY_API, kind) {
            check_route(view, at, route, &mut found);
        }
    }
    for (at, policy) in view.of("security.istio.io", "AuthorizationPolicy") {
        check_policy(at, policy, &mut found);
    }
    found
}

fn check_route(view: &View<'_>, at: usize, route: &Loaded<'_>, found: &mut Vec<Found>) {
    let (kind, name, namespace) = (&route.identity.kind, &route.identity.name, &route.identity.namespace);
    for (place, parent) in list(route.value(), "spec.parentRefs").iter().enumerate() {
        let path = Path::keys(["spec", "parentRefs"]).index(place);
        match text(parent, "kind").unwrap_or("Gateway") {
            "Service" => {
                let service = text(parent, "name").unwrap_or_default();
                let of = text(parent, "namespace").unwrap_or(namespace);
                match served_by(view, of, service) {
                    None => {
                        let message =
                            format!("no waypoint serves Service `{service}`, so {kind} `{name}` has no effect");
                        found.push(Found::within(at, path, message));
                    }
                    Some(waypoint) if !exists(view, of, &waypoint) => {
                        let message =
                            format!("Service `{service}` is to use waypoint `{waypoint}`, which is not there");
                        found.push(Found::within(at, path, message));
                    }
                    Some(_) => {}
                }
            }
            "Gateway" => {
                for (service, path) in backends(route) {
                    if served_by(view, namespace, service).is_some()
                        && setting(view, namespace, service, "istio.io/ingress-use-waypoint").as_deref() != Some("true")
                    {
                        let message = format!(
                            "what {kind} `{name}` sends from the Gateway to Service `{service}` passes its waypoint by"
                        );
                        found.push(Found::within(at, path, message));
                    }
                }
            }
            _ => {}
        }
    }
}

/// The Services that a route sends to, with the places where it says so.
pub(super) fn backends<'v>(route: &'v Loaded<'_>) -> Vec<(&'v str, Path)> {
    let mut found = Vec::new();
    for (place, rule) in list(route.value(), "spec.rules").iter().enumerate() {
        let path = Path::keys(["spec", "rules"]).index(place).key("backendRefs");
        for (place, backend) in list(rule, "backendRefs").iter().enumerate() {
            if text(backend, "kind").unwrap_or("Service") == "Service"
                && let Some(name) = text(backend, "name")
            {
                found.push((name, path.index(place).key("name")));
            }
        }
    }
    found
}

/// The value of a label that a Service has, or its namespace in its place.
fn setting(view: &View<'_>, namespace: &str, service: &str, name: &str) -> Option<String> {
    let of = |kind: &'static str, wanted: &str| {
        let object = view.named(kind, namespace, wanted)?;
        label(&object, name).map(str::to_owned)
    };
    of("Service", service).or_else(|| of("Namespace", namespace))
}

/// The waypoint that serves a Service.
fn served_by(view: &View<'_>, namespace: &str, service: &str) -> Option<String> {
    setting(view, namespace, service, "istio.io/use-waypoint").filter(|waypoint| waypoint != "none")
}

fn exists(view: &View<'_>, namespace: &str, waypoint: &str) -> bool {
    view.named("Gateway", namespace, waypoint).is_some_and(|gateway| is_waypoint(&gateway))
}

/// A policy with a selector is obeyed by ztunnel, which knows nothing of requests and denies what it cannot check.
fn check_policy(at: usize, policy: &Loaded<'_>, found: &mut Vec<Found>) {
    let value = policy.value();
    if !list(value, "spec.targetRefs").is_empty() || value.at(["spec", "targetRef"]).is_some() {
        return;
    }
    for (place, rule) in list(value, "spec.rules").iter().enumerate() {
        let path = Path::keys(["spec", "rules"]).index(place);
        let operation = |(to, one): (usize, &Value)| {
            let fields = ["methods", "notMethods", "paths", "notPaths", "hosts", "notHosts"];
            let field = fields.into_iter().find(|field| !list(one, &format!("operation.{field}")).is_empty())?;
            Some((path.key("to").index(to).key("operation").key(field), field))
        };
        let source = |(from, one): (usize, &Value)| {
            let fields = ["requestPrincipals", "notRequestPrincipals"];
            let field = fields.into_iter().find(|field| !list(one, &format!("source.{field}")).is_empty())?;
            Some((path.key("from").index(from).key("source").key(field), field))
        };
        let about_requests = list(rule, "to")
            .iter()
            .enumerate()
            .find_map(operation)
            .or_else(|| list(rule, "from").iter().enumerate().find_map(source));
        if let Some((path, field)) = about_requests {
            let name = &policy.identity.name;
            let message = format!("AuthorizationPolicy `{name}` is about requests ({field}) but targets no waypoint");
            found.push(Found::within(at, path, message));
        }
    }
}
