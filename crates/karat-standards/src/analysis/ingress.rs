//! How traffic enters.

use karat_kube::Path;
use karat_yaml::Value;

use super::identity::is_waypoint;
use super::waypoint::backends;
use super::{Analysis, Found, Tokens, list, text};
use crate::Scope;
use crate::judge::{Loaded, View};

/// The way into a tenant is the ingress Gateway, with TLS, and with a verified token where there is patient data.
pub(super) static INGRESS: Analysis = Analysis {
    name: "ingress",
    scope: Scope::Application,
    kinds: &["GRPCRoute", "Gateway", "HTTPRoute", "Ingress", "Service"],
    about: "no load balancer, node port, Ingress or Gateway of a tenant's own; public routes attach to a TLS listener of \
            the ingress Gateway; Services with patient data verify a token and require one",
    run,
};

const GATEWAY_API: &str = "gateway.networking.k8s.io";

fn run(view: &View<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for (at, service) in view.of("", "Service") {
        if let Some(kind @ ("LoadBalancer" | "NodePort")) = text(service.value(), "spec.type") {
            let name = &service.identity.name;
            found.push(Found::at(at, "spec.type", format!("Service `{name}` is a door of its own ({kind})")));
        }
    }
    for (at, ingress) in view.of("networking.k8s.io", "Ingress") {
        let name = &ingress.identity.name;
        found.push(Found::at(at, "kind", format!("Ingress `{name}` goes by the ingress Gateway")));
    }
    for (at, gateway) in view.of(GATEWAY_API, "Gateway") {
        if !is_waypoint(gateway.value()) {
            let name = &gateway.identity.name;
            found.push(Found::at(at, "spec.gatewayClassName", format!("Gateway `{name}` is a door of its own")));
        }
    }
    for (at, route) in view.of(GATEWAY_API, "HTTPRoute").chain(view.of(GATEWAY_API, "GRPCRoute")) {
        check_route(view, at, route, &mut found);
    }
    found
}

fn check_route(view: &View<'_>, at: usize, route: &Loaded<'_>, found: &mut Vec<Found>) {
    let (kind, name) = (&route.identity.kind, &route.identity.name);
    let setting = |path: &str| view.organisation().setting(path).and_then(Value::as_str);
    let (Some(namespace), Some(gateway)) = (setting("mesh.ingress.namespace"), setting("mesh.ingress.gateway")) else {
        return;
    };
    let mut public = false;
    for (place, parent) in list(route.value(), "spec.parentRefs").iter().enumerate() {
        if text(parent, "kind").unwrap_or("Gateway") != "Gateway" {
            continue;
        }
        let path = Path::keys(["spec", "parentRefs"]).index(place);
        let of = text(parent, "namespace").unwrap_or(&route.identity.namespace);
        public = true;
        if of != namespace || text(parent, "name") != Some(gateway) {
            let message = format!("{kind} `{name}` enters by another Gateway than `{namespace}/{gateway}`");
            found.push(Found::within(at, path.key("name"), message));
            continue;
        }
        if let Some(door) = view.named("Gateway", namespace, gateway) {
            let section = text(parent, "sectionName");
            let plain = list(&door, "spec.listeners").iter().find(|listener| {
                section.is_none_or(|section| text(listener, "name") == Some(section)) && !has_tls(listener)
            });
            if let Some(listener) = plain {
                let listener = text(listener, "name").unwrap_or_default();
                let message = format!("{kind} `{name}` can be reached without TLS, by the listener `{listener}`");
                let field = if section.is_some() { "sectionName" } else { "name" };
                found.push(Found::within(at, path.key(field), message));
            }
        }
    }
    let patients = view.organisation().texts("mesh.patientDataNamespaces");
    if public && patients.contains(&route.identity.namespace.as_str()) {
        for (service, path) in backends(route) {
            let (verified, required) = Tokens::of(view, &route.identity.namespace, service);
            if !verified {
                let message =
                    format!("Service `{service}` has patient data and verifies no token (RequestAuthentication)");
                found.push(Found::within(at, path, message));
            } else if !required {
                let message = format!("Service `{service}` has patient data and lets in requests without a token");
                found.push(Found::within(at, path, message));
            }
        }
    }
}

fn has_tls(listener: &Value) -> bool {
    matches!(text(listener, "protocol"), Some("HTTPS" | "TLS")) && listener.get("tls").is_some()
}
