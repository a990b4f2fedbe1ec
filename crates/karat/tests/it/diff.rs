//! `karat diff`

use insta::assert_snapshot;
use karat_testkit::Sandbox;

use crate::{edit, karat, myhealth};

const PRODUCTION: &str = "myhealth/config/envs/production/appointments/values.yaml";

fn git(sandbox: &Sandbox, arguments: &[&str]) {
    let identity = ["-c", "user.name=karat", "-c", "user.email=karat@myhealth.example"];
    let output = sandbox.command("git").args(identity).args(arguments).run();
    assert_eq!(output.code, Some(0), "git {arguments:?}: {}", output.stderr);
}

/// myhealth in a repository of its own, committed.
fn committed() -> Sandbox {
    let sandbox = myhealth();
    git(&sandbox, &["init", "-q", "-b", "main"]);
    git(&sandbox, &["add", "."]);
    git(&sandbox, &["commit", "-qm", "first"]);
    sandbox
}

#[test]
fn nothing_changed() {
    let output = karat(&committed()).args(["diff", "-o", "myhealth"]).run();
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""));
    assert_eq!(output.stdout, "no difference: the fleet stays as it is\n");
}

#[test]
fn a_value_for_one_environment() {
    let sandbox = committed();
    let digest = sandbox.read(PRODUCTION).lines().find(|line| line.contains("digest:")).unwrap_or_default().to_owned();
    let other = format!("{}{}", &digest[..digest.len() - 8], "01234567");
    edit(&sandbox, PRODUCTION, &digest, &other);
    let output = karat(&sandbox).args(["diff", "-o", "myhealth"]).run();
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""));
    assert_snapshot!(output.stdout);

    git(&sandbox, &["commit", "-qam", "second"]);
    let revisions = karat(&sandbox).args(["diff", "-o", "myhealth", "HEAD~1", "main"]).run();
    assert_eq!(revisions.stdout, output.stdout);
    let back = karat(&sandbox).args(["diff", "-o", "myhealth", "HEAD", "HEAD~1", "--format", "json"]).run();
    assert!(back.stdout.contains("\"version\": 1"), "{}", back.stdout);
}

#[test]
fn what_is_lost_comes_first() {
    let sandbox = committed();
    fs_err::remove_file(sandbox.path().join(PRODUCTION)).unwrap();
    fs_err::remove_file(sandbox.path().join("myhealth/apps/appointments/chart/templates/pod-disruption-budget.yaml"))
        .unwrap();
    let output = karat(&sandbox).args(["diff", "-o", "myhealth"]).run();
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert_snapshot!(output.stdout.lines().take_while(|line| !line.is_empty()).collect::<Vec<_>>().join("\n"));
    assert!(output.stdout.ends_with("orphaned\n"), "{}", output.stdout);
}

#[test]
fn two_folders() {
    let sandbox = myhealth();
    sandbox.copy(&sandbox.path().join("myhealth"), "other");
    edit(&sandbox, "other/config/tenants/scheduling/limits.yaml", "spec:", "# a comment\nspec:");
    let output = karat(&sandbox).args(["diff", "myhealth", "other"]).run();
    assert_eq!(output.stdout, "no difference: the fleet stays as it is\n", "a comment is no difference");
}

#[test]
fn a_revision_that_is_not_there() {
    let output = karat(&committed()).args(["diff", "-o", "myhealth", "nope"]).run();
    assert_eq!(output.code, Some(2));
    assert_snapshot!(output.stderr);
}
