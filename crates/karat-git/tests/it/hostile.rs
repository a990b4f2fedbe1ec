//! What no git sends.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use karat_git::serve::Limits;

use crate::served::{Served, client, commit, done, get, noise, pkt, post, until};

const UPLOAD: &str = "/team/app.git/git-upload-pack";
const RECEIVE: &str = "/team/app.git/git-receive-pack";

fn status(answer: &str) -> &str {
    answer.get(9..12).unwrap_or("none")
}

#[test]
fn addresses_that_are_none() {
    let served = Served::new();
    crate::served::write(&served.root.path().join("secret.git/HEAD"), "ref: refs/heads/main\n");
    for path in [
        "/../secret.git",
        "/team/../../secret.git",
        "/%2e%2e/secret.git",
        "/..%2fsecret.git",
        "/team/app.git/../../x.git",
        "/",
        "//",
        "/.lock",
        "/team/app.git/objects",
        "/-upload-pack=x",
        "/team%00/app.git",
        "/a/b/c.git",
        "/team//app.git",
        "/team",
        "/team/app.git.git",
    ] {
        let answer = served.raw(&get(&format!("{path}/info/refs?service=git-upload-pack")));
        assert_eq!(status(&answer), "404", "{path}: {answer}");
        let answer = served.raw(&post(&format!("{path}/git-receive-pack"), "receive-pack", "", b"0000"));
        assert_eq!(status(&answer), "404", "{path}: {answer}");
    }
    for (path, code, said) in [
        ("/team/app.git/info/refs", "403", "smart HTTP only"),
        ("/team/app.git/info/refs?service=git-upload-archive", "403", "no other service"),
        ("/team/app.git/info/refs?service=upload-pack", "403", "no other service"),
        ("/team/app.git/info/refs?service=git-;id", "403", "no other service"),
        ("/team/app.git/HEAD", "404", "not a git address"),
        ("/team/app.git/objects/info/packs", "404", "not a git address"),
        ("/team/app.git/config", "404", "not a git address"),
        (UPLOAD, "405", "by POST"),
    ] {
        let answer = served.raw(&get(path));
        assert_eq!(status(&answer), code, "{path}: {answer}");
        assert!(answer.contains(said) && answer.contains("text/plain"), "{path}: {answer}");
    }
}

