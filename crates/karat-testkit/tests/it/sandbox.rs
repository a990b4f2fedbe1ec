//! Hermetic runs.

use karat_testkit::Sandbox;

#[test]
fn a_run_sees_only_its_own_environment() {
    let sandbox = Sandbox::new();
    let output = sandbox.command("env").env("ASKED", "yes").run().success();
    let mut lines: Vec<&str> = output.stdout.lines().filter(|line| !line.starts_with("PATH=")).collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "ASKED=yes",
            "COLUMNS=80",
            "GIT_CONFIG_GLOBAL=$SANDBOX/home/.gitconfig",
            "GIT_CONFIG_NOSYSTEM=1",
            "HOME=$SANDBOX/home",
            "LC_ALL=C.UTF-8",
            "NO_COLOR=1",
            "TERM=dumb",
            "TMPDIR=$SANDBOX/tmp",
            "TZ=UTC",
        ]
    );
}

#[test]
fn streams_and_code_come_back() {
    let sandbox = Sandbox::new();
    let output = sandbox.command("sh").args(["-c", "cat; echo late >&2; exit 3"]).stdin("early\n").run().failure(3);
    assert_eq!(output.text(), "exit code: 3\n--- stdout\nearly\n[EOF]\n--- stderr\nlate\n[EOF]\n");
}

#[test]
fn the_folder_is_gone_afterwards() {
    let sandbox = Sandbox::new();
    let path = sandbox.write("deep/file", "x");
    drop(sandbox);
    assert!(!path.exists());
}
