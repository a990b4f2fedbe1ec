//! Servers that run while tests do: PostgreSQL from Debian, moto's SQS from PyPI. On the loopback interface, on free ports,
//! gone when dropped, and their data with them.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use fs_err as fs;

use crate::{debian, house};

/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// A process that ends when this is dropped.
struct Server {
    child: Child,
    /// Its data, removed with it.
    folder: Option<PathBuf>,
    port: u16,
}

impl Server {
    fn start(name: &str, command: &mut Command, folder: Option<PathBuf>, port: u16) -> Result<Self> {
        let child = command.stdin(Stdio::null()).spawn().with_context(|| format!("cannot start {name}"))?;
        let mut server = Self { child, folder, port };
        let step = Duration::from_millis(50);
        for _ in 0..PATIENCE.as_millis() / step.as_millis() {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
                return Ok(server);
            }
            if let Some(status) = server.child.try_wait()? {
                bail!("{name} ended before it answered ({status})");
            }
            sleep(step);
        }
        bail!("{name} did not answer on port {port} within {} s", PATIENCE.as_secs())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(folder) = &self.folder {
            // Postgres's children end a moment after it.
            let removed = (0..20).any(|_| {
                fs::remove_dir_all(folder).is_ok() || {
                    sleep(PATIENCE / 600);
                    false
                }
            });
            if !removed {
                eprintln!("warning: {} could not be removed", folder.display());
            }
        }
    }
}

/// A PostgreSQL server with nothing in it. The user `postgres` needs no password; any other needs its own, so that tests
/// can see a password change.
pub(crate) struct Postgres(Server);

impl Postgres {
    pub(crate) fn start(install: bool) -> Result<Self> {
        let programs = debian::postgres(install)?;
        let folder = std::env::temp_dir().join(format!("karat-postgres-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let root = house::output(Command::new("id").arg("-u"))? == "0";
        let command = |program: &str| {
            let program = programs.join(program);
            if !root {
                return Command::new(program);
            }
            // It refuses to run as root.
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
            command.current_dir("/");
            command
        };
        if root {
            house::run(Command::new("chown").arg("postgres:postgres").arg(&folder))?;
        }
        let data = folder.join("data");
        let mut init = command("initdb");
        init.args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "-D"])
            .arg(&data);
        house::output(&mut init)?;
        let rules = "host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n";
        fs::write(data.join("pg_hba.conf"), rules)?;
        let port = free_port()?;
        let mut postgres = command("postgres");
        postgres.arg("-D").arg(&data);
        let settings = [
            "listen_addresses=127.0.0.1",
            &format!("port={port}"),
            "unix_socket_directories=",
            "max_connections=300",
            "log_min_messages=fatal",
            // The data is thrown away: nothing is lost with the machine.
            "fsync=off",
            "full_page_writes=off",
        ];
        for setting in settings {
            postgres.args(["-c", setting]);
        }
        Server::start("postgres", postgres.stdout(Stdio::null()).stderr(Stdio::null()), Some(folder), port).map(Self)
    }

    /// How libpq is told where it is.
    pub(crate) fn address(&self) -> String {
        format!("host=127.0.0.1 port={} user=postgres dbname=postgres", self.0.port)
    }
}

/// AWS's API as moto has it, in memory.
pub(crate) struct Moto(Server);

impl Moto {
    pub(crate) fn start() -> Result<Self> {
        let program = house::peers().join("moto/bin/moto_server");
        let port = free_port()?;
        let mut command = Command::new(program);
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]).stdout(Stdio::null()).stderr(Stdio::null());
        Server::start("moto", &mut command, None, port).map(Self)
    }

    /// Its endpoint.
    pub(crate) fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.0.port)
    }
}

/// A port that nobody listens on now.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .context("cannot listen on the loopback interface")?
        .local_addr()?
        .port())
}
