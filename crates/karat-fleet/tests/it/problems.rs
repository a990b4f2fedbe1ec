//! What a fleet says about what it cannot do, and about what is wrong: with a place, and without falling over.

use std::fmt::Write as _;

use karat_diag::Diagnostic;
use karat_fleet::{Cache, Fleet};
use karat_source::Memory;

const ORGANISATION: &str = "
apiVersion: karat.dev/v1
kind: Organisation
metadata: {name: test}
spec:
  repositories: [{name: config, role: config, url: https://git.example/config.git, folder: config}]
  argocd: [{name: hub, cluster: eu, namespace: argocd, root: {repository: config, path: root.yaml}}]
  clusters: [{name: eu, file: clusters/eu.yaml}]
";

const ROOT: &str = "
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: root, namespace: argocd}
spec:
  project: default
  destination: {name: in-cluster, namespace: argocd}
  source: {repoURL: https://git.example/config.git, path: hub}
";

fn world(files: &[(&str, &str)]) -> Memory {
    let mut world: Memory = [
        ("governance/organisation.yaml", ORGANISATION),
        ("config/root.yaml", ROOT),
        ("config/clusters/eu.yaml", "cluster: {name: eu, environment: staging}\n"),
        ("config/hub/README.md", ""),
    ]
    .into_iter()
    .collect();
    for (path, text) in files {
        world.insert(*path, *text);
    }
    world
}

/// Everything a fleet has to say, one line each.
fn said(files: &[(&str, &str)]) -> String {
    let fleet = match Fleet::build(&world(files), &Cache::default()) {
        Ok(fleet) => fleet,
        Err(problem) => return line("no fleet", &problem),
    };
    let mut out = String::new();
    for problem in &fleet.problems {
        out.push_str(&line("fleet", problem));
    }
    for set in &fleet.sets {
        for problem in &set.not_expanded {
            out.push_str(&line("not expanded", problem));
        }
    }
    for application in &fleet.applications {
        for problem in &application.problems {
            out.push_str(&line(application.name(), problem));
        }
        for source in &application.not_rendered {
            let _ = writeln!(out, "{}: source {} not rendered: {}", application.name(), source.source, source.why);
        }
    }
    out
}

fn line(about: &str, problem: &Diagnostic) -> String {
    let places: Vec<String> = problem
        .places
        .iter()
        .map(|place| match place.span {
            Some(span) => format!("{}:{}:{}", place.file, span.start.line, span.start.column),
            None => place.file.clone(),
        })
        .collect();
    format!("{about}: {} [{}]\n", problem.message, places.join(", "))
}

fn application(name: &str, spec: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: {name}\nspec:\n  destination: {{name: eu, namespace: shop}}\n{spec}\n"
    )
}

fn set(generators: &str) -> String {
    format!(
        "# a set\napiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{name: set}}\nspec:\n  goTemplate: true\n  goTemplateOptions: [missingkey=error]\n  generators:\n{generators}\n  template:\n    metadata:\n      name: 'app-{{{{ .name }}}}'\n    spec:\n      project: default\n      destination: {{name: eu, namespace: shop}}\n      source: {{repoURL: https://git.example/config.git, path: empty}}\n"
    )
}

#[test]
fn an_organisation_is_needed() {
    let mut nothing = Memory::default();
    nothing.insert("x", "y");
    let problem = Fleet::build(&nothing, &Cache::default()).unwrap_err();
    assert_eq!(
        line("", &problem),
        ": governance/organisation.yaml: no such file or folder [governance/organisation.yaml]\n"
    );
    assert_eq!(
        said(&[("governance/organisation.yaml", "kind: Other\n")]),
        "no fleet: not an organisation: `kind: Organisation` is missing [governance/organisation.yaml:1:1]\n"
    );
    assert_eq!(
        said(&[("governance/organisation.yaml", "a: [1\n")]).split(" [").next(),
        Some("no fleet: not YAML: did not find expected ',' or ']'")
    );
}

#[test]
fn an_organisation_says_what_is_missing() {
    let broken =
        ORGANISATION.replace("url: https://git.example/config.git, ", "").replace("clusters/eu.yaml", "../eu.yaml");
    assert_eq!(
        said(&[("governance/organisation.yaml", &broken)]),
        "fleet: `url` is missing, or is not text [governance/organisation.yaml:6:18]
fleet: `root.repository` is the name of no repository [governance/organisation.yaml:7:56]
fleet: `file` leaves the organisation's folder [governance/organisation.yaml:8:25]
"
    );
    assert_eq!(
        said(&[("config/clusters/eu.yaml", "cluster: {name: us, kubernetesVersion: 1.30}\n")]),
        "fleet: the organisation calls this cluster `eu`, its file does not [config/clusters/eu.yaml:1:11]
fleet: a version is text: put it in quotes, or 1.30 becomes 1.3 [config/clusters/eu.yaml:1:21]
"
    );
    assert_eq!(
        said(&[("config/root.yaml", "kind: ConfigMap\n")]),
        "fleet: the root holds no Application [config/root.yaml]\n"
    );
}

#[test]
fn what_asks_a_cluster_is_not_expanded() {
    let text = set(
        "    - list: {elements: [{name: one}]}\n    - clusters: {}\n    - matrix:\n        generators:\n          - list: {elements: [{name: two}]}\n          - plugin: {configMapRef: {name: p}}",
    );
    let said = said(&[("config/hub/set.yaml", &text), ("config/empty/README.md", "")]);
    assert_eq!(
        said,
        "not expanded: ApplicationSet `set`: the clusters generator asks Argo CD for its clusters, so its Applications are not known here [config/hub/set.yaml:10:7]
not expanded: ApplicationSet `set`: the plugin generator asks a plugin, so its Applications are not known here [config/hub/set.yaml:14:13]
"
    );
}

#[test]
fn what_fails_to_expand_is_shown_where_it_is_written() {
    let missing = set("    - list: {elements: [{name: one}, {other: two}]}");
    let text = said(&[("config/hub/set.yaml", &missing)]);
    assert!(
        text.starts_with(
            "fleet: ApplicationSet `set`: failed to execute go template app-{{ .name }}: template: :1:7: executing"
        ),
        "{text}"
    );
    assert!(text.ends_with(" [config/hub/set.yaml:12:7]\n"), "{text}");
    let unmapped = set(
        "    - git:\n        repoURL: https://elsewhere.example/x.git\n        revision: main\n        files: [{path: '*'}]",
    );
    assert_eq!(
        said(&[("config/hub/set.yaml", &unmapped)]),
        "fleet: ApplicationSet `set`: no repository of the organisation has the URL https://elsewhere.example/x.git [config/hub/set.yaml:10:9]\n"
    );
    let outside =
        set("    - git: {repoURL: https://git.example/config.git, revision: main, files: [{path: ../secret}]}");
    assert_eq!(
        said(&[("config/hub/set.yaml", &outside)]),
        "fleet: ApplicationSet `set`: `../secret` is outside the repository [config/hub/set.yaml:9:79]\n"
    );
    let broken = set("    - list: {elements: text}");
    assert_eq!(
        said(&[("config/hub/set.yaml", &broken)]),
        "fleet: ApplicationSet `set`: not an ApplicationSet: spec.generators[0].list.elements: expected a list, found string [config/hub/set.yaml:9:14]\n"
    );
}

#[test]
fn a_product_that_is_too_large_is_refused() {
    let items: Vec<String> = (0..1000).map(|number| format!("{{name: n{number}}}")).collect();
    let list = format!("          - list: {{elements: [{}]}}", items.join(", "));
    let text = set(&format!("    - matrix:\n        generators:\n{list}\n{}", list.replace("name:", "other:")));
    let said = said(&[("config/hub/set.yaml", &text)]);
    assert!(said.starts_with("fleet: ApplicationSet `set`: more than 100000 sets of parameters"), "{said}");
}

#[test]
fn names_projects_and_clusters_must_be_right() {
    let spec = "  project: default\n  source: {repoURL: https://git.example/config.git, path: empty}";
    let said = said(&[
        ("config/empty/README.md", ""),
        ("config/hub/a.yaml", &application("one", spec)),
        ("config/hub/b.yaml", &application("one", spec).replace("name: one", "name: one\n  namespace: argocd")),
        ("config/hub/c.yaml", &application("two", &spec.replace("default", "nobody"))),
        ("config/hub/d.yaml", &application("three", spec).replace("name: eu", "name: mars")),
        ("config/hub/e.yaml", &application("four", "  project: default")),
    ]);
    assert_eq!(
        said,
        "\
four: it has no source [config/hub/e.yaml:4:3]
root: Application argocd/one appears 2 times; Argo CD takes the last [config/hub/b.yaml]
three: no cluster of the organisation is `mars` [config/hub/d.yaml:4:3]
two: there is no AppProject `nobody`, so Argo CD refuses it [config/hub/c.yaml:4:3]
"
    );
    let twice = set("    - list: {elements: [{name: one}, {name: one}]}");
    assert_eq!(
        said_set(&twice),
        "fleet: two Applications are called `app-one`; the second is not rendered [config/hub/set.yaml:9:7, config/hub/set.yaml:9:7]\n"
    );
}

#[test]
fn what_is_no_application_is_shown_where_it_is_written() {
    let text = application("one", "  project: default\n  source: {repoURL: 5}");
    assert_eq!(
        said(&[("config/hub/a.yaml", &text)]),
        "fleet: not an Application: spec.source.repoURL: expected a string, found integer [config/hub/a.yaml:8:12]\n"
    );
}

fn said_set(text: &str) -> String {
    said(&[("config/hub/set.yaml", text), ("config/empty/README.md", "")])
}

#[test]
fn what_is_not_rendered_says_why() {
    let source = |source: &str| format!("  project: default\n  source: {source}");
    let said = said(&[
        (
            "config/hub/a.yaml",
            &application("a", &source("{repoURL: https://charts.example, chart: nginx, targetRevision: 1.2.3}")),
        ),
        ("config/hub/b.yaml", &application("b", &source("{repoURL: https://elsewhere.example/x.git, path: some}"))),
        ("config/hub/c.yaml", &application("c", &source("{repoURL: https://git.example/config.git, path: kustom}"))),
        (
            "config/hub/d.yaml",
            &application("d", &source("{repoURL: https://git.example/config.git, path: plug, plugin: {name: p}}")),
        ),
        ("config/hub/e.yaml", &application("e", &source("{repoURL: https://git.example/config.git, path: jsonnet}"))),
        (
            "config/hub/f.yaml",
            &application(
                "f",
                &source(
                    "{repoURL: https://git.example/config.git, path: chart, helm: {valueFiles: ['https://x.example/v.yaml']}}",
                ),
            ),
        ),
        (
            "config/hub/g.yaml",
            &application("g", &source("{repoURL: 'oci://registry.example/charts', path: ., targetRevision: 1.0.0}")),
        ),
        ("config/hub/h.yaml", &application("h", &source("{repoURL: https://git.example/config.git, path: nowhere}"))),
        ("config/kustom/kustomization.yaml", "resources: []\n"),
        ("config/plug/x", ""),
        ("config/jsonnet/x.jsonnet", "{}"),
        ("config/chart/Chart.yaml", "apiVersion: v2\nname: chart\nversion: 1.0.0\n"),
    ]);
    assert_eq!(
        said,
        "\
a: source 0 not rendered: chart nginx 1.2.3 of https://charts.example
b: source 0 not rendered: repository https://elsewhere.example/x.git
c: source 0 not rendered: Kustomize in config/kustom
d: source 0 not rendered: a config management plugin
e: source 0 not rendered: Jsonnet in config/jsonnet/x.jsonnet
f: source 0 not rendered: values from https://x.example/v.yaml
g: source 0 not rendered: chart . 1.0.0 of oci://registry.example/charts
h: config/nowhere does not exist [config/hub/h.yaml:4:3]
"
    );
}

#[test]
fn applications_that_hold_applications_end() {
    // Each Application's folder holds the next, and the last holds the first again.
    let mut files = Vec::new();
    for number in 0..12 {
        let next = application(
            &format!("app-{number}"),
            &format!(
                "  project: default\n  source: {{repoURL: https://git.example/config.git, path: apps/{}}}",
                (number + 1) % 12
            ),
        )
        .replace("namespace: shop", "namespace: argocd");
        files.push((format!("config/apps/{number}/app.yaml"), next.clone()));
        if number == 0 {
            files.push(("config/hub/app.yaml".to_owned(), next));
        }
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let said = said(&files);
    assert!(said.starts_with("fleet: Applications hold Applications 8 deep; what is below is not looked at"), "{said}");
}

#[test]
fn parts_of_an_organisation_add_repositories_and_are_held_to_their_kind() {
    let part = |name: &str| {
        format!(
            "apiVersion: karat.dev/v1\nkind: OrganisationPart\nmetadata: {{name: {name}}}\nspec:\n  repositories:\n    - {{name: \
             {name}, role: app, url: https://git.example/{name}.git, folder: apps/{name}}}\n"
        )
    };
    let files = [
        ("governance/organisation.d/billing.yaml", part("billing")),
        ("governance/organisation.d/config.yaml", part("config")),
        ("governance/organisation.d/notes.yaml", "kind: Note\n".to_owned()),
        ("governance/organisation.d/README.md", "not read".to_owned()),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let fleet = Fleet::build(&world(&files), &Cache::default()).unwrap();
    let names: Vec<_> = fleet.organisation.repositories.iter().map(|repository| repository.name.as_str()).collect();
    assert_eq!(names, ["config", "billing"]);
    insta::assert_snapshot!(said(&files), @"
    fleet: not a part of an organisation: `kind: OrganisationPart` is missing [governance/organisation.d/notes.yaml:1:1]
    fleet: there is a repository `config` already [governance/organisation.d/config.yaml:6:8]
    ");
}
