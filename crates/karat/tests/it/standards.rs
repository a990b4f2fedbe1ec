//! `karat standards`

use insta::assert_snapshot;
use karat_testkit::Sandbox;

use crate::{karat, myhealth};

#[test]
fn list() {
    let output = karat(&Sandbox::new()).args(["standards", "list", "secrets"]).run();
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert_snapshot!(output.stdout);
}

#[test]
fn show() {
    let output = karat(&Sandbox::new()).args(["standards", "show", "secrets/no-native-secrets"]).run();
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert_snapshot!(output.stdout);
}

#[test]
fn unknown_names_get_a_hint() {
    let sandbox = Sandbox::new();
    let near = karat(&sandbox).args(["standards", "show", "hardened"]).run();
    assert_eq!(near.code, Some(2));
    assert!(near.stderr.contains("did you mean runtime/hardened?"), "{}", near.stderr);
    let area = karat(&sandbox).args(["standards", "list", "nope"]).run();
    assert_eq!(area.code, Some(2));
    assert!(area.stderr.contains("the areas are ci, compute, "), "{}", area.stderr);
}

#[test]
fn export() {
    let sandbox = myhealth();
    let output = karat(&sandbox).args(["standards", "export", "myhealth", "--cluster", "production-eu"]).run();
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""));
    let of = |kind: &str| output.stdout.matches(&format!("\nkind: {kind}\n")).count();
    assert_eq!(of("ValidatingAdmissionPolicy"), of("ValidatingAdmissionPolicyBinding"));
    assert!(of("ValidatingAdmissionPolicy") > 10, "{}", output.stdout);
    let other = karat(&sandbox).args(["standards", "export", "myhealth", "--cluster", "nope"]).run();
    assert_eq!(other.code, Some(2));
    assert!(other.stderr.contains("its clusters are platform-eu, "), "{}", other.stderr);
}

/// A standard in `governance/standards` counts like those that come with Karat.
#[test]
fn an_organisations_own() {
    let sandbox = myhealth();
    let own = "apiVersion: karat.dev/v1\nkind: Standard\nmetadata: {name: naming/short}\nspec:\n  title: Names are short\n  why: \
               Long names are cut in metrics.\n  source: Naming\n  level: should\n  karats: 1\n  applies: {to: object, kinds: \
               [Namespace], in: all}\n  check: {cel: \"size(object.metadata.name) < 4\", message: name is too long}\n  fix: \
               how-to/name-things\n";
    sandbox.write("myhealth/governance/standards/naming/short/standard.yaml", own);
    let output = karat(&sandbox).args(["check", "myhealth"]).run();
    assert_eq!(output.code, Some(0), "{}", output.stdout);
    assert!(output.stdout.contains("warning[naming/short]: name is too long"), "{}", output.stdout);
    assert_eq!(karat(&sandbox).args(["check", "myhealth", "--strict"]).run().code, Some(1));

    sandbox.write(
        "myhealth/governance/standards/naming/short/standard.yaml",
        own.replace("level: should", "level: shall"),
    );
    let wrong = karat(&sandbox).args(["check", "myhealth"]).run();
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.stderr.contains("myhealth/governance/standards/naming/short/standard.yaml:"), "{}", wrong.stderr);
}
