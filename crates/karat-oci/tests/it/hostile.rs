//! Requests that nobody should send, and connections that end when they should not.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use karat_oci::{Algorithm, Digest, Loopback, MANIFEST_LIMIT, MediaType, Settings};

use crate::support::{Server, connect, image, index, name, receive};

fn settings() -> Settings {
    Settings { blob: 1 << 20, uploads: 3, rest: Duration::ZERO, ..Settings::default() }
}

#[test]
fn no_path_leaves_its_folder() {
    let server = Server::start();
    server.image("a", "v1", b"layer");
    let before = paths(server.folder.path());
    let hex = "0".repeat(64);
    for path in [
        "/v2/../a/tags/list",
        "/v2/%2e%2e/a/tags/list",
        "/v2/a%2f..%2fb/tags/list",
        "/v2/a/../../etc/manifests/passwd",
        "/v2/a/manifests/..%2f..%2findex.json",
        "/v2/a/manifests/sha256:..%2f..%2f..%2findex.json",
        "/v2/a/manifests/%00",
        "/v2/a/blobs/sha256:../../index.json",
        "/v2/a/blobs/sha256:%2e%2e%2f%2e%2e%2findex.json",
        "/v2/a/blobs/..%2f..%2findex.json",
        "/v2/a/blobs/sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "/v2/a/blobs/uploads/..",
        "/v2/a/blobs/uploads/..%2f..%2findex.json",
        "/v2/a/blobs/uploads/00000000-0000-4000-8000-000000000000",
        "/v2/_layout/tags/list",
        "/v2/a/_layout/tags/list",
        "/v2/A/tags/list",
        "/v2/a%5c..%5cb/tags/list",
        "/v2/a/referrers/..",
        "/v2//tags/list",
        "/v2/%ff/tags/list",
        "/v2/%252e%252e/tags/list",
    ] {
        for method in ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE"] {
            let answer = server.send(method, path, &[], b"x");
            assert!((400..500).contains(&answer.status), "{method} {path}: {answer:?}");
        }
    }
    for path in [
        format!("/v2/b/blobs/uploads/?mount=sha256:{hex}&from=../a"),
        "/v2/b/blobs/uploads/?mount=sha256:../../x&from=a".to_owned(),
        "/v2/b/blobs/uploads/?digest=sha256:../../../x".to_owned(),
        "/v2/b/blobs/uploads/?digest-algorithm=../x".to_owned(),
        "/v2/b/blobs/uploads/?digest=md5:d41d8cd98f00b204e9800998ecf8427e".to_owned(),
    ] {
        let answer = server.send("POST", &path, &[], b"x");
        assert_eq!(answer.status, 400, "{path}: {answer:?}");
    }
    assert_eq!(paths(server.folder.path()), before);
}

