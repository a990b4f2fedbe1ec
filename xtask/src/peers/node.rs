//! Peers that are npm packages with a driver of ours: the folder and its `node_modules/`, at `target/peers/<name>/`.

use std::process::Command;

use anyhow::{Context as _, Result};
use fs_err as fs;

use super::{Peer, fresh};
use crate::{debian, house};

pub(super) fn get(peer: &Peer, install: bool) -> Result<()> {
    let version = || house::output(Command::new("node").arg("--version"));
    let version = version()
        .or_else(
            |error| if install { debian::install(&["nodejs", "npm"]).and_then(|()| version()) } else { Err(error) },
        )
        .context("node is needed; --install gets it")?;
    if peer.name == "browser" {
        debian::chromium(install)?;
    }
    let home = peer.home();
    peer.refresh(&version, home.join("node_modules").is_dir(), || {
        fresh(&home)?;
        for file in peer.files()? {
            let to = home.join(&file);
            fs::create_dir_all(to.parent().unwrap_or(&home))?;
            fs::copy(peer.folder.join(&file), to)?;
        }
        let mut npm = Command::new("npm");
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(&home);
        house::run(&mut npm)?;
        // What a package compiles for itself: the one script of ours that says which.
        if fs::read_to_string(home.join("package.json"))?.contains("\"peer\":") {
            let mut npm = Command::new("npm");
            npm.args(["run", "peer", "--silent", "--loglevel=error"]).current_dir(&home);
            house::output(&mut npm)?;
        }
        Ok(())
    })
}
