//! `cargo xtask peers`: the real tools, got from the registries by the pins in `conformance/`, into `target/peers/`.
//!
//! Each folder of `conformance/` with pins is one peer, and what its pins are says how it is got: `go.mod` ([`go_module`]),
//! `requirements.txt` ([`python`]), `package-lock.json` ([`node`]). A peer is kept as long as nothing in its folder changes.

mod go_module;
mod node;
mod python;

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use fs_err as fs;

use crate::go::Go;
use crate::house;
use crate::steps::{Outcome, Steps};

/// Get the real tools that Karat is compared with
///
/// They are pinned in conformance/ (see its README). Those whose pins and sources did not change are kept.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cargo xtask peers                    all of them, into target/peers
  cargo xtask peers helm4 oracle       only these
  KARAT_PEERS=target/peers cargo test -p karat-helm    compare one crate with them")]
pub(crate) struct Args {
    /// The peers to get, by their folder in conformance/
    names: Vec<String>,
    /// Install Go, Python or Node where one is missing or too old
    #[arg(long)]
    install: bool,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let mut steps = Steps::default();
    build(&mut steps, args.install, &args.names);
    Ok(steps.finish())
}

/// Gets the peers named, or all; gives the folder where they are, unless none could be got.
pub(crate) fn build(steps: &mut Steps, install: bool, only: &[String]) -> Option<PathBuf> {
    let peers = match all(only) {
        Ok(peers) => peers,
        Err(error) => {
            steps.step("peers", || Err(error));
            return None;
        }
    };
    let go = if peers.iter().any(|peer| peer.kind == Kind::Go) { find_go(steps, install) } else { None };
    let mut any = false;
    for peer in peers {
        let name = format!("peer {}", peer.name);
        match (peer.kind, &go) {
            (Kind::Go, None) => continue, // told once, by the step `go`
            (Kind::Go, Some(go)) => steps.step(&name, || go_module::build(&peer, go)),
            (Kind::Python, _) => steps.outcome(&name, || optional(python::get(&peer, install), install)),
            (Kind::Node, _) => steps.outcome(&name, || optional(node::get(&peer, install), install)),
        }
        any = true;
    }
    any.then(house::peers)
}

/// A Go for the peers and the services; a missing one is told, and an error in CI.
pub(crate) fn find_go(steps: &mut Steps, install: bool) -> Option<Go> {
    let mut found = None;
    steps.outcome("go", || match Go::find(install) {
        Ok(go) => {
            println!("{}", go.version);
            found = Some(go);
            Outcome::Passed
        }
        Err(error) => optional(Err(error), install),
    });
    found
}

/// In CI a comparison that silently does not happen proves nothing; elsewhere what is missing is told loudly.
pub(crate) fn optional(got: Result<()>, install: bool) -> Outcome {
    match got {
        Ok(()) => Outcome::Passed,
        Err(error) if install || house::variable("CI").is_some() => Outcome::Failed(format!("{error:#}")),
        Err(error) => {
            eprintln!("skipped: {error:#}");
            Outcome::Skipped(format!("{error:#}"))
        }
    }
}

/// A folder of `conformance/`.
struct Peer {
    name: String,
    folder: PathBuf,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Go,
    Python,
    Node,
}

fn all(only: &[String]) -> Result<Vec<Peer>> {
    let mut peers = Vec::new();
    for entry in fs::read_dir(house::root().join("conformance"))? {
        let entry = entry?;
        let (name, folder) = (entry.file_name().to_string_lossy().into_owned(), entry.path());
        let pins = [("go.mod", Kind::Go), ("requirements.txt", Kind::Python), ("package-lock.json", Kind::Node)];
        if let Some((_, kind)) = pins.into_iter().find(|(file, _)| folder.join(file).is_file()) {
            peers.push(Peer { name, folder, kind });
        }
    }
    peers.sort_by(|a, b| a.name.cmp(&b.name));
    if let Some(unknown) = only.iter().find(|name| peers.iter().all(|peer| peer.name != **name)) {
        let names: Vec<&str> = peers.iter().map(|peer| peer.name.as_str()).collect();
        bail!("there is no conformance/{unknown}; the peers are {}", names.join(", "));
    }
    peers.retain(|peer| only.is_empty() || only.contains(&peer.name));
    Ok(peers)
}

impl Peer {
    /// Makes the peer with `make` unless it `stands` and neither its folder nor `version` (of what makes it) changed.
    fn refresh(&self, version: &str, stands: bool, make: impl FnOnce() -> Result<()>) -> Result<()> {
        let folder = house::peers();
        fs::create_dir_all(&folder)?;
        let stamp_file = folder.join(format!(".{}.stamp", self.name));
        let stamp = self.stamp(version)?;
        if stands && fs::read_to_string(&stamp_file).is_ok_and(|kept| kept == stamp) {
            println!("unchanged");
            return Ok(());
        }
        make()?;
        fs::write(stamp_file, stamp)?;
        Ok(())
    }

    /// Changes when anything changes that the peer is made of.
    fn stamp(&self, version: &str) -> Result<String> {
        let mut hasher = DefaultHasher::new();
        version.hash(&mut hasher);
        for file in self.files()? {
            file.hash(&mut hasher);
            fs::read(self.folder.join(&file))?.hash(&mut hasher);
        }
        Ok(format!("{:016x}\n", hasher.finish()))
    }

    /// The files of the folder, below it, sorted. What a package manager keeps there by hand is not ours.
    fn files(&self) -> Result<Vec<PathBuf>> {
        let mut open = vec![self.folder.clone()];
        let mut files = Vec::new();
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder)? {
                let path = entry?.path();
                let installed = path.file_name().is_some_and(|name| name == "node_modules" || name == "target");
                match (path.is_dir(), installed) {
                    (true, true) => {}
                    (true, false) => open.push(path),
                    (false, _) => files.push(path.strip_prefix(&self.folder).unwrap_or(&path).to_path_buf()),
                }
            }
        }
        files.sort();
        Ok(files)
    }

    /// Where the peer is kept if it is a folder.
    fn home(&self) -> PathBuf {
        house::peers().join(&self.name)
    }
}

/// Empties and makes a folder.
fn fresh(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    Ok(fs::create_dir_all(folder)?)
}
