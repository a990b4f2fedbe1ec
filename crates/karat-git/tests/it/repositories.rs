//! An organisation's folders as repositories: the importer's commits, and nothing that was pushed is ever lost.

use std::path::Path;

use karat_git::{Folder, Import, Name, Outcome, Repositories, WORKFLOWS, import};
use karat_source::World as _;

use crate::served::{Served, app, commit, done, write};

/// Each of an organisation's folders, with the name that its URL gives it.
const MYHEALTH: [(&str, &str, &[&str]); 5] = [
    ("platform/governance", "governance", WORKFLOWS),
    ("platform/config", "config", &[]),
    ("scheduling/appointments", "apps/appointments", &[]),
    ("scheduling/notifications", "apps/notifications", &[]),
    ("clinical/records", "apps/records", &[]),
];

#[test]
fn myhealth_becomes_repositories() {
    let root = tempfile::tempdir().unwrap();
    let repositories = Repositories::open(&root.path().join("data/git")).unwrap();
    let myhealth = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../myhealth");
    let named: Vec<_> =
        MYHEALTH.iter().map(|(name, path, first)| (Name::parse(name).unwrap(), myhealth.join(path), *first)).collect();
    let folders: Vec<_> =
        named.iter().map(|(name, path, first)| Folder { name, path, branch: "main", first }).collect();
    #[expect(clippy::disallowed_methods, reason = "the time is printed, and decides nothing")]
    let start = std::time::Instant::now();
    let imported = repositories.import(&folders).unwrap();
    println!("myhealth imported: {} ms", start.elapsed().as_millis());
    for (folder, imported) in folders.iter().zip(&imported) {
        assert_eq!(imported.outcome, Outcome::Created);
        let Import { commit, first, .. } = import(folder.path, folder.first, &mut |_| {}).unwrap();
        assert_eq!(imported.commit.as_deref(), Some(commit.as_str()));
        let refs = repositories.refs(folder.name).unwrap();
        assert_eq!(refs.into_iter().collect::<Vec<_>>(), [("refs/heads/main".to_owned(), commit.clone())]);
        let place = repositories.place(folder.name);
        done(&place, &["fsck", "--full", "--strict"]);
        assert_eq!(done(&place, &["rev-parse", "HEAD"]), commit);
        // What services pin is there.
        if let Some(first) = first {
            assert_eq!(done(&place, &["rev-parse", "main~1"]), first);
        }
    }
    let mut names: Vec<_> = named.iter().map(|(name, ..)| name.clone()).collect();
    names.sort();
    assert_eq!(repositories.list().unwrap(), names);
    assert!(repositories.import(&folders).unwrap().iter().all(|again| again.outcome == Outcome::Unchanged));
    let tree = repositories.repository(&names[0]).unwrap().tree("main", "").unwrap();
    assert!(tree.read("README.md").is_ok());
}

#[test]
fn what_was_pushed_to_is_never_overwritten() {
    let served = Served::new();
    let path = served.root.path().join("folder");
    let (name, other) = (app(), Name::parse("other").unwrap());
    let folder = Folder { name: &name, path: &path, branch: "main", first: &[] };
    let import = |folder| served.repositories.import(&[folder]).unwrap().remove(0);
    assert_eq!(import(folder).outcome, Outcome::Unchanged);

    // Nobody has pushed: the repository is what its folder is.
    write(&path.join("README.md"), "# Changed\n");
    let renewed = import(folder);
    assert_eq!(renewed.outcome, Outcome::Renewed);
    assert_ne!(renewed.commit, served.imported.commit);
    assert_eq!(renewed.commit.as_deref(), Some(done(&served.place(), &["rev-parse", "main"]).as_str()));
    served.sound();

    // While somebody pushes, nothing is touched.
    let lock =
        fs_err::OpenOptions::new().create(true).append(true).open(served.place().join("karat-push.lock")).unwrap();
    lock.lock().unwrap();
    write(&path.join("README.md"), "# Changed again\n");
    assert_eq!(import(folder).outcome, Outcome::Kept);
    drop(lock);

    let clone = served.clone("clone");
    let pushed = commit(&clone, "new.txt", "new");
    done(&clone, &["push", "-q", "origin", "HEAD:refs/heads/feature"]);
    let kept = import(folder);
    assert_eq!((kept.outcome, kept.commit), (Outcome::Kept, renewed.commit), "another branch counts");
    done(&clone, &["push", "-q", "origin", "HEAD:main", ":feature"]);
    let kept = import(folder);
    assert_eq!((kept.outcome, kept.commit), (Outcome::Kept, Some(pushed)));

    // A new folder is added beside it.
    let added = served.repositories.import(&[folder, Folder { name: &other, ..folder }]).unwrap();
    assert_eq!([added[0].outcome, added[1].outcome], [Outcome::Kept, Outcome::Created]);
    assert_eq!(served.repositories.list().unwrap(), [other, name]);
}

#[test]
fn an_empty_repository_takes_its_first_push() {
    let mut served = Served::new();
    let name = Name::parse("team/fresh").unwrap();
    served.repositories.create(&name, "main").unwrap();
    served.repositories.create(&name, "other").unwrap();
    let url = format!("http://{}/team/fresh", served.address);
    done(served.root.path(), &["clone", "-q", &url, "fresh"]);
    let fresh = served.root.path().join("fresh");
    let first = commit(&fresh, "a", "a");
    done(&fresh, &["push", "-q", "origin", "main"]);
    let push = served.push().unwrap();
    assert_eq!((push.repository, push.changes[0].before.as_ref()), (name.clone(), None));
    assert_eq!(served.repositories.refs(&name).unwrap()["refs/heads/main"], first);
}

#[test]
fn what_was_left_unfinished_is_swept() {
    let served = Served::new();
    let left = served.repositories.root().join(".import-abc");
    write(&left.join("HEAD"), "ref: refs/heads/main\n");
    assert_eq!(served.repositories.list().unwrap(), [app()]);
    served.repositories.import(&[]).unwrap();
    assert!(!left.exists());
}

#[test]
fn names_lead_nowhere_else() {
    for good in ["a", "platform/governance", "A-b_c.d/e.f", "x1/y2"] {
        assert_eq!(Name::parse(good).unwrap().as_str(), good);
    }
    let long = "a".repeat(101);
    for bad in [
        "", "/", "a/", "/a", "..", "a/..", "../a", "a/b/c", ".a", "a/.git", "a.git", "a.git/b", "a.lock", "-a", "a b",
        "a\n", "a\0", "ä", "a..b", "a%2fb", "a\\b", "a.", "~", &long,
    ] {
        assert!(Name::parse(bad).is_err(), "{bad:?}");
    }
    let none = Name::parse("none").unwrap();
    let error = Served::new().repositories.repository(&none).map(drop).unwrap_err();
    assert_eq!(error.to_string(), "no repository `none`");
}
