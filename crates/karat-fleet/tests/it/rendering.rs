//! Sources to objects against what Argo CD's own repo server gave, with Helm 4.2.4 (`expected.json`).

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use karat_fleet::{Cache, Fleet};
use karat_source::{Folder, Memory, World as _};
use karat_testkit::cases::same;
use karat_testkit::{Case, Cases, Sandbox, peer};
use karat_yaml::{Dialect, Numbers};

use crate::expansion::{json, plain_numbers};

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/application");

/// An organisation around a case: its Application is the root, and there is one cluster.
const ORGANISATION: &str = "
apiVersion: karat.dev/v1
kind: Organisation
metadata: {name: case}
spec:
  argocd: [{name: hub, cluster: here, namespace: argocd, helm: helm4, root: {repository: case, path: application.yaml}}]
  clusters: [{name: here, file: cluster.yaml}]
  repositories:
    - {name: case, role: config, url: https://git.example/case.git, folder: .}
";
const CLUSTER: &str = "
cluster: {name: here, environment: test, kubernetesVersion: 1.36.0, apiVersions: [example.com/v1/Widget]}
";

#[test]
fn gives_what_the_repo_server_gives() {
    Cases::new(CASES, "application.yaml").run(check);
}

fn check(case: &Case) -> Result<()> {
    let folder = Folder::open(&case.path)?;
    let mut world = Memory::default();
    let mut organisation = ORGANISATION.to_owned();
    for file in karat_source::walk(&folder, "")? {
        world.insert(file.as_str(), folder.read(&file)?);
    }
    for entry in folder.list("repos")? {
        let name = entry.name;
        organisation.push_str(&format!(
            "    - {{name: {name}, role: app, url: https://git.example/{name}.git, folder: repos/{name}}}\n"
        ));
    }
    world.insert("governance/organisation.yaml", organisation);
    world.insert("cluster.yaml", CLUSTER);
    let fleet = Fleet::build(&world, &Cache::default()).map_err(|problem| anyhow::anyhow!("{}", problem.message))?;
    if let Some(problem) = fleet.problems.first() {
        bail!("{}", problem.message);
    }
    let application = fleet.applications.first().context("no Application")?;
    let expected: serde_json::Value = serde_json::from_str(&case.read("expected.json")?)?;
    let expected = expected.get(0).context("no answer")?;
    let problem = application.problems.iter().find(|problem| problem.severity == karat_diag::Severity::Error);
    match (expected.get("error"), problem) {
        (Some(_), Some(_)) => return Ok(()),
        (Some(error), None) => bail!("Argo CD fails, Karat does not: {error}"),
        (None, Some(problem)) => bail!("Karat fails, Argo CD does not: {}", problem.message),
        (None, None) => {}
    }
    let mut wanted = expected.get("objects").and_then(|objects| objects.as_array()).cloned().unwrap_or_default();
    wanted.iter_mut().for_each(plain_numbers);
    let mut actual = Vec::new();
    for document in &application.documents {
        // As the repo server gives it; the namespace is the controller's doing.
        actual.push(json(&karat_yaml::from_yaml(&document.text, Dialect::GoYaml, Numbers::Kept)?));
    }
    wanted.sort_by_cached_key(ToString::to_string);
    actual.sort_by_cached_key(ToString::to_string);
    same("Argo CD", &serde_json::to_string_pretty(&wanted)?, "Karat", &serde_json::to_string_pretty(&actual)?)
}

/// The goldens are what the oracle says today.
#[test]
fn goldens_are_the_repo_servers_own() {
    let (Some(oracle), Some(helm)) = (peer("argocd"), peer("helm4")) else { return };
    let sandbox = Sandbox::new();
    let copy = sandbox.copy(Path::new(CASES), "cases");
    let cases = Cases::new(copy, "application.yaml").discover().unwrap();
    // The repo server runs what is called `helm`.
    sandbox.write("bin/README", "");
    sandbox.copy(&helm, "bin/helm");
    let path = std::env::join_paths([sandbox.path().join("bin"), "/usr/bin".into(), "/bin".into()]).unwrap();
    let folders = cases.iter().map(|case| case.path.as_os_str());
    let _ = sandbox.command(&oracle).args(["cases"]).args(folders).env("PATH", path).run().success();
    for case in cases {
        let before = fs_err::read_to_string(Path::new(CASES).join(&case.name).join("expected.json")).unwrap();
        same("golden", &before, "Argo CD", &case.read("expected.json").unwrap()).unwrap();
    }
}
