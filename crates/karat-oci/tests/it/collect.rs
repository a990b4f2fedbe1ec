//! What is needed stays, what is not goes.

use std::collections::BTreeSet;
use std::time::Duration;

use karat_oci::{Algorithm, Collected, Digest, Layout, MediaType, Name};

use crate::support::{Server, image, index, name};

const HOUR: Duration = Duration::from_secs(3600);

fn collect(server: &Server, running: &[&Digest]) -> Collected {
    let running: BTreeSet<Digest> = running.iter().map(|digest| (*digest).clone()).collect();
    let collected = server.layout.collect(&running, Duration::ZERO).unwrap();
    server.assert_sound();
    collected
}

fn has(server: &Server, repository: &str, digest: &Digest) -> bool {
    server.get(&format!("/v2/{repository}/manifests/{digest}")).status == 200
}

#[test]
fn what_is_tagged_running_or_referred_to_stays() {
    let server = Server::start();
    let tagged = server.image("a", "v1", b"tagged");
    let running = server.image("a", "", b"running");
    let child = server.image("a", "", b"child");
    let lost = server.image("a", "", b"lost");
    server.manifest("a", "all", MediaType::Index, &index(&[&child]));
    let (config, layer) = (server.blob("a", b"{}"), server.blob("a", b"signature"));
    let refer = |subject: &Digest, layer: &Digest| {
        let bytes = image(&config, layer, Some(subject));
        let digest = Digest::of(Algorithm::Sha256, &bytes).to_string();
        server.manifest("a", &digest, MediaType::Image, &bytes)
    };
    let signature = refer(&running, &layer);
    let of_signature = refer(&signature, &layer);
    let of_lost = refer(&lost, &server.blob("a", b"signature of lost"));
    let loose = server.blob("a", b"never in a manifest");

    let collected = collect(&server, &[&running]);
    for kept in [&tagged, &running, &child, &signature, &of_signature] {
        assert!(has(&server, "a", kept), "{kept}");
    }
    for gone in [&lost, &of_lost] {
        assert!(!has(&server, "a", gone), "{gone}");
    }
    assert_eq!(server.get(&format!("/v2/a/blobs/{loose}")).status, 404);
    // The two manifests, their two layers, and the blob.
    assert_eq!((collected.manifests, collected.blobs), (2, 5));
    assert!(collected.bytes > 0);
    assert_eq!(collect(&server, &[&running]), Collected::default());

    // When it runs no longer, it goes with its signatures.
    assert_eq!(collect(&server, &[]).manifests, 3);
    assert!(has(&server, "a", &tagged) && has(&server, "a", &child));
}

#[test]
fn what_a_push_has_brought_so_far_stays() {
    let server = Server::start();
    server.image("a", "", b"untagged yet");
    let loose = server.blob("a", b"its manifest comes later");
    let location = server.begin("a");
    assert_eq!(server.send("PATCH", &location, &[], b"under ").status, 202);

    let collected = server.layout.collect(&BTreeSet::new(), HOUR).unwrap();
    assert_eq!(collected, Collected::default());
    assert_eq!(server.get(&format!("/v2/a/blobs/{loose}")).status, 200);

    // An upload under way is not touched, whatever is not held.
    collect(&server, &[]);
    let digest = Digest::of(Algorithm::Sha256, b"under way");
    assert_eq!(server.send("PUT", &format!("{location}?digest={digest}"), &[], b"way").status, 201);
    assert_eq!(server.get(&format!("/v2/a/blobs/{digest}")).body, b"under way");
}

#[test]
fn who_asks_whether_it_is_there_can_rely_on_it() {
    let folder = tempfile::tempdir().unwrap();
    let a: Name = name("a");
    let (layout, digest) = {
        let layout = Layout::open(folder.path()).unwrap();
        let (digest, _) = layout.add(&a, &mut &b"blob"[..], 100).unwrap();
        (layout, digest)
    };
    drop(layout);
    // After a restart nothing is held, but what is asked for.
    let layout = Layout::open(folder.path()).unwrap();
    layout.blob(&a, &digest).unwrap();
    layout.collect(&BTreeSet::new(), HOUR).unwrap();
    assert!(layout.has(&a, &digest));
    drop(layout);
    let layout = Layout::open(folder.path()).unwrap();
    layout.collect(&BTreeSet::new(), HOUR).unwrap();
    assert!(!layout.has(&a, &digest));
}

#[test]
fn a_content_stays_as_long_as_one_repository_has_it() {
    let server = Server::start();
    let image = server.image("a", "v1", b"layer");
    server.image("a/b/c", "v1", b"layer");
    let layer = Digest::of(Algorithm::Sha256, b"layer");
    assert_eq!(server.send("DELETE", &format!("/v2/a/manifests/{image}"), &[], b"").status, 202);
    let collected = collect(&server, &[]);
    assert_eq!(collected.blobs, 0);
    assert_eq!(server.layout.names(), [name("a/b/c")]);
    assert_eq!(server.get(&format!("/v2/a/b/c/blobs/{layer}")).body, b"layer");

    assert_eq!(server.send("DELETE", "/v2/a/b/c/manifests/v1", &[], b"").status, 202);
    collect(&server, &[]);
    // The repository that lost its last manifest goes with the next collection at the latest.
    collect(&server, &[]);
    assert_eq!(server.layout.names(), []);
    assert_eq!(fs_err::read_dir(server.folder.path().join("repositories")).unwrap().count(), 0);
    assert_eq!(fs_err::read_dir(server.folder.path().join("blobs/sha256")).unwrap().count(), 0);
    // And can come again.
    server.image("a", "v1", b"layer");
    server.assert_sound();
}

#[test]
fn collecting_beside_pushes_breaks_none() {
    let server = Server::start();
    std::thread::scope(|scope| {
        let pushes: Vec<_> = (0..2)
            .map(|who| {
                let server = &server;
                scope.spawn(move || {
                    for at in 0..15 {
                        server.image("a", &format!("t{who}-{at}"), format!("layer {who} {at}").as_bytes());
                    }
                })
            })
            .collect();
        while pushes.iter().any(|push| !push.is_finished()) {
            server.layout.collect(&BTreeSet::new(), HOUR).unwrap();
        }
    });
    collect(&server, &[]);
    assert_eq!(server.get("/v2/a/tags/list").json()["tags"].as_array().unwrap().len(), 30);
}
