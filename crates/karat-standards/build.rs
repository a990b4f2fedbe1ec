//! Puts `standards/` into the crate: a table of paths and texts, so that the binary needs no files beside it and this
//! crate reads none.

use std::path::{Path, PathBuf};
use std::{env, io};

use fs_err as fs;

fn main() -> io::Result<()> {
    // Cargo runs a build script in the folder of its package. A path that was compiled in would be that of another checkout whose
    // build is used here.
    let root = Path::new("../../standards");
    println!("cargo::rerun-if-changed={}", root.display());
    let mut files = Vec::new();
    for area in folders(root)? {
        println!("cargo::rerun-if-changed={}", area.display());
        for slug in folders(&area)? {
            println!("cargo::rerun-if-changed={}", slug.display());
            let file = slug.join("standard.yaml");
            if file.is_file() {
                files.push(file);
            }
        }
    }
    files.sort();
    let mut table = String::from("[\n");
    for file in files {
        println!("cargo::rerun-if-changed={}", file.display());
        let file = fs::canonicalize(file)?;
        let name: PathBuf = file.components().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect();
        table.push_str(&format!("    ({:?}, include_str!({:?})),\n", name.to_string_lossy(), file.to_string_lossy()));
    }
    table.push_str("]\n");
    #[expect(clippy::disallowed_methods, reason = "cargo tells a build script where to write by the environment")]
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    fs::write(Path::new(&out).join("standards.rs"), table)
}

fn folders(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(path)? {
        let path = entry?.path();
        if path.is_dir() {
            folders.push(path);
        }
    }
    folders.sort();
    Ok(folders)
}
