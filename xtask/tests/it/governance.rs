//! The workflows of `myhealth/governance`, and the scripts that they run.

use std::path::{Path, PathBuf};
use std::process::Command;

use fs_err as fs;

fn governance() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../myhealth/governance")
}

/// Runs a command in a folder; shows what it says if it fails.
fn run(command: &mut Command, folder: &Path) {
    let output = command.current_dir(folder).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}:\n{}", command.get_program().display(), String::from_utf8_lossy(&said));
}

/// The files of a folder whose names end so, as arguments.
fn files(folder: &Path, end: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.to_string_lossy().ends_with(end));
    files.sort();
    assert!(!files.is_empty(), "{}: no {end}", folder.display());
    files
}

/// The workflows, and the examples by which services call them, in a folder that the linters take for a repository.
fn repository() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let workflows = root.path().join(".github/workflows");
    fs::create_dir_all(&workflows).unwrap();
    fs::copy(governance().join(".github/actionlint.yaml"), root.path().join(".github/actionlint.yaml")).unwrap();
    for path in files(&governance().join(".github/workflows"), ".yaml") {
        fs::copy(&path, workflows.join(path.file_name().unwrap())).unwrap();
    }
    for path in files(&governance().join("examples"), ".yaml") {
        let text = fs::read_to_string(&path).unwrap().replace("@COMMIT", &format!("@{}", "0".repeat(40)));
        let name = format!("example-{}", path.file_name().unwrap().display());
        fs::write(workflows.join(name), text).unwrap();
    }
    run(Command::new("git").args(["init", "--quiet"]), root.path());
    root
}

#[test]
fn the_scripts_pass_their_tests() {
    run(Command::new("sh").arg("tests/run.sh"), &governance());
}

/// What runs or is built upon is taken in first, and what is taken in is used.
#[test]
fn the_mirror_takes_in_what_is_used() {
    const REGISTRY: &str = "registry.myhealth.example/";
    let root = governance().join("../..");
    let listed = fs::read_to_string(governance().join("mirror/images")).unwrap();
    let listed: Vec<(&str, &str)> = listed.lines().filter_map(|line| line.split_once("@sha256:")).collect();
    let arguments = ["ls-files", "--cached", "--others", "--exclude-standard", "--", "myhealth", "paths"];
    let files = Command::new("git").args(arguments).current_dir(&root).output().unwrap().stdout;
    let mut used = String::new();
    for path in String::from_utf8(files).unwrap().lines().filter(|path| !path.ends_with("mirror/images")) {
        let Ok(text) = fs::read_to_string(root.join(path)) else { continue };
        for image in text.split(REGISTRY).skip(1) {
            let Some((name, rest)) = image.split_once("@sha256:") else { continue };
            // Without a host it is ours; with a space or a quote the digest is another's.
            let host = name.split('/').next().unwrap_or_default();
            if host.contains('.') && !name.contains(|c: char| c.is_whitespace() || "\"'`".contains(c)) {
                let digest = rest.get(..64).unwrap_or_default();
                assert!(
                    listed.iter().any(|(_, taken)| *taken == digest),
                    "{path}: mirror/images lacks {name}@sha256:{digest}"
                );
            }
        }
        used.push_str(&text);
    }
    for (name, digest) in listed {
        assert!(used.contains(digest), "mirror/images: nothing uses {name}@sha256:{digest}");
    }
}

#[test]
fn the_workflows_are_as_actionlint_would_have_them() {
    let (Some(actionlint), Some(python)) = (karat_testkit::peer("actionlint"), karat_testkit::peer("zizmor")) else {
        return;
    };
    // It judges the commands of steps with ShellCheck, too.
    let shellcheck = python.join("bin/shellcheck");
    run(Command::new(actionlint).arg("-shellcheck").arg(shellcheck), repository().path());
}

#[test]
fn the_workflows_are_as_zizmor_would_have_them() {
    let Some(python) = karat_testkit::peer("zizmor") else { return };
    let arguments = ["--offline", "--no-progress", "--persona=pedantic", "--strict-collection", "."];
    run(Command::new(python.join("bin/zizmor")).args(arguments), repository().path());
}

#[test]
fn the_scripts_are_as_shellcheck_would_have_them() {
    let Some(python) = karat_testkit::peer("zizmor") else { return };
    let scripts = [files(&governance().join("scripts"), ".sh"), files(&governance().join("tests"), ".sh")].concat();
    let arguments = ["--external-sources", "--source-path=SCRIPTDIR"];
    run(Command::new(python.join("bin/shellcheck")).args(arguments).args(scripts), &governance());
}
