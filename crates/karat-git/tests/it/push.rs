//! Pushes: what is accepted, what is refused and why, and what is told of them.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Barrier};

use karat_git::Name;
use karat_git::serve::{Access, Asked, Credential, Decision, Limits, Protection, Push, RefChange, Right};

use crate::served::{Served, app, client, commit, done, fails, noise, pkt, post, until, write};

fn change(name: &str, before: Option<&str>, after: Option<&str>) -> RefChange {
    RefChange { name: name.to_owned(), before: before.map(str::to_owned), after: after.map(str::to_owned) }
}

#[test]
fn a_push_changes_what_it_says_and_is_told() {
    let mut served = Served::new();
    let clone = served.clone("clone");
    let first = served.imported.commit.clone().unwrap();
    let second = commit(&clone, "a.txt", "a");
    done(&clone, &["tag", "-a", "-m", "one", "v1"]);
    let tag = done(&clone, &["rev-parse", "v1"]);
    done(&clone, &["push", "-q", "origin", "main", "v1"]);
    let push = served.push().unwrap();
    assert_eq!((&push.repository, push.number, push.by.as_str()), (&app(), 1, "user:default/you"));
    let told: BTreeSet<_> = push.changes.iter().map(|change| change.name.as_str()).collect();
    assert_eq!(told, BTreeSet::from(["refs/heads/main", "refs/tags/v1"]));
    assert!(push.changes.contains(&change("refs/heads/main", Some(&first), Some(&second))));
    assert!(push.changes.contains(&change("refs/tags/v1", None, Some(&tag))));

    // Nothing to do is nothing to tell.
    done(&clone, &["push", "-q", "origin", "main"]);
    // A branch of one's own may be thrown back, and deleted.
    done(&clone, &["push", "-q", "origin", "main:topic"]);
    done(&clone, &["push", "-q", "--force", "origin", &format!("{first}:refs/heads/topic")]);
    done(&clone, &["push", "-q", "origin", ":topic"]);
    let told: Vec<Push> = (0..3).map(|_| served.push().unwrap()).collect();
    let changes: Vec<_> = told.iter().map(|push| (push.number, push.changes.clone())).collect();
    let topic = "refs/heads/topic";
    assert_eq!(
        changes,
        [
            (2, vec![change(topic, None, Some(&second))]),
            (3, vec![change(topic, Some(&second), Some(&first))]),
            (4, vec![change(topic, Some(&first), None)]),
        ]
    );
    served.quiet();
    served.sound();
}

#[test]
fn main_is_not_thrown_back_nor_deleted() {
    let mut served = Served::new();
    let clone = served.clone("clone");
    let first = served.imported.commit.clone().unwrap();
    let second = commit(&clone, "a.txt", "a");
    done(&clone, &["push", "-q", "origin", "main"]);
    served.push().unwrap();

    let said = fails(&clone, &["push", "--force", "origin", &format!("{first}:refs/heads/main")]);
    assert!(said.contains("denying non-fast-forward refs/heads/main"), "{said}");
    assert!(said.contains("[remote rejected]") && said.contains("(non-fast-forward)"), "{said}");
    done(&clone, &["checkout", "-q", "--orphan", "other"]);
    commit(&clone, "b.txt", "b");
    let said = fails(&clone, &["push", "--force", "origin", "other:main"]);
    assert!(said.contains("(non-fast-forward)"), "{said}");
    let said = fails(&clone, &["push", "origin", ":main"]);
    assert!(said.contains("(this branch is protected: it cannot be deleted)"), "{said}");
    // All or nothing, and each ref has its reason.
    let said = fails(&clone, &["push", "origin", ":main", "other:fine"]);
    assert!(said.contains("it cannot be deleted") && said.contains("another ref of this push was refused"), "{said}");
    // What is ours is nobody's.
    let said = fails(&clone, &["push", "origin", "other:refs/karat/import"]);
    assert!(said.contains("deny updating a hidden ref"), "{said}");
    assert_eq!(served.refs().into_iter().collect::<Vec<_>>(), [("refs/heads/main".to_owned(), second)]);
    served.quiet();
    served.sound();
}

