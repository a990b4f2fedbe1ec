//! Where the parts of rendered objects come from.

use std::fmt::Write as _;

use karat_diag::Place;
use karat_fleet::{Asked, Cache, Fleet, trace};
use karat_kube::Path;
use karat_source::{Folder, Memory, World};

fn show(place: &Place) -> String {
    match &place.span {
        Some(span) => format!("{}:{}:{}", place.file, span.start.line, span.start.column),
        None => place.file.clone(),
    }
}

/// `template` or `template < values` of paths in objects of one of myhealth's Applications.
fn origins(application: &str, asked: &[(&str, &str)]) -> Vec<String> {
    let world = Folder::open(concat!(env!("CARGO_MANIFEST_DIR"), "/../../myhealth")).unwrap();
    origins_in(&world, application, asked)
}

fn origins_in(world: &dyn World, application: &str, asked: &[(&str, &str)]) -> Vec<String> {
    let cache = Cache::default();
    let fleet = Fleet::build(world, &cache).unwrap();
    let application = fleet.application(application).unwrap();
    let paths: Vec<_> = asked.iter().map(|(_, path)| Path::parse(path).unwrap()).collect();
    let asked: Vec<_> = asked
        .iter()
        .zip(&paths)
        .map(|((kind, _), path)| {
            let mut documents = application.documents.iter();
            let document = documents.find(|document| document.identity.kind == *kind).unwrap();
            Asked { application, document, path }
        })
        .collect();
    let mut shown = Vec::new();
    for origin in trace(&fleet, world, &cache, &asked) {
        let origin = origin.unwrap();
        let mut line = show(&origin.place);
        if let Some(values) = &origin.values {
            write!(line, " < {}", show(values)).unwrap();
        }
        shown.push(line);
    }
    shown
}

#[test]
fn myhealths_pods_come_from_the_library_chart() {
    const LIBRARY: &str = "apps/appointments/chart/charts/service";
    const VALUES: &str = "config/envs/production/appointments/values.yaml";
    let pod = [
        ("securityContext.runAsNonRoot", format!("{LIBRARY}/templates/_pod.tpl:16:5")),
        ("containers[0].securityContext.runAsNonRoot", format!("{LIBRARY}/templates/_pod.tpl:74:9")),
        ("containers[0].securityContext.missing", format!("{LIBRARY}/templates/_pod.tpl:73:7")),
        ("containers[0].image", format!("{LIBRARY}/templates/_pod.tpl:44:7 < {VALUES}:10:5")),
        ("containers[0].resources", format!("{LIBRARY}/templates/_pod.tpl:71:7 < {VALUES}:11:3")),
        ("containers[0].resources.limits.memory", format!("{LIBRARY}/templates/_pod.tpl:72:13 < {VALUES}:16:7")),
        ("containers[0].resources.limits.cpu", format!("{LIBRARY}/templates/_pod.tpl:72:13 < {VALUES}:15:5")),
        (
            "containers[0].ports[0].containerPort",
            format!("{LIBRARY}/templates/_pod.tpl:52:11 < {LIBRARY}/values.yaml:19:1"),
        ),
        (
            "containers[0].args[0]",
            format!("{LIBRARY}/templates/_pod.tpl:48:13 < apps/appointments/chart/values.yaml:25:10"),
        ),
    ];
    let paths: Vec<_> = pod.iter().map(|(path, _)| format!("spec.template.spec.{path}")).collect();
    let asked: Vec<_> = paths.iter().map(|path| ("Rollout", path.as_str())).collect();
    let expected: Vec<_> = pod.into_iter().map(|(_, origin)| origin).collect();
    assert_eq!(origins("appointments-production-eu", &asked), expected);
}

#[test]
fn parameters_of_a_set_come_from_its_files() {
    let asked = [("HTTPRoute", "spec.hostnames[0]"), ("Rollout", "metadata.labels[\"app.kubernetes.io/version\"]")];
    let expected = [
        "apps/appointments/chart/charts/service/templates/_network.tpl:80:5 < config/clusters/production-eu.yaml:10:3",
        "apps/appointments/chart/charts/service/templates/_names.tpl:15:1 < config/envs/production/appointments/values.yaml:3:3",
    ];
    assert_eq!(origins("appointments-production-eu", &asked), expected);
}

#[test]
fn manifests_have_their_own_lines() {
    let origins =
        origins("tenant-scheduling-production-eu", &[("Namespace", "metadata.name"), ("Namespace", "metadata.none")]);
    assert_eq!(
        origins,
        ["config/tenants/scheduling/namespace.yaml:5:3", "config/tenants/scheduling/namespace.yaml:4:1"]
    );
}

/// An Application by itself, with everything that it can say about values.
#[test]
fn what_an_application_says_itself() {
    let mut world = Memory::default();
    for (path, text) in APPLICATION {
        world.insert(*path, *text);
    }
    let expected = [
        "app/templates/a.yaml:4:3 < config/root.yaml:16:25",
        "app/templates/a.yaml:5:3 < config/root.yaml:18:18",
        "app/templates/a.yaml:6:3 < app/values.yaml:3:1",
        "app/templates/a.yaml:7:3",
    ];
    let asked = ["data.parameter", "data.object", "data.chart", "data.fixed"].map(|path| ("ConfigMap", path));
    assert_eq!(origins_in(&world, "root", &asked), expected);
}

const APPLICATION: &[(&str, &str)] = &[
    (
        "governance/organisation.yaml",
        "apiVersion: karat.dev/v1
kind: Organisation
metadata: {name: small}
spec:
  repositories:
    - {name: config, role: config, url: https://git.example/config.git, folder: config}
    - {name: app, role: app, url: https://git.example/app.git, folder: app}
  clusters:
    - {name: hub, file: clusters/hub.yaml}
  argocd:
    - {name: main, cluster: hub, namespace: argocd, helm: helm4, root: {repository: config, path: root.yaml}}
",
    ),
    (
        "config/clusters/hub.yaml",
        "cluster: {name: hub, environment: platform, server: https://kubernetes.default.svc}\n",
    ),
    (
        "config/root.yaml",
        "apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: root
  namespace: argocd
spec:
  project: default
  destination: {server: https://kubernetes.default.svc, namespace: apps}
  source:
    repoURL: https://git.example/app.git
    targetRevision: main
    path: .
    helm:
      parameters:
        - {name: other, value: x}
        - {name: given, value: from the parameter}
      valuesObject:
        object: {deep: 1}
",
    ),
    ("app/Chart.yaml", "apiVersion: v2\nname: app\nversion: 1.0.0\n"),
    ("app/values.yaml", "given: 1\nobject: {deep: 0}\nchart: 2\n"),
    (
        "app/templates/a.yaml",
        "kind: ConfigMap
metadata: {name: a}
data:
  parameter: {{ .Values.given }}
  object: {{ .Values.object.deep }}
  chart: {{ .Values.chart }}
  fixed: yes
apiVersion: v1
",
    ),
];
