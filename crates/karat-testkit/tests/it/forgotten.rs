//! No test file and no folder of cases is forgotten, in any crate: a module that no `main.rs` names and a folder that
//! no test reads would look like tests and never run.

use std::path::{Path, PathBuf};

use fs_err as fs;

fn crates() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut crates: Vec<PathBuf> = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    crates.retain(|path| path.join("Cargo.toml").is_file());
    crates.push(root.parent().unwrap().join("xtask"));
    crates.sort();
    crates
}

fn names(folder: &Path) -> Vec<String> {
    if !folder.is_dir() {
        return Vec::new();
    }
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = entries.collect();
    names.sort();
    names
}

fn sources(folder: &Path) -> String {
    names(folder)
        .iter()
        .map(|name| {
            let path = folder.join(name);
            if path.is_dir() {
                sources(&path)
            } else if name.ends_with(".rs") {
                fs::read_to_string(path).unwrap()
            } else {
                String::new()
            }
        })
        .collect()
}

#[test]
fn every_test_module_is_named_in_its_main() {
    for krate in crates() {
        let folder = krate.join("tests/it");
        for name in names(&folder) {
            let Some(module) = name.strip_suffix(".rs").filter(|module| *module != "main") else { continue };
            let main = fs::read_to_string(folder.join("main.rs")).unwrap();
            assert!(
                main.lines().any(|line| line.trim() == format!("mod {module};")),
                "{}: `mod {module};` is missing in main.rs: its tests never run",
                folder.join(&name).display()
            );
        }
    }
}

#[test]
fn there_is_one_test_binary_per_crate() {
    for krate in crates() {
        for name in names(&krate.join("tests")) {
            assert!(
                !name.ends_with(".rs"),
                "{}: make it a module of tests/it/main.rs: each further binary is one more link",
                krate.join("tests").join(&name).display()
            );
        }
    }
}

#[test]
fn every_folder_of_cases_is_read_by_a_test() {
    for krate in crates() {
        for name in names(&krate.join("tests")) {
            if name == "it" || !krate.join("tests").join(&name).is_dir() {
                continue;
            }
            let (outside, unit) = (sources(&krate.join("tests/it")), sources(&krate.join("src")));
            let mention = [format!("tests/{name}"), format!("/{name}\""), format!("\"{name}")];
            assert!(
                mention.iter().any(|mention| outside.contains(mention) || unit.contains(mention)),
                "{}: no test names this folder: its cases never run",
                krate.join("tests").join(&name).display()
            );
        }
    }
}
