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
    assert!(area.stderr.contains("the areas are compute, "), "{}", area.stderr);
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
