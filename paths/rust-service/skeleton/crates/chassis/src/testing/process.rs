//! A service as a process, and a client that writes bytes.

use super::{PATIENCE, eventually};
use serde_json::Value;
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread,
};
use tempfile::TempDir;

/// The service as a process of its own.
#[derive(Debug)]
pub struct Process {
    child: Child,
    /// Where it listens.
    pub port: u16,
    output: Mutex<mpsc::Receiver<String>>,
    seen: Vec<Value>,
    kept: Option<Arc<TempDir>>,
}

impl Process {
    /// Starts it and waits until it is ready.
    #[must_use]
    pub fn serve(command: Command) -> Self {
        let mut process = Self::spawn(command);
        let listening = eventually("a line that says `listening`", || process.log("listening"));
        process.port = listening["attributes"]["server.port"].as_u64().expect("a port").try_into().expect("a port");
        eventually("ready", || (process.get("/readyz").status == 200).then_some(()));
        process
    }

    /// Starts it on the loopback interface, on a free port unless it has one.
    #[must_use]
    pub fn spawn(mut command: Command) -> Self {
        command.env("HOST", "127.0.0.1");
        if command.get_envs().all(|(name, _)| name != "PORT") {
            command.env("PORT", "0");
        }
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let stdout = BufReader::new(child.stdout.take().expect("piped"));
        let (sender, output) = mpsc::channel();
        thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, port: 0, output: Mutex::new(output), seen: Vec::new(), kept: None }
    }

    /// Keeps the folder of its data while it runs, whatever the test does with it: a store opens its files again and again.
    #[must_use]
    pub fn keeping(mut self, folder: &Arc<TempDir>) -> Self {
        self.kept = Some(Arc::clone(folder));
        self
    }

    /// The log line with this body, if it was written by now.
    pub fn log(&mut self, body: &str) -> Option<Value> {
        self.lines().iter().find(|line| line["body"] == body).cloned()
    }

    /// All log lines so far.
    pub fn lines(&mut self) -> &[Value] {
        // A test harness in the process writes a line of its own, and no newline before ours.
        let json = |line: String| serde_json::from_str(&line[line.find('{')?..]).ok();
        let output = self.output.get_mut().expect("no panic");
        self.seen.extend(output.try_iter().filter_map(json));
        &self.seen
    }

    /// The answer to a GET.
    #[must_use]
    pub fn get(&self, path: &str) -> Answer {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n"))
    }

    /// The answer to a request, which is written as it is.
    #[must_use]
    pub fn send(&self, request: &str) -> Answer {
        Answer::of(self.write(request))
    }

    /// Writes a request; its answer is read later.
    #[must_use]
    pub fn write(&self, request: &str) -> TcpStream {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("connects");
        stream.set_read_timeout(Some(PATIENCE)).expect("sets");
        stream.write_all(request.as_bytes()).expect("writes");
        stream
    }

    /// Sends it a signal: `TERM`, `KILL`.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(status.expect("kill runs").success());
    }

    /// How it ended.
    pub fn wait(&mut self) -> ExitStatus {
        eventually("the process ends", || self.child.try_wait().expect("waits"))
    }

    /// What it said on standard error; once, after its end.
    pub fn errors(&mut self) -> String {
        let mut text = String::new();
        self.child.stderr.take().expect("piped").read_to_string(&mut text).expect("reads");
        text
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            self.lines();
            #[allow(clippy::print_stderr, reason = "a test that fails says what its processes said")]
            self.seen.iter().for_each(|line| eprintln!("{line}"));
        }
    }
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// Its status; 0 if there was none.
    pub status: u16,
    /// Status line and headers, in lower case.
    pub head: String,
    /// Its body.
    pub body: String,
}

impl Answer {
    /// Reads it from a connection that the server closes.
    #[must_use]
    pub fn of(mut stream: TcpStream) -> Self {
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes); // a refused body may end in a reset after the answer
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.get(9..12).and_then(|status| status.parse().ok()).unwrap_or(0);
        Self { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
    }

    /// Its body as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}
