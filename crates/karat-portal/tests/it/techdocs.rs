//! TechDocs' REST API: what Backstage's reader asks for.

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
    }
}
