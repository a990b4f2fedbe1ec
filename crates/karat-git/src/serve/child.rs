//! Git as a child: an environment of ours alone, a process group of its own that ends with us, its output in parts.

use std::fs::File;
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use axum::body::Bytes;
use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::timeout;

use super::Service;

/// All that the child finds in its environment but its configuration. Nobody's settings, no home, no prompt.
const ENVIRONMENT: [(&str, &str); 9] = [
    ("PATH", "/usr/local/bin:/usr/bin:/bin"),
    ("HOME", "/nonexistent"),
    ("XDG_CONFIG_HOME", "/nonexistent"),
    ("LC_ALL", "C"),
    ("TZ", "UTC"),
    ("GIT_CONFIG_NOSYSTEM", "1"),
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_ATTR_NOSYSTEM", "1"),
    ("GIT_TERMINAL_PROMPT", "0"),
];

/// What holds for every child, whatever a repository's own configuration says.
const CONFIGURATION: [(&str, &str); 15] = [
    // No hooks: neither the repository's nor the system's.
    ("core.hooksPath", "/dev/null"),
    ("transfer.fsckObjects", "true"),
    ("transfer.hideRefs", crate::repositories::HIDDEN_PREFIX),
    ("transfer.advertiseSID", "false"),
    ("receive.advertisePushOptions", "false"),
    // Nothing goes on behind an answer.
    ("receive.autogc", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    // Partial clones, and commits by their hash, as protocol v2 gives them anyway.
    ("uploadpack.allowFilter", "true"),
    ("uploadpack.allowAnySHA1InWant", "true"),
    // Bounds of memory: one thread that packs, 128 MiB for its window, files from 16 MiB on are not compared.
    ("pack.threads", "1"),
    ("pack.windowMemory", "128m"),
    ("pack.deltaCacheSize", "32m"),
    ("core.bigFileThreshold", "16m"),
    ("core.packedGitLimit", "256m"),
];

/// How much of a child's output is taken at once, in bytes.
const PART: usize = 32 << 10;

/// What is to be run.
pub(crate) struct Job<'a> {
    pub(crate) service: Service,
    /// The repository.
    pub(crate) place: &'a Path,
    /// Tell refs and capabilities instead of answering a request.
    pub(crate) advertise: bool,
    /// The value of `GIT_PROTOCOL`.
    pub(crate) protocol: Option<&'a str>,
    /// More configuration.
    pub(crate) settings: &'a [(&'a str, String)],
    /// The request.
    pub(crate) input: Option<File>,
    /// Standard error; nobody reads it if there is none.
    pub(crate) errors: Option<Stdio>,
}

/// A child that runs. Dropped, it is killed with all that it started.
pub(crate) struct Running {
    child: Child,
    output: ChildStdout,
    buffer: Vec<u8>,
    /// The child's number, and that of the group of all that it starts.
    group: Option<u32>,
}

impl Running {
    pub(crate) fn start(job: Job<'_>) -> io::Result<Self> {
        let mut command = Command::new("git");
        command.env_clear().envs(ENVIRONMENT).current_dir(job.place);
        let mut settings: Vec<(&str, String)> =
            CONFIGURATION.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
        settings.push(("safe.directory", job.place.to_string_lossy().into_owned()));
        settings.extend_from_slice(job.settings);
        command.env("GIT_CONFIG_COUNT", settings.len().to_string());
        for (number, (key, value)) in settings.into_iter().enumerate() {
            command.env(format!("GIT_CONFIG_KEY_{number}"), key).env(format!("GIT_CONFIG_VALUE_{number}"), value);
        }
        if let Some(protocol) = job.protocol {
            command.env("GIT_PROTOCOL", protocol);
        }
        command.arg(job.service.verb());
        if job.service == Service::Upload {
            command.arg("--strict");
        }
        command.arg("--stateless-rpc");
        if job.advertise {
            command.arg("--advertise-refs");
        }
        command.arg(job.place);
        command.stdin(job.input.map_or_else(Stdio::null, Stdio::from));
        command.stdout(Stdio::piped()).stderr(job.errors.unwrap_or_else(Stdio::null)).kill_on_drop(true);
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.spawn()?;
        let output = child.stdout.take().ok_or_else(|| io::Error::other("git has no output"))?;
        let group = child.id();
        Ok(Self { child, output, buffer: vec![0; PART], group })
    }

    /// The next part of the output; `None` at its end.
    pub(crate) async fn next(&mut self) -> io::Result<Option<Bytes>> {
        let read = self.output.read(&mut self.buffer).await?;
        Ok((read > 0).then(|| Bytes::copy_from_slice(&self.buffer[..read])))
    }

    pub(crate) async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Kills the child and all that it started, and waits until it is gone. Also right after [`Running::wait`], for what a
    /// child that was killed has left behind.
    pub(crate) async fn kill(&mut self) {
        self.signal();
        let _ = self.child.kill().await;
    }

    fn signal(&self) {
        #[cfg(unix)]
        if let Some(group) = self.group.and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that was waited for is gone, and its number may be another's.
        if self.child.id().is_some() {
            self.signal();
        }
    }
}

/// A part of an answer. An answer that ends without [`Part::End`] was cut off, and the client is told so.
#[derive(Debug)]
pub(crate) enum Part {
    Data(Bytes),
    End,
}

/// Hands a child's output on as fast as it is taken; the child is killed when nobody takes it any more, when nobody took
/// anything for `idle`, or after `work`.
pub(crate) fn pump(
    mut running: Running,
    idle: Duration,
    work: Duration,
    permit: OwnedSemaphorePermit,
) -> mpsc::Receiver<Part> {
    // A few parts: enough to keep both sides busy.
    let (sender, receiver) = mpsc::channel(4);
    tokio::spawn(async move {
        let handed = async {
            let mut any = false;
            while let Ok(Some(part)) = running.next().await {
                any = true;
                match timeout(idle, sender.send(Part::Data(part))).await {
                    Ok(Ok(())) => {}
                    _ => return false,
                }
            }
            // What git says when it fails is in its output, in the protocol's own words; nothing at all is not.
            running.wait().await.is_ok_and(|status| status.success() || (any && status.code().is_some()))
        };
        let whole = tokio::select! {
            whole = timeout(work, handed) => whole.unwrap_or(false),
            () = sender.closed() => false,
        };
        if whole {
            let _ = timeout(idle, sender.send(Part::End)).await;
        }
        drop(running);
        drop(permit);
    });
    receiver
}
