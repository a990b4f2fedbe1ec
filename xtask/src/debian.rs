//! Packages of the system.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};
use fs_err as fs;

use crate::house;

/// Installs packages.
pub(crate) fn install(packages: &[&str]) -> Result<()> {
    println!("installing {}", packages.join(" "));
    house::run(Command::new("apt-get").args(["update", "-qq"]))?;
    house::run(
        Command::new("apt-get")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(["install", "-qq", "-y", "--no-install-recommends"])
            .args(packages),
    )
}

/// Chromium, which the portal's pages are read with.
pub(crate) fn chromium(install_it: bool) -> Result<()> {
    match PathBuf::from("/usr/bin/chromium").is_file() {
        true => Ok(()),
        false if install_it => install(&["chromium"]),
        false => bail!("Chromium is needed (/usr/bin/chromium); --install gets it"),
    }
}

/// The folder with PostgreSQL's server programs, the newest version there is. Debian keeps them out of `PATH`.
pub(crate) fn postgres(install_it: bool) -> Result<PathBuf> {
    let find = || {
        let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
        let mut folders: Vec<PathBuf> = versions.filter_map(|entry| Some(entry.ok()?.path().join("bin"))).collect();
        folders.retain(|folder| folder.join("initdb").is_file());
        folders.sort();
        folders.pop()
    };
    match find() {
        Some(folder) => Ok(folder),
        None if install_it => {
            install(&["postgresql"])?;
            find().map_or_else(|| bail!("no initdb in /usr/lib/postgresql after installing postgresql"), Ok)
        }
        None => bail!("PostgreSQL's server is needed (/usr/lib/postgresql/*/bin); --install gets it"),
    }
}
