//! `karat check`

use insta::assert_snapshot;
use karat_testkit::Sandbox;

use crate::{edit, karat, myhealth, timeless};

const SETS: &str = "myhealth/config/appsets/services.yaml";

#[test]
fn myhealth_is_fine() {
    let output = karat(&myhealth()).args(["check", "myhealth", "--strict"]).run();
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""));
    assert!(output.stdout.contains(": 0 errors, 0 warnings\n"), "{}", output.stdout);
}

#[test]
fn a_broken_standard_is_told_to_the_line() {
    let sandbox = myhealth();
    edit(&sandbox, SETS, "preserveResourcesOnDeletion: true ", "preserveResourcesOnDeletion: false");
    let output = karat(&sandbox).args(["check", "myhealth"]).run();
    assert_eq!((output.code, output.stderr.as_str()), (Some(1), ""));
    let finding = timeless(&output);
    let finding = finding.split("\n\n").next().unwrap_or_default();
    assert_snapshot!(finding);

    let quiet = karat(&sandbox).args(["check", "myhealth", "-q"]).run();
    assert_eq!((quiet.code, quiet.stdout.lines().count()), (Some(1), 1));
}

#[test]
fn every_format_tells_it() {
    let sandbox = myhealth();
    edit(&sandbox, SETS, "preserveResourcesOnDeletion: true ", "preserveResourcesOnDeletion: false");
    for format in ["json", "sarif", "github", "markdown"] {
        let output = karat(&sandbox).args(["check", "myhealth", "--format", format]).run();
        assert_eq!((output.code, output.stderr.as_str()), (Some(1), ""), "{format}");
        assert!(output.stdout.contains("gitops/safe-applicationset"), "{format}");
        assert!(output.stdout.contains("myhealth/config/appsets/services.yaml"), "{format}");
    }
}

/// `--peers`: OASIS's schema, as go-sarif embeds it, on a report with findings, a waiver and a problem.
#[test]
fn sarif_is_sarif() {
    let Some(sarif) = karat_testkit::peer("sarif") else { return };
    let sandbox = myhealth();
    edit(&sandbox, SETS, "preserveResourcesOnDeletion: true ", "preserveResourcesOnDeletion: false");
    waive(&sandbox);
    edit(&sandbox, "myhealth/config/appsets/tenants.yaml", "missingkey=error", "missingkey=zero");
    let report = karat(&sandbox).args(["check", "myhealth", "--format", "sarif", "--today", "2026-12-31"]).run();
    assert_eq!(report.code, Some(1), "{}", report.stdout);
    assert!(report.stdout.contains("\"suppressions\""), "{}", report.stdout);
    let verdict = sandbox.command(sarif).stdin(report.stdout).run();
    assert_eq!((verdict.stdout.as_str(), verdict.code), ("valid\n", Some(0)));
}

fn waive(sandbox: &Sandbox) {
    let waiver = "- standard: gitops/safe-applicationset\n    on: {kind: ApplicationSet, name: services}\n    owner: \
                  group:default/platform\n    reason: moves to another set this month\n    until: \"2026-12-31\"\n";
    edit(sandbox, "myhealth/governance/waivers.yaml", "waivers: []", &format!("waivers:\n  {waiver}"));
}

#[test]
fn a_waiver_accepts_until_its_end() {
    let sandbox = myhealth();
    edit(&sandbox, SETS, "preserveResourcesOnDeletion: true ", "preserveResourcesOnDeletion: false");
    waive(&sandbox);
    let within = karat(&sandbox).args(["check", "myhealth", "--today", "2026-12-31"]).run();
    assert_eq!(within.code, Some(0), "{}", within.stdout);
    assert!(within.stdout.contains(": 0 errors, 0 warnings, 1 waived until 2026-12-31\n"), "{}", within.stdout);
    let after = karat(&sandbox).args(["check", "myhealth", "--today", "2027-01-01"]).run();
    assert_eq!(after.code, Some(1), "{}", after.stdout);
}

#[test]
fn a_chart_that_does_not_render_is_bad_input() {
    let sandbox = myhealth();
    edit(&sandbox, "myhealth/apps/appointments/chart/templates/rollout.yaml", "{{", "{{ nope }}{{");
    let output = karat(&sandbox).args(["check", "myhealth"]).run();
    assert_eq!(output.code, Some(2), "{}", output.stdout);
    assert!(output.stdout.contains("function \"nope\" not defined"), "{}", output.stdout);
    assert!(output.stdout.contains("affects appointments-production-eu"), "{}", output.stdout);
    assert!(
        output.stdout.contains("--> myhealth/apps/appointments/chart/templates/rollout.yaml:1:"),
        "{}",
        output.stdout
    );
}
