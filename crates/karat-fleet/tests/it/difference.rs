//! What a change does to a fleet, told in a few lines each.

use std::fmt::Write as _;

use karat_fleet::diff::{ApplicationKind, Change, Difference, Edit, Lost, ObjectKind};
use karat_fleet::{Cache, Fleet, diff};
use karat_source::Memory;

const ORGANISATION: &str = "
apiVersion: karat.dev/v1
kind: Organisation
metadata: {name: test}
spec:
  repositories:
    - {name: config, role: config, url: https://git.example/config.git, folder: config}
    - {name: shop, role: app, url: https://git.example/shop.git, folder: apps/shop}
  argocd: [{name: hub, cluster: eu, namespace: argocd, root: {repository: config, path: root.yaml}}]
  clusters: [{name: eu, file: clusters/eu.yaml}, {name: us, file: clusters/us.yaml}]
";

const ROOT: &str = "
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: root, namespace: argocd, finalizers: [resources-finalizer.argocd.argoproj.io]}
spec:
  project: default
  destination: {name: eu, namespace: argocd}
  source: {repoURL: https://git.example/config.git, path: hub}
  syncPolicy: {automated: {prune: true}}
";

const SERVICES: &str = "
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: services}
spec:
  goTemplate: true
  syncPolicy: {applicationsSync: sync}
  generators:
    - matrix:
        generators:
          - git: {repoURL: https://git.example/config.git, revision: main, files: [{path: clusters/*.yaml}], pathParamPrefix: file}
          - git: {repoURL: https://git.example/config.git, revision: main, files: [{path: 'envs/{{.cluster.environment}}/*.yaml'}]}
  template:
    metadata: {name: '{{.service}}-{{.cluster.name}}'}
    spec:
      project: default
      destination: {name: '{{.cluster.name}}', namespace: shop}
      sources:
        - repoURL: https://git.example/shop.git
          path: chart
          helm: {releaseName: '{{.service}}', valueFiles: ['$values/{{.path.path}}/{{.path.filename}}']}
        - {repoURL: https://git.example/config.git, ref: values}
      syncPolicy: {automated: {prune: true}}
";

const DEPLOYMENT: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}}
spec:
  replicas: {{ .Values.replicas }}
  template:
    spec:
      containers:
        {{- range .Values.containers }}
        - {name: {{ . }}, image: 'registry.example/{{ . }}:{{ $.Values.tag }}'}
        {{- end }}
";

fn world() -> Memory {
    [
        ("governance/organisation.yaml", ORGANISATION),
        ("config/root.yaml", ROOT),
        ("config/hub/services.yaml", SERVICES),
        ("config/clusters/eu.yaml", "cluster: {name: eu, environment: staging, kubernetesVersion: '1.36'}\n"),
        ("config/clusters/us.yaml", "cluster: {name: us, environment: production, kubernetesVersion: '1.36'}\n"),
        ("config/envs/staging/shop.yaml", "service: shop\ntag: v2\n"),
        ("config/envs/production/shop.yaml", "service: shop\ntag: v1\n"),
        ("apps/shop/chart/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 1.0.0\n"),
        ("apps/shop/chart/values.yaml", "replicas: 2\ncontainers: [app, proxy]\ntag: none\n"),
        ("apps/shop/chart/templates/deployment.yaml", DEPLOYMENT),
        (
            "apps/shop/chart/templates/config.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, annotations: {a: b}}\ndata: {a: b}\n",
        ),
    ]
    .into_iter()
    .collect()
}

/// What differs after `change`.
fn after(change: impl FnOnce(&mut Memory)) -> Difference {
    between(&world(), change)
}

fn between(base: &Memory, change: impl FnOnce(&mut Memory)) -> Difference {
    let cache = Cache::default();
    let mut head = base.clone();
    change(&mut head);
    let (base, head) = (fleet(base, &cache), fleet(&head, &cache));
    diff(&base, &head)
}

fn fleet(world: &Memory, cache: &Cache) -> Fleet {
    let fleet = Fleet::build(world, cache).unwrap();
    let problem = fleet.problems.iter().chain(fleet.applications.iter().flat_map(|app| &app.problems)).next();
    assert_eq!(problem, None);
    fleet
}

fn replace(world: &mut Memory, path: &str, from: &str, to: &str) {
    let text = String::from_utf8(world.remove(path).unwrap()).unwrap();
    assert!(text.contains(from), "{path} has no {from}");
    world.insert(path, text.replace(from, to));
}

fn told(difference: &Difference) -> String {
    let mut out = String::new();
    for loss in &difference.losses {
        let _ = match &loss.what {
            Lost::Application { fate, objects } => writeln!(out, "! {} {fate:?}, {objects} objects", loss.application),
            Lost::Object { identity, fate } => writeln!(out, "! {} {identity} {fate:?}", loss.application),
        };
    }
    for application in &difference.applications {
        let kind = match &application.kind {
            ApplicationKind::Added => "added".to_owned(),
            ApplicationKind::Removed(_) => "removed".to_owned(),
            ApplicationKind::Renamed { from, .. } => format!("renamed from {from}"),
            ApplicationKind::Changed => "changed".to_owned(),
        };
        let _ = writeln!(
            out,
            "{} {kind} on {}/{} by {}",
            application.name,
            application.environment,
            application.cluster,
            application.causes.join(" ")
        );
        edits(&application.spec, "spec", &mut out);
        for object in &application.objects {
            let (word, changes) = match &object.kind {
                ObjectKind::Added => ("added".to_owned(), &[][..]),
                ObjectKind::Removed(_) => ("removed".to_owned(), &[][..]),
                ObjectKind::Changed(changes) => ("changed".to_owned(), changes.as_slice()),
                ObjectKind::Renamed { from, changes, .. } => {
                    (format!("renamed from {}", from.name), changes.as_slice())
                }
                ObjectKind::Moved { from, changes } => (format!("moved from {from}"), changes.as_slice()),
            };
            let _ = writeln!(out, "  {} {word}", object.identity);
            edits(changes, "  ", &mut out);
        }
    }
    out
}

fn edits(changes: &[Change], indent: &str, out: &mut String) {
    for change in changes {
        let edit = match &change.edit {
            Edit::Added(value) => format!("+ {}", show(value)),
            Edit::Removed(value) => format!("- {}", show(value)),
            Edit::Changed { old, new } => format!("{} -> {}", show(old), show(new)),
        };
        let _ = writeln!(out, "  {indent} {} {edit}", change.label);
    }
}

fn show(value: &karat_yaml::Value) -> String {
    karat_yaml::to_json(value, karat_yaml::Escape::Raw).unwrap()
}

#[test]
fn nothing_differs_from_itself_or_its_comments() {
    assert_eq!(after(|_| {}), Difference::default());
    assert_eq!(
        told(&after(|world| replace(
            world,
            "apps/shop/chart/templates/config.yaml",
            "data: {a: b}",
            "data:\n  # why\n  a: 'b'"
        ))),
        ""
    );
}

#[test]
fn a_value_is_traced_to_its_file_and_named_by_keys() {
    let difference = after(|world| replace(world, "config/envs/staging/shop.yaml", "v2", "v3"));
    assert_eq!(
        told(&difference),
        "\
shop-eu changed on staging/eu by config/envs/staging/shop.yaml
  Deployment shop/shop changed
     spec.template.spec.containers[app].image \"registry.example/app:v2\" -> \"registry.example/app:v3\"
     spec.template.spec.containers[proxy].image \"registry.example/proxy:v2\" -> \"registry.example/proxy:v3\"
"
    );
    let totals = difference.totals[&("staging".into(), "eu".into())];
    assert_eq!((totals.applications, totals.changed, totals.added), (1, 1, 0));
}

#[test]
fn a_chart_reaches_every_cluster() {
    let difference = after(|world| replace(world, "apps/shop/chart/values.yaml", "[app, proxy]", "[proxy, app, log]"));
    assert_eq!(
        told(&difference),
        "\
shop-us changed on production/us by apps/shop/chart/values.yaml
  Deployment shop/shop changed
     spec.template.spec.containers[log] + {\"image\":\"registry.example/log:v1\",\"name\":\"log\"}
shop-eu changed on staging/eu by apps/shop/chart/values.yaml
  Deployment shop/shop changed
     spec.template.spec.containers[log] + {\"image\":\"registry.example/log:v2\",\"name\":\"log\"}
"
    );
    assert_eq!(difference.causes.get("apps/shop/chart/values.yaml").map(Vec::len), Some(2));
}

#[test]
fn an_object_that_goes_is_pruned_or_stays() {
    let gone = |world: &mut Memory| {
        world.remove("apps/shop/chart/templates/config.yaml");
    };
    let expected = |fate: &str| {
        format!(
            "\
! shop-us ConfigMap shop/settings {fate}
! shop-eu ConfigMap shop/settings {fate}
shop-us changed on production/us by apps/shop/chart/templates/config.yaml
  ConfigMap shop/settings removed
shop-eu changed on staging/eu by apps/shop/chart/templates/config.yaml
  ConfigMap shop/settings removed
"
        )
    };
    assert_eq!(told(&after(gone)), expected("Deleted"));
    for keep in ["helm.sh/resource-policy: keep", "argocd.argoproj.io/sync-options: 'Prune=false,Validate=false'"] {
        let mut base = world();
        replace(&mut base, "apps/shop/chart/templates/config.yaml", "a: b}}", &format!("{keep}}}}}"));
        assert_eq!(told(&between(&base, gone)), expected("Stays"), "{keep}");
    }
    let mut base = world();
    replace(&mut base, "config/hub/services.yaml", "automated: {prune: true}", "automated: {selfHeal: true}");
    assert_eq!(told(&between(&base, gone)), expected("Stays"));
}

#[test]
fn an_application_that_goes_is_deleted_or_stays_as_its_set_says() {
    let gone = |world: &mut Memory| {
        world.remove("config/envs/staging/shop.yaml");
    };
    let fate = |policy: &str| {
        let mut base = world();
        replace(&mut base, "config/hub/services.yaml", "{applicationsSync: sync}", policy);
        told(&between(&base, gone)).lines().next().unwrap().to_owned()
    };
    assert_eq!(fate("{applicationsSync: sync}"), "! shop-eu Deleted, 2 objects");
    assert_eq!(fate("{preserveResourcesOnDeletion: true}"), "! shop-eu ObjectsStay, 2 objects");
    assert_eq!(fate("{applicationsSync: create-update}"), "! shop-eu Stays, 2 objects");
    // The whole set, too: Argo CD lets go of what it may not delete.
    let mut base = world();
    replace(&mut base, "config/hub/services.yaml", "{applicationsSync: sync}", "{applicationsSync: create-update}");
    let difference = between(&base, |world| {
        world.remove("config/hub/services.yaml");
        world.insert("config/hub/none.yaml", "# nothing\n");
    });
    let text = told(&difference);
    assert!(text.contains("! root ApplicationSet argocd/services Deleted"), "{text}");
    assert!(text.contains("! shop-eu Stays") && text.contains("! shop-us Stays"), "{text}");
}

#[test]
fn another_name_is_a_rename() {
    let difference = after(|world| {
        replace(
            world,
            "config/hub/services.yaml",
            "name: '{{.service}}-{{.cluster.name}}'",
            "name: '{{.cluster.name}}-{{.service}}'",
        );
    });
    let text = told(&difference);
    assert!(text.contains("! shop-eu Deleted"), "{text}");
    assert!(text.contains("eu-shop renamed from shop-eu on staging/eu by config/hub/services.yaml\n"), "{text}");
    assert!(text.contains("metadata.name \"shop-us\" -> \"us-shop\""), "{text}");

    let difference = after(|world| {
        replace(world, "apps/shop/chart/templates/config.yaml", "name: settings", "name: settings-2");
        replace(world, "apps/shop/chart/templates/config.yaml", "data: {a: b}", "data: {a: c}");
    });
    let text = told(&difference);
    assert!(text.contains("ConfigMap shop/settings-2 renamed from settings\n     data.a \"b\" -> \"c\""), "{text}");
}

#[test]
fn an_object_may_move_to_another_application() {
    let other = "
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: other}
spec:
  project: default
  destination: {name: eu, namespace: shop}
  source: {repoURL: https://git.example/config.git, path: other}
";
    let difference = after(|world| {
        let config = world.remove("apps/shop/chart/templates/config.yaml").unwrap();
        world.insert("config/other/config.yaml", config);
        world.insert("config/hub/other.yaml", other);
    });
    let text = told(&difference);
    assert!(text.contains("ConfigMap shop/settings moved from shop-eu"), "{text}");
    assert!(!text.contains("! shop-eu ConfigMap"), "{text}");
    assert!(text.contains("! shop-us ConfigMap shop/settings Deleted"), "{text}");
}

#[test]
fn a_cluster_is_a_cause() {
    let mut base = world();
    replace(
        &mut base,
        "apps/shop/chart/templates/config.yaml",
        "{a: b}\n",
        "{a: {{ .Capabilities.KubeVersion.Version }}}\n",
    );
    let difference = between(&base, |world| replace(world, "config/clusters/us.yaml", "1.36", "1.37"));
    assert_eq!(
        told(&difference),
        "\
shop-us changed on production/us by config/clusters/us.yaml
  ConfigMap shop/settings changed
     data.a \"v1.36\" -> \"v1.37\"
"
    );
}
