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

#[tokio::test]
async fn scripts_in_fields_of_entities_are_words() {
    let organisation = Organisation::myhealth();
    let yaml = format!("'{}'", SCRIPT.replace('\'', "''"));
    let entity = |kind: &str, name: &str, more: &str| {
        format!(
            "---\napiVersion: backstage.io/v1alpha1\nkind: {kind}\nmetadata:\n  name: {name}\n  title: {yaml}\n  description: {yaml}\n  \
             labels: {{a: b}}\n  annotations: {{'backstage.io/view-url': 'javascript:alert(1)', 'backstage.io/source-location': {yaml}, \
             x: {yaml}}}\n  links:\n    - {{url: 'javascript:alert(1)', title: {yaml}, icon: {yaml}, type: {yaml}}}\n    - {{url: {yaml}}}\n\
             spec:\n  type: {yaml}\n  lifecycle: {yaml}\n  owner: group:scheduling\n  profile: {{displayName: {yaml}, email: {yaml}, \
             picture: {yaml}}}\n{more}\n"
        )
    };
    let text = [
        entity("Component", "evil", "  providesApis: [evil]\n  subcomponentOf: evil"),
        entity("API", "evil", &format!("  definition: {yaml}")),
        entity("System", "evil", ""),
        entity("Group", "evil", "  children: []"),
        entity("Unheard", "evil", &format!("  {yaml}: {yaml}")),
        // Refused, and told with its own words.
        entity("Component", "refused", &format!("  system: {yaml}\n  dependsOn: [{yaml}]")),
        entity("Resource", "refused", &format!("  owner: {yaml}")),
        format!("---\napiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {{name: evil}}\nspec: {{targets: [{yaml}]}}\n"),
    ]
    .concat();
    organisation.write("apps/records/catalog-info.yaml", &text);
    let reader = organisation.reader();
    let mut shown = 0;
    for (kind, name) in ["component", "api", "system", "group", "unheard", "location"]
        .map(|kind| (kind, "evil"))
        .into_iter()
        .chain([("component", "refused"), ("resource", "refused")])
    {
        for tab in ["", "/dependencies", "/api"] {
            let path = format!("/catalog/default/{kind}/{name}{tab}");
            let page = reader.get(&path).await;
            if page.status != 200 {
                assert_eq!((page.status.as_u16(), kind), (404, "resource"), "{path}");
                continue;
            }
            shown += 1;
            assert_eq!(page.text.matches("<script").count(), 1, "{path}");
            assert!(!page.text.contains("<img") && !page.text.contains("=\"javascript:"), "{path}: {}", page.text);
        }
    }
    assert!(shown >= 18, "{shown}");
    for path in ["/catalog", "/catalog?kind=location", "/search?q=evil", "/scorecards", "/"] {
        let page = reader.get(path).await.text;
        assert!(page.matches("<script").count() == 1 && !page.contains("<img"), "{path}");
    }
}
