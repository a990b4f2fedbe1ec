//! A small organisation around the documents of a case.
//!
//! A case is a YAML file: objects that one Application, `records`, applies into the namespace `records` on the production
//! cluster `production-eu`. What differs is said in its first line: `# case: {cluster: {…}, addon: …, files: […], …}`.
//! Objects of platform namespaces belong to another Application. A document with the key `cluster` is the cluster's file,
//! one without `kind` the values of the addon. A line that is to be found ends with `# expect: message`.

use jiff::civil::{Date, date};
use karat_kube::Identity;
use karat_standards::{
    Addon, Application, Cluster, Doc, Entity, EntityKind, File, Object, Organisation, Report, Standards, State,
    Subject, default_settings, documents, judge,
};
use karat_yaml::{Dialect, Value};

pub(crate) const TODAY: Date = date(2026, 11, 25);

const ORGANISATION: &str = r#"
spec:
  repositories:
    - {name: config, url: "https://git.example/config.git"}
    - {name: records, url: "https://git.example/records.git"}
  settings:
    platform: {namespaces: [kube-system, istio-system, argocd, ingress, observability]}
    supplyChain: {allowedRegistries: [registry.example]}
    mesh: {patientDataNamespaces: [records]}
    delivery: {criticalServices: [records]}
  exceptions:
    - name: cni
      standards: [runtime/hardened]
      namespaces: [kube-system]
      workloads: [DaemonSet/cilium]
      reason: it is the network
    - name: waypoint
      standards: [runtime/hardened]
      namespaces: ["*"]
      workloads: [Deployment/waypoint]
      reason: istiod makes it
    - name: token
      standards: [runtime/hardened]
      namespaces: [records]
      workloads: [Job/migrate*]
      fields: [automountServiceAccountToken]
      reason: it reads its own schedule
"#;

/// A case and what it expects: line and message.
pub(crate) struct World {
    pub(crate) subject: Subject,
    pub(crate) organisation: Organisation,
    pub(crate) expected: Vec<(u32, String)>,
}

/// A file of ours.
pub(crate) fn one(file: &str, text: &str) -> Doc {
    documents(file, text, Dialect::Core12).unwrap_or_else(|error| panic!("{error}")).remove(0)
}

/// Manifests.
pub(crate) fn manifests(file: &str, text: &str) -> Vec<Doc> {
    documents(file, text, Dialect::GoYaml).unwrap_or_else(|error| panic!("{error}"))
}

pub(crate) fn organisation() -> Organisation {
    Organisation::read(&one("governance/organisation.yaml", ORGANISATION), &default_settings().unwrap()).unwrap()
}

impl World {
    pub(crate) fn read(file: &str, text: &str) -> Self {
        let header = text.lines().next().and_then(|line| line.strip_prefix("# case: ")).unwrap_or("{}");
        let header = one("header", header);
        let header = header.value();
        let said = |key: &str| header.get(key);
        let said_text = |key: &str, default: &str| said(key).and_then(Value::as_str).unwrap_or(default).to_owned();

        let documents = manifests(file, text);
        let cluster_doc = documents.iter().find(|doc| doc.value().get("cluster").is_some()).cloned();
        let cluster_doc = cluster_doc.unwrap_or_else(|| {
            one(
                "clusters/production-eu.yaml",
                "cluster: {name: production-eu, environment: production, compute: karpenter}",
            )
        });
        let of_cluster =
            |key: &str| cluster_doc.value().at(["cluster", key]).and_then(Value::as_str).unwrap_or("").into();
        let cluster =
            Cluster { name: of_cluster("name"), environment: of_cluster("environment"), doc: cluster_doc.clone() };

        let namespace = said_text("namespace", "records");
        let own = documents.iter().find(|doc| {
            doc.value().get("kind").and_then(Value::as_str) == Some("Application")
                && doc.value().at(["metadata", "name"]).and_then(Value::as_str) == Some("records")
        });
        let application = |name: &str, namespace: &str, kind| Application {
            name: name.into(),
            entity: Entity { kind, name: name.into() },
            cluster: 0,
            namespace: namespace.into(),
            project: name.into(),
            state: State::Whole,
            doc: own.cloned().unwrap_or_else(|| one("appsets/services.yaml", "kind: Application\nmetadata: {name: x}")),
        };
        let service = said_text("service", "records");
        let mut subject = Subject {
            applications: vec![
                application(&service, &namespace, EntityKind::Service),
                application("platform", "kube-system", EntityKind::Addon),
            ],
            clusters: vec![cluster],
            ..Subject::default()
        };
        let mut organisation = organisation();
        if let Some(settings) = said("settings") {
            let over = one(
                "settings",
                &format!("spec: {{settings: {}}}", karat_yaml::to_json(settings, karat_yaml::Escape::Raw).unwrap()),
            );
            organisation.settings = Organisation::read(&over, &organisation.settings).unwrap().settings;
        }
        let files = said("files").and_then(Value::as_seq).unwrap_or_default();
        let addon = said("addon").and_then(Value::as_str);
        for (at, doc) in documents.into_iter().enumerate() {
            if let Some(path) = files.get(at).and_then(Value::as_str) {
                subject.files.push(File {
                    repository: said_text("repository", "config").into(),
                    role: said_text("role", "config").into(),
                    path: path.into(),
                    kind: doc.value().get("kind").and_then(Value::as_str).unwrap_or_default().into(),
                    doc,
                });
            } else if doc.value().get("kind").is_some() {
                let identity = Identity::of(&doc.value()).unwrap().within(&namespace);
                let application = usize::from(organisation.is_platform(&identity.namespace));
                subject.objects.push(Object { identity, doc, application, own: false });
            } else if let Some(name) = addon.filter(|_| !doc.same(&cluster_doc)) {
                subject.addons.push(addon_of(name, doc));
            }
        }
        for name in said("addons").and_then(Value::as_seq).unwrap_or_default() {
            subject.addons.push(addon_of(name.as_str().unwrap(), one("values.yaml", "{}\n")));
        }
        let expected = text.lines().enumerate().filter_map(|(at, line)| {
            let (_, message) = line.split_once("# expect: ")?;
            Some((u32::try_from(at + 1).unwrap(), message.trim().to_owned()))
        });
        Self { subject, organisation, expected: expected.collect() }
    }

    pub(crate) fn judge(&self, standards: &Standards) -> Report {
        judge(standards, &self.organisation, &self.subject, TODAY)
    }
}

fn addon_of(name: &str, values: Doc) -> Addon {
    Addon { name: name.into(), cluster: 0, version: "1.0.0".into(), namespace: "kube-system".into(), values }
}
