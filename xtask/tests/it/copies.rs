//! What repositories share they each hold, so that each stands alone: copies, byte for byte, of one original.
//!
//! `cargo xtask gen copies` makes them anew.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::house::root;

/// An original, and the folders or files that copy it. `*` stands for one name; only places whose parent exists count.
const COPIES: &[(&str, &[&str])] = &[
    (
        "myhealth/governance/charts/service",
        &["myhealth/apps/*/chart/charts/service", "paths/*/skeleton/chart/charts/service"],
    ),
    (
        "myhealth/apps/appointments/crates/chassis",
        &["myhealth/apps/notifications/crates/chassis", "paths/rust-service/skeleton/crates/chassis"],
    ),
    ("myhealth/apps/records/pkg/chassis", &["paths/go-service/skeleton/pkg/chassis"]),
    ("myhealth/apps/records/api/records", &["myhealth/apps/appointments/api/records"]),
    (
        "myhealth/apps/records/pkg/chassis/testdata/trace-context.json",
        &["myhealth/apps/appointments/crates/chassis/tests/trace-context.json"],
    ),
    // What two paths have in common: the path to Rust has the original.
    ("paths/rust-service/config", &["paths/go-service/config"]),
    ("paths/rust-service/governance", &["paths/go-service/governance"]),
    ("paths/rust-service/skeleton/.github", &["paths/go-service/skeleton/.github"]),
    ("paths/rust-service/skeleton/chart", &["paths/go-service/skeleton/chart"]),
    ("paths/rust-service/skeleton/docs/runbooks", &["paths/go-service/skeleton/docs/runbooks"]),
    ("paths/rust-service/skeleton/docs/how-to", &["paths/go-service/skeleton/docs/how-to"]),
    ("paths/rust-service/skeleton/docs/index.md", &["paths/go-service/skeleton/docs/index.md"]),
    ("paths/rust-service/skeleton/docs/reference/api.md", &["paths/go-service/skeleton/docs/reference/api.md"]),
    (
        "paths/rust-service/skeleton/docs/reference/telemetry.md",
        &["paths/go-service/skeleton/docs/reference/telemetry.md"],
    ),
    ("paths/rust-service/skeleton/CODEOWNERS", &["paths/go-service/skeleton/CODEOWNERS"]),
    ("paths/rust-service/skeleton/catalog-info.yaml", &["paths/go-service/skeleton/catalog-info.yaml"]),
    ("paths/rust-service/skeleton/mkdocs.yml", &["paths/go-service/skeleton/mkdocs.yml"]),
    ("paths/rust-service/skeleton/api/openapi.yaml", &["paths/go-service/skeleton/api/openapi.yaml"]),
];

#[test]
fn copies_are_exact() {
    let update = karat_testkit::cases::updating();
    let mut stale = Vec::new();
    for (original, copies) in COPIES {
        let from = files(&root().join(original));
        assert!(!from.is_empty(), "{original} is not there: mend COPIES");
        for copy in copies.iter().flat_map(|pattern| places(pattern)) {
            if files(&copy) == from {
                continue;
            }
            if update {
                write(&copy, &from);
            } else {
                stale.push(format!("{} is not as {original}", copy.strip_prefix(root()).unwrap_or(&copy).display()));
            }
        }
    }
    assert!(stale.is_empty(), "run `cargo xtask gen copies`:\n  {}", stale.join("\n  "));
}

/// A file's or folder's contents by path below it; what is built or installed there is nobody's.
fn files(at: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut open = vec![at.to_path_buf()];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            let entries = fs_err::read_dir(&path).unwrap();
            open.extend(entries.map(|entry| entry.unwrap().path()).filter(|path| !path.ends_with("target")));
        } else if path.is_file() {
            files.insert(path.strip_prefix(at).unwrap().to_path_buf(), fs_err::read(&path).unwrap());
        }
    }
    files
}

fn write(to: &Path, files: &BTreeMap<PathBuf, Vec<u8>>) {
    if to.is_dir() {
        fs_err::remove_dir_all(to).unwrap();
    }
    for (name, bytes) in files {
        // A file's own path below itself is empty.
        let path = if name.as_os_str().is_empty() { to.to_path_buf() } else { to.join(name) };
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, bytes).unwrap();
    }
}

/// The places that a pattern means: those whose parent folder exists.
fn places(pattern: &str) -> Vec<PathBuf> {
    let mut places = vec![root()];
    for name in pattern.split('/') {
        places = match name {
            "*" => places.iter().flat_map(|place| entries(place)).collect(),
            _ => places.iter().map(|place| place.join(name)).collect(),
        };
    }
    places.retain(|place| place.parent().is_some_and(Path::is_dir));
    places.sort();
    places
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs_err::read_dir(folder) else { return Vec::new() };
    entries.filter_map(|entry| Some(entry.ok()?.path())).collect()
}
