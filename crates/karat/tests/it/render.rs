//! `karat render chart`

use crate::{karat, myhealth};

const CHART: &str = "myhealth/apps/appointments/chart";

#[test]
fn values_from_files_and_flags() {
    let sandbox = myhealth();
    let values = format!("{CHART}/ci/values.yaml");
    let output = karat(&sandbox).args(["render", "chart", CHART, "-f", &values, "--release", "appointments"]).run();
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""));
    assert!(output.stdout.starts_with("---\n# Source: appointments/templates/"), "{}", output.stdout);
    let only = ["render", "chart", CHART, "-f", &values, "--show-only", "templates/rollout.yaml"];
    let output = karat(&sandbox).args(only).run();
    assert_eq!(output.stdout.matches("# Source: ").count(), 1);
}

#[test]
fn a_values_file_from_standard_input() {
    let sandbox = myhealth();
    sandbox.write("chart/Chart.yaml", "apiVersion: v2\nname: a\nversion: 1.0.0\n");
    sandbox.write("chart/templates/a.yaml", "a: {{ .Values.a }}\n");
    let output = karat(&sandbox).args(["render", "chart", "chart", "-f", "-"]).stdin("a: 010\n").run();
    assert_eq!(output.stdout, "---\n# Source: a/templates/a.yaml\na: 8\n");
}

#[test]
fn what_differs_every_time_is_warned_of() {
    let sandbox = myhealth();
    sandbox.write("chart/Chart.yaml", "apiVersion: v2\nname: a\nversion: 1.0.0\n");
    sandbox.write("chart/templates/a.yaml", "a: {{ randAlphaNum 8 }}\n");
    let first = karat(&sandbox).args(["render", "chart", "chart"]).run();
    let second = karat(&sandbox).args(["render", "chart", "chart"]).run();
    assert_eq!(first.stdout, second.stdout);
    assert!(first.stderr.contains("randAlphaNum"), "{}", first.stderr);
}