#[test]
fn browsers_and_strangers() {
    let served = Served::new();
    let refs = "/team/app.git/info/refs?service=git-upload-pack";
    assert_eq!(status(&served.raw(&get(refs))), "200");
    for header in ["Origin: http://evil.example", "Sec-Fetch-Site: same-origin"] {
        let request = format!("GET {refs} HTTP/1.1\r\nHost: localhost\r\n{header}\r\nConnection: close\r\n\r\n");
        assert!(served.raw(request.as_bytes()).contains("not for browsers"), "{header}");
    }
    let request = format!("GET {refs} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
    assert_eq!(status(&served.raw(request.as_bytes())), "403", "a name that leads here");
    let request =
        format!("GET {refs} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic ???\r\nConnection: close\r\n\r\n");
    assert_eq!(status(&served.raw(request.as_bytes())), "400");
    let answer = served.raw(&post(UPLOAD, "receive-pack", "", b"0000"));
    assert_eq!(status(&answer), "415", "a form of another site cannot have git's type: {answer}");
    // A header that becomes a variable of the child's.
    let request =
        format!("GET {refs} HTTP/1.1\r\nHost: localhost\r\nGit-Protocol: version=2;$(id)\r\nConnection: close\r\n\r\n");
    assert!(served.raw(request.as_bytes()).contains("# service=git-upload-pack"), "not understood is not there");
}

#[test]
fn packets_that_are_none() {
    let served = Served::new();
    let one = "a".repeat(40);
    let too_many = pkt(&format!("{one} {one} refs/heads/x")).repeat(10_001);
    for body in ["ffff", "fff1aaaa", "0001", "zzzz", "0", "", "0032", "0009abcde0000", "0010shallow", &too_many] {
        let answer = served.raw(&post(RECEIVE, "receive-pack", "", body.as_bytes()));
        assert_eq!(status(&answer), "400", "{body:.40}: {answer}");
    }
    for body in ["ffff", "fff1aaaa", "zzzz", "0009abcde"] {
        let answer = served.raw(&post(UPLOAD, "upload-pack", "", body.as_bytes()));
        // Git speaks for itself there, by its `ERR` or by ending.
        assert!(status(&answer) == "400" || answer.contains("ERR"), "{body}: {answer}");
    }
    // Git asks so whether it may.
    assert_eq!(status(&served.raw(&post(RECEIVE, "receive-pack", "", b"0000"))), "200");
    // Commands without a pack, and with one that is none.
    let push = format!("{}0000", pkt(&format!("{} {one} refs/heads/x\0report-status", "0".repeat(40))));
    for rest in ["", "PACK", "PACK\0\0\0\u{2}\0\0\0\u{1}garbage and no more"] {
        served.raw(&post(RECEIVE, "receive-pack", "", format!("{push}{rest}").as_bytes()));
    }
    assert_eq!(served.refs().len(), 1);
    served.sound();
}

fn zipped(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn bodies_that_grow() {
    let limits = Limits { fetch: 1 << 20, push: 2 << 20, ..Limits::default() };
    let served = Served::with(limits, None);
    let gzip = "Content-Encoding: gzip\r\n";
    let bomb = zipped(&vec![0; 64 << 20]);
    assert!(bomb.len() < 1 << 18, "small enough to be let in");
    for (path, service) in [(UPLOAD, "upload-pack"), (RECEIVE, "receive-pack")] {
        assert_eq!(status(&served.raw(&post(path, service, gzip, &bomb))), "413");
        assert_eq!(status(&served.raw(&post(path, service, gzip, b"no gzip at all, not in the least"))), "400");
        let whole = zipped(&noise(10_000, 1));
        assert_eq!(status(&served.raw(&post(path, service, gzip, &whole[..5_000]))), "400");
        assert_eq!(status(&served.raw(&post(path, service, "Content-Encoding: br\r\n", b"0000"))), "415");
        let announced = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 99999999999\r\n\
             Content-Type: application/x-git-{service}-request\r\n\r\n"
        );
        assert_eq!(status(&served.raw(announced.as_bytes())), "413", "before a byte of it");
    }
    // Without a length, and without an end.
    let mut stream = served.connect();
    let head = format!(
        "POST {RECEIVE} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\
         Content-Type: application/x-git-receive-pack-request\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let chunk = [b"10000\r\n".as_slice(), &vec![b'0'; 0x10000], b"\r\n"].concat();
    let sent = (0..200).take_while(|_| stream.write_all(&chunk).is_ok()).count();
    assert!(sent < 200, "all of it was taken");
    // A real push that is too large is told so as well.
    let clone = served.clone("clone");
    fs_err::write(clone.join("noise"), noise(8 << 20, 1)).unwrap();
    commit(&clone, "a.txt", "a");
    assert!(!client(&clone, &["push", "origin", "main"]).status.success());
    served.sound();
}

/// Somebody who asks for a pack of 30 MiB, and has read none of it yet.
fn asking_for_much(served: &Served, clone: &Path) -> TcpStream {
    fs_err::write(clone.join("noise"), noise(30 << 20, 7)).unwrap();
    let large = commit(clone, "b.txt", "b");
    done(clone, &["push", "-q", "origin", "main"]);
    let wants = format!("{}0000{}", pkt(&format!("want {large} side-band-64k\n")), pkt("done\n"));
    let mut asking = served.connect();
    asking.write_all(&post(UPLOAD, "upload-pack", "", wants.as_bytes())).unwrap();
    asking
}

#[test]
fn clients_that_are_slow() {
    let limits = Limits { idle: Duration::from_millis(500), working: 1, ..Limits::default() };
    let mut served = Served::with(limits, None);
    let clone = served.clone("clone");
    // One that does not send on.
    let mut slow = served.connect();
    let whole = post(RECEIVE, "receive-pack", "", &[b'0'; 1_000]);
    slow.write_all(&whole[..whole.len() - 500]).unwrap();
    commit(&clone, "a.txt", "a");
    done(&clone, &["push", "-q", "origin", "main"]);
    served.push().expect("nobody is held up");
    let mut answer = String::new();
    slow.read_to_string(&mut answer).unwrap();
    assert_eq!(status(&answer), "408", "{answer}");

    // One that does not read on, with the only place among those that are worked for.
    let mut lazy = asking_for_much(&served, &clone);
    until("git works for it", || !served.children().is_empty());
    until("and is ended", || served.children().is_empty());
    served.clone("again");
    // What it reads at last ends in the middle of a chunk, so it does not take it for whole.
    let mut got = Vec::new();
    let _ = lazy.read_to_end(&mut got);
    assert!(got.starts_with(b"HTTP/1.1 200"));
    assert!(!got.ends_with(b"0\r\n\r\n"), "it was told that this was all");
}

#[test]
fn a_client_that_goes_away_takes_its_child_along() {
    let served = Served::new();
    let clone = served.clone("clone");
    let mut gone = asking_for_much(&served, &clone);
    gone.read_exact(&mut [0; 1_000]).unwrap();
    assert_eq!(served.children().len(), 1);
    drop(gone);
    until("the child is gone", || served.children().is_empty());
}

#[test]
fn a_fetch_whose_git_dies_is_not_taken_for_whole() {
    let served = Served::new();
    let clone = served.clone("clone");
    let mut client = asking_for_much(&served, &clone);
    client.read_exact(&mut [0; 1_000]).unwrap();
    for child in served.children() {
        assert!(std::process::Command::new("kill").args(["-9", &child]).status().unwrap().success());
    }
    let mut rest = Vec::new();
    let _ = client.read_to_end(&mut rest);
    assert!(!rest.ends_with(b"0\r\n\r\n"), "it was told that this was all");
}
