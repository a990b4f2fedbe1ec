//! Services call the workflows of governance by commit. That commit is a function of governance's folder, so it is kept
//! by a program: `cargo xtask gen pins` writes it, and the test fails where it is stale. It is the commit of the workflows
//! and their scripts alone, so that a new team or a new chart moves no service's pin.
//!
//! Only what is outside governance is pinned: no folder can hold its own hash.

use std::path::{Path, PathBuf};
use std::process::Command;

use karat_git::{WORKFLOWS, import};

/// What stands before the name of a workflow, in `uses:` lines and in the identities of signers.
const CALLED: &str = "platform/governance/.github/workflows/";

#[test]
fn services_call_governance_as_it_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let commit = commit(&root);
    let stale = repin(&root, &["myhealth", "paths"], &commit, write());
    assert!(stale.is_empty(), "governance is {commit} now; run `cargo xtask gen pins`:\n{}", stale.join("\n"));
}

#[test]
fn only_commits_of_the_workflows_are_pinned() {
    let (old, new) = ("a".repeat(40), "b".repeat(40));
    let text = format!(
        "uses: {CALLED}service-ci.yaml@{old} # main\n\
         subject: https://git.myhealth.example/{CALLED}docs-ci.yaml@{old}\n\
         subject: https://git.myhealth.example/{CALLED}mirror.yaml@refs/heads/main\n\
         uses: other/repository/.github/workflows/service-ci.yaml@{old}\n\
         digest: {old}, {CALLED}service-ci.yaml, {CALLED}short.yaml@{}\n",
        &old[1..]
    );
    let expected = text.replacen(&old, &new, 2);
    assert_eq!(pinned(&text, &new), expected);
    assert_eq!(pinned(&expected, &new), expected);
}

#[test]
fn a_stale_pin_is_named_and_mended() {
    let root = tempfile::tempdir().unwrap();
    let ci = root.path().join("myhealth/apps/one/.github/workflows/ci.yaml");
    let own = root.path().join("myhealth/governance/README.md");
    let text = format!("jobs:\n  service:\n    uses: {CALLED}service-ci.yaml@{} # main\n", "0".repeat(40));
    let workflow = root.path().join("myhealth/governance/.github/workflows/service-ci.yaml");
    for path in [&ci, &own, &workflow] {
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, &text).unwrap();
    }
    crate::git(root.path(), &["init", "-q"]);
    let commit = commit(root.path());
    let named = ["myhealth/apps/one/.github/workflows/ci.yaml"];
    assert_eq!(repin(root.path(), &["myhealth"], &commit, false), named);
    assert_eq!(fs_err::read_to_string(&ci).unwrap(), text);
    assert_eq!(repin(root.path(), &["myhealth"], &commit, true), [""; 0]);
    assert!(fs_err::read_to_string(&ci).unwrap().contains(&format!("@{commit} # main")));
    assert_eq!(fs_err::read_to_string(&own).unwrap(), text, "governance does not name itself");
    fs_err::write(&own, "another text").unwrap();
    assert_eq!(self::commit(root.path()), commit, "only workflows and scripts count");
}

/// The commit of governance's workflows.
fn commit(root: &Path) -> String {
    let import = import(&root.join("myhealth/governance"), WORKFLOWS, &mut |_| {}).unwrap();
    import.first.expect("governance has workflows")
}

/// The files below `folders` whose pins are not `commit`; they are mended instead if `write` is set.
fn repin(root: &Path, folders: &[&str], commit: &str, write: bool) -> Vec<String> {
    let mut stale = Vec::new();
    for path in files(root, folders) {
        if path.starts_with("myhealth/governance/") {
            continue;
        }
        let file: PathBuf = root.join(&path);
        // A file may be deleted and not yet committed; one that is not UTF-8 is no text.
        let Ok(text) = fs_err::read_to_string(&file) else { continue };
        let expected = pinned(&text, commit);
        if text == expected {
            continue;
        }
        if write {
            fs_err::write(&file, expected).unwrap();
        } else {
            stale.push(path);
        }
    }
    stale
}

/// `text` with every commit after a workflow of governance replaced.
fn pinned(text: &str, commit: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(CALLED) {
        let (before, after) = rest.split_at(at + CALLED.len());
        out.push_str(before);
        rest = after;
        let name = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c))).unwrap_or(rest.len());
        let Some(hash) = rest[name..].strip_prefix('@') else { continue };
        let length = hash.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(hash.len());
        if length == commit.len() {
            out.push_str(&rest[..=name]);
            out.push_str(commit);
            rest = &hash[length..];
        }
    }
    out.push_str(rest);
    out
}

/// The files that git knows or would add.
fn files(root: &Path, folders: &[&str]) -> Vec<String> {
    let output = Command::new("git")
        .args(["-c", "core.quotepath=off", "ls-files", "--cached", "--others", "--exclude-standard", "--"])
        .args(folders)
        .current_dir(root)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

fn write() -> bool {
    #[expect(clippy::disallowed_methods, reason = "how `cargo xtask gen` asks a test to write")]
    std::env::var("KARAT_UPDATE").is_ok_and(|value| value == "1")
}
