//! A folder imported by us and added by git: the same trees, the same commit, objects that git accepts.

use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use karat_git::{ImportError, import};

use crate::git;

fn git_says(folder: &Path, arguments: &[&str], input: &[u8]) -> String {
    let mut child = Command::new("git")
        .current_dir(folder)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("HOME", folder.parent().unwrap())
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "git {arguments:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A folder with everything that makes trees differ: order, modes, links, rules.
fn sample() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("folder");
    for (path, text) in [
        ("README.md", "# A\n"),
        ("a.b/file", "sorts before a/"),
        ("a/file", "sorts after a.b/"),
        ("a-b", "sorts before both"),
        ("ä/ü.txt", "umlaut"),
        ("empty.txt", ""),
        ("crlf.txt", "as it is\r\n"),
        (".gitattributes", "*.bin binary\n"),
        (".gitignore", "/target\n*.log\n!keep.log\ndoc/**/draft\n\\#odd\ntrailing \nwith\\ \n"),
        ("target/debug/x", "built"),
        ("sub/target/x", "not the one at the top"),
        ("x.log", "ignored"),
        ("keep.log", "kept"),
        ("doc/a/b/draft/x", "ignored"),
        ("doc/a/final", "kept"),
        ("#odd", "ignored"),
        ("sub/.gitignore", "*.tmp\n!*.log\n/only-here\n"),
        ("sub/y.log", "kept: the nearer rule"),
        ("sub/y.tmp", "ignored"),
        ("sub/only-here", "ignored"),
        ("sub/deep/only-here", "kept"),
        ("all/.gitignore", "*\n"),
        ("all/x", "ignored, and the folder with it"),
        ("whole/.gitignore", "*\n!.gitignore\n!*/\n!*.rs\n"),
        ("whole/a/b.rs", "kept"),
        ("whole/a/b.o", "ignored"),
        ("bin/run.sh", "#!/bin/sh\n"),
    ] {
        let path = folder.join(path);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    }
    fs_err::create_dir_all(folder.join("nothing/in/here")).unwrap();
    fs_err::set_permissions(folder.join("bin/run.sh"), std::fs::Permissions::from_mode(0o755)).unwrap();
    fs_err::set_permissions(folder.join("README.md"), std::fs::Permissions::from_mode(0o604)).unwrap();
    symlink("bin/run.sh", folder.join("link")).unwrap();
    symlink("/nowhere", folder.join("sub/dangling")).unwrap();
    symlink("a", folder.join("to-a-folder")).unwrap();
    root
}

#[test]
fn the_tree_is_what_git_adds() {
    let root = sample();
    let folder = root.path().join("folder");
    let ours = import(&folder, &[], &mut |_| {}).unwrap();
    git(&folder, &["init", "-q"]);
    git(&folder, &["add", "-A"]);
    assert_eq!(ours.tree, git_says(&folder, &["write-tree"], b""));
    // A .git at the top changes nothing.
    assert_eq!(ours, import(&folder, &[], &mut |_| {}).unwrap());
    let files = git_says(&folder, &["ls-files"], b"");
    assert!(files.contains("keep.log") && !files.contains("target/debug"), "{files}");
}

#[test]
fn git_accepts_every_object() {
    let root = sample();
    let bare = root.path().join("bare");
    fs_err::create_dir_all(&bare).unwrap();
    git(&bare, &["init", "-q", "--bare"]);
    let ours = import(&root.path().join("folder"), &[], &mut |object| {
        let kind = object.kind.to_string();
        let id = git_says(&bare, &["hash-object", "-w", "-t", &kind, "--stdin"], object.data);
        assert_eq!(id, object.id.to_string());
    })
    .unwrap();
    assert_eq!(ours.first, None);
    git(&bare, &["update-ref", "refs/heads/main", &ours.commit]);
    git(&bare, &["fsck", "--strict", "--full"]);
    let about = git_says(&bare, &["log", "--format=%T %an <%ae> %aI %cI %P %s", "main"], b"");
    assert_eq!(
        about,
        format!("{} Karat <karat@karat.dev> 2026-01-01T00:00:00+00:00 2026-01-01T00:00:00+00:00  Import", ours.tree)
    );
}

#[test]
fn nothing_but_the_folder_counts() {
    let (one, two) = (sample(), sample());
    fs_err::write(two.path().join(".gitignore"), "README.md\n").unwrap();
    fs_err::write(two.path().join("folder/new.log"), "ignored").unwrap();
    let first = import(&one.path().join("folder"), &[], &mut |_| {}).unwrap();
    assert_eq!(first, import(&two.path().join("folder"), &[], &mut |_| {}).unwrap());
    fs_err::set_permissions(two.path().join("folder/a-b"), std::fs::Permissions::from_mode(0o755)).unwrap();
    assert_ne!(first, import(&two.path().join("folder"), &[], &mut |_| {}).unwrap(), "the executable bit counts");
}

#[test]
fn an_empty_folder_is_the_empty_tree() {
    let root = tempfile::tempdir().unwrap();
    let ours = import(root.path(), &[], &mut |_| {}).unwrap();
    assert_eq!(ours.tree, "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
}

#[test]
fn a_repository_within_is_refused() {
    let root = sample();
    fs_err::create_dir_all(root.path().join("folder/sub/.git")).unwrap();
    let error = import(&root.path().join("folder"), &[], &mut |_| {}).unwrap_err();
    assert!(matches!(&error, ImportError::Nested { path } if path.ends_with("sub/.git")), "{error}");
    let gone = import(&root.path().join("none"), &[], &mut |_| {}).unwrap_err();
    assert!(gone.to_string().contains("none"), "{gone}");
}

#[test]
fn what_is_pinned_comes_first_and_stays() {
    let root = sample();
    let (folder, bare) = (root.path().join("folder"), root.path().join("bare"));
    fs_err::create_dir_all(&bare).unwrap();
    git(&bare, &["init", "-q", "--bare"]);
    let ours = import(&folder, &["bin", "a", "none"], &mut |object| {
        let kind = object.kind.to_string();
        git_says(&bare, &["hash-object", "-w", "-t", &kind, "--stdin"], object.data);
    })
    .unwrap();
    git(&bare, &["update-ref", "refs/heads/main", &ours.commit]);
    git(&bare, &["fsck", "--strict", "--full"]);
    let first = ours.first.clone().unwrap();
    assert_eq!(git_says(&bare, &["rev-list", "main"], b""), format!("{}\n{first}", ours.commit));
    assert_eq!(git_says(&bare, &["ls-tree", "-r", "--name-only", &first], b""), "a/file\nbin/run.sh");
    assert_eq!(ours.tree, import(&folder, &[], &mut |_| {}).unwrap().tree, "the whole is the same either way");

    fs_err::write(folder.join("README.md"), "# B\n").unwrap();
    let after = import(&folder, &["bin", "a"], &mut |_| {}).unwrap();
    assert_eq!(after.first, ours.first);
    assert_ne!(after.commit, ours.commit);
    fs_err::write(folder.join("bin/run.sh"), "#!/bin/sh -e\n").unwrap();
    assert_ne!(import(&folder, &["bin", "a"], &mut |_| {}).unwrap().first, ours.first);
}