/// Two people: one writes, one reads; only CI pushes to a release.
struct Tokens;

impl Access for Tokens {
    fn decide(&self, asked: &Asked<'_>) -> Decision {
        let token = match asked.credential {
            Credential::None => return Decision::Unknown,
            Credential::Bearer(token) | Credential::Basic { secret: token, .. } => token.as_str(),
        };
        match (token, asked.right) {
            ("t-anna" | "t-ci", _) | ("t-bob", Right::Read) => Decision::Allowed(token[2..].to_owned()),
            ("t-bob", Right::Write) => Decision::Forbidden("bob may read, not write".to_owned()),
            _ => Decision::Unknown,
        }
    }

    fn protections(&self, _: &Name) -> Vec<Protection> {
        vec![Protection { branch: "release/*".to_owned(), pushers: Some(["ci".to_owned()].into()) }]
    }
}

#[test]
fn who_may_do_what_is_asked_of_access() {
    let mut served = Served::with(Limits::default(), Some(Arc::new(Tokens)));
    let said = fails(served.root.path(), &["clone", &served.url(), "none"]);
    assert!(said.contains("could not read Username"), "{said}");
    assert!(
        served.raw(&crate::served::get("/no/such.git/info/refs?service=git-upload-pack")).starts_with("HTTP/1.1 401 ")
    );

    let url = |token: &str| served.url().replace("http://", &format!("http://any:{token}@"));
    done(served.root.path(), &["clone", "-q", &url("t-bob"), "clone"]);
    let clone = served.root.path().join("clone");
    commit(&clone, "a.txt", "a");
    let said = fails(&clone, &["push", "origin", "main"]);
    assert!(said.contains("bob may read, not write"), "{said}");
    assert!(fails(&clone, &["ls-remote", &url("t-eve")]).contains("Authentication failed"));

    done(&clone, &["push", "-q", &url("t-anna"), "main"]);
    let said = fails(&clone, &["push", &url("t-anna"), "main:release/1"]);
    assert!(said.contains("(this branch is protected: anna may not push to it)"), "{said}");
    let plain = served.url();
    done(&clone, &["-c", "http.extraHeader=Authorization: Bearer t-ci", "push", "-q", &plain, "main:release/1"]);
    assert_eq!([served.push().unwrap().by, served.push().unwrap().by], ["anna", "ci"]);
    served.quiet();
}

#[test]
fn pushes_at_the_same_time() {
    let mut served = Served::new();
    let clones: Vec<_> = (0..8).map(|number| served.clone(&format!("clone{number}"))).collect();
    let hashes: Vec<_> = clones.iter().enumerate().map(|(n, clone)| commit(clone, "a.txt", &n.to_string())).collect();
    let at_once = |clones: &[std::path::PathBuf], branch: &(dyn Fn(usize) -> String + Sync)| -> Vec<(bool, String)> {
        let start = Barrier::new(clones.len());
        std::thread::scope(|scope| {
            let pushes: Vec<_> = clones
                .iter()
                .enumerate()
                .map(|(number, clone)| {
                    let start = &start;
                    scope.spawn(move || {
                        let target = format!("HEAD:refs/heads/{}", branch(number));
                        start.wait();
                        let output = client(clone, &["push", "origin", &target]);
                        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
                    })
                })
                .collect();
            pushes.into_iter().map(|push| push.join().unwrap()).collect()
        })
    };
    let results = at_once(&clones, &|number| format!("topic{number}"));
    assert!(results.iter().all(|(done, _)| *done), "{results:?}");
    let told: Vec<Push> = (0..8).map(|_| served.push().unwrap()).collect();
    assert_eq!(told.iter().map(|push| push.number).collect::<Vec<_>>(), (1..=8).collect::<Vec<_>>());
    let mut changes: Vec<_> = told.into_iter().flat_map(|push| push.changes).collect();
    changes.sort_by(|a, b| a.name.cmp(&b.name));
    let expected: Vec<_> =
        hashes.iter().enumerate().map(|(n, hash)| change(&format!("refs/heads/topic{n}"), None, Some(hash))).collect();
    assert_eq!(changes, expected);

    let results = at_once(&clones[..4], &|_| "main".to_owned());
    let winners: Vec<usize> = (0..4).filter(|number| results[*number].0).collect();
    assert_eq!(winners.len(), 1, "{results:?}");
    for (_, said) in results.iter().filter(|(done, _)| !done) {
        assert!(said.contains("rejected]") && said.contains("HEAD -> main ("), "{said}");
    }
    let push = served.push().unwrap();
    let first = served.imported.commit.as_deref();
    assert_eq!(push.changes, [change("refs/heads/main", first, Some(&hashes[winners[0]]))]);
    served.quiet();
    served.sound();
}

