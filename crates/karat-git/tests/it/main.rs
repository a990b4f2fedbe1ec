//! A repository made by git itself, read back at two revisions.

mod fetch;
mod hostile;
mod import;
mod pins;
mod push;
mod repositories;
mod served;

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use karat_git::{Error, Repository};
use karat_source::{EntryKind, ReadError, World, walk};

fn git(folder: &Path, arguments: &[&str]) {
    let status = Command::new("git")
        .current_dir(folder)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("HOME", folder)
        .args(["-c", "user.name=karat", "-c", "user.email=karat@myhealth.example", "-c", "init.defaultBranch=main"])
        .args(arguments)
        .status()
        .expect("git is on the path");
    assert!(status.success(), "git {arguments:?}");
}

fn sample() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let org = root.path().join("org");
    fs_err::create_dir_all(org.join("config/deep")).unwrap();
    fs_err::write(root.path().join("outside.txt"), "out").unwrap();
    fs_err::write(org.join("config/deep/a.yaml"), "a: 1\n").unwrap();
    fs_err::write(org.join("ä.txt"), "umlaut").unwrap();
    symlink("config/deep", org.join("folder")).unwrap();
    symlink("folder/a.yaml", org.join("file")).unwrap();
    symlink("../outside.txt", org.join("out")).unwrap();
    symlink("/etc/passwd", org.join("absolute")).unwrap();
    symlink("loop", org.join("loop")).unwrap();
    git(root.path(), &["init", "-q"]);
    git(root.path(), &["add", "."]);
    git(root.path(), &["commit", "-qm", "first"]);
    fs_err::write(org.join("config/deep/a.yaml"), "a: 2\n").unwrap();
    fs_err::remove_file(org.join("loop")).unwrap();
    git(root.path(), &["commit", "-qam", "second"]);
    git(root.path(), &["tag", "-am", "annotated", "v1"]);
    fs_err::write(org.join("config/deep/a.yaml"), "a: uncommitted\n").unwrap();
    root
}

#[test]
fn a_tree_is_a_world() {
    let root = sample();
    let repository = Repository::discover(&root.path().join("org/config")).unwrap();
    assert_eq!(repository.work_tree().unwrap().canonicalize().unwrap(), root.path().canonicalize().unwrap());

    let head = repository.tree("v1", "org").unwrap();
    assert_eq!(head.read("config/deep/a.yaml").unwrap(), b"a: 2\n");
    assert_eq!(head.read("folder/a.yaml").unwrap(), b"a: 2\n");
    assert_eq!(head.read("file").unwrap(), b"a: 2\n");
    assert_eq!(head.read("ä.txt").unwrap(), b"umlaut");
    assert_eq!(repository.tree("HEAD~1", "org").unwrap().read("file").unwrap(), b"a: 1\n");
    assert_eq!(head.commit().len(), 40);

    let kinds: Vec<_> = head.list("").unwrap().into_iter().map(|entry| (entry.name, entry.kind)).collect();
    assert_eq!(
        kinds,
        [
            ("absolute".to_owned(), EntryKind::Escape),
            ("config".to_owned(), EntryKind::Folder),
            ("file".to_owned(), EntryKind::File),
            ("folder".to_owned(), EntryKind::Folder),
            ("out".to_owned(), EntryKind::Escape),
            ("ä.txt".to_owned(), EntryKind::File),
        ]
    );
    assert_eq!(walk(&head, "config").unwrap(), ["config/deep/a.yaml"]);
    assert_eq!(head.kind("config").unwrap(), Some(EntryKind::Folder));
    assert_eq!(head.kind("nothing").unwrap(), None);
}

#[test]
fn links_never_leave_the_folder() {
    let root = sample();
    let repository = Repository::discover(root.path()).unwrap();
    let first = repository.tree("HEAD~1", "org").unwrap();
    for path in ["out", "absolute", "loop", "../outside.txt", "config/../../outside.txt"] {
        assert!(matches!(first.read(path), Err(ReadError::Escape { .. })), "{path}");
    }
    let whole = repository.tree("HEAD", "").unwrap();
    assert_eq!(whole.read("org/out").unwrap(), b"out");
}

#[test]
fn the_last_change_of_each_file_is_known() {
    let root = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        fs_err::create_dir_all(root.path().join(path).parent().unwrap()).unwrap();
        fs_err::write(root.path().join(path), text).unwrap();
    };
    let commit = |message: &str, author: &str, seconds: u32| {
        git(root.path(), &["add", "-A"]);
        let date = format!("{seconds} +0000");
        let status = Command::new("git")
            .current_dir(root.path())
            .env("GIT_COMMITTER_DATE", &date)
            .args(["-c", "user.name=karat", "-c", "user.email=karat@myhealth.example", "commit", "-q", "-m", message])
            .args([format!("--author={author} <a@myhealth.example>"), format!("--date={date}")])
            .status();
        assert!(status.unwrap().success());
    };
    git(root.path(), &["init", "-q"]);
    write("org/docs/a.md", "1");
    write("org/docs/deep/b.md", "1");
    commit("one", "First", 1_000_000_000);
    git(root.path(), &["checkout", "-q", "-b", "side"]);
    write("org/docs/deep/b.md", "2");
    commit("two", "Second", 1_000_000_100);
    git(root.path(), &["checkout", "-q", "-"]);
    write("other.md", "1");
    commit("three", "Third", 1_000_000_200);
    git(root.path(), &["merge", "-q", "--no-edit", "side"]);
    let changes = Repository::discover(root.path()).unwrap().last_changes("HEAD", "org").unwrap();
    let told: Vec<(&str, &str, i64)> =
        changes.iter().map(|(path, change)| (path.as_str(), change.author.as_str(), change.seconds)).collect();
    // The merge has changed nothing, and what is outside the folder is not asked for.
    assert_eq!(told, [("docs/a.md", "First", 1_000_000_000), ("docs/deep/b.md", "Second", 1_000_000_100)]);
}

#[test]
fn errors_name_what_was_asked_for() {
    let root = sample();
    let repository = Repository::discover(root.path()).unwrap();
    let message = |result: Result<_, Error>| result.map(|_: karat_git::Tree| ()).unwrap_err().to_string();
    assert_eq!(message(repository.tree("nope", "")), "`nope` is not a revision of this repository");
    assert_eq!(message(repository.tree("HEAD", "nope")), "`nope` is not a folder at revision `HEAD`");
    assert_eq!(message(repository.tree("HEAD", "org/ä.txt")), "`org/ä.txt` is not a folder at revision `HEAD`");
    let nowhere = tempfile::tempdir().unwrap();
    assert!(Repository::discover(nowhere.path()).is_err());
}
