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

#[test]
fn one_repository_is_judged_by_its_organisation() {
    let sandbox = myhealth();
    let whole = karat(&sandbox).args(["check", "myhealth/apps/records", "--strict"]).run();
    assert_eq!((whole.code, whole.stderr.as_str()), (Some(0), ""), "{}", whole.stdout);
    assert!(whole.stdout.starts_with("repository records ("), "{}", whole.stdout);
    assert!(whole.stdout.contains("by the settings of myhealth; not judged are"), "{}", whole.stdout);

    edit(&sandbox, "myhealth/apps/records/go.mod", "go 1.26.0", "go 1.22.0");
    let output = karat(&sandbox).args(["check", "myhealth/apps/records"]).run();
    assert_eq!(output.code, Some(1), "{}", output.stdout);
    assert!(output.stdout.contains("--> myhealth/apps/records/go.mod:3:4"), "{}", output.stdout);
    let strict = "settings:\n    service: {goVersion: 1.20.0}\n";
    edit(&sandbox, "myhealth/governance/organisation.yaml", "settings:\n", strict);
    let decided = karat(&sandbox).args(["check", "myhealth/apps/records"]).run();
    assert_eq!(decided.code, Some(0), "{}", decided.stdout);

    let part = karat(&sandbox).args(["check", "myhealth/apps/records/internal"]).run();
    assert_eq!((part.code, part.stdout.as_str()), (Some(2), ""));
    assert!(part.stderr.contains("karat check myhealth/apps/records\n"), "{}", part.stderr);
}

#[test]
fn a_repository_by_itself_is_judged_by_karats_settings() {
    let sandbox = Sandbox::new();
    sandbox.write("slots/go.mod", "module git.example/slots\n\ngo 1.21\n");
    sandbox.write("slots/cmd/slots/main.go", "package main\n\nfunc main() {\n");
    let broken = karat(&sandbox).args(["check", "slots"]).run();
    assert_eq!(broken.code, Some(2), "{}", broken.stdout);
    assert!(broken.stdout.contains("--> slots/cmd/slots/main.go:3:"), "{}", broken.stdout);

    sandbox.write("slots/cmd/slots/main.go", "package main\n\nfunc main() {}\n");
    let output = karat(&sandbox).args(["check", "slots"]).run();
    assert_eq!((output.code, output.stderr.as_str()), (Some(1), ""));
    for part in
        ["--> slots/go.mod:3:4", "repository slots (1 Go module) in", "Karat's own settings", "repository slots "]
    {
        assert!(output.stdout.contains(part), "{part}: {}", output.stdout);
    }
    let json = karat(&sandbox).args(["check", "slots", "--format", "json"]).run();
    assert!(json.stdout.contains("\"slots/go.mod\""), "{}", json.stdout);
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
