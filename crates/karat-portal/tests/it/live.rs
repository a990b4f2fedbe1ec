//! The catalog while the portal is up: files change, break, and are mended; pages, search and the API follow.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use karat_portal::{Running, serve};
use serde_json::Value;

use crate::organisation::Organisation;

/// Far above what it takes, since others work on the machine as well; the promise is 100 ms.
const SOON: Duration = Duration::from_millis(1_500);

const FILE: &str = "apps/records/catalog-info.yaml";
const RECORDS: &str = "/api/catalog/entities/by-name/component/default/records";

async fn up(organisation: &Organisation) -> Running {
    serve(organisation.options("127.0.0.1:0", None)).await.unwrap()
}

/// The body of an answer.
fn get(running: &Running, path: &str) -> String {
    let mut stream = TcpStream::connect(running.address()).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

fn records(running: &Running) -> Value {
    serde_json::from_str(&get(running, RECORDS)).unwrap()
}

/// Waits until something is so, and gives how long that took.
fn until(what: &str, mut is_so: impl FnMut() -> bool) -> Duration {
    #[expect(clippy::disallowed_methods, reason = "a test measures time")]
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(20), "never: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
    begun.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_file_is_in_the_api_at_once() {
    let organisation = Organisation::myhealth();
    let portal = up(&organisation).await;
    let text = fs_err::read_to_string(organisation.path().join(FILE)).unwrap();
    let (before, after) = text.split_once("description:").unwrap();
    let mut took = Vec::new();
    for round in 0..5 {
        let said = format!("In round {round}");
        organisation.write(FILE, &format!("{before}description: {said} #{after}"));
        took.push(until(&said, || records(&portal)["metadata"]["description"] == *said));
    }
    println!("a change is in the API after {took:?}");
    assert!(took.iter().all(|took| *took < SOON), "{took:?}");
    assert!(get(&portal, "/catalog/default/component/records").contains("In round 4"));
    assert!(get(&portal, "/search.json?q=in+round+4").contains("/catalog/default/component/records"));
    portal.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_file_is_shown_as_it_was_with_what_is_wrong() {
    let organisation = Organisation::myhealth();
    let portal = up(&organisation).await;
    let text = fs_err::read_to_string(organisation.path().join(FILE)).unwrap();
    let before = records(&portal);
    organisation.write(FILE, "kind: [broken\n");
    until("the status", || records(&portal)["status"].is_object());
    assert_eq!(records(&portal)["spec"], before["spec"]);
    let page = get(&portal, "/catalog/default/component/records");
    assert!(page.contains("Its file cannot be used as it is"), "{page}");
    assert!(page.contains("/source/apps/records/catalog-info.yaml?line="), "{page}");
    portal.stop().await;
    // It starts again with the file as it is.
    let portal = up(&organisation).await;
    assert_eq!(records(&portal)["spec"], before["spec"]);
    assert!(records(&portal)["status"]["items"][0]["message"].as_str().unwrap().contains(FILE));
    organisation.write(FILE, &text);
    until("the end of the status", || records(&portal)["status"].is_null());
    assert_eq!(records(&portal), before);
    portal.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_repository_is_in_the_catalog() {
    let organisation = Organisation::myhealth();
    let portal = up(&organisation).await;
    organisation.write(
        "apps/fresh/catalog-info.yaml",
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: fresh}\nspec: {type: service, lifecycle: production, \
         owner: group:platform}\n",
    );
    organisation.write(
        "governance/organisation.d/fresh.yaml",
        "apiVersion: karat.dev/v1\nkind: OrganisationPart\nmetadata: {name: fresh}\nspec:\n  repositories:\n    - {name: fresh, role: \
         app, url: https://git.myhealth.example/x/fresh.git, folder: apps/fresh, branch: main}\n",
    );
    let path = "/api/catalog/entities/by-name/component/default/fresh";
    until("the new entity", || get(&portal, path).contains("\"lifecycle\""));
    portal.stop().await;
}
