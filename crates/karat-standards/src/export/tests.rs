//! An exported policy judges as the standard does. A real API server is asked in the conformance suite; here the policy is
//! evaluated by the same rules: match conditions, lazy variables, validations, all on the bare object and request.

use std::path::Path;

use karat_kube::Identity;
use karat_yaml::{Dialect, Value};

use super::{Policy, export};
use crate::cel::{Engine, Program, Tree};
use crate::{Cluster, Organisation, Scope, Standards, default_settings, documents};

const KNOWN: &[&str] = &["object", "request", "variables"];

fn texts<'v>(policy: &'v Value, list: &str, field: &str) -> Vec<&'v str> {
    let items = policy.at(["spec", list]).and_then(Value::as_seq).unwrap_or_default();
    items.iter().filter_map(|item| item.get(field)?.as_str()).collect()
}

/// Whether the policy denies the object, and what it says.
fn denies(policy: &Policy, object: &Value) -> Option<String> {
    let engine = Engine::alone([]);
    let identity = Identity::of(object).unwrap().within("records");
    let namespace = if identity.kind == "Namespace" { &identity.name } else { &identity.namespace };
    let user = Tree::map([("username", Tree::text("somebody"))]);
    let request = Tree::map([("namespace", Tree::text(namespace)), ("userInfo", user)]);
    let tree = Tree::of(object);
    let scope = engine.scope([("object", tree.clone()), ("request", request.clone())]);
    let compile = |text: &str| Program::compile(text, KNOWN).unwrap_or_else(|error| panic!("{error}: {text}"));
    for condition in texts(&policy.policy, "matchConditions", "expression") {
        if !scope.holds(&compile(condition)).unwrap() {
            return None;
        }
    }
    // Variables are lazy: one that cannot be evaluated is an error only where it is used.
    let mut variables = Vec::new();
    let expressions = texts(&policy.policy, "variables", "expression");
    for (name, expression) in texts(&policy.policy, "variables", "name").into_iter().zip(expressions) {
        let path = if expression.starts_with("variables") { "spec" } else { "" };
        let template = karat_kube::pod_template_path(&identity.group, &identity.kind);
        let found = template.and_then(|keys| {
            keys.iter().chain([path].iter()).filter(|key| !key.is_empty()).try_fold(&tree, |tree, key| tree.get(key))
        });
        compile(expression);
        variables.extend(found.map(|found| (name, found.clone())));
    }
    let scope = engine.scope([("object", tree.clone()), ("request", request), ("variables", Tree::map(variables))]);
    let messages = texts(&policy.policy, "validations", "messageExpression");
    for (validation, message) in texts(&policy.policy, "validations", "expression").into_iter().zip(messages) {
        if !scope.holds(&compile(validation)).unwrap_or_else(|error| panic!("{error}: {validation}")) {
            return Some(scope.text(&compile(message)).unwrap_or_else(|error| panic!("{error}: {message}")));
        }
    }
    None
}

fn organisation() -> Organisation {
    let text = r#"
spec:
  repositories:
    - {name: config, url: "https://git.example/config.git"}
  settings:
    platform: {namespaces: [kube-system, istio-system, argocd, ingress, observability]}
    supplyChain: {allowedRegistries: [registry.example]}
  exceptions:
    - {name: cni, standards: [runtime/hardened], namespaces: [kube-system], workloads: [DaemonSet/cilium], reason: it is the network}
    - {name: waypoint, standards: [runtime/hardened], namespaces: ["*"], workloads: [Deployment/waypoint], reason: istiod makes it}
    - {name: token, standards: [runtime/hardened], namespaces: [records], workloads: [Job/migrate*], fields: [automountServiceAccountToken], reason: it reads its own schedule}
    - {name: tokens, standards: [runtime/hardened], namespaces: [kube-system], workloads: ["*"], fields: [automountServiceAccountToken], reason: controllers}
"#;
    let file = documents("organisation.yaml", text, Dialect::Core12).unwrap().remove(0);
    Organisation::read(&file, &default_settings().unwrap()).unwrap()
}

