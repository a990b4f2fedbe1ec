//! One set of expectations, held against every kind of world.

use std::os::unix::fs::symlink;

use karat_source::*;

fn entry(name: &str, kind: EntryKind) -> Entry {
    Entry { name: name.into(), kind }
}

fn expectations(world: &dyn World) {
    assert_eq!(world.read("a/b/c.txt").unwrap(), b"c");
    assert_eq!(
        world.list("").unwrap(),
        [entry("a", EntryKind::Folder), entry("a.txt", EntryKind::File), entry("a0", EntryKind::Folder)]
    );
    assert_eq!(world.list("a").unwrap(), [entry("b", EntryKind::Folder), entry("z", EntryKind::File)]);
    assert_eq!(world.kind("").unwrap(), Some(EntryKind::Folder));
    assert_eq!(world.kind("a/b").unwrap(), Some(EntryKind::Folder));
    assert_eq!(world.kind("a/z").unwrap(), Some(EntryKind::File));
    assert_eq!(world.kind("nothing").unwrap(), None);
    assert!(matches!(world.read("nothing"), Err(ReadError::NotFound { .. })));
    assert!(matches!(world.list("nothing"), Err(ReadError::NotFound { .. })));
    assert_eq!(walk(world, "").unwrap(), ["a.txt", "a/b/c.txt", "a/z", "a0/x"]);
    assert_eq!(walk(world, "a").unwrap(), ["a/b/c.txt", "a/z"]);
    let below = Below::new(world, "a");
    assert_eq!(below.read("b/c.txt").unwrap(), b"c");
    assert_eq!(walk(&below, "").unwrap(), ["b/c.txt", "z"]);
}

const FILES: [(&str, &str); 4] = [("a/b/c.txt", "c"), ("a/z", "z"), ("a.txt", "a"), ("a0/x", "x")];

#[test]
fn memory() {
    expectations(&Memory::from_iter(FILES));
}

#[test]
fn folder() {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in FILES {
        let place = root.path().join(path);
        fs_err::create_dir_all(place.parent().unwrap()).unwrap();
        fs_err::write(place, text).unwrap();
    }
    expectations(&Folder::open(root.path()).unwrap());
}

#[test]
fn links_stay_within_the_folder() {
    let root = tempfile::tempdir().unwrap();
    let inner = root.path().join("inner");
    fs_err::create_dir_all(inner.join("real")).unwrap();
    fs_err::write(inner.join("real/file"), "x").unwrap();
    fs_err::write(root.path().join("secret"), "s").unwrap();
    symlink("real", inner.join("folder")).unwrap();
    symlink("../secret", inner.join("out")).unwrap();
    symlink("/etc", inner.join("etc")).unwrap();
    symlink("nowhere", inner.join("dangling")).unwrap();
    symlink("loop", inner.join("loop")).unwrap();
    let world = Folder::open(&inner).unwrap();
    assert_eq!(world.read("folder/file").unwrap(), b"x");
    assert!(matches!(world.read("out"), Err(ReadError::Escape { .. })));
    assert!(matches!(world.read("etc/passwd"), Err(ReadError::Escape { .. })));
    assert!(matches!(world.read("../secret"), Err(ReadError::Escape { .. })));
    let kinds: Vec<_> = world.list("").unwrap().into_iter().map(|entry| (entry.name, entry.kind)).collect();
    assert!(kinds.contains(&("folder".into(), EntryKind::Folder)));
    assert!(kinds.contains(&("out".into(), EntryKind::Escape)));
    assert!(kinds.contains(&("dangling".into(), EntryKind::Escape)));
    assert!(kinds.contains(&("loop".into(), EntryKind::Escape)));
    assert!(matches!(walk(&world, ""), Err(ReadError::Escape { .. })));
}

#[test]
fn large_and_endless_files_are_refused() {
    let root = tempfile::tempdir().unwrap();
    let file = fs_err::File::create(root.path().join("large")).unwrap();
    file.set_len(FILE_LIMIT + 1).unwrap();
    let world = Folder::open(root.path()).unwrap();
    let error = world.read("large").unwrap_err();
    assert_eq!(error.to_string(), "large: 8388609 bytes, more than the limit of 8388608");
}

#[test]
fn a_file_is_not_a_folder() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("file");
    fs_err::write(&file, "x").unwrap();
    assert!(Folder::open(&file).unwrap_err().to_string().ends_with("file: not a folder"));
    assert!(Folder::open(root.path().join("nothing")).is_err());
}

#[cfg(unix)]
#[test]
fn programs_are_told_from_other_files() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    fs_err::write(folder.path().join("run"), "").unwrap();
    fs_err::write(folder.path().join("text"), "").unwrap();
    fs_err::set_permissions(folder.path().join("run"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut memory: Memory = [("run", ""), ("text", "")].into_iter().collect();
    memory.mark_executable("run");
    for world in [&Folder::open(folder.path()).unwrap() as &dyn World, &memory] {
        assert_eq!((world.executable("run"), world.executable("text")), (Ok(true), Ok(false)));
    }
}

#[test]
fn paths() {
    assert_eq!(clean("a/./b//c/../d").as_deref(), Some("a/b/d"));
    assert_eq!(clean("./").as_deref(), Some(""));
    assert_eq!(clean("a/../../b"), None);
    assert_eq!(clean("/a"), None);
    assert_eq!(split("a/b/c"), ("a/b", "c"));
    assert_eq!(split("c"), ("", "c"));
    assert_eq!(parent("a/b"), "a");
    assert_eq!(join("", "a"), "a");
    assert_eq!(join("a", ""), "a");
    assert_eq!(join("a", "b"), "a/b");
}
