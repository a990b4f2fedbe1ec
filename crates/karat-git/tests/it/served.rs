//! A server on a port of this machine, and git as its client.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;

use karat_git::serve::{Access, Limits, Loopback, Push, router};
use karat_git::{Folder, Imported, Name, Repositories};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

/// One repository, `team/app`, of a small folder.
pub(crate) struct Served {
    pub(crate) root: tempfile::TempDir,
    pub(crate) repositories: Repositories,
    pub(crate) address: SocketAddr,
    pub(crate) imported: Imported,
    pushes: mpsc::Receiver<Push>,
    runtime: Runtime,
}

impl Served {
    pub(crate) fn new() -> Self {
        Self::with(Limits::default(), None)
    }

    pub(crate) fn with(limits: Limits, access: Option<Arc<dyn Access>>) -> Self {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("folder");
        for number in 0..20 {
            write(&folder.join(format!("src/{number}.txt")), &format!("number {number}\n").repeat(50));
        }
        write(&folder.join("README.md"), "# App\n");
        let repositories = Repositories::open(&root.path().join("git")).unwrap();
        let name = app();
        let folder = Folder { name: &name, path: &folder, branch: "main", first: &[] };
        let imported = repositories.import(&[folder]).unwrap().remove(0);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, pushes) = mpsc::channel(100);
        let access = access.unwrap_or_else(|| Arc::new(Loopback::at(address, "user:default/you").unwrap()));
        let router = router(repositories.clone(), access, limits, sender);
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self { root, repositories, address, imported, pushes, runtime }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/team/app.git", self.address)
    }

    pub(crate) fn place(&self) -> PathBuf {
        self.repositories.place(&app())
    }

    pub(crate) fn refs(&self) -> BTreeMap<String, String> {
        self.repositories.refs(&app()).unwrap()
    }

    /// A fresh clone.
    pub(crate) fn clone(&self, name: &str) -> PathBuf {
        done(self.root.path(), &["clone", "-q", &self.url(), name]);
        self.root.path().join(name)
    }

    /// The next push event; `None` if none comes.
    pub(crate) fn push(&mut self) -> Option<Push> {
        let pushes = &mut self.pushes;
        self.runtime
            .block_on(async { tokio::time::timeout(Duration::from_secs(10), pushes.recv()).await.ok().flatten() })
    }

    /// Fails if there is an event that nobody has taken.
    pub(crate) fn quiet(&mut self) {
        assert!(self.pushes.try_recv().is_err(), "an event too many");
    }

    /// The repository is sound.
    pub(crate) fn sound(&self) {
        done(&self.place(), &["fsck", "--full", "--strict"]);
    }

    /// Sends a request as it is written here, and gives all that comes back until the server closes.
    pub(crate) fn raw(&self, request: &[u8]) -> String {
        let mut stream = self.connect();
        // The server may have answered and closed before all was written.
        let _ = stream.write_all(request);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    /// The children that work at the repository.
    pub(crate) fn children(&self) -> Vec<String> {
        let place = self.place().to_string_lossy().into_owned();
        let mut found = Vec::new();
        for entry in fs_err::read_dir("/proc").unwrap().filter_map(Result::ok) {
            let name = entry.file_name().into_string().unwrap();
            let Ok(line) = fs_err::read(entry.path().join("cmdline")) else { continue };
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            if line.starts_with("git ") && line.contains(&place) {
                found.push(name);
            }
        }
        found
    }
}

pub(crate) fn app() -> Name {
    Name::parse("team/app").unwrap()
}

pub(crate) fn write(path: &Path, text: &str) {
    fs_err::create_dir_all(path.parent().unwrap()).unwrap();
    fs_err::write(path, text).unwrap();
}

/// What cannot be packed, the same each time.
pub(crate) fn noise(bytes: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut out = Vec::with_capacity(bytes + 8);
    while out.len() < bytes {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        out.extend_from_slice(&state.to_le_bytes());
    }
    out
}

/// A request with a body, the way git sends it.
pub(crate) fn post(path: &str, service: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Content-Type: application/x-git-{service}-request\r\n{headers}Content-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

pub(crate) fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").into_bytes()
}

pub(crate) fn pkt(text: &str) -> String {
    format!("{:04x}{text}", text.len() + 4)
}

pub(crate) fn client(folder: &Path, arguments: &[&str]) -> Output {
    Command::new("git")
        .current_dir(folder)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("HOME", folder)
        .args(["-c", "user.name=karat", "-c", "user.email=karat@myhealth.example", "-c", "init.defaultBranch=main"])
        .args(arguments)
        .output()
        .expect("git is on the path")
}

/// Git's output; it must succeed.
pub(crate) fn done(folder: &Path, arguments: &[&str]) -> String {
    let output = client(folder, arguments);
    assert!(output.status.success(), "git {arguments:?}:\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// What git tells its user when it fails, which it must.
pub(crate) fn fails(folder: &Path, arguments: &[&str]) -> String {
    let output = client(folder, arguments);
    assert!(!output.status.success(), "git {arguments:?} succeeds");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A commit of one file more; its hash.
pub(crate) fn commit(folder: &Path, file: &str, text: &str) -> String {
    write(&folder.join(file), text);
    done(folder, &["add", "-A"]);
    done(folder, &["commit", "-q", "-m", file]);
    done(folder, &["rev-parse", "HEAD"])
}

/// Waits until something is so; fails after ten seconds.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..1_000 {
        if holds() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("{what}: not within ten seconds");
}