#[test]
fn policies_judge_every_case_as_the_standard_does() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../standards");
    let mut judged = 0;
    for standard in Standards::builtin().unwrap().all().iter().filter(|standard| standard.applies.to == Scope::Object) {
        for (folder, bad) in [("good", false), ("bad", true)] {
            for entry in fs_err::read_dir(root.join(standard.id.as_str()).join(folder)).unwrap() {
                let path = entry.unwrap().path();
                // Cases of repositories are none of an API server's.
                if path.extension().is_none_or(|ending| ending != "yaml") {
                    continue;
                }
                let text = fs_err::read_to_string(&path).unwrap();
                let documents = documents(&path.to_string_lossy(), &text, Dialect::GoYaml).unwrap();
                let cluster = documents.iter().find(|doc| doc.value().get("cluster").is_some()).cloned();
                let cluster = cluster.unwrap_or_else(|| {
                    let text = "cluster: {name: production-eu, environment: production}";
                    super::super::documents("c.yaml", text, Dialect::Core12).unwrap().remove(0)
                });
                let cluster = Cluster { name: "".into(), environment: "".into(), doc: cluster };
                let policy = export(standard, &organisation(), Some(&cluster)).unwrap();
                // What takes several objects is left to the analysis.
                if !policy.left_out.is_empty() && documents.len() > 1 {
                    continue;
                }
                let said: Vec<String> = documents
                    .iter()
                    .filter(|doc| doc.value().get("kind").is_some())
                    .filter_map(|doc| denies(&policy, &doc.value()))
                    .collect();
                assert_eq!(said.is_empty(), !bad, "{}: {said:?}", path.display());
                let mut expected = text.lines().filter_map(|line| Some(line.split_once("# expect: ")?.1.trim()));
                if let Some(said) = said.first() {
                    let whole = |message: &str| format!("{}: {message} (docs: {})", standard.id, standard.fix);
                    assert!(expected.any(|message| whole(message) == *said), "{}: {said}", path.display());
                }
                judged += 1;
            }
        }
    }
    assert!(judged > 60, "{judged}");
}

#[test]
fn policies_are_what_an_api_server_takes() {
    for standard in Standards::builtin().unwrap().all().iter().filter(|standard| standard.enforce.is_some()) {
        let text = "cluster: {name: production-eu, environment: production}";
        let doc = documents("c.yaml", text, Dialect::Core12).unwrap().remove(0);
        let cluster = Cluster { name: "".into(), environment: "".into(), doc };
        let policy = export(standard, &organisation(), Some(&cluster)).unwrap();
        let name = policy.policy.at(["metadata", "name"]).and_then(Value::as_str).unwrap();
        assert!(
            name.len() <= 253 && name.bytes().all(|byte| byte.is_ascii_lowercase() || b".-0123456789".contains(&byte))
        );
        let names = texts(&policy.policy, "matchConditions", "name");
        assert!(names.len() <= 64 && names.iter().all(|name| name.len() <= 63), "{names:?}");
        for list in ["validations", "matchConditions", "variables"] {
            for expression in texts(&policy.policy, list, "expression") {
                assert!(!expression.contains('\n') && !expression.contains("settings."), "{expression}");
            }
        }
        for message in texts(&policy.policy, "validations", "message") {
            assert!(message.len() <= 1024 && !message.contains('\n'));
        }
        let yaml = policy.to_yaml().unwrap();
        assert_eq!(documents("policy.yaml", &yaml, Dialect::GoYaml).unwrap().len(), 2);
    }
}

#[test]
fn what_cannot_be_exported_says_why() {
    let standards = Standards::builtin().unwrap();
    let error = |id: &str, organisation: &Organisation| {
        export(standards.get(id).unwrap(), organisation, None).unwrap_err().to_string()
    };
    assert_eq!(error("tenancy/quota", &organisation()), "tenancy/quota is not enforced by an API server");
    assert_eq!(
        error("compute/nodepool-bounded", &organisation()),
        "compute/nodepool-bounded depends on the cluster (`cluster.environment`): name the cluster that the policy is for"
    );
    assert_eq!(
        error("supply-chain/own-registry", &Organisation::default()),
        "supply-chain/own-registry reads `settings`, which has no form as a literal of one type"
    );
}
