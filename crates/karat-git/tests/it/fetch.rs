//! What git's own client can fetch.

use karat_source::World as _;

use crate::served::{Served, client, commit, done, fails};

#[test]
fn every_protocol_clones() {
    let served = Served::new();
    for version in ["0", "1", "2"] {
        let folder = format!("v{version}");
        let setting = format!("protocol.version={version}");
        done(served.root.path(), &["-c", &setting, "clone", "-q", &served.url(), &folder]);
        let clone = served.root.path().join(&folder);
        assert_eq!(Some(done(&clone, &["rev-parse", "origin/main"])), served.imported.commit);
        assert_eq!(done(&clone, &["status", "--porcelain"]), "");
        assert_eq!(done(&clone, &["ls-remote", "origin"]).lines().count(), 2, "HEAD and main, nothing of ours");
        done(&clone, &["fsck"]);
    }
    // As modules and browsers name it.
    done(served.root.path(), &["clone", "-q", served.url().trim_end_matches(".git"), "without"]);
    assert_eq!(served.children(), [""; 0]);
}

#[test]
fn a_fetch_brings_what_is_new() {
    let served = Served::new();
    let (one, two) = (served.clone("one"), served.clone("two"));
    let pushed = commit(&one, "a.txt", "a");
    done(&one, &["push", "-q", "origin", "main"]);
    // Many commits of its own: the client's question is long, and it packs it.
    for number in 0..40 {
        done(&two, &["commit", "-q", "--allow-empty", "-m", &number.to_string()]);
    }
    let trace = served.root.path().join("trace");
    let output = std::process::Command::new("git")
        .current_dir(&two)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("GIT_TRACE_CURL", &trace)
        .args(["-c", "protocol.version=2", "fetch", "-q", "origin"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let sent = String::from_utf8_lossy(&fs_err::read(&trace).unwrap()).to_lowercase();
    assert!(sent.contains("content-encoding: gzip"), "the request was to be a packed one");
    assert_eq!(done(&two, &["rev-parse", "origin/main"]), pushed);
}

#[test]
fn history_can_be_had_in_parts() {
    let served = Served::new();
    let one = served.clone("one");
    for number in 0..10 {
        commit(&one, "a.txt", &number.to_string());
    }
    done(&one, &["push", "-q", "origin", "main"]);
    for version in ["0", "2"] {
        let (folder, setting) = (format!("shallow{version}"), format!("protocol.version={version}"));
        done(served.root.path(), &["-c", &setting, "clone", "-q", "--depth", "1", &served.url(), &folder]);
        let shallow = served.root.path().join(&folder);
        let count = || done(&shallow, &["rev-list", "--count", "HEAD"]);
        assert_eq!(count(), "1");
        done(&shallow, &["-c", &setting, "fetch", "-q", "--deepen", "3"]);
        assert_eq!(count(), "4");
        // A push from a shallow clone.
        commit(&shallow, &format!("{folder}.txt"), "b");
        done(&shallow, &["push", "-q", "origin", &format!("HEAD:refs/heads/{folder}")]);
        done(&shallow, &["-c", &setting, "fetch", "-q", "--unshallow"]);
        assert_eq!(count(), "12");
    }
    served.sound();
}

#[test]
fn a_partial_clone_has_its_files_when_it_needs_them() {
    let served = Served::new();
    done(served.root.path(), &["clone", "-q", "--filter=blob:none", "--no-checkout", &served.url(), "partial"]);
    let partial = served.root.path().join("partial");
    let missing = || {
        let objects = done(&partial, &["rev-list", "--objects", "--missing=print", "HEAD"]);
        objects.lines().filter(|line| line.starts_with('?')).count()
    };
    assert_eq!(missing(), 21);
    done(&partial, &["checkout", "-q", "main"]);
    assert_eq!(missing(), 0);
}

#[test]
fn a_commit_is_had_by_its_hash() {
    let served = Served::new();
    let one = served.clone("one");
    let middle = commit(&one, "a.txt", "a");
    commit(&one, "b.txt", "b");
    done(&one, &["push", "-q", "origin", "main"]);
    // What a workflow's checkout does.
    for version in ["protocol.version=0", "protocol.version=2"] {
        let folder = served.root.path().join(version);
        fs_err::create_dir_all(&folder).unwrap();
        done(&folder, &["init", "-q"]);
        done(&folder, &["-c", version, "fetch", "-q", "--depth", "1", &served.url(), &middle]);
        assert_eq!(done(&folder, &["rev-parse", "FETCH_HEAD"]), middle);
    }
    let none = "1".repeat(40);
    assert!(fails(&one, &["fetch", "-q", &served.url(), &none]).contains("not our ref"));
}

#[test]
fn a_thousand_refs() {
    let mut served = Served::new();
    let clone = served.clone("clone");
    let names: Vec<String> = (0..1_000).map(|number| format!("refs/heads/topic/{number}")).collect();
    for name in &names {
        let path = clone.join(".git").join(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, format!("{}\n", served.imported.commit.as_ref().unwrap())).unwrap();
    }
    let timed = |what: &str, arguments: &[&str]| {
        #[expect(clippy::disallowed_methods, reason = "the time is printed, and decides nothing")]
        let start = std::time::Instant::now();
        let output = done(&clone, arguments);
        println!("1,000 refs, {what}: {} ms", start.elapsed().as_millis());
        output
    };
    timed("push", &["push", "-q", "origin", "refs/heads/topic/*"]);
    let push = served.push().unwrap();
    let mut told: Vec<&str> = push.changes.iter().map(|change| change.name.as_str()).collect();
    told.sort_unstable();
    let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(told, names);
    assert_eq!(timed("ls-remote", &["ls-remote", "--heads", "origin"]).lines().count(), 1_001);
    timed("clone", &["clone", "-q", &served.url(), "again"]);
    timed("fetch of nothing", &["fetch", "-q", "origin"]);
    let one = commit(&clone, "a.txt", "a");
    timed("push of one commit", &["push", "-q", "origin", "main"]);
    assert_eq!(served.push().unwrap().changes.len(), 1);
    assert_eq!(served.refs()["refs/heads/main"], one);
    let tree = served.repositories.repository(&crate::served::app()).unwrap().tree("topic/999", "").unwrap();
    assert!(tree.read("README.md").is_ok());
    served.sound();
}

#[test]
fn a_failure_is_told_in_a_sentence() {
    let served = Served::new();
    let said = fails(served.root.path(), &["clone", &format!("http://{}/team/none.git", served.address), "none"]);
    assert!(said.contains("no repository `team/none`"), "{said}");
    // A repository that lost an object is an error, not half an answer.
    let objects = served.place().join("objects");
    let tree = done(&served.place(), &["rev-parse", "main^{tree}"]);
    fs_err::remove_file(objects.join(&tree[..2]).join(&tree[2..])).unwrap();
    assert!(!client(served.root.path(), &["clone", &served.url(), "broken"]).status.success());
}
