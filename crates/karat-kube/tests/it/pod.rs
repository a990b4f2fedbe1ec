use karat_kube::{ContainerClass, containers, pod_spec, pod_spec_path, replicas};
use karat_yaml::Value;

use crate::map;

fn pod() -> Value {
    let named = |name: &str| map([("name", name.into())]);
    map([
        ("containers", Value::Seq(vec![named("app"), named("proxy")])),
        ("initContainers", Value::Seq(vec![named("migrate")])),
        ("ephemeralContainers", Value::Seq(vec![named("debug")])),
    ])
}

#[test]
fn is_found_in_every_workload() {
    let template = map([("spec", pod())]);
    let spec = map([("template", template.clone())]);
    for (api_version, kind, rest, path) in [
        ("v1", "Pod", ("spec", pod()), "spec"),
        ("v1", "PodTemplate", ("template", template), "template.spec"),
        ("apps/v1", "Deployment", ("spec", spec.clone()), "spec.template.spec"),
        ("argoproj.io/v1alpha1", "Rollout", ("spec", spec.clone()), "spec.template.spec"),
        (
            "batch/v1",
            "CronJob",
            ("spec", map([("jobTemplate", map([("spec", spec)]))])),
            "spec.jobTemplate.spec.template.spec",
        ),
    ] {
        let object = map([("apiVersion", api_version.into()), ("kind", kind.into()), rest]);
        assert_eq!(pod_spec(&object), Some(&pod()), "{kind}");
        let (group, _) = karat_kube::api_version_parts(api_version);
        let found = pod_spec_path(group, kind).unwrap();
        assert_eq!(found.to_string(), path);
        assert_eq!(found.find(&object), Some(&pod()), "{kind}");
    }
}

#[test]
fn is_absent_where_there_is_none() {
    let by_reference = map([
        ("apiVersion", "argoproj.io/v1alpha1".into()),
        ("kind", "Rollout".into()),
        ("spec", map([("workloadRef", map([("kind", "Deployment".into())]))])),
    ]);
    assert_eq!(pod_spec(&by_reference), None);
    // A Deployment of somebody else's group is not ours to read.
    assert_eq!(pod_spec_path("example.com", "Deployment"), None);
}

#[test]
fn containers_come_with_class_and_path() {
    let pod = pod();
    let path = pod_spec_path("apps", "Deployment").unwrap();
    let found: Vec<_> =
        containers(&pod).map(|container| format!("{} {}", container.name, container.path(&path))).collect();
    assert_eq!(
        found,
        [
            "app spec.template.spec.containers[0]",
            "proxy spec.template.spec.containers[1]",
            "migrate spec.template.spec.initContainers[0]",
            "debug spec.template.spec.ephemeralContainers[0]",
        ]
    );
    assert_eq!(containers(&pod).next().unwrap().class, ContainerClass::Main);
    assert_eq!(containers(&Value::Null).count(), 0);
}

#[test]
fn replicas_default_to_one() {
    let kind = |kind: &str, spec: Value| map([("kind", kind.into()), ("spec", spec)]);
    assert_eq!(replicas(&kind("Deployment", map([]))), Some(1));
    assert_eq!(replicas(&kind("Rollout", map([("replicas", 3_i64.into())]))), Some(3));
    assert_eq!(replicas(&kind("DaemonSet", map([]))), None);
}
