//! Repositories that are read as they are committed.

use std::path::Path;
use std::process::Command;

use crate::support::{Organisation, component, get, location, owner, status, until};

fn git(folder: &Path, arguments: &[&str]) {
    let done = Command::new("git")
        .current_dir(folder)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("HOME", folder)
        .args(["-c", "user.name=Karat", "-c", "user.email=karat@karat.dev", "-c", "init.defaultBranch=main"])
        .args(arguments)
        .output()
        .unwrap();
    assert!(done.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}

fn commit(folder: &Path) {
    git(folder, &["add", "-A"]);
    git(folder, &["commit", "-qm", "A change"]);
}

#[test]
fn what_is_committed_is_read_and_nothing_else() {
    let mut organisation = Organisation::new(&[
        ("a/catalog-info.yaml", &location("all", &["./more/*.yaml", "../b/next.yaml"])),
        ("a/more/shop.yaml", &component("shop", "one")),
        ("b/next.yaml", &component("next", "files")),
    ]);
    let repository = organisation.path("a");
    git(&repository, &["init", "-q"]);
    commit(&repository);
    organisation.sources.repositories[0].revision = Some("main".to_owned());
    organisation.write("a/more/shop.yaml", &component("shop", "uncommitted"));
    let catalog = organisation.open();
    assert_eq!(owner(&catalog, "shop").as_deref(), Some("one"));
    // What is beside the repository is as its files are.
    assert_eq!(owner(&catalog, "next").as_deref(), Some("files"));
    assert_eq!(
        catalog.now().place(&"component:default/shop".parse().unwrap()),
        Some(("a/more/shop.yaml".to_owned(), 1))
    );

    organisation.write("a/more/till.yaml", &component("till", "one"));
    commit(&repository);
    until("the commit", || owner(&catalog, "shop").as_deref() == Some("uncommitted"));
    until("the new file", || owner(&catalog, "till").is_some());
    // Another branch is none of ours.
    git(&repository, &["checkout", "-qb", "other"]);
    organisation.write("a/more/shop.yaml", &component("shop", "other"));
    commit(&repository);
    std::thread::sleep(std::time::Duration::from_millis(200));
    assert_eq!(owner(&catalog, "shop").as_deref(), Some("uncommitted"));
    git(&repository, &["checkout", "-q", "main"]);
    git(&repository, &["merge", "-q", "other"]);
    until("the merge", || owner(&catalog, "shop").as_deref() == Some("other"));

    // The files again.
    let mut sources = organisation.sources.clone();
    sources.repositories[0].revision = None;
    organisation.write("a/more/shop.yaml", &component("shop", "at work"));
    catalog.set_sources(sources);
    until("the files", || owner(&catalog, "shop").as_deref() == Some("at work"));
}

#[test]
fn a_branch_that_is_not_there_is_told_and_takes_nothing() {
    let mut organisation = Organisation::new(&[("a/catalog-info.yaml", &component("shop", "one"))]);
    let repository = organisation.path("a");
    git(&repository, &["init", "-q"]);
    commit(&repository);
    drop(organisation.open());
    organisation.sources.repositories[0].revision = Some("missing".to_owned());
    let catalog = organisation.open();
    assert_eq!(owner(&catalog, "shop").as_deref(), Some("one"));
    assert!(status(&catalog, "component:default/shop")[0].contains("`missing` is not a revision"), "it says why");
    let root = catalog.locations().unwrap().remove(0).reference;
    assert!(get(&catalog, root.as_str()).is_some());
}
