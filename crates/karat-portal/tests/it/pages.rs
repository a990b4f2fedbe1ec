//! Every page that a link leads to is there, small, and has nothing in it that the content security policy refuses.

use crate::organisation::{Answer, Organisation};

/// What a page may weigh.
const PAGE: usize = 60_000;

fn check(path: &str, page: &Answer) {
    // A page of the docs is as long as its author wrote it, and no script.
    let most = if path.starts_with("/docs/") { 2 * PAGE } else { PAGE };
    assert!(page.text.len() < most, "{path} has {} bytes", page.text.len());
    if !page.headers["content-type"].to_str().unwrap().starts_with("text/html") {
        return;
    }
    for refused in [" style=", "<style", " onclick=", " onload=", "=\"javascript:"] {
        assert!(!page.text.contains(refused), "{path} has {refused}");
    }
    assert_eq!(page.text.matches("<script").count(), 1, "{path} has a script of its own");
    for part in ["<h1", "<main id=\"main\"", "class=\"skip\"", "<html lang=\"en\"", "<nav aria-label=\"Main\""] {
        assert_eq!(page.text.matches(part).count(), 1, "{path} should have one {part}");
    }
}

#[tokio::test]
async fn every_link_leads_to_a_page() {
    let organisation = Organisation::with_mistakes();
    let pages = organisation.reader().walk(900, not_here).await;
    for (path, page) in &pages {
        assert_eq!(page.status, 200, "{path}");
        check(path, page);
    }
    for needed in [
        "/scorecards/service/appointments",
        "/standards/runtime/hardened",
        "/fleet/appointments-production-eu",
        "/waivers",
    ] {
        assert!(pages.contains_key(needed), "no link leads to {needed}");
    }
    let card = &pages["/scorecards/service/appointments"].text;
    assert!(
        card.contains("_pod.tpl:75:9") && card.contains("readOnlyRootFilesystem: false"),
        "the finding is at its line"
    );
    assert!(card.contains("/docs/default/component/karat/how-to/harden-a-container"), "the finding has its fix");
}

/// What is not walked: the comparison with the files as they are, which needs a repository.
fn not_here(path: &str) -> bool {
    ["/fleet/diff?"].iter().any(|start| path.starts_with(start))
}

#[tokio::test]
async fn what_is_not_there_is_said_with_a_way_on() {
    let organisation = Organisation::myhealth();
    let reader = organisation.reader();
    for path in [
        "/nothing",
        "/standards/no/such",
        "/scorecards/service/nobody",
        "/fleet/nobody",
        "/fleet/appointments-production-eu/999",
        "/source/../../etc/passwd",
        "/source/..%2f..%2fetc%2fpasswd",
        "/source/.karat/data/portal.db",
        "/source/apps/records/.git/config",
    ] {
        let page = reader.get(path).await;
        assert_eq!(page.status, 404, "{path}");
        assert!(page.text.contains("class=\"empty\""), "{path}");
    }
    assert_eq!(reader.get("/assets/karat.0.css").await.status, 404);
}

#[tokio::test]
async fn choices_stand_in_the_url() {
    let organisation = Organisation::myhealth();
    let reader = organisation.reader();
    let page = reader.get("/scorecards?kind=service&sort=-name").await.text;
    assert!(page.contains("service/records"), "{page}");
    let (records, appointments) = (page.find("service/records").unwrap(), page.find("service/appointments").unwrap());
    assert!(records < appointments && !page.contains("/scorecards/addon/"), "filtered and in order");
    assert!(page.contains("aria-sort=\"descending\""));
    let answer = reader.post("/fleet", "/theme", "to=dark&back=/fleet", "").await;
    assert_eq!((answer.status.as_u16(), answer.headers["location"].to_str().unwrap()), (303, "/fleet"));
}

#[tokio::test]
async fn a_change_is_seen_and_a_broken_file_leaves_what_was_good() {
    let organisation = Organisation::myhealth();
    let models = organisation.models();
    let mut changes = models.changes();
    organisation.change("governance/organisation.yaml", "title: MyHealth", "title: Other");
    let new = tokio::time::timeout(std::time::Duration::from_secs(30), async {
        loop {
            changes.changed().await.unwrap();
            if changes.borrow().model.title == "Other" {
                break;
            }
        }
    });
    new.await.expect("a change is seen");
    organisation.write("governance/organisation.yaml", "spec: [");
    models.rebuild();
    let now = models.now();
    assert_eq!(now.model.title, "Other");
    assert!(now.stale.as_ref().unwrap().contains("governance/organisation.yaml"), "{:?}", now.stale);
}
