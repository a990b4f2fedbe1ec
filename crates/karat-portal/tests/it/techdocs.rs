//! TechDocs' REST API: what Backstage's reader asks for.

use std::process::Command;

use axum::body::Body;
use axum::http::Request;
use serde_json::Value;

use crate::organisation::Organisation;

#[tokio::test]
async fn a_site_is_there_as_techdocs_serves_it() {
    let organisation = Organisation::myhealth();
    let reader = organisation.reader();
    let page = reader.get("/api/techdocs/metadata/techdocs/default/component/records").await;
    assert_eq!(page.status, 200, "{}", page.text);
    let metadata: Value = serde_json::from_str(&page.text).unwrap();
    assert_eq!(metadata["site_name"], "Records");
    assert!(metadata["build_timestamp"].is_i64() && metadata["etag"].as_str().is_some_and(|tag| tag.len() == 40));
    // Names are as little case sensitive as everywhere in the catalog; each file that is named is there.
    let root = "/api/techdocs/static/docs/Default/Component/Records";
    for file in metadata["files"].as_array().unwrap() {
        let path = format!("{root}/{}", file.as_str().unwrap());
        let page = reader.get(&path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(page.headers["content-security-policy"].to_str().unwrap().contains("sandbox"), "{path}");
        assert!(!page.text.contains("<script"), "{path}");
    }
    let page = reader.get(&format!("{root}/how-to/release/index.html")).await;
    assert!(page.text.contains("<h1 id=\"release-and-roll-back\">"), "{}", page.text);
    assert_eq!(reader.get(&format!("{root}/how-to/release/")).await.status, 200);

    let page = reader.get("/api/techdocs/metadata/entity/default/component/records").await;
    let entity: Value = serde_json::from_str(&page.text).unwrap();
    assert_eq!(entity["metadata"]["name"], "records");
    assert_eq!(entity["locationMetadata"]["target"], "apps/records");
    assert_eq!(reader.get("/api/techdocs/sync/default/component/records").await.status, 304);
}

#[tokio::test]
async fn what_is_not_there_is_told_as_backstage_tells_it() {
    let organisation = Organisation::myhealth();
    let reader = organisation.reader();
    for path in [
        "/api/techdocs/metadata/techdocs/default/component/nobody",
        "/api/techdocs/metadata/entity/default/component/karat",
        "/api/techdocs/sync/default/component/nobody",
        "/api/techdocs/static/docs/default/component/records/no/such.html",
        "/api/techdocs/static/docs/default/component/records/../../catalog-info.yaml",
        "/api/techdocs/static/docs/default/component/records/..%2f..%2fcatalog-info.yaml",
    ] {
        let page = reader.get(path).await;
        assert_eq!(page.status, 404, "{path}");
        let error: Value = serde_json::from_str(&page.text).unwrap_or_default();
        assert_eq!(error["error"]["name"], "NotFoundError", "{path}: {}", page.text);
        assert_eq!((&error["request"]["method"], &error["response"]["statusCode"]), (&"GET".into(), &404.into()));
        assert!(error["request"]["url"].is_string(), "{error}");
    }
    let sent = Request::delete("/api/techdocs/sync/default/component/records").body(Body::empty()).unwrap();
    let error: Value = serde_json::from_str(&reader.send(sent).await.text).unwrap();
    assert_eq!(error["error"]["name"], "MethodNotAllowedError", "{error}");
}

#[tokio::test]
async fn a_page_says_who_changed_it_last() {
    let organisation = Organisation::myhealth();
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=Somebody", "-c", "user.email=somebody@example.com", "-c", "commit.gpgsign=false"]);
        let dates = ["GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"].map(|name| (name, "2026-11-23T12:00:00Z"));
        assert!(git.args(arguments).current_dir(organisation.path()).envs(dates).status().unwrap().success());
    };
    git(&["init", "--quiet"]);
    let reader = organisation.reader();
    let path = "/docs/default/component/records/how-to/release/";
    let page = reader.get(path).await.text;
    assert!(page.contains("Kept by") && !page.contains("Changed"), "without a history nobody says: {page}");
    git(&["add", "."]);
    git(&["commit", "--quiet", "--message", "first"]);
    let page = reader.get(path).await.text;
    assert!(page.contains("2 days ago</time> by Somebody"), "{page}");
    // Another commit is seen; a page that it did not change keeps its own.
    organisation.change("apps/records/docs/how-to/release.md", "# Release", "# To release");
    git(&["-c", "user.name=Other", "commit", "--quiet", "--all", "--message", "second"]);
    assert!(reader.get(path).await.text.contains("by Other"));
    assert!(reader.get("/docs/default/component/records/").await.text.contains("by Somebody"));
    // Karat's own is in no folder of theirs.
    assert!(!reader.get("/docs/default/component/karat/").await.text.contains("Changed "));
}
