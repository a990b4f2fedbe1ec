//! Puts the cases of `standards/` and `docs/` into the crate, so that the portal shows them without files beside it.

use std::path::{Path, PathBuf};
use std::{env, io};

use fs_err as fs;

fn main() -> io::Result<()> {
    // Cargo runs a build script in the folder of its package. A path that was compiled in would be that of another checkout whose
    // build is used here.
    let root = Path::new("../../standards");
    println!("cargo::rerun-if-changed={}", root.display());
    let mut table = String::from("[\n");
    for area in inside(root)?.into_iter().filter(|path| path.is_dir()) {
        for slug in inside(&area)?.into_iter().filter(|path| path.is_dir()) {
            let id = format!("{}/{}", name(&area), name(&slug));
            for (folder, good) in [("bad", false), ("good", true)] {
                let folder = slug.join(folder);
                let files = if folder.is_dir() { inside(&folder)? } else { Vec::new() };
                for file in files.into_iter().filter(|path| path.is_file()) {
                    println!("cargo::rerun-if-changed={}", file.display());
                    let (file_name, path) = (name(&file), fs::canonicalize(&file)?);
                    table.push_str(&format!(
                        "    Case {{ standard: {id:?}, good: {good}, file: {file_name:?}, text: include_str!({:?}) }},\n",
                        path.to_string_lossy()
                    ));
                }
            }
        }
    }
    table.push_str("]\n");
    #[expect(clippy::disallowed_methods, reason = "cargo tells a build script where to write by the environment")]
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    let out = Path::new(&out);
    fs::write(out.join("cases.rs"), table)?;
    fs::write(out.join("docs.rs"), docs()?)
}

/// Karat's own documentation: paths from the repository's root, and bytes.
fn docs() -> io::Result<String> {
    let root = fs::canonicalize("../..")?;
    let mut table = String::from("[\n");
    let mut open = vec![root.join("mkdocs.yml"), root.join("docs")];
    while let Some(path) = open.pop() {
        println!("cargo::rerun-if-changed={}", path.display());
        if path.is_dir() {
            open.extend(inside(&path)?);
            continue;
        }
        let name = path.strip_prefix(&root).unwrap_or(&path).to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/");
        table.push_str(&format!("    ({name:?}, include_bytes!({:?}) as &[u8]),\n", path.to_string_lossy()));
    }
    table.push_str("]\n");
    Ok(table)
}

fn inside(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
