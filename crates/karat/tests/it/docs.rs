//! `karat docs`: a site in a folder, and shown on this machine.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use karat_testkit::Sandbox;

use crate::{karat, myhealth, root};

#[test]
fn a_site_is_built_as_techdocs_lays_it_out() {
    let sandbox = myhealth();
    let output = karat(&sandbox).args(["docs", "build", "myhealth/apps/records", "--out", "site"]).run().success();
    assert!(output.stdout.starts_with("12 pages in site in "), "{}", output.stdout);
    let page = sandbox.read("site/how-to/release/index.html");
    for part in [
        "<h1 id=\"release-and-roll-back\">",
        "href=\"../../assets/karat.css\"",
        "rel=\"prev\"",
        "rel=\"next\"",
        "aria-current=\"page\"",
        "How-to: reach a goal",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
    assert!(sandbox.read("site/index.html").contains("<h1 "));
    assert!(sandbox.read("site/search/search_index.json").contains("\"how-to/release/#roll-back\""));
    assert!(sandbox.read("site/techdocs_metadata.json").contains("\"site_name\":\"Records\""));
}

#[test]
fn what_is_wrong_is_told_and_nothing_is_written() {
    let sandbox = Sandbox::new();
    sandbox.write("mkdocs.yml", "site_name: A\ndocs_dir: docs\nhooks: [evil.py]\n");
    sandbox.write("docs/index.md", "# A\n\n[gone](gone.md)\n");
    let output = karat(&sandbox).args(["docs", "build", "--check"]).run().failure(1);
    insta::assert_snapshot!(crate::timeless(&output));
    assert!(!sandbox.path().join("site").exists());
    let none = karat(&sandbox).args(["docs", "build", "nowhere"]).run().failure(2);
    assert!(none.stderr.contains("nowhere"), "{}", none.stderr);
}

/// Karat's documentation meets what it asks of others.
#[test]
fn our_own_documentation_is_whole() {
    let output = karat(&Sandbox::new()).args(["docs", "build", "--check"]).arg(root()).run();
    assert_eq!(output.code, Some(0), "{}", output.stdout);
    assert!(output.stdout.contains(": 0 errors, 0 warnings"), "{}", output.stdout);
}

#[test]
fn pages_are_served_as_they_are_now() {
    let sandbox = Sandbox::new();
    sandbox.write("mkdocs.yml", "site_name: A\n");
    sandbox.write("docs/index.md", "# First\n");
    sandbox.write("docs/deep/page.md", "# Deep\n");
    let mut child = Command::new(env!("CARGO_BIN_EXE_karat"))
        .args(["docs", "serve", "--port", "0"])
        .current_dir(sandbox.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let _ = BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next()).unwrap().to_owned();
    let ask = |request: &str| {
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let get = |path: &str| ask(&format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n"));
    let first = get("/");
    assert!(first.starts_with("HTTP/1.1 200 ") && first.contains("default-src 'none'") && first.contains("First"));
    sandbox.write("docs/index.md", "# Second\n");
    assert!(get("/").contains("Second"));
    assert!(get("/deep/page/").contains("Deep"));
    assert!(get("/assets/karat.css").contains("text/css"));
    for path in ["/nothing/", "/../mkdocs.yml", "/%2e%2e/mkdocs.yml", "/mkdocs.yml"] {
        assert!(get(path).starts_with("HTTP/1.1 404 "), "{path}");
    }
    assert!(ask("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n").starts_with("HTTP/1.1 421 "));
    assert!(ask(&format!("POST / HTTP/1.1\r\nHost: {address}\r\n\r\n")).starts_with("HTTP/1.1 405 "));
    child.kill().unwrap();
    let _ = child.wait().unwrap();
}
