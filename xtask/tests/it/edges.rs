//! Three storeys: an edge goes down or sideways within a storey, never up; the compiler stays pure.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::process::Command;

use serde_json::Value;

/// The storey of each crate, lowest first. A new crate is added here, or the test says so.
const STOREYS: [(&str, &[&str]); 3] = [
    (
        "storey 1, the compiler",
        &[
            "karat-capacity",
            "karat-catalog",
            "karat-diag",
            "karat-docs",
            "karat-fleet",
            "karat-helm",
            "karat-infra",
            "karat-kube",
            "karat-repository",
            "karat-rollout",
            "karat-scaffold",
            "karat-source",
            "karat-standards",
            "karat-template",
            "karat-verdict",
            "karat-yaml",
        ],
    ),
    (
        "storey 2, the engine",
        &[
            "karat-aws",
            "karat-ci",
            "karat-engine",
            "karat-git",
            "karat-ingest",
            "karat-mesh",
            "karat-oci",
            "karat-release",
            "karat-sandbox",
            "karat-store",
            "karat-telemetry",
            "karat-workshop",
        ],
    ),
    ("storey 3, the faces", &["karat", "karat-kubernetes", "karat-portal"]),
];

/// Development only: may use anything, and is used by tests only.
const TOOLS: [&str; 3] = ["karat-bench", "karat-testkit", "xtask"];

/// What the compiler must not reach, even through others: runtimes, network, TLS, databases, system randomness at run
/// time. A file is read through `karat_source::World` alone, but `std` cannot be forbidden here: `clippy.toml` does.
const IMPURE: [&str; 22] = [
    "async-std",
    "async-io",
    "aws-lc-rs",
    "curl",
    "h2",
    "hyper",
    "hyper-util",
    "mio",
    "native-tls",
    "notify",
    "openssl",
    "openssl-sys",
    "quinn",
    "reqwest",
    "rusqlite",
    "rustls",
    "smol",
    "socket2",
    "sqlx",
    "tokio",
    "tower",
    "ureq",
];

/// Who needs whom to run (development dependencies left out), by package name.
type Graph = BTreeMap<String, BTreeSet<String>>;

