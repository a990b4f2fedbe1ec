//! One replica of a service: a process, by the contract that the chart gives it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long a service may take to be ready, or to end.
const PATIENCE: Duration = Duration::from_secs(30);

/// How a service is started, and started again.
pub(crate) struct Service {
    name: &'static str,
    binary: PathBuf,
    folder: PathBuf,
    environment: Vec<(String, String)>,
    starts: AtomicUsize,
}

/// A running replica; killed when dropped.
pub(crate) struct Process {
    child: Child,
    pub(crate) url: String,
}

impl Service {
    /// `name` is the binary's, in `KARAT_SERVICES`; `folder` is where its files go.
    pub(crate) fn new(name: &'static str, binaries: &str, folder: &Path) -> Self {
        let folder = folder.join(name);
        fs::create_dir_all(&folder).unwrap();
        let mut service = Self {
            name,
            binary: Path::new(binaries).join(name),
            folder,
            environment: Vec::new(),
            starts: AtomicUsize::new(0),
        };
        service.set("HOST", "127.0.0.1");
        service.set("PORT", "0");
        service.set("OTEL_SERVICE_NAME", name);
        service.set("OTEL_RESOURCE_ATTRIBUTES", "service.namespace=myhealth,service.version=0.0.1-test");
        service.set("DATABASE", &format!("sqlite:{}", service.database().display()));
        service
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// Its SQLite file, which all replicas share.
    pub(crate) fn database(&self) -> PathBuf {
        self.folder.join("store.db")
    }

    /// What all replicas have printed so far.
    pub(crate) fn logs(&self) -> String {
        let starts = self.starts.load(Ordering::Relaxed);
        (0..starts).map(|start| fs::read_to_string(self.file(start, "log")).unwrap_or_default()).collect()
    }

    fn file(&self, start: usize, extension: &str) -> PathBuf {
        self.folder.join(format!("{start}.{extension}"))
    }

    /// Starts a replica and waits until it is ready.
    pub(crate) fn start(&self) -> Process {
        let start = self.starts.fetch_add(1, Ordering::Relaxed);
        let (port_file, log) = (self.file(start, "port"), fs::File::create(self.file(start, "log")).unwrap());
        let mut command = Command::new(&self.binary);
        // Nothing of the tester's environment: what a service needs is what it is given.
        command.arg("serve").env_clear().envs(self.environment.iter().cloned()).env("PORT_FILE", &port_file);
        command.current_dir(&self.folder).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let child = command.spawn().unwrap_or_else(|error| panic!("cannot start {}: {error}", self.binary.display()));
        let mut process = Process { child, url: String::new() };
        let begin = Instant::now();
        while begin.elapsed() < PATIENCE {
            if let Some(status) = process.child.try_wait().unwrap() {
                panic!("{} ended before it was ready ({status}):\n{}", self.name, self.logs());
            }
            if process.url.is_empty()
                && let Ok(port) = fs::read_to_string(&port_file)
            {
                process.url = format!("http://127.0.0.1:{}", port.trim());
            }
            if !process.url.is_empty() && ureq::get(format!("{}/readyz", process.url)).call().is_ok() {
                return process;
            }
            sleep(Duration::from_millis(20));
        }
        panic!("{} was not ready after {} s:\n{}", self.name, PATIENCE.as_secs(), self.logs());
    }
}

impl Process {
    /// As a node that loses power: no warning, nothing flushed.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// As Kubernetes asks a pod to end; it must do so by itself, with success.
    pub(crate) fn stop(mut self) {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(asked.success());
        let begin = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                assert!(status.success(), "after SIGTERM it ended with {status}");
                return;
            }
            assert!(begin.elapsed() < PATIENCE, "it did not end after SIGTERM");
            sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