#[test]
fn a_client_that_goes_away_changes_nothing_about_the_push() {
    let mut served = Served::new();
    let clone = served.clone("clone");
    let first = served.imported.commit.clone().unwrap();
    let mut last = first.clone();
    for number in 0..5 {
        let next = commit(&clone, "a.txt", &number.to_string());
        let mut stream = served.connect();
        let whole = request(&clone, "refs/heads/main", &last, &next);
        stream.write_all(&whole[..whole.len() - 10]).unwrap();
        // One that goes before anybody looked was not there.
        std::thread::sleep(std::time::Duration::from_millis(200));
        stream.write_all(&whole[whole.len() - 10..]).unwrap();
        drop(stream);
        let push = served.push().expect("it had arrived whole");
        assert_eq!(push.changes, [change("refs/heads/main", Some(&last), Some(&next))]);
        last = next;
    }
    // One that has not arrived whole did not happen.
    let next = commit(&clone, "a.txt", "never");
    let whole = request(&clone, "refs/heads/main", &last, &next);
    let mut stream = served.connect();
    stream.write_all(&whole[..whole.len() - 10]).unwrap();
    drop(stream);
    done(&clone, &["push", "-q", "origin", "HEAD:topic"]);
    assert_eq!(served.push().unwrap().changes, [change("refs/heads/topic", None, Some(&next))]);
    assert_eq!(served.refs()["refs/heads/main"], last);
    served.quiet();
    served.sound();
}

