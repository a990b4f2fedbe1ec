//! The golden paths, walked as a newcomer would: each is scaffolded into a copy of the organisation, and what it made is held
//! to what it promises. The two commands of its README work, the real Helm renders it, the organisation stays at 24 karat.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use fs_err as fs;

use crate::go::Go;
use crate::steps::{Outcome, Steps};
use crate::{house, services};

/// The team that the tenant path makes, and the services that it then gets.
const TEAM: &str = "billing";
const SERVICES: [(&str, &str); 2] = [("rust-service", "invoice-days"), ("go-service", "dunning-days")];

/// Walks them all. Without a Go, the path to Go is scaffolded and judged, but not run.
pub(crate) fn walk(steps: &mut Steps, peers: Option<&Path>, go: Option<&Go>) {
    let mut walked = None;
    steps.step("paths", || {
        house::run(house::cargo().args(["build", "--locked", "--package", "karat"]))?;
        walked = Some(Organisation::scaffold()?);
        Ok(())
    });
    let Some(organisation) = walked else { return };
    steps.step("paths are 24 karat", || organisation.check());
    for (path, service) in SERVICES {
        let folder = organisation.folder.join("apps").join(service);
        if path == "go-service" && go.is_none() {
            steps.outcome(&format!("path {path}"), || {
                Outcome::Skipped("it needs Go: cargo xtask test --peers".to_owned())
            });
        } else {
            steps.step(&format!("path {path}"), || readme(&folder, go));
        }
        if let Some(peers) = peers {
            steps.step(&format!("path {path} by Helm"), || helm(&folder, service, &peers.join("helm4")));
        }
    }
}

/// A copy of the organisation that ships with Karat, with everything that the paths make.
struct Organisation {
    folder: PathBuf,
}

impl Organisation {
    fn scaffold() -> Result<Self> {
        let folder = house::target().join("paths/myhealth");
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        copy(&house::root().join("myhealth"), &folder)?;
        let organisation = Self { folder };
        organisation.karat(&["new", "--template", "tenant", "--defaults"])?;
        let (team, system) = (format!("team={TEAM}"), format!("system={TEAM}"));
        for (path, service) in SERVICES {
            let name = format!("name={service}");
            organisation.karat(&[
                "new",
                "--template",
                path,
                "--defaults",
                "--set",
                &name,
                "--set",
                &team,
                "--set",
                &system,
            ])?;
            for kind in ["database", "queue", "secret"] {
                let (of, kind, name) = (format!("service={service}"), format!("kind={kind}"), format!("name={kind}"));
                let sets = [&of, &team, &system, &kind, &name].into_iter().flat_map(|set| ["--set", set]);
                let command = ["new", "--template", "resource", "--defaults"].into_iter().chain(sets);
                organisation.karat(&command.collect::<Vec<_>>())?;
            }
            let repository = organisation.folder.join("apps").join(service);
            house::run(Command::new(karat()).args(["update", "--check"]).current_dir(repository))?;
        }
        Ok(organisation)
    }

    /// Nothing that the paths made costs a karat.
    fn check(&self) -> Result<()> {
        let said = house::output(Command::new(karat()).args(["check", "--strict"]).arg(&self.folder))?;
        println!("{said}");
        if !said.contains(": 0 errors, 0 warnings") || said.lines().filter(|line| line.contains("K: ")).count() != 1 {
            bail!("not everything is 24 karat");
        }
        Ok(())
    }

    fn karat(&self, arguments: &[&str]) -> Result<()> {
        house::run(Command::new(karat()).args(arguments).current_dir(&self.folder))
    }
}

fn karat() -> PathBuf {
    house::target().join("debug/karat")
}

/// Runs the two commands that a README begins with: the tests, and the service, which must answer.
fn readme(repository: &Path, go: Option<&Go>) -> Result<()> {
    let text = fs::read_to_string(repository.join("README.md"))?;
    let block = text.split("```\n").nth(1).context("README.md has no block of commands")?;
    let [tests, serve] = block.lines().collect::<Vec<_>>()[..] else {
        bail!("README.md does not begin with two commands:\n{block}");
    };
    let shell = |line: &str| {
        let mut command = Command::new("sh");
        command.args(["-c", line]).current_dir(repository).env("CARGO_TARGET_DIR", services::target());
        if let Some(go) = go {
            command.env("PATH", go.path());
        }
        command
    };
    house::run(&mut shell(tests))?;
    let port_file = repository.join("port");
    let mut command = shell(serve);
    command.env("PORT", "0").env("PORT_FILE", &port_file).stdout(Stdio::null()).process_group(0);
    let mut service = Service(command.spawn().with_context(|| format!("cannot start {serve}"))?);
    for _ in 0..1200 {
        if let Ok(port) = fs::read_to_string(&port_file)
            && let Ok(answer) = get(port.trim(), "/v1/working-days?from=2026-01-05&to=2026-01-11")
            && answer.contains(r#""workingDays":5"#)
        {
            return service.stop();
        }
        if let Some(status) = service.0.try_wait()? {
            bail!("{serve} ended before it answered ({status})");
        }
        sleep(Duration::from_millis(100));
    }
    bail!("{serve} did not answer within two minutes")
}

/// A service and what started it; its group of processes ends with this.
struct Service(Child);

impl Service {
    /// As Kubernetes asks it to end.
    fn stop(&mut self) -> Result<()> {
        self.signal("TERM")?;
        for _ in 0..100 {
            if self.0.try_wait()?.is_some() {
                return Ok(());
            }
            sleep(Duration::from_millis(100));
        }
        bail!("it did not end within ten seconds after SIGTERM")
    }

    fn signal(&self, name: &str) -> Result<()> {
        let group = format!("-{}", self.0.id());
        house::run(Command::new("kill").args([&format!("-{name}"), "--", &group]).stderr(Stdio::null()))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if matches!(self.0.try_wait(), Ok(None)) {
            let _ = self.signal("KILL");
            let _ = self.0.wait();
        }
    }
}

fn get(port: &str, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect(format!("127.0.0.1:{port}"))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// The real Helm renders the chart, and Karat the same.
fn helm(repository: &Path, service: &str, helm: &Path) -> Result<()> {
    let (chart, values) = (repository.join("chart"), repository.join("chart/ci/values.yaml"));
    let by_helm = house::output(
        Command::new(helm).args(["template", service]).arg(&chart).args(["--namespace", TEAM, "-f"]).arg(&values),
    )?;
    let mut ours = Command::new(karat());
    ours.args(["render", "chart"]).arg(&chart).args(["--release", service, "--namespace", TEAM, "-f"]).arg(&values);
    if by_helm != house::output(&mut ours)? {
        bail!("Helm and Karat differ on {}", chart.display());
    }
    Ok(())
}

/// A folder, without what was built in it.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (name, path) = (entry.file_name(), entry.path());
        if name == "target" {
            continue;
        }
        if path.is_dir() {
            copy(&path, &to.join(name))?;
        } else {
            fs::copy(&path, to.join(name))?;
        }
    }
    Ok(())
}
