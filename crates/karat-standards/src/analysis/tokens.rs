//! Whether Services verify and require tokens, by the policies that target them.

use std::collections::BTreeMap;

use karat_yaml::Value;

use super::{list, text};
use crate::judge::{Index, View};

/// What the policies of one namespace say, by Service.
#[derive(Debug, Default)]
pub(crate) struct Tokens(BTreeMap<String, Service>);

#[derive(Debug, Default)]
struct Service {
    /// A RequestAuthentication refuses tokens that are not good.
    verified: bool,
    /// Some policy asks for a token.
    asked: bool,
    /// Some rule lets the ingress in without one: verifying refuses bad tokens, not missing ones.
    open: bool,
}

impl Tokens {
    /// Whether a Service verifies tokens, and whether what comes from the ingress must have one.
    pub(super) fn of(view: &View<'_>, namespace: &str, service: &str) -> (bool, bool) {
        let place = view.cluster.and_then(|cluster| view.index.namespaces.get(&(cluster, namespace.into())));
        let Some(place) = place else { return (false, false) };
        let tokens = place.tokens.get_or_init(|| Self::read(view.index, &place.objects));
        let found = tokens.0.get(service);
        found.map_or((false, false), |found| (found.verified, found.asked && !found.open))
    }

    fn read(index: &Index<'_>, objects: &[usize]) -> Self {
        let door = index.organisation.setting("mesh.ingress.namespace").and_then(Value::as_str).unwrap_or_default();
        let door = format!("/ns/{door}/");
        let mut tokens = Self::default();
        for object in objects.iter().map(|&at| &index.subject.objects[at]) {
            match object.identity.kind.as_str() {
                "RequestAuthentication" => {
                    let policy = object.doc.value();
                    let verified = !list(&policy, "spec.jwtRules").is_empty();
                    tokens.each(&policy, |service| service.verified |= verified);
                }
                "AuthorizationPolicy" => {
                    let policy = object.doc.value();
                    let (asked, open) = asks(&policy, &door);
                    tokens.each(&policy, |service| {
                        service.asked |= asked;
                        service.open |= open;
                    });
                }
                _ => {}
            }
        }
        tokens
    }

    fn each(&mut self, policy: &Value, change: impl Fn(&mut Service)) {
        for target in list(policy, "spec.targetRefs") {
            if let (Some("Service"), Some(name)) = (text(target, "kind"), text(target, "name")) {
                change(self.0.entry(name.to_owned()).or_default());
            }
        }
    }
}

/// Whether a policy asks for a token, and whether a rule of it lets the ingress in without.
fn asks(policy: &Value, door: &str) -> (bool, bool) {
    let denies = text(policy, "spec.action") == Some("DENY");
    let (mut asked, mut open) = (false, false);
    for source in list(policy, "spec.rules").iter().flat_map(|rule| list(rule, "from")) {
        let has = |field: &str| !list(source, &format!("source.{field}")).is_empty();
        let token = has("requestPrincipals") || (denies && has("notRequestPrincipals"));
        let from_door = list(source, "source.principals")
            .iter()
            .any(|principal| principal.as_str().is_some_and(|principal| principal.contains(door)));
        asked |= token;
        open |= from_door && !token && !denies;
    }
    (asked, open)
}
