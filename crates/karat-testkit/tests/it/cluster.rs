//! The API server answers, policies come into force, unknown kinds are taken.

use karat_testkit::Cluster;
use serde_json::{Value, json};

fn object(kind: &str, version: &str, name: &str) -> Value {
    json!({"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": "team-a"}})
}

#[test]
fn a_real_api_server_judges() {
    let Some(mut cluster) = Cluster::start() else { return };
    assert!(cluster.judge(&object("ConfigMap", "v1", "fine")).unwrap().allowed);
    let refused = cluster.judge(&object("ConfigMap", "v1", "NOT FINE")).unwrap();
    assert!(!refused.allowed && refused.message.contains("Invalid value"), "{refused:?}");
    // A kind that no API server knows by itself.
    assert!(cluster.judge(&object("Rollout", "argoproj.io/v1alpha1", "r")).unwrap().allowed);

    let policy = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": "no-b.karat.dev"},
        "spec": {
            "matchConstraints": {"resourceRules": [{
                "apiGroups": ["", "argoproj.io"], "apiVersions": ["*"], "operations": ["CREATE", "UPDATE"],
                "resources": ["configmaps", "rollouts"],
            }]},
            "validations": [{"expression": "!object.metadata.name.startsWith('b')", "message": "names with b are taken"}],
        },
    });
    let binding = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": "no-b.karat.dev"},
        "spec": {"policyName": "no-b.karat.dev", "validationActions": ["Deny"]},
    });
    cluster.policies(&[policy, binding]).unwrap();
    for (kind, version) in [("ConfigMap", "v1"), ("Rollout", "argoproj.io/v1alpha1")] {
        let refused = cluster.judge(&object(kind, version, "b")).unwrap();
        assert!(!refused.allowed && refused.message.contains("names with b are taken"), "{refused:?}");
        assert!(cluster.judge(&object(kind, version, "a")).unwrap().allowed);
    }
    assert!(cluster.get("/version").unwrap().contains("v1.36.3"));
}
