//! Sizes and manners of the whole repository.

use std::path::{Path, PathBuf};
use std::process::Command;

use fs_err as fs;

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// The text files that git knows or would add, with their texts.
fn files(ends: &[&str]) -> Vec<(String, String)> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut files = Vec::new();
    for path in String::from_utf8(output.stdout).unwrap().lines() {
        if ends.is_empty() || ends.iter().any(|end| path.ends_with(end)) {
            // A file may be deleted and not yet committed; one that is not UTF-8 is no text.
            if let Ok(text) = fs::read_to_string(root().join(path)) {
                files.push((path.to_owned(), text));
            }
        }
    }
    files
}

#[test]
fn the_lock_file_stays_small() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let packages = lock.lines().filter(|line| *line == "[[package]]").count();
    assert!(packages < 650, "Cargo.lock holds {packages} packages; the budget is 650: which dependency can go?");
}

#[test]
fn no_module_is_too_long() {
    let long: Vec<String> = files(&[".rs"])
        .iter()
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > 1500)
        .map(|(path, lines)| format!("{path}: {lines} lines"))
        .collect();
    assert!(long.is_empty(), "over 1,500 lines; split along what they do:\n{}", long.join("\n"));
}

#[test]
fn every_crate_takes_the_workspaces_lints() {
    for (path, text) in files(&["/Cargo.toml"]) {
        if path.starts_with("crates/") || path.starts_with("xtask/") {
            assert!(text.contains("[lints]\nworkspace = true"), "{path}: add [lints] workspace = true");
        }
    }
}

#[test]
fn no_file_names_a_place_on_somebodys_machine() {
    // In two parts each, so that this file does not hold them.
    let places = [
        concat!("/wo", "rk/wt"),
        concat!("/wo", "rk/main"),
        concat!("/wo", "rk/shared"),
        concat!("/wo", "rk/peers"),
        concat!("/ro", "ot/"),
        concat!("/Us", "ers/"),
    ];
    let mut found = Vec::new();
    for (path, text) in files(&[".rs", ".md", ".toml", ".sh", ".go", ".mod"]) {
        for (number, line) in text.lines().enumerate() {
            if places.iter().any(|place| line.contains(place)) {
                found.push(format!("{path}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "name it relative to the repository:\n{}", found.join("\n"));
}
#[test]
fn every_crate_forbids_unsafe_code() {
    for (path, text) in files(&["/src/lib.rs", "/src/main.rs"]) {
        let ours = path.starts_with("crates/") || path.starts_with("xtask/");
        if ours && !path.starts_with("crates/karat-sandbox/") && !path.contains("/tests/") {
            assert!(text.contains("#![forbid(unsafe_code)]"), "{path}: add #![forbid(unsafe_code)]");
        }
    }
}
