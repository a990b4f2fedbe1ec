//! A script in every field that is shown: it is shown, and does nothing.

use crate::organisation::Organisation;

const SCRIPT: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>";

#[tokio::test]
async fn scripts_in_fields_are_words() {
    let organisation = Organisation::myhealth();
    let text = SCRIPT.replace('\'', "''");
    let yaml = format!("'{text}'");
    organisation.change("governance/organisation.yaml", "title: MyHealth", &format!("title: {yaml}"));
    organisation.change("governance/organisation.yaml", "title: Scheduling", &format!("title: {yaml}"));
    organisation.change(
        "governance/organisation.yaml",
        "kind: platform\n      title: Platform",
        &format!("kind: {yaml}\n      title: Platform"),
    );
    let waivers = format!(
        "waivers:\n  - standard: {yaml}\n    on: {{application: {yaml}, namespace: {yaml}}}\n    owner: {yaml}\n    reason: {yaml}\n    until: \"2026-11-30\"\n"
    );
    organisation.change("governance/waivers.yaml", "waivers: []", &waivers);
    let standard = format!(
        "apiVersion: karat.dev/v1\nkind: Standard\nmetadata: {{name: own/strict}}\nspec:\n  title: {yaml}\n  why: {yaml}\n  source: {yaml}\n  \
         level: must\n  karats: 1\n  applies: {{to: repository}}\n  check: {{cel: 'false', message: {yaml}}}\n  fix: 'how-to/{text}'\n"
    );
    organisation.write("governance/standards/own/strict/standard.yaml", &standard);
    organisation.write("apps/records/<script>alert(1)<!--.go", "package x\n");
    let reader = organisation.reader();
    let pages = reader.walk(120, |path| path.starts_with("/assets") || path.starts_with("/catalog")).await;
    assert!(pages.values().any(|page| page.text.contains("&lt;script&gt;alert(1)&lt;/script&gt;")), "it is shown");
    for (path, page) in &pages {
        assert_eq!(page.text.matches("<script").count(), 1, "{path}");
        assert!(!page.text.contains("<img"), "{path}");
    }
    // A query is shown again as well.
    let query = "%3Cscript%3Ealert(1)%3C/script%3E%22%3E%3Cimg%20src=x%3E";
    for path in ["/scorecards?kind=", "/standards?q=", "/fleet?q=", "/fleet/diff?from=", "/", "/search?q="] {
        let page = reader.get(&format!("{path}{query}")).await.text;
        assert!(page.matches("<script").count() == 1 && !page.contains("<img"), "{path}");
    }
}
