//! How traffic enters.

use karat_kube::Path;
use karat_yaml::Value;

use super::identity::is_waypoint;
use super::waypoint::backends;
use super::{Analysis, Found, list, text};
use crate::judge::View;
use crate::{Object, Scope};

/// The way into a tenant is the ingress Gateway, with TLS, and with a verified token where there is patient data.
pub(super) static INGRESS: Analysis = Analysis {
    name: "ingress",
    scope: Scope::Application,
    about: "no load balancer, node port, Ingress or Gateway of a tenant's own; public routes attach to a TLS listener of \
            the ingress Gateway; Services with patient data verify a token and require one",
    run,
};

const GATEWAY_API: &str = "gateway.networking.k8s.io";

fn run(view: &View<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for (at, service) in view.of("", "Service") {
        if let Some(kind @ ("LoadBalancer" | "NodePort")) = text(&service.doc.value, "spec.type") {
            let name = &service.identity.name;
            found.push(Found::at(at, "spec.type", format!("Service `{name}` is a door of its own ({kind})")));
        }
    }
    for (at, ingress) in view.of("networking.k8s.io", "Ingress") {
        let name = &ingress.identity.name;
        found.push(Found::at(at, "kind", format!("Ingress `{name}` goes by the ingress Gateway")));
    }
    for (at, gateway) in view.of(GATEWAY_API, "Gateway") {
        if !is_waypoint(&gateway.doc.value) {
            let name = &gateway.identity.name;
            found.push(Found::at(at, "spec.gatewayClassName", format!("Gateway `{name}` is a door of its own")));
        }
    }
    for (at, route) in view.of(GATEWAY_API, "HTTPRoute").chain(view.of(GATEWAY_API, "GRPCRoute")) {
        check_route(view, at, route, &mut found);
    }
    found
}

fn check_route(view: &View<'_>, at: usize, route: &Object, found: &mut Vec<Found>) {
    let (kind, name) = (&route.identity.kind, &route.identity.name);
    let setting = |path: &str| view.organisation().setting(path).and_then(Value::as_str);
    let (Some(namespace), Some(gateway)) = (setting("mesh.ingress.namespace"), setting("mesh.ingress.gateway")) else {
        return;
    };
    let mut public = false;
    for (place, parent) in list(&route.doc.value, "spec.parentRefs").iter().enumerate() {
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
        let doors = view.neighbours(namespace).filter(|(_, object)| {
            object.identity.kind == "Gateway" && object.identity.group == GATEWAY_API && object.identity.name == gateway
        });
        for (_, door) in doors {
            let section = text(parent, "sectionName");
            let plain = list(&door.doc.value, "spec.listeners").iter().find(|listener| {
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
            if !verifies(view, &route.identity.namespace, service) {
                let message =
                    format!("Service `{service}` has patient data and verifies no token (RequestAuthentication)");
                found.push(Found::within(at, path, message));
            } else if !requires(view, &route.identity.namespace, service) {
                let message = format!("Service `{service}` has patient data and lets in requests without a token");
                found.push(Found::within(at, path, message));
            }
        }
    }
}

fn has_tls(listener: &Value) -> bool {
    matches!(text(listener, "protocol"), Some("HTTPS" | "TLS")) && listener.get("tls").is_some()
}

fn targets(policy: &Value, service: &str) -> bool {
    list(policy, "spec.targetRefs")
        .iter()
        .any(|target| text(target, "kind") == Some("Service") && text(target, "name") == Some(service))
}

/// Whether a RequestAuthentication verifies tokens for a Service.
fn verifies(view: &View<'_>, namespace: &str, service: &str) -> bool {
    view.neighbours(namespace).any(|(_, object)| {
        object.identity.kind == "RequestAuthentication"
            && targets(&object.doc.value, service)
            && !list(&object.doc.value, "spec.jwtRules").is_empty()
    })
}

/// Whether some policy of the Service asks for a token, and each rule that lets the ingress in asks for one: verifying
/// refuses bad tokens, not missing ones.
fn requires(view: &View<'_>, namespace: &str, service: &str) -> bool {
    let door = view.organisation().setting("mesh.ingress.namespace").and_then(Value::as_str).unwrap_or_default();
    let door = format!("/ns/{door}/");
    let mut asked = false;
    for (_, object) in view.neighbours(namespace) {
        if object.identity.kind != "AuthorizationPolicy" || !targets(&object.doc.value, service) {
            continue;
        }
        for rule in list(&object.doc.value, "spec.rules") {
            for source in list(rule, "from") {
                let has = |field: &str| !list(source, &format!("source.{field}")).is_empty();
                let from_door = list(source, "source.principals")
                    .iter()
                    .any(|principal| principal.as_str().is_some_and(|principal| principal.contains(&door)));
                let token = has("requestPrincipals")
                    || (text(&object.doc.value, "spec.action") == Some("DENY") && has("notRequestPrincipals"));
                if from_door && !token {
                    return false;
                }
                asked |= token;
            }
        }
    }
    asked
}
