//! Peers that are Python packages: a virtual environment at `target/peers/<name>/`, its programs in `bin/`. A driver of ours
//! (`main.py`) becomes the program `bin/<name>`.

use std::process::Command;

use anyhow::{Context as _, Result};
use fs_err as fs;

use super::{Peer, fresh};
use crate::{debian, house};

pub(super) fn get(peer: &Peer, install: bool) -> Result<()> {
    let version = house::output(Command::new("python3").arg("--version"))
        .or_else(|error| {
            if install { debian::install(&["python3", "python3-venv"]).map(|()| String::new()) } else { Err(error) }
        })
        .context("python3 is needed; --install gets it")?;
    let home = peer.home();
    peer.refresh(&version, home.join("bin/python").exists(), || {
        fresh(&home)?;
        let create = || house::run(Command::new("python3").args(["-m", "venv"]).arg(&home));
        match create() {
            // Debian's Python has its venv in a package of its own.
            Err(_) if install => debian::install(&["python3-venv"]).and_then(|()| create())?,
            done => done?,
        }
        let mut pip = Command::new(home.join("bin/python"));
        pip.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--require-hashes",
            "--requirement",
        ]);
        house::run(pip.arg(peer.folder.join("requirements.txt")))?;
        driver(peer)
    })
}

/// The driver as a program that runs in the environment.
fn driver(peer: &Peer) -> Result<()> {
    let source = peer.folder.join("main.py");
    if !source.is_file() {
        return Ok(());
    }
    let folder = peer.home().join("bin");
    let program = folder.join(&peer.name);
    fs::write(&program, format!("#!{}\n{}", folder.join("python").display(), fs::read_to_string(source)?))?;
    Ok(fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755))?)
}
