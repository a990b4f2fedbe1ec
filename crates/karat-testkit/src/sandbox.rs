//! Hermetic runs of a command: a temporary folder of its own, a cleared environment, bounded time, paths normalised.
//!
//! ```no_run
//! let sandbox = karat_testkit::Sandbox::new();
//! sandbox.write("chart/Chart.yaml", "apiVersion: v2\nname: a\nversion: 1.0.0\n");
//! let output = sandbox.command("/path/to/karat").args(["render", "chart", "chart"]).run();
//! assert_eq!(output.success().stdout, "");
//! ```

use std::ffi::OsStr;
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use fs_err as fs;

use crate::environment;

/// A run that takes longer is killed, and the test fails.
const PATIENCE: Duration = Duration::from_secs(120);

/// A temporary folder, removed when dropped.
#[derive(Debug)]
pub struct Sandbox {
    root: PathBuf,
}

impl Sandbox {
    /// A new, empty folder.
    ///
    /// # Panics
    /// If the system gives none.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it makes a folder: not something to get by default")]
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let root = std::env::temp_dir().join(format!("karat-test-{}-{number}", std::process::id()));
        for folder in ["work", "home", "tmp"] {
            fs::create_dir_all(root.join(folder)).unwrap_or_else(|error| panic!("{error}"));
        }
        // Canonical, because commands print canonical paths and those are normalised.
        let root = fs::canonicalize(root).unwrap_or_else(|error| panic!("{error}"));
        Self { root }
    }

    /// The folder in which commands run.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.root.join("work")
    }

    /// Writes a file below [`Self::path`], with its folders.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).unwrap_or_else(|error| panic!("{error}"));
        }
        fs::write(&path, bytes).unwrap_or_else(|error| panic!("{error}"));
        path
    }

    /// Reads a text file below [`Self::path`].
    ///
    /// # Panics
    /// If it cannot be read.
    #[must_use]
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Copies a folder to `name` below [`Self::path`].
    ///
    /// # Panics
    /// If something cannot be copied.
    pub fn copy(&self, from: &Path, name: &str) -> PathBuf {
        let to = self.path().join(name);
        copy(from, &to).unwrap_or_else(|error| panic!("{error}"));
        to
    }

    /// A command to be run in this folder with an environment of its own: HOME and TMPDIR within the sandbox, 80
    /// columns, no colour, UTC, no git identity or configuration of the user; of the caller's only PATH.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Run {
        let home = self.root.join("home");
        let mut command = Command::new(program);
        command.env_clear().current_dir(self.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.env("PATH", environment::path());
        command.env("HOME", &home).env("TMPDIR", self.root.join("tmp"));
        command.env("COLUMNS", "80").env("NO_COLOR", "1").env("TERM", "dumb").env("TZ", "UTC").env("LC_ALL", "C.UTF-8");
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", home.join(".gitconfig"));
        Run { command, stdin: Vec::new(), names: vec![(self.root.display().to_string(), "$SANDBOX".to_owned())] }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    if !from.is_dir() {
        fs::copy(from, to)?;
        return Ok(());
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

/// A command about to be run.
#[derive(Debug)]
#[must_use = "nothing happens before .run()"]
pub struct Run {
    command: Command,
    stdin: Vec<u8>,
    names: Vec<(String, String)>,
}

impl Run {
    /// Adds an argument.
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    /// Adds arguments.
    pub fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.command.args(arguments);
        self
    }

    /// Sets a variable.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs in another folder.
    pub fn current_dir(mut self, folder: impl AsRef<Path>) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// What the command reads.
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    /// Replaces a path by a name in what the command printed, as the sandbox's own by `$SANDBOX`.
    pub fn name(mut self, path: &Path, name: &str) -> Self {
        self.names.push((path.display().to_string(), name.to_owned()));
        self
    }

    /// Runs it.
    ///
    /// # Panics
    /// If it cannot be started, or runs longer than two minutes.
    pub fn run(mut self) -> Output {
        let shown = format!("{:?}", self.command.get_program());
        self.command.stdin(if self.stdin.is_empty() { Stdio::null() } else { Stdio::piped() });
        let mut child = self.command.spawn().unwrap_or_else(|error| panic!("cannot start {shown}: {error}"));
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let input = std::mem::take(&mut self.stdin);
        let (status, stdout, stderr) = std::thread::scope(|scope| {
            // A command that ends without reading all is no failure of ours.
            scope.spawn(move || stdin.map(|mut pipe| pipe.write_all(&input)));
            let stdout = scope.spawn(move || drain(stdout));
            let stderr = scope.spawn(move || drain(stderr));
            let status = wait(&mut child, PATIENCE);
            (status, stdout.join().unwrap_or_default(), stderr.join().unwrap_or_default())
        });
        let Some(status) = status else { panic!("{shown} ran for more than {} s", PATIENCE.as_secs()) };
        let text = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes).into_owned();
            self.names.iter().fold(text, |text, (path, name)| text.replace(path, name))
        };
        Output { stdout: text(&stdout), stderr: text(&stderr), code: status.code(), bytes: stdout }
    }
}

fn drain(pipe: Option<impl Read>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        let _ = pipe.read_to_end(&mut bytes);
    }
    bytes
}

/// Waits for `child`; kills it and gives `None` when it takes too long.
fn wait(child: &mut std::process::Child, patience: Duration) -> Option<std::process::ExitStatus> {
    let mut pause = Duration::from_micros(500);
    let mut waited = Duration::ZERO;
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        if waited > patience {
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
        std::thread::sleep(pause);
        waited += pause;
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// What a command printed and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "check how it ended: .success() or .failure(code)"]
pub struct Output {
    /// Standard output, paths normalised.
    pub stdout: String,
    /// Standard error, paths normalised.
    pub stderr: String,
    /// The exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// Standard output, byte by byte.
    pub bytes: Vec<u8>,
}

impl Output {
    /// The output of a command that must have succeeded.
    ///
    /// # Panics
    /// If it did not.
    pub fn success(self) -> Self {
        assert!(self.code == Some(0), "exit code {:?}\n{}", self.code, self.text());
        self
    }

    /// The output of a command that must have failed with `code`.
    ///
    /// # Panics
    /// If it did not.
    pub fn failure(self, code: i32) -> Self {
        assert!(self.code == Some(code), "exit code {:?} instead of {code}\n{}", self.code, self.text());
        self
    }

    /// All of it, for a snapshot: the code, then both streams, each closed by a line so that trailing newlines show.
    #[must_use]
    pub fn text(&self) -> String {
        let code = self.code.map_or_else(|| "killed".to_owned(), |code| code.to_string());
        format!("exit code: {code}\n--- stdout\n{}[EOF]\n--- stderr\n{}[EOF]\n", self.stdout, self.stderr)
    }
}
