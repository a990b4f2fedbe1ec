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

/// A script in the texts of an API's document, and what programs are answered.
#[tokio::test]
async fn scripts_in_an_api_are_words() {
    let organisation = Organisation::myhealth();
    let yaml = format!("'{}'", SCRIPT.replace('\'', "''"));
    let api = format!(
        "\n---\napiVersion: backstage.io/v1alpha1\nkind: API\nmetadata: {{name: odd, title: {yaml}}}\nspec:\n  type: openapi\n  lifecycle: {yaml}\n  \
         owner: group:default/clinical\n  definition: |\n    openapi: 3.1.0\n    info: {{title: {yaml}, version: {yaml}, description: {yaml}}}\n    \
         paths:\n      /a:\n        get: {{summary: {yaml}, description: {yaml}, operationId: {yaml}, tags: [{yaml}], responses: {{'200': {{description: {yaml}}}}}}}\n"
    );
    let file = "apps/records/catalog-info.yaml";
    let old = fs_err::read_to_string(organisation.path().join(file)).unwrap();
    organisation.write(file, &(old + &api));
    let reader = organisation.reader();
    let page = reader.get("/catalog/default/api/odd/api").await.text;
    assert_eq!(page.matches("<script").count(), 1, "{page}");
    // A text in Markdown may have a picture, without what it would do.
    assert!(page.split("<img").skip(1).all(|tag| tag.starts_with(" src=\"x\">")), "{page}");
    assert!(page.contains("&lt;script&gt;alert(1)") && !page.contains("=\"javascript:"), "{page}");
    for path in ["/api/catalog/entities/by-name/api/default/odd", "/search.json?q=odd"] {
        let answer = reader.get(path).await;
        assert!(answer.text.contains("<script>"), "{path}: {}", answer.text);
        assert_eq!(answer.headers["x-content-type-options"], "nosniff", "{path}");
        assert!(answer.headers["content-type"].to_str().unwrap().starts_with("application/json"), "{path}");
    }
}

/// A script in every field of a template, and in the answers: the form, what it would make and the task show words.
#[tokio::test]
async fn scripts_in_a_template_are_words() {
    let organisation = Organisation::myhealth();
    let yaml = format!("'{}'", SCRIPT.replace('\'', "''"));
    let template = format!(
        "apiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\nmetadata:\n  name: odd\n  title: {yaml}\n  description: {yaml}\n  \
         annotations: {{karat.dev/version: {yaml}}}\nspec:\n  type: {yaml}\n  parameters:\n    - title: {yaml}\n      description: {yaml}\n      properties:\n        \
         {yaml}: {{title: {yaml}, description: {yaml}, type: string, default: {yaml}}}\n        one: {{title: {yaml}, type: string, enum: [{yaml}], enumNames: [{yaml}], default: {yaml}}}\n        \
         many: {{title: {yaml}, type: array, items: {{type: string}}, default: [{yaml}]}}\n        flag: {{title: {yaml}, description: {yaml}, type: boolean}}\n        \
         wrong: {{title: {yaml}, description: {yaml}, type: string, pattern: '^$|script>\"$'}}\n  steps:\n    - {{id: say, name: {yaml}, action: 'debug:log', input: {{message: {yaml}}}}}\n    \
         - {{id: write, name: {yaml}, action: 'roadiehq:utils:fs:write', input: {{path: 'odd.txt', content: {yaml}}}}}\n    \
         - id: change\n      name: {yaml}\n      action: publish:github:pull-request\n      input: {{repoUrl: 'git.myhealth.example?owner=platform&repo=config', branchName: odd, title: {yaml}, description: {yaml}}}\n  \
         output:\n    links: [{{title: {yaml}, url: 'javascript:alert(1)'}}]\n    text: [{{title: {yaml}, content: {yaml}}}]\n"
    );
    organisation.write("governance/paths/odd/template.yaml", &template);
    let reader = organisation.reader();
    let safe = |what: &str, text: &str| {
        assert_eq!(text.matches("<script").count(), 1, "{what}: {text}");
        assert!(!text.contains("<img") && !text.contains("=\"javascript:"), "{what}: {text}");
        assert!(text.contains("&lt;script&gt;alert(1)"), "{what} shows it: {text}");
    };
    safe("the list", &reader.get("/create").await.text);
    let path = "/create/default/odd";
    safe("the form", &reader.get(path).await.text);
    let field =
        |name: &str, value: &str| form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish();
    let wrong = [field("a.wrong", SCRIPT), field("asked", SCRIPT), field("do", "review")].join("&");
    let page = reader.post(path, path, &wrong, "").await;
    assert!(page.text.contains("1 answer does not fit"), "{}", page.text);
    safe("what does not fit", &page.text);
    let answers = [field(&format!("a.{SCRIPT}"), SCRIPT), field("a.many", SCRIPT)].join("&");
    safe("the review", &reader.post(path, path, &format!("{answers}&do=review"), "").await.text);
    let made = reader.post(path, path, &format!("{answers}&do=make"), "").await;
    let task = made.headers["location"].to_str().unwrap();
    let page = crate::create::made_in_the_end(&reader, task).await;
    assert!(page.text.contains("It is made."), "{}", page.text);
    safe("the task", &page.text);
    safe("the list of tasks", &reader.get("/create").await.text);
}
