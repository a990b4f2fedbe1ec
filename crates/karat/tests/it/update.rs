//! `karat update`: what the path has learned, and what the developer has made.

use fs_err as fs;
use insta::assert_snapshot;
use karat_testkit::{Output, Sandbox};

use crate::new::path;
use crate::{edit, karat};

/// A repository made by version 1.0.0 of the path.
fn made() -> Sandbox {
    let sandbox = Sandbox::new();
    path(&sandbox, "1.0.0");
    let _ = karat(&sandbox).args(["new", "-t", "./path", "--defaults", "-q"]).run().success();
    sandbox
}

/// Version 1.1.0 of the path.
fn learn(sandbox: &Sandbox) {
    path(sandbox, "1.1.0");
    edit(sandbox, "path/skeleton/README.md", "Listens on", "It listens on");
    edit(sandbox, "path/skeleton/lib/lib.txt", "of the path", "of the path, and better");
    sandbox.write("path/skeleton/new.txt", "new\n");
}

fn update(sandbox: &Sandbox, arguments: &[&str]) -> Output {
    karat(sandbox).args(["update", "shop", "--template", "./path"]).args(arguments).run()
}

fn commit(sandbox: &Sandbox) {
    for arguments in ["init -q", "add -A", "-c user.name=t -c user.email=t@example.com commit -q -m x"] {
        let folder = sandbox.path().join("shop");
        let _ = sandbox.command("git").current_dir(folder).args(arguments.split(' ')).run().success();
    }
}

#[test]
fn a_clean_repository_takes_everything() {
    let sandbox = made();
    assert_snapshot!(update(&sandbox, &["--check"]).text());
    learn(&sandbox);
    assert_snapshot!(update(&sandbox, &["--check"]).text());
    assert_snapshot!(update(&sandbox, &[]).text());
    assert_eq!(sandbox.read("shop/README.md"), "# shop\n\nIt listens on 8080.\n\nTags: \n");
    let _ = update(&sandbox, &["--check"]).success();
    assert_snapshot!(update(&sandbox, &[]).text());
}

#[test]
fn edits_stay_and_conflicts_are_marked() {
    let sandbox = made();
    edit(&sandbox, "shop/README.md", "Listens on 8080", "Listens on 8080 and waits");
    sandbox.write("shop/lib/lib.txt", "mine\n");
    sandbox.write("shop/own.txt", "mine\n");
    fs::rename(sandbox.path().join("shop/run.sh"), sandbox.path().join("shop/start.sh")).unwrap();
    learn(&sandbox);
    sandbox.write("path/skeleton/run.sh", "#!/bin/sh\nexec shop\n");
    let output = update(&sandbox, &[]);
    assert_snapshot!(output.text());
    assert_snapshot!(sandbox.read("shop/README.md"));
    // Not in git, so what the path owns is put back, and what was there is kept.
    assert_eq!(sandbox.read("shop/lib/lib.txt"), "of the path, and better\n");
    assert_eq!(sandbox.read("shop/lib/lib.txt.yours"), "mine\n");
    assert_eq!(sandbox.read("shop/own.txt"), "mine\n");
    assert_eq!(sandbox.read("shop/start.sh"), "#!/bin/sh\nexec shop\n");
}

#[test]
fn other_answers_give_other_files() {
    let sandbox = made();
    edit(&sandbox, "shop/README.md", "# shop\n", "# shop\n\nOurs.\n");
    let output = update(&sandbox, &["--set", "store=sql", "--set", "tags=[x]"]);
    assert_snapshot!(output.text());
    assert_eq!(sandbox.read("shop/README.md"), "# shop\n\nOurs.\n\nListens on 8080.\n\nTags: x\n");
    assert!(sandbox.read("shop/.karat-lineage.yaml").contains("store: sql"));
}

#[test]
fn drift_fails_the_check() {
    let sandbox = made();
    edit(&sandbox, "shop/lib/lib.txt", "of the path", "of somebody");
    sandbox.write("shop/README.md", "mine\n");
    assert_snapshot!(update(&sandbox, &["--check"]).text());
}

#[test]
fn work_that_is_not_committed_stops_it() {
    let sandbox = made();
    commit(&sandbox);
    learn(&sandbox);
    sandbox.write("shop/README.md", "mine\n");
    let refused = update(&sandbox, &[]);
    assert_snapshot!(refused.text());
    assert_eq!(sandbox.read("shop/README.md"), "mine\n");
    assert_snapshot!(update(&sandbox, &["--force", "a spike"]).text());
}

#[test]
fn what_is_committed_is_in_history() {
    let sandbox = made();
    sandbox.write("shop/lib/lib.txt", "mine\n");
    commit(&sandbox);
    learn(&sandbox);
    let _ = update(&sandbox, &[]).success();
    assert_eq!(sandbox.read("shop/lib/lib.txt"), "of the path, and better\n");
    assert!(!sandbox.path().join("shop/lib/lib.txt.yours").exists());
}

#[test]
fn a_repository_made_by_hand_is_adopted() {
    let sandbox = Sandbox::new();
    path(&sandbox, "1.0.0");
    sandbox.write("shop/README.md", "by hand\n");
    let output = update(&sandbox, &[]);
    assert_snapshot!(output.text());
    let output = karat(&sandbox).args(["update", "shop", "--adopt", "./path", "--set", "port=8081"]).run();
    assert_snapshot!(output.text());
    assert_eq!(sandbox.read("shop/README.md"), "by hand\n");
    assert_snapshot!(update(&sandbox, &["--check"]).text());
}

#[cfg(unix)]
#[test]
fn links_are_not_written_through() {
    let sandbox = made();
    learn(&sandbox);
    sandbox.write("outside.txt", "outside\n");
    fs::remove_file(sandbox.path().join("shop/README.md")).unwrap();
    std::os::unix::fs::symlink("../outside.txt", sandbox.path().join("shop/README.md")).unwrap();
    std::os::unix::fs::symlink("../outside.txt", sandbox.path().join("shop/new.txt")).unwrap();
    let output = update(&sandbox, &[]).failure(2);
    assert!(output.stderr.contains("link"), "{}", output.stderr);
    assert_eq!(sandbox.read("outside.txt"), "outside\n");
    // Nothing was written at all.
    assert_eq!(sandbox.read("shop/lib/lib.txt"), "of the path\n");
}
