//! The services of `myhealth/apps/`: each a repository of its own, with its own toolchain, checked here as its CI would.
//!
//! Rust services are checked always. Go services, and all of them together against a real PostgreSQL and a real SQS
//! (`conformance/services`), where there are peers.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use fs_err as fs;

use crate::go::Go;
use crate::servers::{Moto, Postgres};
use crate::steps::{Outcome, Steps};
use crate::{house, paths, peers, tally};

/// The whole check.
pub(crate) struct Check<'a> {
    /// `None`: Rust and git only.
    pub(crate) peers: Option<&'a Path>,
    /// Whether to install what is missing.
    pub(crate) install: bool,
    pub(crate) verbose: bool,
}

impl Check<'_> {
    pub(crate) fn run(&self, steps: &mut Steps) {
        let services = match services() {
            Ok(services) if services.is_empty() => return,
            Ok(services) => services,
            Err(error) => return steps.step("services", || Err(error)),
        };
        let go = self.peers.and_then(|_| peers::find_go(steps, self.install));
        let servers = self.peers.map(|_| Servers::start(steps, self.install)).unwrap_or_default();
        for service in &services {
            match (service.language, &go) {
                (Language::Rust, _) => self.rust(steps, service, &servers),
                (Language::Go, Some(go)) => self.go(steps, service, go, &servers),
                (Language::Go, None) if self.peers.is_some() => {} // told by the step `go`
                (Language::Go, None) => steps.outcome(&service.name, || {
                    Outcome::Skipped("it is written in Go: run `cargo xtask test --peers`".to_owned())
                }),
            }
        }
        if let Some(go) = &go {
            self.together(steps, &services, go, &servers);
        }
        paths::walk(steps, self.peers, go.as_ref());
    }

    fn rust(&self, steps: &mut Steps, service: &Service, servers: &Servers) {
        let cargo = |arguments: &[&str]| {
            let mut command = house::cargo();
            command.current_dir(&service.folder).args(arguments).env("CARGO_TARGET_DIR", target());
            command
        };
        steps.step(&format!("{} lints", service.name), || {
            house::run(&mut cargo(&["fmt", "--all", "--check"]))?;
            house::run(&mut cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]))
        });
        steps.outcome(&service.name, || {
            let mut command = cargo(&["test", "--workspace", "--locked", "--no-fail-fast"]);
            tally::cargo_test(self.with(&mut command, servers), self.verbose)
        });
    }

    fn go(&self, steps: &mut Steps, service: &Service, go: &Go, servers: &Servers) {
        // The chassis is a module of its own, so that its copies are the same.
        for module in ["", "pkg/chassis"] {
            let folder = service.folder.join(module);
            if !folder.join("go.mod").is_file() {
                continue;
            }
            let name = format!("{} {module}", service.name).trim_end().to_owned();
            let command = |arguments: &[&str]| {
                let mut command = go.command();
                command.current_dir(&folder).args(arguments).env("GOFLAGS", "-mod=readonly");
                command
            };
            steps.step(&format!("{name} lints"), || {
                let unformatted = house::output(Command::new(go.gofmt()).args(["-l", "."]).current_dir(&folder))?;
                if !unformatted.is_empty() {
                    bail!("not as gofmt would have it: {}", unformatted.lines().collect::<Vec<_>>().join(", "));
                }
                house::run(&mut command(&["mod", "tidy", "-diff"]))?;
                house::run(&mut command(&["vet", "./..."]))
            });
            steps.outcome(&name, || {
                // The race detector is C.
                let mut command = command(&["test", "-race", "-json", "./..."]);
                tally::go_test(self.with(command.env("CGO_ENABLED", "1"), servers), self.verbose)
            });
        }
    }

    /// The three of them, as processes: one trace through all, and no event lost however often they are killed.
    fn together(&self, steps: &mut Steps, services: &[Service], go: &Go, servers: &Servers) {
        let folder = house::root().join("conformance/services");
        let binaries = target().join("debug");
        steps.step("services build", || {
            fs::create_dir_all(&binaries)?;
            for service in services {
                let mut command = match service.language {
                    Language::Rust => house::cargo(),
                    Language::Go => go.command(),
                };
                match service.language {
                    Language::Rust => command.args(["build", "--locked"]).env("CARGO_TARGET_DIR", target()),
                    Language::Go => command
                        .args(["build", "-o"])
                        .arg(binaries.join(&service.name))
                        .arg(format!("./cmd/{}", service.name)),
                };
                house::run(command.current_dir(&service.folder))?;
            }
            Ok(())
        });
        let cargo = |arguments: &[&str]| {
            let mut command = house::cargo();
            command.current_dir(&folder).args(arguments).env("CARGO_TARGET_DIR", target());
            command
        };
        steps.step("services lints", || {
            house::run(&mut cargo(&["fmt", "--all", "--check"]))?;
            house::run(&mut cargo(&["clippy", "--all-targets", "--locked", "--", "-D", "warnings"]))
        });
        steps.outcome("services", || {
            let mut command = cargo(&["test", "--locked", "--no-fail-fast"]);
            tally::cargo_test(self.with(command.env("KARAT_SERVICES", &binaries), servers), self.verbose)
        });
    }

    /// Tells a test run where its peers are.
    fn with<'c>(&self, command: &'c mut Command, servers: &Servers) -> &'c mut Command {
        let addresses = [
            ("KARAT_PEERS", self.peers.map(|folder| folder.display().to_string())),
            ("KARAT_PEERS_POSTGRES", servers.postgres.as_ref().map(Postgres::address)),
            ("KARAT_PEERS_SQS", servers.moto.as_ref().map(Moto::address)),
        ];
        for (name, address) in addresses {
            match address {
                Some(address) => command.env(name, address),
                None => command.env_remove(name),
            };
        }
        command
    }
}

/// Build products of the services: one folder, so that what they share is compiled once.
pub(crate) fn target() -> PathBuf {
    house::target().join("services")
}

#[derive(Default)]
struct Servers {
    postgres: Option<Postgres>,
    moto: Option<Moto>,
}

impl Servers {
    fn start(steps: &mut Steps, install: bool) -> Self {
        let mut servers = Self::default();
        steps.outcome("postgres", || {
            peers::optional(Postgres::start(install).map(|server| servers.postgres = Some(server)), install)
        });
        steps.outcome("moto", || peers::optional(Moto::start().map(|server| servers.moto = Some(server)), install));
        servers
    }
}

struct Service {
    name: String,
    folder: PathBuf,
    language: Language,
}

#[derive(Clone, Copy)]
enum Language {
    Go,
    Rust,
}

/// Every service with source, by name.
fn services() -> Result<Vec<Service>> {
    let mut services = Vec::new();
    for entry in fs::read_dir(house::root().join("myhealth/apps"))? {
        let folder = entry?.path();
        let name = folder.file_name().context("a service without a name")?.to_string_lossy().into_owned();
        if folder.join("Cargo.toml").is_file() {
            services.push(Service { name, folder, language: Language::Rust });
        } else if folder.join("go.mod").is_file() {
            services.push(Service { name, folder, language: Language::Go });
        }
    }
    services.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(services)
}