/// A push as git sends it.
fn request(clone: &Path, name: &str, before: &str, after: &str) -> Vec<u8> {
    let mut child = Command::new("git")
        .current_dir(clone)
        .args(["pack-objects", "--revs", "--stdout", "-q"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(format!("{after}\n^{before}\n").as_bytes()).unwrap();
    let pack = child.wait_with_output().unwrap().stdout;
    let head = pkt(&format!("{before} {after} {name}\0 report-status side-band-64k agent=test"));
    post("/team/app.git/git-receive-pack", "receive-pack", "", &[head.as_bytes(), b"0000", &pack].concat())
}

#[test]
fn a_killed_push_leaves_nothing_behind() {
    let mut served = Served::new();
    let clone = served.clone("clone");
    let mut told = served.imported.commit.clone().unwrap();
    let mut killed = 0;
    for round in 0..6_u64 {
        for file in 0..40 {
            fs_err::write(clone.join(format!("noise{file}")), noise(200_000, round * 100 + file)).unwrap();
        }
        let next = commit(&clone, "round.txt", &round.to_string());
        let output = std::thread::scope(|scope| {
            let push = scope.spawn(|| client(&clone, &["push", "origin", "main"]));
            while !push.is_finished() {
                // The children of a push name the repository; those of a fetch do as well, and are as welcome.
                let quarantine = entries(&served.place().join("objects"), "tmp_objdir-") > 0;
                if quarantine && round < 5 {
                    std::thread::sleep(std::time::Duration::from_millis(round * 20));
                    for child in served.children() {
                        let _ = Command::new("kill").args(["-9", &child]).stderr(Stdio::null()).status();
                    }
                    break;
                }
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
            push.join().unwrap()
        });
        let now = served.refs()["refs/heads/main"].clone();
        killed += usize::from(!output.status.success());
        if now == told {
            assert!(!output.status.success());
            served.quiet();
        } else {
            // Killed after the ref had changed, or not at all: then it is told, once.
            assert_eq!(now, next);
            assert_eq!(served.push().unwrap().changes, [change("refs/heads/main", Some(&told), Some(&next))]);
            told = now;
        }
        served.sound();
    }
    assert!(killed > 0, "nothing was killed: make the push longer");
    assert_eq!(told, done(&clone, &["rev-parse", "main"]), "the last round was left alone");
    assert_eq!(entries(&served.place().join("objects"), "tmp_objdir-"), 0, "the next push sweeps");
    served.quiet();
}

fn entries(folder: &Path, prefix: &str) -> usize {
    let names = fs_err::read_dir(folder).unwrap().filter_map(Result::ok).map(|entry| entry.file_name());
    names.filter(|name| name.to_string_lossy().starts_with(prefix)).count()
}

#[test]
fn locks_of_a_dead_push_are_swept_and_no_others() {
    let served = Served::new();
    let clone = served.clone("clone");
    commit(&clone, "a.txt", "a");
    let lock = served.place().join("refs/heads/main.lock");
    write(&lock, "");
    let said = fails(&clone, &["push", "origin", "main"]);
    assert!(said.contains("failed to update ref"), "somebody else's lock holds: {said}");
    // As it is after a machine that lost its power in the middle of a push.
    write(&served.place().join("karat-push.lock"), "a push is being carried out\n");
    write(&served.place().join("objects/tmp_objdir-incoming-x/pack/tmp_pack_x"), "half");
    done(&clone, &["push", "-q", "origin", "main"]);
    assert!(!lock.exists());
    assert_eq!(entries(&served.place().join("objects"), "tmp_objdir-"), 0);
    served.sound();
}

#[test]
fn a_push_that_takes_too_long_is_ended() {
    let limits = Limits { push_time: std::time::Duration::from_millis(1), ..Limits::default() };
    let mut served = Served::with(limits, None);
    let clone = served.clone("clone");
    fs_err::write(clone.join("noise"), noise(20_000_000, 1)).unwrap();
    commit(&clone, "a.txt", "a");
    fails(&clone, &["push", "origin", "main"]);
    assert_eq!(Some(&served.refs()["refs/heads/main"]), served.imported.commit.as_ref());
    until("its child is gone", || served.children().is_empty());
    served.quiet();
    served.sound();
}

#[test]
fn what_git_finds_broken_is_refused() {
    let mut served = Served::new();
    let clone = served.clone("clone");
    // A tree with a file that would be written into .git.
    let blob = done(&clone, &["hash-object", "-w", "README.md"]);
    let mut child = Command::new("git")
        .current_dir(&clone)
        .args(["mktree"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(format!("100644 blob {blob}\t.git\n").as_bytes()).unwrap();
    let tree = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    let evil = done(&clone, &["commit-tree", "-m", "evil", tree.trim()]);
    let said = fails(&clone, &["push", "origin", &format!("{evil}:refs/heads/evil")]);
    assert!(said.contains("hasDotgit") || said.contains("unpack"), "{said}");
    assert_eq!(served.refs().len(), 1);
    served.quiet();
}

#[test]
fn hooks_and_settings_of_the_repository_do_not_run() {
    use std::os::unix::fs::PermissionsExt as _;
    let served = Served::new();
    let clone = served.clone("clone");
    let (hook, proof) = (served.place().join("hooks/pre-receive"), served.root.path().join("proof"));
    write(&hook, &format!("#!/bin/sh\ntouch {}\nexit 1\n", proof.display()));
    fs_err::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    commit(&clone, "a.txt", "a");
    done(&clone, &["push", "-q", "origin", "main"]);
    assert!(!proof.exists());
}
