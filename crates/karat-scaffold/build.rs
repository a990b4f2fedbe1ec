//! Puts `paths/` into the crate: a table of paths, bytes and modes, so that the binary needs no files beside it and this
//! crate reads none.

use std::path::{Path, PathBuf};
use std::{env, io};

use fs_err as fs;

fn main() -> io::Result<()> {
    // Cargo runs a build script in the folder of its package. A path that was compiled in would be that of another checkout whose
    // build is used here.
    let root = Path::new("../../paths");
    println!("cargo::rerun-if-changed={}", root.display());
    let mut files = Vec::new();
    walk(root, &mut files)?;
    files.sort();
    let mut table = String::from("[\n");
    for file in files {
        let name = Path::new("paths").join(file.strip_prefix(root).map_err(io::Error::other)?);
        let name = name.to_string_lossy().replace('\\', "/");
        let executable = executable(&file)?;
        let file = fs::canonicalize(file)?;
        table.push_str(&format!("    ({name:?}, include_bytes!({:?}), {executable}),\n", file.to_string_lossy()));
    }
    table.push_str("]\n");
    #[expect(clippy::disallowed_methods, reason = "cargo tells a build script where to write by the environment")]
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    fs::write(Path::new(&out).join("paths.rs"), table)
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            walk(&path, files)?;
        } else {
            println!("cargo::rerun-if-changed={}", path.display());
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(unix)]
fn executable(file: &Path) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(fs::metadata(file)?.permissions().mode() & 0o100 != 0)
}

#[cfg(not(unix))]
fn executable(_: &Path) -> io::Result<bool> {
    Ok(false)
}
