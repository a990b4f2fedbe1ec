//! What a tired engineer does wrong, and what the answer is: each names the place and the next step.

use std::fmt::Write as _;

use insta::assert_snapshot;
use karat_testkit::Sandbox;

use crate::{edit, karat, myhealth};

#[test]
fn answers() {
    let sandbox = Sandbox::new();
    sandbox.write("empty/x", "");
    sandbox.write("chart/Chart.yaml", "apiVersion: v2\nname: a\nversion: 1.0.0\n");
    sandbox.write("chart/values.yaml", "a: 1\nb: [\n");
    sandbox.write("broken/Chart.yaml", "apiVersion: v2\nname: a\nversion: 1.0.0\n");
    sandbox.write("broken/templates/a.yaml", "ok: 1\nbad: {{ .Values.a.b.c }}\n");
    sandbox.write("loop/Chart.yaml", "apiVersion: v2\nname: a\nversion: 1.0.0\n");
    sandbox.write("loop/templates/a.yaml", "{{ define \"x\" }}{{ include \"x\" . }}{{ end }}{{ include \"x\" . }}\n");
    sandbox.write("values.yaml", "a: &a [x]\nb: *c\n");
    let mut answers = String::new();
    for arguments in [
        "check nowhere",
        "check empty",
        "check empty --format yaml",
        "check empty --today tomorrow",
        "chekc",
        "render chart nowhere",
        "render chart empty",
        "render chart chart",
        "render chart broken",
        "render chart loop",
        "render chart broken -f nowhere.yaml",
        "render chart broken -f values.yaml",
        "render chart broken --set a[",
        "render chart broken --kube-version one",
        "render chart broken --release Bad_Name",
        "diff",
        "standards show nope",
    ] {
        let output = karat(&sandbox).args(arguments.split(' ')).run();
        assert_eq!((output.code, output.stdout.as_str()), (Some(2), ""), "{arguments}");
        let _ = write!(answers, "$ karat {arguments}\n{}\n", output.stderr);
    }
    assert_snapshot!(answers);
}

/// Files of an organisation that are wrong, one at a time.
#[test]
fn wrong_files_of_an_organisation() {
    let mut answers = String::new();
    for (file, from, to) in [
        ("governance/organisation.yaml", "kind: Organisation", "kind: Organization"),
        ("governance/organisation.yaml", "  repositories:", "  repositories: {"),
        ("governance/waivers.yaml", "apiVersion", "apiversion"),
        ("config/clusters/staging-eu.yaml", "environment:", "enviroment:"),
        ("config/appsets/services.yaml", "{{ .release.team }}", "{{ .release.taem }}"),
        ("config/appsets/services.yaml", "- matrix:", "- clusters: {}\n    - matrix:"),
        ("config/envs/production/appointments/values.yaml", "digest: sha256:", "digest: "),
        ("config/root.yaml", "kind: Application", "kind: Aplication"),
    ] {
        let sandbox = myhealth();
        edit(&sandbox, &format!("myhealth/{file}"), from, to);
        let output = karat(&sandbox).args(["check", "myhealth", "--today", "2026-11-25"]).run();
        assert!(matches!(output.code, Some(1 | 2)), "{file}: {}", output.stdout);
        let said = if output.stderr.is_empty() { crate::timeless(&output) } else { output.stderr.clone() };
        let first = said.split("\n\n").next().unwrap_or_default();
        let _ = write!(answers, "{file}: {from:?} becomes {to:?}\n{first}\n\n");
    }
    assert_snapshot!(answers);
}
