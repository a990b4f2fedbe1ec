//! Peers that are Go modules: built into `target/peers/<binary>`.
//!
//! The binaries are the module's own `main.go`, named after the folder, or else its `tool` lines, named after the folder if
//! there is one and after the package otherwise. A file `ldflags` in the folder holds linker flags, one a line.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use fs_err as fs;

use super::Peer;
use crate::go::Go;
use crate::house;

pub(super) fn build(peer: &Peer, go: &Go) -> Result<()> {
    let binaries = binaries(peer)?;
    let folder = house::peers();
    let stands = binaries.iter().all(|(_, name)| folder.join(name).is_file());
    peer.refresh(&go.version, stands, || {
        for (package, name) in &binaries {
            println!("building {name} ({package})");
            let mut command = go.command();
            command.current_dir(&peer.folder).args(["build", "-mod=readonly"]);
            command.args(["-ldflags", &linker_flags(peer)?]).arg("-o").arg(folder.join(name)).arg(package);
            house::run(&mut command)?;
        }
        Ok(())
    })
}

/// The packages to build and the names of their binaries.
fn binaries(peer: &Peer) -> Result<Vec<(String, String)>> {
    if peer.folder.join("main.go").is_file() {
        return Ok(vec![(".".to_owned(), peer.name.clone())]);
    }
    let pins = fs::read_to_string(peer.folder.join("go.mod"))?;
    let tools = tools(&pins);
    match tools.as_slice() {
        [] => bail!("conformance/{}: neither main.go nor a tool line in go.mod", peer.name),
        [one] => Ok(vec![(one.clone(), peer.name.clone())]),
        many => many
            .iter()
            .map(|package| {
                let name = Path::new(package).file_name().context("a tool without a name")?;
                Ok((package.clone(), name.to_string_lossy().into_owned()))
            })
            .collect(),
    }
}

/// Stripped, with the module's own flags.
fn linker_flags(peer: &Peer) -> Result<String> {
    let path = peer.folder.join("ldflags");
    let own = if path.is_file() { fs::read_to_string(path)? } else { String::new() };
    Ok(format!("-s -w {}", own.split_whitespace().collect::<Vec<_>>().join(" ")))
}

/// The packages of `tool` lines, alone or in a block.
fn tools(pins: &str) -> Vec<String> {
    let mut tools = Vec::new();
    let mut block = false;
    for line in pins.lines().map(str::trim) {
        match line {
            "tool (" => block = true,
            ")" => block = false,
            _ if block && !line.is_empty() => tools.push(line.to_owned()),
            _ => tools.extend(line.strip_prefix("tool ").map(|package| package.trim().to_owned())),
        }
    }
    tools
}

#[cfg(test)]
mod tests {
    use super::tools;

    #[test]
    fn reads_tool_lines_and_blocks() {
        assert_eq!(tools("module a\n\ntool helm.sh/helm/v4/cmd/helm\n"), ["helm.sh/helm/v4/cmd/helm"]);
        assert_eq!(tools("tool (\n\ta/b\n\tc/d\n)\nrequire (\n\te v1\n)\n"), ["a/b", "c/d"]);
    }
}
