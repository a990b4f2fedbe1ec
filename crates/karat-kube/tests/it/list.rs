use karat_kube::{ListKind, list_kind, list_pairs};
use karat_yaml::Value;

use crate::map;

#[test]
fn are_keyed_as_openapi_says() {
    let pod = ["spec", "template", "spec"];
    let deep =
        |rest: &[&'static str]| -> Vec<&'static str> { pod.iter().copied().chain(rest.iter().copied()).collect() };
    for (group, kind, path, expected) in [
        ("apps", "Deployment", deep(&["containers"]), ListKind::Keyed(&["name"])),
        ("apps", "Deployment", deep(&["containers", "[]", "ports"]), ListKind::Keyed(&["containerPort", "protocol"])),
        ("apps", "Deployment", deep(&["initContainers", "[]", "volumeMounts"]), ListKind::Keyed(&["mountPath"])),
        ("apps", "Deployment", deep(&["containers", "[]", "args"]), ListKind::Atomic),
        ("apps", "Deployment", deep(&["tolerations"]), ListKind::Atomic),
        ("", "Pod", vec!["spec", "volumes"], ListKind::Keyed(&["name"])),
        (
            "batch",
            "CronJob",
            vec!["spec", "jobTemplate", "spec", "template", "spec", "containers"],
            ListKind::Keyed(&["name"]),
        ),
        ("", "Service", vec!["spec", "ports"], ListKind::Keyed(&["port", "protocol"])),
        ("", "ConfigMap", vec!["metadata", "finalizers"], ListKind::Set),
        ("networking.k8s.io", "NetworkPolicy", vec!["spec", "ingress"], ListKind::Atomic),
        (
            "gateway.networking.k8s.io",
            "HTTPRoute",
            vec!["spec", "rules", "[]", "matches", "[]", "headers"],
            ListKind::Keyed(&["name"]),
        ),
        ("example.com", "Deployment", deep(&["containers"]), ListKind::Atomic),
    ] {
        assert_eq!(list_kind(group, kind, &path), expected, "{kind} {path:?}");
    }
}

#[test]
fn pair_by_key_and_list_the_removed_last() {
    let named = |name: &str| map([("name", name.into())]);
    let old = [named("a"), named("b"), named("c")];
    let new = [named("c"), named("d"), named("a")];
    assert_eq!(
        list_pairs(ListKind::Keyed(&["name"]), &old, &new),
        [(Some(2), Some(0)), (None, Some(1)), (Some(0), Some(2)), (Some(1), None)]
    );
}

#[test]
fn pair_by_place_when_keys_are_missing_or_repeat() {
    let named = |name: &str| map([("name", name.into())]);
    let pairs = [(Some(0), Some(0)), (Some(1), None)];
    assert_eq!(list_pairs(ListKind::Keyed(&["name"]), &[named("a"), named("a")], &[named("a")]), pairs);
    assert_eq!(list_pairs(ListKind::Atomic, &[named("a"), named("b")], &[named("b")]), pairs);
}

#[test]
fn a_port_without_protocol_is_tcp() {
    let bare = map([("containerPort", 80_i64.into())]);
    let said = map([("containerPort", 80_i64.into()), ("protocol", "TCP".into())]);
    let keys = ListKind::Keyed(&["containerPort", "protocol"]);
    assert_eq!(list_pairs(keys, &[bare], &[said]), [(Some(0), Some(0))]);
    assert_eq!(list_pairs(ListKind::Set, &[Value::from("x")], &[Value::from("y")]), [(None, Some(0)), (Some(0), None)]);
}
