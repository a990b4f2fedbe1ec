//! Documentation on this machine: one thread, only `GET`, each answer from the files as they are now.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use super::{Docs, page};
use crate::error::{CommandError, chain};
use crate::output::Output;

/// The longest head of a request, in bytes.
const HEAD: u64 = 16 << 10;
/// How long a client may take to say what it wants, or to take an answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Nothing runs, nothing is asked of another server.
const HEADERS: &str = "Content-Security-Policy: default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n\
    Cache-Control: no-cache\r\nConnection: close\r\n";

pub(super) fn run(dir: &Path, port: u16, output: &Output) -> Result<ExitCode, CommandError> {
    // What is wrong with the folder is told before anybody looks.
    let docs = Docs::read(dir)?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|error| {
        CommandError::environment(format!("127.0.0.1:{port}: {}", chain(&error)))
            .hint("another port: `karat docs serve --port 0` takes one that is free")
    })?;
    let address = listener.local_addr()?;
    output.bytes(format!("{} is at http://{address}/ (Ctrl-C ends it)\n", docs.site.name()).as_bytes())?;
    drop(docs);
    for stream in listener.incoming() {
        // One client that goes away is no reason to stop.
        let _ = stream.and_then(|stream| answer(dir, stream));
    }
    Ok(ExitCode::SUCCESS)
}

fn answer(dir: &Path, mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let (mut request, mut host) = (String::new(), String::new());
    let mut head = BufReader::new(stream.try_clone()?.take(HEAD));
    head.read_line(&mut request)?;
    loop {
        let mut line = String::new();
        if head.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("host")
        {
            host = value.trim().to_owned();
        }
    }
    let mut words = request.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    // A name that somebody else's DNS points here is not ours.
    let name = host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name);
    let (status, kind, body) = if !matches!(name, "127.0.0.1" | "localhost") {
        ("421 Misdirected Request", "text/plain", b"ask 127.0.0.1\n".to_vec())
    } else if method != "GET" && method != "HEAD" {
        ("405 Method Not Allowed", "text/plain", b"only GET\n".to_vec())
    } else {
        found(dir, target)
    };
    let length = body.len();
    let sent = format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{HEADERS}\r\n");
    stream.write_all(sent.as_bytes())?;
    if method != "HEAD" {
        stream.write_all(&body)?;
    }
    stream.flush()
}

type Answer = (&'static str, &'static str, Vec<u8>);

fn found(dir: &Path, target: &str) -> Answer {
    let path = target.split(['?', '#']).next().unwrap_or_default().trim_start_matches('/');
    let missing = || ("404 Not Found", "text/plain", b"there is no such page\n".to_vec());
    if path == page::STYLE {
        return ("200 OK", "text/css; charset=utf-8", page::CSS.into());
    }
    let Ok(docs) = Docs::read(dir) else { return missing() };
    if let Some((bytes, kind)) = docs.asset(path) {
        return ("200 OK", kind, bytes);
    }
    let is_page = !path.ends_with(".md") && docs.site.page(path).is_some();
    if !is_page && (!path.is_empty() || docs.site.home().is_none()) {
        return missing();
    }
    let docs = docs.with_changes(dir);
    match docs.site.page(path).or_else(|| docs.site.home()) {
        Some(found) => ("200 OK", "text/html; charset=utf-8", page::draw(&docs, found).into_bytes()),
        None => missing(),
    }
}
