//! What is on the disk, and what of it is there again.

use std::collections::BTreeSet;
use std::time::Duration;

use karat_oci::{Algorithm, Digest, Error, Layout, MediaType};
use serde_json::Value;

use crate::support::{Server, image, index, name};

#[test]
fn each_repository_is_an_oci_image_layout() {
    let server = Server::start();
    let digest = server.image("team/service", "v1", b"layer");
    let signature = image(&server.blob("team/service", b"{}"), &server.blob("team/service", b"s"), Some(&digest));
    let by = Digest::of(Algorithm::Sha256, &signature).to_string();
    server.manifest("team/service", &by, MediaType::Image, &signature);
    let folder = server.layout.folder(&name("team/service"));
    assert_eq!(fs_err::read_to_string(folder.join("oci-layout")).unwrap(), r#"{"imageLayoutVersion":"1.0.0"}"#);
    let index: Value = serde_json::from_str(&fs_err::read_to_string(folder.join("index.json")).unwrap()).unwrap();
    let manifests = index["manifests"].as_array().unwrap();
    assert_eq!(manifests.len(), 2);
    for descriptor in manifests {
        let place = descriptor["digest"].as_str().unwrap().replace(':', "/");
        let bytes = fs_err::read(folder.join("blobs").join(place)).unwrap();
        assert_eq!(bytes.len() as u64, descriptor["size"].as_u64().unwrap());
    }
    let tagged = manifests.iter().find(|one| one["digest"] == digest.to_string()).unwrap();
    assert_eq!(tagged["annotations"]["org.opencontainers.image.ref.name"], "v1");
}

#[test]
fn all_of_it_is_there_after_a_restart() {
    let server = Server::start();
    let digest = server.image("a", "v1", b"layer");
    let signature = image(&server.blob("a", b"{}"), &server.blob("a", b"s"), Some(&digest));
    server.manifest("a", "signature", MediaType::Image, &signature);
    server.manifest("a/b", "empty", MediaType::Index, &index(&[]));
    server.send("PUT", "/v2/a/manifests/moved", &[("content-type", MediaType::Index.as_str())], &index(&[]));
    let path = format!("/v2/a/referrers/{digest}");
    let paths = ["/v2/a/tags/list", "/v2/a/b/tags/list", "/v2/a/manifests/v1", &path];
    let before: Vec<Vec<u8>> = paths.iter().map(|path| server.get(path).body).collect();
    assert!(matches!(Layout::open(server.folder.path()), Err(Error::InUse { .. })));

    let folder = server.stop();
    let (_layout, address, _runtime) =
        crate::support::serve(folder.path(), Default::default(), std::sync::Arc::new(karat_oci::Loopback));
    for (path, before) in paths.iter().zip(before) {
        let answer = crate::support::send(address, "GET", path, &[], b"").unwrap();
        assert_eq!((answer.status, answer.body), (200, before), "{path}");
    }
}

#[test]
fn what_is_damaged_is_told() {
    let server = Server::start();
    server.image("a", "v1", b"layer");
    let layer = Digest::of(Algorithm::Sha256, b"layer");
    let place = server.layout.folder(&name("a")).join("blobs/sha256").join(layer.hex());
    // A hard link: the content of all repositories.
    fs_err::write(&place, b"LAYER").unwrap();
    let faults = server.layout.check().unwrap();
    assert_eq!(faults.len(), 2, "{faults:?}");
    fs_err::remove_file(&place).unwrap();
    let faults = server.layout.check().unwrap();
    assert!(faults.iter().any(|fault| fault.why.contains("which is not there")), "{faults:?}");

    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::open(folder.path()).unwrap();
    layout.push(&name("a"), &index(&[]), Some(MediaType::Index.as_str()), None, &[]).unwrap();
    fs_err::write(layout.folder(&name("a")).join("index.json"), b"{").unwrap();
    drop(layout);
    assert!(matches!(Layout::open(folder.path()), Err(Error::Damaged { .. })));
}

#[test]
fn a_repository_that_was_about_to_be_made_can_be_used() {
    let folder = tempfile::tempdir().unwrap();
    fs_err::create_dir_all(folder.path().join("repositories/a/b/_layout/blobs/sha256")).unwrap();
    fs_err::create_dir_all(folder.path().join("uploads")).unwrap();
    fs_err::write(folder.path().join("uploads/0123"), b"half").unwrap();
    let layout = Layout::open(folder.path()).unwrap();
    assert_eq!(fs_err::read_dir(folder.path().join("uploads")).unwrap().count(), 0);
    let content = index(&[]);
    let digest = Digest::of(Algorithm::Sha512, &content);
    layout.push(&name("a/b"), &content, Some(MediaType::Index.as_str()), Some(&digest), &[]).unwrap();
    assert_eq!(layout.check().unwrap(), []);
}

#[test]
fn a_change_that_cannot_be_written_changes_nothing() {
    let server = Server::start();
    let kept = server.image("a", "v1", b"layer");
    let lost = server.image("a", "", b"lost");
    // Where the next index is written before it takes the place of the last.
    let aside = server.layout.folder(&name("a")).join("index.new");
    fs_err::create_dir(&aside).unwrap();
    let media_type = [("content-type", MediaType::Index.as_str())];
    for (method, path, body) in [
        ("PUT", "/v2/a/manifests/v2".to_owned(), index(&[&kept])),
        ("DELETE", "/v2/a/manifests/v1".to_owned(), Vec::new()),
        ("DELETE", format!("/v2/a/manifests/{kept}"), Vec::new()),
    ] {
        let answer = server.send(method, &path, &media_type, &body);
        assert_eq!((answer.status, answer.code().as_str()), (500, "UNKNOWN"), "{method} {path}");
        let told = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(!told.contains("index"), "a client is told nothing of our disk: {told}");
    }
    assert!(matches!(server.layout.collect(&BTreeSet::new(), Duration::ZERO), Err(Error::Io(_))));
    server.assert_sound();
    assert_eq!(server.get("/v2/a/tags/list").json()["tags"], serde_json::json!(["v1"]));
    assert_eq!(server.get(&format!("/v2/a/manifests/{lost}")).status, 200);

    fs_err::remove_dir(&aside).unwrap();
    assert_eq!(server.layout.collect(&BTreeSet::new(), Duration::ZERO).unwrap().manifests, 1);
    server.assert_sound();
}
