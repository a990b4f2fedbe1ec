//! The distribution specification's own suite, as a peer.

use std::process::Command;

use crate::support::Server;

/// A little less than what the pinned suite counts (986): fewer would mean that some of it did not run.
const PASSING: u32 = 950;

#[test]
fn the_official_suite_passes() {
    let Some(suite) = karat_testkit::peer("oci") else { return };
    let server = Server::start();
    let results = tempfile::tempdir().unwrap();
    let output = Command::new(suite)
        .current_dir(results.path())
        .env_clear()
        .env("OCI_REGISTRY", server.address.to_string())
        .env("OCI_TLS", "disabled")
        // With all that is to come in 1.2: cancelling uploads, digests in every answer, tags beside a digest.
        .env("OCI_VERSION", "dev")
        .env("OCI_RESULTS_DIR", results.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let count = |status: &str| {
        let line = text.lines().find_map(|line| line.trim_start().strip_prefix(&format!("{status}..")));
        line.and_then(|line| line.rsplit(' ').next()?.parse::<u32>().ok()).expect("the suite counts its tests")
    };
    let wrong: Vec<&str> =
        text.lines().filter(|line| line.contains(": FAIL") || line.contains(" - ")).take(40).collect();
    for status in ["FAIL", "Error", "Skip", "Disabled"] {
        assert_eq!(count(status), 0, "{status}\n{}", wrong.join("\n"));
    }
    assert!(count("Pass") >= PASSING, "{} tests passed, of {PASSING}", count("Pass"));
    assert!(output.status.success());
    server.assert_sound();
}
