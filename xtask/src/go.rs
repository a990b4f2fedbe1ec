//! A Go toolchain new enough for the pins in `conformance/`.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::{debian, house};

/// What the modules in `conformance/` ask for.
pub(crate) const VERSION: (u32, u32, u32) = (1, 26, 8);

/// A Go that can build the peers.
pub(crate) struct Go {
    program: PathBuf,
    /// As `go env GOVERSION` names it.
    pub(crate) version: String,
    /// Whether Go may fetch the toolchain that a module asks for.
    fetch: bool,
}

impl Go {
    /// Finds a Go; with `install`, gets one: a Go of 1.21 or later fetches the right toolchain itself, as a module from
    /// the module proxy; an older or no Go is got from the system's packages first.
    pub(crate) fn find(install: bool) -> Result<Self> {
        let found = candidates().into_iter().find_map(Self::at);
        match found {
            Some(go) if number(&go.version) >= Some(VERSION) => Ok(go),
            Some(go) if install && number(&go.version) >= Some((1, 21, 0)) => Ok(Self { fetch: true, ..go }),
            Some(go) if install => go.toolchain(),
            None if install => {
                debian::install(&["golang-go"])?;
                let go = candidates().into_iter().find_map(Self::at).context("no go after installing golang-go")?;
                if number(&go.version) >= Some((1, 21, 0)) { Ok(Self { fetch: true, ..go }) } else { go.toolchain() }
            }
            Some(go) => bail!("{} is older than go{}; --install gets it", go.version, wanted()),
            None => bail!("no go found (go{} is needed); --install gets it", wanted()),
        }
    }

    fn at(program: PathBuf) -> Option<Self> {
        let mut command = Command::new(&program);
        // From the root, so that no module changes which toolchain answers.
        command.args(["env", "GOVERSION"]).current_dir("/").env("GOTOOLCHAIN", "local");
        let version = house::output(&mut command).ok()?;
        Some(Self { program, version, fetch: false })
    }

    /// The pinned toolchain, which is itself a module. An old Go can download it, though not choose it.
    fn toolchain(&self) -> Result<Self> {
        let module = format!("golang.org/toolchain@v0.0.1-go{}.linux-{}", wanted(), architecture());
        println!("{} is too old: fetching {module}", self.version);
        let mut command = self.command();
        command.args(["mod", "download", "-json", &module]).current_dir(std::env::temp_dir());
        let answer = house::output(&mut command)?;
        let folder = answer
            .lines()
            .find_map(|line| line.trim().strip_prefix("\"Dir\": \"")?.strip_suffix("\","))
            .with_context(|| format!("{module}: no folder in the answer of go mod download"))?;
        // Module files are stored without their execute bits.
        house::run(Command::new("chmod").args(["-R", "u+x"]).arg(format!("{folder}/bin")))?;
        house::run(Command::new("chmod").args(["-R", "u+x"]).arg(format!("{folder}/pkg/tool")))?;
        Self::at(PathBuf::from(folder).join("bin/go")).with_context(|| format!("{folder}/bin/go does not run"))
    }

    /// A `PATH` on which `go` is this one.
    pub(crate) fn path(&self) -> String {
        let rest = house::variable("PATH").unwrap_or_default();
        match self.program.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            Some(folder) => format!("{}:{rest}", folder.display()),
            None => rest,
        }
    }

    /// The formatter that comes with it.
    pub(crate) fn gofmt(&self) -> PathBuf {
        self.program.with_file_name("gofmt")
    }

    /// A `go` command with the environment that the peers are built in.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.env("CGO_ENABLED", "0").env("GOWORK", "off");
        command.env("GOTOOLCHAIN", if self.fetch { "auto" } else { "local" });
        command
    }
}

fn candidates() -> Vec<PathBuf> {
    vec![PathBuf::from("go"), PathBuf::from("/usr/local/go/bin/go"), PathBuf::from("/usr/lib/go/bin/go")]
}

fn wanted() -> String {
    let (major, minor, patch) = VERSION;
    format!("{major}.{minor}.{patch}")
}

fn architecture() -> &'static str {
    if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" }
}

/// `go1.26.8` as numbers; a pre-release such as `go1.26rc1` counts as `go1.26.0`.
fn number(version: &str) -> Option<(u32, u32, u32)> {
    let mut parts = version.strip_prefix("go")?.split('.').map(|part| {
        let digits = part.find(|c: char| !c.is_ascii_digit()).map_or(part, |end| &part[..end]);
        digits.parse().unwrap_or(0)
    });
    Some((parts.next()?, parts.next().unwrap_or(0), parts.next().unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn versions_compare_as_numbers() {
        assert!(number("go1.26.10") > number("go1.26.8"));
        assert!(number("go1.26.8") >= Some(super::VERSION));
        assert!(number("go1.9") < number("go1.21.0"));
        assert_eq!(number("go1.26rc1"), Some((1, 26, 0)));
        assert_eq!(number("devel +abc"), None);
    }
}