#[test]
fn no_edge_goes_up_and_the_compiler_is_pure() {
    let (members, graph) = metadata();
    let wrong = violations(&members, &graph);
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// The workspace's members, and the graph of all packages.
fn metadata() -> (BTreeSet<String>, Graph) {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let list = |value: &Value| value.as_array().unwrap().clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let names: BTreeMap<String, String> =
        list(&metadata["packages"]).iter().map(|package| (text(&package["id"]), text(&package["name"]))).collect();
    let members = list(&metadata["workspace_members"]).iter().map(|id| names[id.as_str().unwrap()].clone()).collect();
    let mut graph = Graph::new();
    for node in list(&metadata["resolve"]["nodes"]) {
        let from = graph.entry(names[node["id"].as_str().unwrap()].clone()).or_default();
        for dependency in list(&node["deps"]) {
            // kind: null is a normal dependency, "build" one of the build script, "dev" one of the tests.
            if list(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"] != "dev") {
                from.insert(names[dependency["pkg"].as_str().unwrap()].clone());
            }
        }
    }
    (members, graph)
}

/// Every rule that is broken, as a sentence each with the way to mend it.
fn violations(members: &BTreeSet<String>, graph: &Graph) -> Vec<String> {
    let mut wrong = Vec::new();
    let none = BTreeSet::new();
    for member in members {
        if TOOLS.contains(&member.as_str()) {
            continue;
        }
        let Some(storey) = storey(member) else {
            wrong.push(format!("{member} is in no storey: add it to STOREYS in xtask/tests/it/edges.rs"));
            continue;
        };
        for target in graph.get(member).unwrap_or(&none).intersection(members) {
            if TOOLS.contains(&target.as_str()) {
                wrong.push(format!(
                    "forbidden edge: {member} -> {target}\n  {target} is for tests: make it a [dev-dependencies] line"
                ));
            } else if let Some(above) = self::storey(target).filter(|above| *above > storey) {
                wrong.push(format!(
                    "forbidden edge: {member} -> {target}\n  {member} is in {}, {target} in {}: an edge goes down or \
                     sideways, never up\n  move what {member} needs into a crate of its own storey, or take it as an \
                     argument",
                    STOREYS[storey].0, STOREYS[above].0
                ));
            }
        }
        if storey == 0 {
            for path in impure(member, graph) {
                wrong.push(format!(
                    "forbidden edge: {}\n  {member} is in {}: no runtime, no network, not even through others\n  turn \
                     off the feature that brings it in, or choose another dependency",
                    path.join(" -> "),
                    STOREYS[0].0
                ));
            }
        }
    }
    wrong
}

fn storey(name: &str) -> Option<usize> {
    STOREYS.iter().position(|(_, crates)| crates.contains(&name))
}

/// The shortest path from `from` to each impure package that it reaches.
fn impure(from: &str, graph: &Graph) -> Vec<Vec<String>> {
    let mut came: BTreeMap<&str, &str> = BTreeMap::new();
    let mut open = VecDeque::from([from]);
    let mut found = Vec::new();
    while let Some(name) = open.pop_front() {
        if IMPURE.contains(&name) {
            let mut path = vec![name.to_owned()];
            let mut at = name;
            while let Some(before) = came.get(at) {
                path.push((*before).to_owned());
                at = before;
            }
            path.reverse();
            found.push(path);
            continue;
        }
        for next in graph.get(name).into_iter().flatten() {
            if next != from && !came.contains_key(next.as_str()) {
                came.insert(next, name);
                open.push_back(next);
            }
        }
    }
    found
}

fn graph(edges: &[(&str, &str)]) -> Graph {
    let mut graph = Graph::new();
    for (from, to) in edges {
        graph.entry((*from).to_owned()).or_default().insert((*to).to_owned());
        graph.entry((*to).to_owned()).or_default();
    }
    graph
}

fn check(edges: &[(&str, &str)]) -> Vec<String> {
    let graph = graph(edges);
    let members = graph.keys().filter(|name| name.starts_with("karat") || *name == "xtask").cloned().collect();
    violations(&members, &graph)
}

#[test]
fn down_and_sideways_are_allowed() {
    let edges =
        [("karat", "karat-helm"), ("karat-git", "karat-source"), ("karat-helm", "karat-yaml"), ("karat-git", "tokio")];
    assert_eq!(check(&edges), Vec::<String>::new());
}

#[test]
fn up_is_refused() {
    let wrong = check(&[("karat-yaml", "karat-git")]);
    assert_eq!(wrong.len(), 1);
    assert!(wrong[0].starts_with("forbidden edge: karat-yaml -> karat-git\n"), "{}", wrong[0]);
}

#[test]
fn a_runtime_is_refused_even_through_others() {
    let wrong = check(&[("karat-fleet", "karat-helm"), ("karat-helm", "jsonschema"), ("jsonschema", "reqwest")]);
    let first: Vec<&str> = wrong.iter().filter_map(|text| text.lines().next()).collect();
    assert_eq!(
        first,
        [
            "forbidden edge: karat-fleet -> karat-helm -> jsonschema -> reqwest",
            "forbidden edge: karat-helm -> jsonschema -> reqwest",
        ]
    );
}

#[test]
fn the_kit_and_unknown_crates_are_named() {
    let wrong = check(&[("karat-yaml", "karat-testkit"), ("karat-new", "serde")]);
    assert_eq!(wrong.len(), 2);
    assert!(wrong[0].starts_with("karat-new is in no storey"), "{}", wrong[0]);
    assert!(wrong[1].starts_with("forbidden edge: karat-yaml -> karat-testkit"), "{}", wrong[1]);
}
