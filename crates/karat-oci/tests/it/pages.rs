//! Lists are in order, and as long as they are.

use std::collections::BTreeSet;

use karat_oci::{MediaType, Tag};
use serde_json::json;

use crate::support::{Server, image, index, name};

#[test]
fn a_thousand_tags_page_by_page() {
    let server = Server::start();
    let all: Vec<Tag> = (0..1000).map(|at| format!("v{at}").parse().unwrap()).collect();
    let bytes = index(&[]);
    server.layout.push(&name("a"), &bytes, Some(MediaType::Index.as_str()), None, &all).unwrap();
    let mut expected: Vec<&str> = all.iter().map(Tag::as_str).collect();
    expected.sort_unstable();

    let whole = server.get("/v2/a/tags/list");
    assert_eq!(whole.json(), json!({"name": "a", "tags": expected}));
    assert_eq!(whole.header("link"), "");
    for n in [1, 7, 333, 999] {
        let mut found: Vec<String> = Vec::new();
        let mut path = format!("/v2/a/tags/list?n={n}");
        loop {
            let page = server.get(&path);
            let tags = page.json()["tags"].as_array().unwrap().clone();
            assert!(tags.len() <= n);
            found.extend(tags.iter().map(|tag| tag.as_str().unwrap().to_owned()));
            let link = page.header("link");
            if link.is_empty() || n == 1 && found.len() == 5 {
                break;
            }
            assert_eq!(tags.len(), n);
            path = link.strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap().to_owned();
        }
        assert_eq!(found, if n == 1 { &expected[..5] } else { &expected[..] });
    }
    let none = server.get("/v2/a/tags/list?n=0");
    assert_eq!((none.json()["tags"].clone(), none.header("link")), (json!([]), ""));
    assert_eq!(server.get("/v2/a/tags/list?last=v998").json()["tags"], json!(["v999"]));
    assert_eq!(server.get("/v2/a/tags/list?n=2&last=v9989").json()["tags"], json!(["v999"]));
    for wrong in ["-1", "x", "99999999999999999999999"] {
        assert_eq!(server.get(&format!("/v2/a/tags/list?n={wrong}")).status, 400);
    }
    assert_eq!(server.get("/v2/b/tags/list").code(), "NAME_UNKNOWN");
    server.assert_sound();
}

#[test]
fn tags_more_than_a_page_are_linked_though_nobody_asked() {
    let server = Server::start();
    let all: Vec<Tag> = (0..1001).map(|at| format!("v{at:04}").parse().unwrap()).collect();
    server.layout.push(&name("a"), &index(&[]), Some(MediaType::Index.as_str()), None, &all).unwrap();
    let page = server.get("/v2/a/tags/list");
    assert_eq!(page.json()["tags"].as_array().unwrap().len(), 1000);
    assert_eq!(page.header("link"), "</v2/a/tags/list?n=1000&last=v0999>; rel=\"next\"");
}

#[test]
fn many_referrers_page_by_page_and_by_their_type() {
    let server = Server::start();
    let subject = server.image("a", "v1", b"layer");
    let (config, layer) = (server.blob("a", b"{}"), server.blob("a", b"layer"));
    let mut expected = BTreeSet::new();
    for at in 0..3 {
        let mut document: serde_json::Value = serde_json::from_slice(&image(&config, &layer, Some(&subject))).unwrap();
        document["annotations"]["long"] = format!("{at}").repeat(1_800_000).into();
        let bytes = document.to_string();
        let digest = karat_oci::Digest::of(karat_oci::Algorithm::Sha256, bytes.as_bytes()).to_string();
        expected.insert(server.manifest("a", &digest, MediaType::Image, bytes.as_bytes()).to_string());
    }
    let (mut found, mut pages) = (BTreeSet::new(), 0);
    let mut path = format!("/v2/a/referrers/{subject}?artifactType=application/vnd.example.signature");
    loop {
        let page = server.get(&path);
        assert_eq!(page.header("oci-filters-applied"), "artifactType");
        assert!(page.body.len() <= 4 << 20);
        for descriptor in page.json()["manifests"].as_array().unwrap() {
            assert_eq!(descriptor["artifactType"], "application/vnd.example.signature");
            found.insert(descriptor["digest"].as_str().unwrap().to_owned());
        }
        pages += 1;
        match page.header("link").strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\"")) {
            Some(next) => path = next.to_owned(),
            None => break,
        }
    }
    assert_eq!((found, pages), (expected, 2));
    let none = server.get(&format!("/v2/a/referrers/{subject}?artifactType=application/other"));
    assert_eq!((none.status, none.json()["manifests"].clone()), (200, json!([])));
    assert_eq!(server.get(&format!("/v2/nowhere/referrers/{subject}")).status, 200);
    assert_eq!(server.get("/v2/a/referrers/sha256:x").code(), "DIGEST_INVALID");
}
