//! Killed while it takes blobs in, deletes and collects, a registry loses nothing that it said it has, and nothing that it has is wrong.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use karat_oci::{Algorithm, Digest, Layout, Loopback, MediaType, Reference, Settings};

use crate::support::{image, name, send, serve};

/// At least, and until so many images were taken in that something could have been lost.
const KILLS: u64 = 20;
const IMAGES: usize = 10;
/// Tells the child that it is one, and where its registry is.
const FOLDER: &str = "KARAT_OCI_KILLED_FOLDER";

/// Nothing, unless it is the child of the test below.
#[test]
fn serves_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER).map(std::path::PathBuf::from) else { return };
    let (layout, address, _runtime) = serve(&folder.join("registry"), Settings::default(), Arc::new(Loopback));
    // What the one before left is freed while pushes go on.
    std::thread::spawn(move || {
        loop {
            layout.collect(&BTreeSet::new(), Duration::from_secs(3600)).unwrap();
            std::thread::sleep(Duration::from_millis(5));
        }
    });
    println!("\naddress {address}");
    // Until the parent is gone, if it does not kill us.
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}

fn child(folder: &Path) -> (Child, SocketAddr) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "killed::serves_until_it_is_killed", "--nocapture"])
        .env(FOLDER, folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut addresses = lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("address ").map(str::to_owned));
    let address = addresses.next().expect("the child says where it is").parse().unwrap();
    (child, address)
}

/// Pushes images, and takes the tag of every third away, until the registry is gone; gives what it was told is there.
fn push(address: SocketAddr, round: u64) -> Vec<(String, Digest)> {
    let mut acknowledged = Vec::new();
    for at in 0.. {
        let layer: Vec<u8> = (0..60_000_u64).flat_map(|word| (word * 31 + round * 1000 + at).to_le_bytes()).collect();
        let mut digests = Vec::new();
        for content in [&b"{}"[..], &layer] {
            let digest = Digest::of(Algorithm::Sha256, content);
            let Ok(begun) = send(address, "POST", "/v2/a/blobs/uploads/", &[], b"") else { return acknowledged };
            let path = format!("{}?digest={digest}", begun.header("location"));
            match send(address, "PUT", &path, &[], content) {
                Ok(answer) if answer.status == 201 => digests.push(digest),
                Ok(answer) => panic!("{answer:?}"),
                Err(_) => return acknowledged,
            }
        }
        let tag = format!("r{round}-{at}");
        let bytes = image(&digests[0], &digests[1], None);
        let headers = [("content-type", MediaType::Image.as_str())];
        match send(address, "PUT", &format!("/v2/a/manifests/{tag}"), &headers, &bytes) {
            Ok(answer) if answer.status == 201 => {}
            Ok(answer) => panic!("{answer:?}"),
            Err(_) => return acknowledged,
        }
        if at % 3 == 2 {
            match send(address, "DELETE", &format!("/v2/a/manifests/{tag}"), &[], b"") {
                Ok(answer) => assert_eq!(answer.status, 202),
                Err(_) => return acknowledged, // perhaps it is gone
            }
        } else {
            acknowledged.push((tag, Digest::of(Algorithm::Sha256, &bytes)));
        }
    }
    acknowledged
}

#[test]
fn killed_it_is_sound() {
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged = Vec::new();
    for round in 0..10 * KILLS {
        if round >= KILLS && acknowledged.len() >= IMAGES {
            break;
        }
        let (mut child, address) = child(folder.path());
        let pushing = std::thread::spawn(move || push(address, round));
        std::thread::sleep(Duration::from_millis(20 + 13 * (round % 40)));
        child.kill().unwrap(); // SIGKILL
        child.wait().unwrap();
        acknowledged.extend(pushing.join().unwrap());

        let layout = Layout::open(&folder.path().join("registry")).unwrap();
        assert_eq!(layout.check().unwrap(), [], "after kill {round}");
        for (tag, digest) in &acknowledged {
            let (found, ..) = layout.manifest(&name("a"), &Reference::Tag(tag.parse().unwrap())).unwrap();
            assert_eq!(found, *digest, "{tag}");
        }
    }
    assert!(acknowledged.len() >= IMAGES, "only {} images", acknowledged.len());
    let layout = Layout::open(&folder.path().join("registry")).unwrap();
    layout.collect(&BTreeSet::new(), Duration::ZERO).unwrap();
    assert_eq!(layout.check().unwrap(), []);
    assert!(layout.tags(&name("a"), None, usize::MAX).unwrap().0.len() >= acknowledged.len());
}
