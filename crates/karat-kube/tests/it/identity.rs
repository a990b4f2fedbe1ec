use karat_kube::{Identity, Scope, WORKLOADS, kind_facts, known_kinds, pod_template_path};
use karat_yaml::Value;

use crate::map;

fn object(api_version: &str, kind: &str, namespace: Option<&str>, name: &str) -> Value {
    let mut metadata = vec![("name".into(), name.into())];
    metadata.extend(namespace.map(|namespace| ("namespace".into(), namespace.into())));
    map([
        ("apiVersion", api_version.into()),
        ("kind", kind.into()),
        ("metadata", Value::Map(metadata.into_iter().collect())),
    ])
}

#[test]
fn names_group_version_kind_namespace_and_name() {
    let identity = Identity::of(&object("apps/v1", "Deployment", None, "records")).unwrap().within("health");
    assert_eq!(identity.to_string(), "Deployment health/records");
    assert_eq!(identity.api_version(), "apps/v1");
    assert_eq!(identity.group_kind().to_string(), "Deployment.apps");
}

#[test]
fn cluster_scoped_kinds_have_no_namespace_whatever_they_say() {
    let identity = Identity::of(&object("v1", "Namespace", Some("x"), "health")).unwrap().within("y");
    assert_eq!(identity.to_string(), "Namespace health");
}

#[test]
fn the_version_is_not_part_of_who_it_is() {
    let old = Identity::of(&object("autoscaling/v1", "HorizontalPodAutoscaler", Some("a"), "b")).unwrap();
    let new = Identity::of(&object("autoscaling/v2", "HorizontalPodAutoscaler", Some("a"), "b")).unwrap();
    assert!(old.same_object(&new));
    assert_ne!(old, new);
}

#[test]
fn a_generated_name_is_a_stem() {
    let job = map([
        ("apiVersion", "batch/v1".into()),
        ("kind", "Job".into()),
        ("metadata", map([("generateName", "migrate-".into())])),
    ]);
    assert_eq!(Identity::of(&job).unwrap().name, "migrate-*");
}

#[test]
fn what_is_no_object_says_why() {
    for (value, message) in [
        (Value::Seq(vec![]), "not an object but array"),
        (map([("kind", "Pod".into())]), "`apiVersion` is missing"),
        (map([("apiVersion", "v1".into()), ("kind", Value::Null)]), "`kind` is missing"),
        (map([("apiVersion", 1_i64.into())]), "`apiVersion` is integer, not a string"),
        (map([("apiVersion", "v1".into()), ("kind", "Pod".into())]), "`metadata` is missing"),
        (object("v1", "Pod", None, ""), "`metadata.name` is missing"),
    ] {
        assert_eq!(Identity::of(&value).unwrap_err().to_string(), message);
    }
}

#[test]
fn kinds_are_known_with_scope_and_plural() {
    assert_eq!(kind_facts("", "Namespace").unwrap().scope, Scope::Cluster);
    assert_eq!(kind_facts("extensions", "Ingress").unwrap().group, "networking.k8s.io");
    assert_eq!(kind_facts("example.com", "Thing"), None);
    for facts in known_kinds() {
        assert!(facts.plural.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()), "{facts:?}");
    }
    for (group, kind) in WORKLOADS {
        assert!(kind_facts(group, kind).is_some() && pod_template_path(group, kind).is_some(), "{kind}");
    }
}
