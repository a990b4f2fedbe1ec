//! Discovery, comparison and reports of case folders.

use karat_testkit::{Cases, Sandbox};

#[test]
fn finds_cases_at_any_depth_and_looks_into_none() {
    let sandbox = Sandbox::new();
    sandbox.write("a/in", "1");
    sandbox.write("group/b/in", "2");
    sandbox.write("group/b/chart/templates/in", "not a case");
    sandbox.write("_shared/x/y", "");
    sandbox.write("README.md", "");
    let cases = Cases::new(sandbox.path(), "in").discover().unwrap();
    let names: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names, ["a", "group/b"]);
}

#[test]
fn names_what_was_forgotten() {
    let sandbox = Sandbox::new();
    sandbox.write("a/in", "1");
    sandbox.write("half-made/golden", "");
    sandbox.write("stray", "");
    let error = Cases::new(sandbox.path(), "in").discover().unwrap_err().to_string();
    assert!(error.contains("no case reads half-made, half-made/golden, stray"), "{error}");
}

#[test]
fn reports_every_failure() {
    let sandbox = Sandbox::new();
    for name in ["a", "b", "c"] {
        sandbox.write(&format!("{name}/in"), name);
        sandbox.write(&format!("{name}/golden"), if name == "a" { "a\n" } else { "x\n" });
    }
    let cases = Cases::new(sandbox.path(), "in");
    let report = std::panic::catch_unwind(|| {
        cases.run(|case| case.golden("golden", &format!("{}\n", case.read("in")?)));
    })
    .unwrap_err();
    let report = report.downcast_ref::<String>().unwrap();
    assert!(report.starts_with("2 of 3 cases failed"), "{report}");
    assert!(report.contains("=== b\n--- golden\n+++ actual\n@@ -1 +1 @@\n-x\n+b\n"), "{report}");
    assert!(report.contains("failed: b, c\n"), "{report}");
}

#[test]
fn a_panicking_case_is_one_failure() {
    let sandbox = Sandbox::new();
    sandbox.write("a/in", "");
    sandbox.write("b/in", "");
    let cases = Cases::new(sandbox.path(), "in");
    let report = std::panic::catch_unwind(|| {
        cases.run(|case| {
            assert!(case.name != "a", "no a here");
            Ok(())
        });
    })
    .unwrap_err();
    assert!(report.downcast_ref::<String>().unwrap().contains("1 of 2 cases failed"));
}