fn paths(folder: &std::path::Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs_err::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            found.push(path.display().to_string());
            if path.is_dir() {
                open.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn what_is_not_what_it_is_said_to_be_is_not_kept() {
    let server = Server::start();
    let other = Digest::of(Algorithm::Sha256, b"other");
    let answer = server.send("POST", &format!("/v2/a/blobs/uploads/?digest={other}"), &[], b"content");
    assert_eq!((answer.status, answer.code().as_str()), (400, "DIGEST_INVALID"));
    let location = server.begin("a");
    let answer = server.send("PUT", &format!("{location}?digest={other}"), &[], b"content");
    assert_eq!((answer.status, answer.code().as_str()), (400, "DIGEST_INVALID"));
    assert_eq!(server.get(&location).code(), "BLOB_UPLOAD_UNKNOWN");
    assert_eq!(server.get(&format!("/v2/a/blobs/{other}")).status, 404);

    let bytes = index(&[]);
    let headers = [("content-type", MediaType::Index.as_str())];
    let answer = server.send("PUT", &format!("/v2/a/manifests/{other}"), &headers, &bytes);
    assert_eq!((answer.status, answer.code().as_str()), (400, "DIGEST_INVALID"));
    let answer = server.send("PUT", "/v2/a/manifests/v1", &[("content-type", MediaType::Image.as_str())], &bytes);
    assert_eq!((answer.status, answer.code().as_str()), (400, "MANIFEST_INVALID"));
    assert_eq!(server.layout.names(), []);
    server.assert_no_uploads();
}

#[test]
fn a_manifest_without_its_parts_is_refused() {
    let server = Server::start();
    let (config, layer) = (server.blob("a", b"{}"), Digest::of(Algorithm::Sha256, b"never pushed"));
    let headers = [("content-type", MediaType::Image.as_str())];
    let answer = server.send("PUT", "/v2/a/manifests/v1", &headers, &image(&config, &layer, None));
    assert_eq!((answer.status, answer.code().as_str()), (404, "MANIFEST_BLOB_UNKNOWN"));
    assert!(String::from_utf8_lossy(&answer.body).contains(&layer.to_string()));
    // Another repository's blob is not this one's.
    server.blob("b", b"never pushed");
    assert_eq!(server.send("PUT", "/v2/a/manifests/v1", &headers, &image(&config, &layer, None)).status, 404);
    assert_eq!(server.get(&format!("/v2/a/blobs/{layer}")).status, 404);
}

#[test]
fn parts_of_an_image_are_not_deleted_from_under_it() {
    let server = Server::start();
    let digest = server.image("a", "v1", b"layer");
    let layer = Digest::of(Algorithm::Sha256, b"layer");
    server.manifest("a", "all", MediaType::Index, &index(&[&digest]));
    for path in [format!("/v2/a/blobs/{layer}"), format!("/v2/a/blobs/{digest}"), format!("/v2/a/manifests/{digest}")] {
        let answer = server.send("DELETE", &path, &[], b"");
        assert_eq!((answer.status, answer.code().as_str()), (405, "UNSUPPORTED"), "{path}");
    }
    server.assert_sound();
    assert_eq!(server.get("/v2/a/manifests/v1").status, 200);
}

#[test]
fn chunks_come_in_their_order() {
    let server = Server::start();
    let location = server.begin("a");
    assert_eq!(server.send("PATCH", &location, &[("content-range", "0-3")], b"0123").status, 202);
    for (range, body, status) in [
        ("0-3", "0123", 416),
        ("5-6", "56", 416),
        ("4-7", "45", 400),
        ("4-4", "45", 400),
        ("7-4", "4567", 400),
        ("x", "4567", 400),
        ("4-", "4567", 400),
    ] {
        let answer = server.send("PATCH", &location, &[("content-range", range)], body.as_bytes());
        assert_eq!(answer.status, status, "{range}: {answer:?}");
        let answer = server.get(&location);
        assert_eq!((answer.status, answer.header("range")), (204, "0-3"));
    }
    let digest = Digest::of(Algorithm::Sha512, b"01234567");
    let answer = server.send("PUT", &format!("{location}?digest={digest}"), &[("content-range", "4-7")], b"4567");
    assert_eq!(answer.status, 201);
    assert_eq!(server.get(answer.header("location")).body, b"01234567");
    assert_eq!(server.send("PATCH", &location, &[], b"8").status, 404);
    // The session is of its repository.
    let location = server.begin("a");
    assert_eq!(server.send("PATCH", &location.replacen("/a/", "/b/", 1), &[], b"8").status, 404);
    assert_eq!(server.send("DELETE", &location, &[], b"").status, 204);
    assert_eq!(server.send("DELETE", &location, &[], b"").status, 404);
}

#[test]
fn an_upload_is_named_by_the_digest_that_ends_it() {
    let server = Server::start();
    for guess in ["", "?digest-algorithm=sha256", "?digest-algorithm=sha512"] {
        for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
            let answer = server.send("POST", &format!("/v2/a/blobs/uploads/{guess}"), &[], b"");
            let location = answer.header("location");
            assert_eq!(server.send("PATCH", location, &[], b"two ").status, 202);
            let digest = Digest::of(algorithm, b"two parts");
            let answer = server.send("PUT", &format!("{location}?digest={digest}"), &[], b"parts");
            assert_eq!(answer.header("docker-content-digest"), digest.to_string(), "{guess}: {answer:?}");
            assert_eq!(server.get(answer.header("location")).body, b"two parts");
        }
    }
    server.assert_sound();
}

#[test]
fn ranges_of_blobs() {
    let server = Server::start();
    let digest = server.blob("a", b"0123456789");
    let path = format!("/v2/a/blobs/{digest}");
    for (range, status, body) in [
        ("bytes=0-0", 206, "0"),
        ("bytes=8-", 206, "89"),
        ("bytes=-2", 206, "89"),
        ("bytes=10-", 416, ""),
        ("bytes=3-2", 416, ""),
        ("bytes=0-1,3-4", 200, "0123456789"),
        ("pages=1-2", 200, "0123456789"),
    ] {
        let answer = server.send("GET", &path, &[("range", range)], b"");
        assert_eq!(answer.status, status, "{range}");
        if status != 416 {
            assert_eq!(String::from_utf8_lossy(&answer.body), body, "{range}");
        } else {
            assert_eq!(answer.header("content-range"), "bytes */10");
        }
    }
    let other = [("range", "bytes=8-"), ("if-range", "\"sha256:other\"")];
    assert_eq!(server.send("GET", &path, &other, b"").body, b"0123456789");
    assert_eq!(server.send("HEAD", &path, &[("range", "bytes=8-")], b"").header("content-length"), "10");
}

#[test]
fn what_is_too_large_is_refused() {
    let server = Server::with(settings(), Arc::new(Loopback));
    let headers = [("content-type", MediaType::Index.as_str())];
    let too_large = vec![b' '; MANIFEST_LIMIT + 1];
    let answer = server.send("PUT", "/v2/a/manifests/v1", &headers, &too_large);
    assert_eq!((answer.status, answer.code().as_str()), (413, "SIZE_INVALID"));
    let huge = [headers[0], ("content-length", "99999999999")];
    assert_eq!(server.send("PUT", "/v2/a/manifests/v1", &huge, b"").status, 413);

    let digest = Digest::of(Algorithm::Sha256, b"");
    let huge = [("content-length", "1048577")];
    let answer = server.send("POST", &format!("/v2/a/blobs/uploads/?digest={digest}"), &huge, b"");
    assert_eq!((answer.status, answer.code().as_str()), (413, "SIZE_INVALID"));
    let location = server.begin("a");
    assert_eq!(server.send("PATCH", &location, &[], &vec![0; 1 << 20]).status, 202);
    assert_eq!(
        server.send("PATCH", &location, &[("transfer-encoding", "chunked")], b"1\r\nx\r\n0\r\n\r\n").status,
        413
    );
    assert_eq!(server.get(&location).status, 404);
    server.assert_no_uploads();
}

#[test]
fn uploads_are_bounded_and_those_that_rest_give_way() {
    let server = Server::with(Settings { rest: Duration::from_secs(60), ..settings() }, Arc::new(Loopback));
    let locations: Vec<String> = (0..3).map(|_| server.begin("a")).collect();
    let answer = server.send("POST", "/v2/a/blobs/uploads/", &[], b"");
    assert_eq!((answer.status, answer.code().as_str()), (429, "TOOMANYREQUESTS"));
    assert_eq!(answer.header("retry-after"), "10");
    assert_eq!(server.send("DELETE", &locations[0], &[], b"").status, 204);
    server.begin("a");

    let server = Server::with(settings(), Arc::new(Loopback));
    let locations: Vec<String> = (0..10).map(|_| server.begin("a")).collect();
    assert_eq!(server.get(&locations[0]).status, 404);
    assert_eq!(server.get(&locations[9]).status, 204);
}

#[test]
fn a_cut_upload_goes_on_where_it_was_cut() {
    let server = Server::with(settings(), Arc::new(Loopback));
    let content: Vec<u8> = (0..1000_u32).flat_map(u32::to_le_bytes).collect();
    let location = server.begin("a");
    let mut stream = connect(server.address).unwrap();
    let head =
        format!("PATCH {location} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n\r\n", server.address, content.len());
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&content[..1500]).unwrap();
    drop(stream);
    let mut range = String::new();
    for _ in 0..1000 {
        range = server.get(&location).header("range").to_owned();
        if range == "0-1499" {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(range, "0-1499");
    let digest = Digest::of(Algorithm::Sha256, &content);
    let rest = [("content-range", "1500-3999")];
    let answer = server.send("PUT", &format!("{location}?digest={digest}"), &rest, &content[1500..]);
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(server.get(answer.header("location")).body, content);
}

#[test]
fn who_sends_nothing_is_not_waited_for() {
    let server = Server::with(Settings { stall: Duration::from_millis(300), ..settings() }, Arc::new(Loopback));
    let location = server.begin("a");
    for request in [format!("PATCH {location}"), "PUT /v2/a/manifests/v1".to_owned()] {
        let mut stream = connect(server.address).unwrap();
        let head = format!("{request} HTTP/1.1\r\nHost: {}\r\nContent-Length: 10\r\n\r\n123", server.address);
        stream.write_all(head.as_bytes()).unwrap();
        assert_eq!(receive(&mut stream).unwrap().status, 400, "{request}");
    }
    assert_eq!(server.get(&location).header("range"), "0-2");
}

#[test]
fn the_same_blob_from_many_at_once_is_one() {
    let server = Server::start();
    let content: Vec<u8> = (0..400_000_u32).flat_map(u32::to_le_bytes).collect();
    std::thread::scope(|scope| {
        for at in 0..8 {
            let (server, content) = (&server, &content);
            scope.spawn(move || server.blob(if at % 2 == 0 { "a" } else { "b/c" }, content));
        }
    });
    let digest = Digest::of(Algorithm::Sha256, &content);
    assert_eq!(server.get(&format!("/v2/b/c/blobs/{digest}")).body, content);
    assert_eq!(fs_err::read_dir(server.folder.path().join("blobs/sha256")).unwrap().count(), 1);
    server.assert_no_uploads();
    assert!(server.layout.has(&name("a"), &digest));
    server.assert_sound();
}

#[test]
fn two_senders_of_one_upload_do_not_mix() {
    let server = Server::start();
    let location = server.begin("a");
    let mut slow = connect(server.address).unwrap();
    let head = format!(
        "PATCH {location} HTTP/1.1\r\nHost: {}\r\nContent-Length: 10\r\nConnection: close\r\n\r\n01234",
        server.address
    );
    slow.write_all(head.as_bytes()).unwrap();
    // Until the first is at work the second is a sender like any other: it says where its chunk belongs.
    let mut status = 0;
    for _ in 0..1000 {
        status = server.send("PATCH", &location, &[("content-range", "5-5")], b"x").status;
        if status == 409 {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(status, 409);
    slow.write_all(b"56789").unwrap();
    assert_eq!(receive(&mut slow).unwrap().status, 202);
    assert_eq!(server.get(&location).header("range"), "0-9");
}
