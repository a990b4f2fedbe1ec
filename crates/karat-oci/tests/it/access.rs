//! Who may do what is asked for each request.

use std::sync::Arc;

use karat_oci::{Access, Action, Algorithm, Caller, Digest, Name, Permit, Settings};

use crate::support::Server;

/// `open` is everybody's to read; `secret` is for who has the token; nothing else.
struct Rules;

impl Access for Rules {
    fn permit(&self, caller: &Caller<'_>, action: Action, repository: Option<&Name>) -> Permit {
        let known = caller.headers.get("authorization").is_some_and(|value| value == "Bearer token");
        match (repository.map(Name::as_str), action) {
            (Some("open"), Action::Pull) => Permit::Yes,
            _ if !known => Permit::Authenticate("Bearer realm=\"http://localhost/token\"".to_owned()),
            (None | Some("open" | "secret"), _) => Permit::Yes,
            _ => Permit::No,
        }
    }
}

#[test]
fn who_may_not_is_told_how_or_refused() {
    let server = Server::with(Settings::default(), Arc::new(Rules));
    let answer = server.get("/v2/");
    assert_eq!((answer.status, answer.code().as_str()), (401, "UNAUTHORIZED"));
    assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"http://localhost/token\"");
    let token = ("authorization", "Bearer token");
    assert_eq!(server.send("GET", "/v2/", &[token], b"").status, 200);

    assert_eq!(server.get("/v2/open/tags/list").code(), "NAME_UNKNOWN");
    assert_eq!(server.get("/v2/secret/tags/list").status, 401);
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        let path = if method == "POST" { "/v2/open/blobs/uploads/" } else { "/v2/open/manifests/v1" };
        let status = server.send(method, path, &[], b"").status;
        assert_eq!(status, 401, "{method}");
    }
    let answer = server.send("POST", "/v2/other/blobs/uploads/", &[token], b"");
    assert_eq!((answer.status, answer.code().as_str()), (403, "DENIED"));
}

#[test]
fn a_blob_is_mounted_only_from_where_it_may_be_read() {
    let server = Server::with(Settings::default(), Arc::new(Rules));
    let (hidden, open) = (name("hidden"), name("open"));
    let (digest, _) = server.layout.add(&hidden, &mut &b"hidden"[..], 100).unwrap();
    let token = ("authorization", "Bearer token");
    for from in ["&from=hidden", ""] {
        let path = format!("/v2/secret/blobs/uploads/?mount={digest}{from}");
        assert_eq!(server.send("POST", &path, &[token], b"").status, 202, "{from}");
    }
    let (digest, _) = server.layout.add(&open, &mut &b"open"[..], 100).unwrap();
    for from in ["&from=open", ""] {
        let path = format!("/v2/secret/blobs/uploads/?mount={digest}{from}");
        assert_eq!(server.send("POST", &path, &[token], b"").status, 201, "{from}");
    }
    assert!(!server.layout.has(&name("secret"), &Digest::of(Algorithm::Sha256, b"hidden")));
}

#[test]
fn pages_in_a_browser_are_nobody() {
    let server = Server::start();
    for header in [("origin", "https://evil.example"), ("host", "evil.example"), ("sec-fetch-site", "cross-site")] {
        let answer = server.send("POST", "/v2/a/blobs/uploads/", &[header], b"");
        assert_eq!((answer.status, answer.code().as_str()), (403, "DENIED"), "{header:?}");
    }
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}
