//! How lists are keyed, so that a difference can say "container `app` changed" and not "item 3 changed".

use std::collections::{BTreeMap, BTreeSet};

use karat_yaml::{Str, Value};

use crate::pod_template_path;

/// How the items of a list are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListKind {
    /// Items are mappings that these fields identify (`x-kubernetes-list-map-keys`).
    Keyed(&'static [&'static str]),
    /// Items are values; order has no meaning (`x-kubernetes-list-type: set`).
    Set,
    /// The list is one value.
    Atomic,
}

/// (kind or `*`, path with `[]` for items and `**` for a pod spec, list kind). The first that fits counts.
///
/// Source: the `+listType` and `+listMapKey` markers of `k8s.io/api` v0.36.1 and of Gateway API v1.4.0, which become
/// `x-kubernetes-list-type` and `-list-map-keys` in OpenAPI. Below the line: lists of custom resources without markers
/// (a CRD's list is atomic then) whose items carry a unique name, which is what a reader wants to see compared.
const LISTS: &[(&str, &str, ListKind)] = {
    use ListKind::{Keyed, Set};
    const NAME: ListKind = Keyed(&["name"]);
    &[
        ("*", "**containers", NAME),
        ("*", "**initContainers", NAME),
        ("*", "**ephemeralContainers", NAME),
        ("*", "**volumes", NAME),
        ("*", "**imagePullSecrets", NAME),
        ("*", "**schedulingGates", NAME),
        ("*", "**resourceClaims", NAME),
        ("*", "**hostAliases", Keyed(&["ip"])),
        ("*", "**topologySpreadConstraints", Keyed(&["topologyKey", "whenUnsatisfiable"])),
        ("*", "**?.ports", Keyed(&["containerPort", "protocol"])),
        ("*", "**?.env", NAME),
        ("*", "**?.volumeMounts", Keyed(&["mountPath"])),
        ("*", "**?.volumeDevices", Keyed(&["devicePath"])),
        ("*", "**?.resources.claims", NAME),
        ("*", "status.conditions", Keyed(&["type"])),
        ("*", "metadata.ownerReferences", Keyed(&["uid"])),
        ("*", "metadata.finalizers", Set),
        ("Service", "spec.ports", Keyed(&["port", "protocol"])),
        ("ServiceAccount", "secrets", NAME),
        ("ServiceAccount", "imagePullSecrets", NAME),
        ("Gateway", "spec.listeners", NAME),
        ("HTTPRoute", "spec.rules[].matches[].headers", NAME),
        ("HTTPRoute", "spec.rules[].matches[].queryParams", NAME),
        ("GRPCRoute", "spec.rules[].matches[].headers", NAME),
        ("ValidatingAdmissionPolicy", "spec.matchConditions", NAME),
        ("ValidatingAdmissionPolicy", "spec.variables", NAME),
        ("ValidatingAdmissionPolicyBinding", "spec.validationActions", Set),
        ("ValidatingWebhookConfiguration", "webhooks", NAME),
        ("ValidatingWebhookConfiguration", "webhooks[].matchConditions", NAME),
        ("MutatingWebhookConfiguration", "webhooks", NAME),
        ("MutatingWebhookConfiguration", "webhooks[].matchConditions", NAME),
        ("EndpointSlice", "endpoints[].addresses", Set),
        ("CSIDriver", "spec.volumeLifecycleModes", Set),
        // Unmarked, keyed for the reader.
        ("AnalysisTemplate", "spec.metrics", NAME),
        ("AnalysisTemplate", "spec.args", NAME),
        ("ClusterAnalysisTemplate", "spec.metrics", NAME),
        ("ClusterAnalysisTemplate", "spec.args", NAME),
        ("HTTPRoute", "spec.rules", NAME),
        ("CustomResourceDefinition", "spec.versions", NAME),
        ("PrometheusRule", "spec.groups", NAME),
        ("ExternalSecret", "spec.data", Keyed(&["secretKey"])),
        ("StatefulSet", "spec.volumeClaimTemplates", Keyed(&["metadata.name"])),
    ]
};

/// How the list at `path` of an object of `group` and `kind` is keyed. `path` is made of field names, with `[]` for
/// items: `["spec", "template", "spec", "containers", "[]", "ports"]`.
pub fn list_kind(group: &str, kind: &str, path: &[&str]) -> ListKind {
    let pod_spec = pod_template_path(group, kind).and_then(|template| {
        let rest = path.strip_prefix(template)?;
        rest.strip_prefix(&["spec"])
    });
    LISTS
        .iter()
        .find(|(of, pattern, _)| {
            (*of == "*" || *of == kind)
                && match pattern.strip_prefix("**") {
                    Some(pattern) => pod_spec.is_some_and(|path| fits(pattern, path)),
                    None => fits(pattern, path),
                }
        })
        .map_or(ListKind::Atomic, |(_, _, list)| *list)
}

/// Whether `path` is the one that `pattern` names; `?` is the items of any list of containers.
fn fits(pattern: &str, path: &[&str]) -> bool {
    let mut path = path.iter().copied();
    for part in pattern.split('.') {
        if part == "?" {
            let list = path.next();
            if !matches!(list, Some("containers" | "initContainers" | "ephemeralContainers"))
                || path.next() != Some("[]")
            {
                return false;
            }
            continue;
        }
        let (name, item) = part.strip_suffix("[]").map_or((part, false), |name| (name, true));
        if path.next() != Some(name) || (item && path.next() != Some("[]")) {
            return false;
        }
    }
    path.next().is_none()
}

/// Pairs the items of two versions of a list: indices into `old` and `new`, in the order of `new`, what was removed
/// last. By key where the list has keys and they are unique in both; by value for sets; otherwise by place.
pub fn list_pairs(list: ListKind, old: &[Value], new: &[Value]) -> Vec<(Option<usize>, Option<usize>)> {
    let keys = |items: &[Value]| -> Option<Vec<Vec<Value>>> {
        let keys: Vec<Vec<Value>> = items.iter().map(|item| key_of(list, item)).collect::<Option<_>>()?;
        let distinct: BTreeSet<String> = keys.iter().map(|key| format!("{key:?}")).collect();
        (distinct.len() == keys.len()).then_some(keys)
    };
    let (Some(old_keys), Some(new_keys)) = (keys(old), keys(new)) else {
        let longest = old.len().max(new.len());
        return (0..longest).map(|at| ((at < old.len()).then_some(at), (at < new.len()).then_some(at))).collect();
    };
    let mut places: BTreeMap<String, usize> =
        old_keys.iter().enumerate().map(|(at, key)| (format!("{key:?}"), at)).collect();
    let mut pairs: Vec<_> =
        new_keys.iter().enumerate().map(|(at, key)| (places.remove(&format!("{key:?}")), Some(at))).collect();
    let mut removed: Vec<usize> = places.into_values().collect();
    removed.sort_unstable();
    pairs.extend(removed.into_iter().map(|at| (Some(at), None)));
    pairs
}

/// What tells an item apart; nothing if the list has no keys or the item lacks them.
fn key_of(list: ListKind, item: &Value) -> Option<Vec<Value>> {
    match list {
        ListKind::Atomic => None,
        ListKind::Set => Some(vec![item.clone()]),
        ListKind::Keyed(fields) => fields
            .iter()
            .map(|field| match item.at(field.split('.')) {
                Some(value) => Some(value.clone()),
                // The API server fills it in before it merges.
                None if *field == "protocol" => Some(Value::Str(Str::from("TCP"))),
                None => None,
            })
            .collect(),
    }
}
