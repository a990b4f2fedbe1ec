//! `cargo xtask peers`: the real tools, built as pinned Go modules from `conformance/` into `target/peers/`.
//!
//! Each folder of `conformance/` with a `go.mod` is one module. Its binaries are the module's own `main.go`, named after
//! the folder, or else its `tool` lines, named after the folder if there is one and after the package otherwise. A file
//! `ldflags` in the folder holds linker flags, one a line.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use fs_err as fs;

use crate::go::Go;
use crate::house;
use crate::steps::{Outcome, Steps};

/// Build the real tools that Karat is compared with
///
/// They are pinned Go modules in conformance/ (see its README). Those whose pins and sources did not change are kept.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cargo xtask peers                    build all into target/peers
  cargo xtask peers helm4 oracle       only these
  KARAT_PEERS=target/peers cargo test -p karat-helm    compare one crate with them")]
pub(crate) struct Args {
    /// The modules to build, by their folder in conformance/
    modules: Vec<String>,
    /// Install Go where it is missing or too old
    #[arg(long)]
    install: bool,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let mut steps = Steps::default();
    build(&mut steps, args.install, &args.modules);
    Ok(steps.finish())
}

/// Builds the modules named, or all; gives the folder of the binaries unless there is no Go.
pub(crate) fn build(steps: &mut Steps, install: bool, only: &[String]) -> Option<PathBuf> {
    let mut found = None;
    steps.outcome("go", || match Go::find(install) {
        Ok(go) => {
            println!("{}", go.version);
            found = Some(go);
            Outcome::Passed
        }
        // In CI a comparison that silently does not happen proves nothing.
        Err(error) if install || house::variable("CI").is_some() => Outcome::Failed(format!("{error:#}")),
        Err(error) => {
            eprintln!("skipped: no peer is built: {error:#}");
            Outcome::Skipped(format!("{error:#}"))
        }
    });
    let go = found?;
    let modules = modules(only);
    let modules = match modules {
        Ok(modules) => modules,
        Err(error) => {
            steps.step("peers", || Err(error));
            return None;
        }
    };
    for module in modules {
        steps.step(&format!("peer {}", module.name), || module.build(&go));
    }
    Some(house::peers())
}

struct Module {
    name: String,
    folder: PathBuf,
}

fn modules(only: &[String]) -> Result<Vec<Module>> {
    let mut modules = Vec::new();
    for entry in fs::read_dir(house::root().join("conformance"))? {
        let entry = entry?;
        let (name, folder) = (entry.file_name().to_string_lossy().into_owned(), entry.path());
        if folder.join("go.mod").is_file() {
            modules.push(Module { name, folder });
        }
    }
    modules.sort_by(|a, b| a.name.cmp(&b.name));
    if let Some(unknown) = only.iter().find(|name| modules.iter().all(|module| module.name != **name)) {
        let names: Vec<&str> = modules.iter().map(|module| module.name.as_str()).collect();
        bail!("there is no conformance/{unknown}; the modules are {}", names.join(", "));
    }
    modules.retain(|module| only.is_empty() || only.contains(&module.name));
    Ok(modules)
}

impl Module {
    fn build(&self, go: &Go) -> Result<()> {
        let folder = house::peers();
        fs::create_dir_all(&folder)?;
        let binaries = self.binaries()?;
        let stamp_file = folder.join(format!(".{}.stamp", self.name));
        let stamp = self.stamp(go)?;
        let fresh = fs::read_to_string(&stamp_file).is_ok_and(|kept| kept == stamp);
        if fresh && binaries.iter().all(|(_, name)| folder.join(name).is_file()) {
            println!("unchanged");
            return Ok(());
        }
        for (package, name) in binaries {
            println!("building {name} ({package})");
            let mut command = go.command();
            command.current_dir(&self.folder).args(["build", "-mod=readonly"]);
            command.args(["-ldflags", &self.linker_flags()?]).arg("-o").arg(folder.join(&name)).arg(&package);
            house::run(&mut command)?;
        }
        fs::write(stamp_file, stamp)?;
        Ok(())
    }

    /// The packages to build and the names of their binaries.
    fn binaries(&self) -> Result<Vec<(String, String)>> {
        if self.folder.join("main.go").is_file() {
            return Ok(vec![(".".to_owned(), self.name.clone())]);
        }
        let pins = fs::read_to_string(self.folder.join("go.mod"))?;
        let tools = tools(&pins);
        match tools.as_slice() {
            [] => bail!("conformance/{}: neither main.go nor a tool line in go.mod", self.name),
            [one] => Ok(vec![(one.clone(), self.name.clone())]),
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
    fn linker_flags(&self) -> Result<String> {
        let path = self.folder.join("ldflags");
        let own = if path.is_file() { fs::read_to_string(path)? } else { String::new() };
        Ok(format!("-s -w {}", own.split_whitespace().collect::<Vec<_>>().join(" ")))
    }

    /// Changes when anything changes that the binaries are made of.
    fn stamp(&self, go: &Go) -> Result<String> {
        let mut hasher = DefaultHasher::new();
        go.version.hash(&mut hasher);
        let mut open = vec![self.folder.clone()];
        let mut files = Vec::new();
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder)? {
                let path = entry?.path();
                if path.is_dir() { open.push(path) } else { files.push(path) }
            }
        }
        files.sort();
        for file in files {
            file.strip_prefix(&self.folder).unwrap_or(&file).hash(&mut hasher);
            fs::read(&file)?.hash(&mut hasher);
        }
        Ok(format!("{:016x}\n", hasher.finish()))
    }
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
