//! Every route for every role, from one table; forged requests on every route that changes something.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Body;
use axum::http::Request;
use karat_portal::identity::{Accounts, Role};

use crate::identity::{PUBLIC, guarded};
use crate::organisation::{Answer, Organisation, Reader};

/// Who may: the first role that may, `None` for everybody. `ANY` is a route for every method. What changes who is signed in is last.
const ROUTES: &[(&str, &str, Option<Role>)] = {
    use Role::{Developer, Platform, Viewer};
    const VIEWER: Option<Role> = Some(Viewer);
    const DEVELOPER: Option<Role> = Some(Developer);
    const PLATFORM: Option<Role> = Some(Platform);
    &[
        ("GET", "/", VIEWER),
        ("GET", "/.backstage/health/v1/liveness", None),
        ("GET", "/.backstage/health/v1/readiness", None),
        ("GET", "/healthz", None),
        ("ANY", "/api", PLATFORM),
        ("ANY", "/api/{*path}", PLATFORM),
        ("POST", "/api/catalog/analyze-location", VIEWER),
        ("GET", "/api/catalog/entities", VIEWER),
        ("GET", "/api/catalog/entities/by-name/{kind}/{namespace}/{name}", VIEWER),
        ("GET", "/api/catalog/entities/by-name/{kind}/{namespace}/{name}/ancestry", VIEWER),
        ("GET", "/api/catalog/entities/by-query", VIEWER),
        ("POST", "/api/catalog/entities/by-query", VIEWER),
        ("POST", "/api/catalog/entities/by-refs", VIEWER),
        ("GET", "/api/catalog/entities/by-uid/{uid}", VIEWER),
        ("DELETE", "/api/catalog/entities/by-uid/{uid}", PLATFORM),
        ("GET", "/api/catalog/entity-facets", VIEWER),
        ("POST", "/api/catalog/entity-facets", VIEWER),
        ("GET", "/api/catalog/openapi.json", VIEWER),
        ("GET", "/api/catalog/locations", VIEWER),
        ("POST", "/api/catalog/locations", DEVELOPER),
        ("GET", "/api/catalog/locations/by-entity/{kind}/{namespace}/{name}", VIEWER),
        ("POST", "/api/catalog/locations/by-query", VIEWER),
        ("GET", "/api/catalog/locations/{id}", VIEWER),
        ("PUT", "/api/catalog/locations/{id}", PLATFORM),
        ("DELETE", "/api/catalog/locations/{id}", PLATFORM),
        ("POST", "/api/catalog/refresh", DEVELOPER),
        ("POST", "/api/catalog/validate-entity", VIEWER),
        ("GET", "/api/scaffolder/v2/actions", VIEWER),
        ("POST", "/api/scaffolder/v2/autocomplete/{provider}/{resource}", DEVELOPER),
        ("POST", "/api/scaffolder/v2/dry-run", DEVELOPER),
        ("GET", "/api/scaffolder/v2/tasks", VIEWER),
        ("POST", "/api/scaffolder/v2/tasks", DEVELOPER),
        ("GET", "/api/scaffolder/v2/tasks/{id}", VIEWER),
        ("POST", "/api/scaffolder/v2/tasks/{id}/cancel", DEVELOPER),
        ("GET", "/api/scaffolder/v2/tasks/{id}/events", VIEWER),
        ("GET", "/api/scaffolder/v2/tasks/{id}/eventstream", VIEWER),
        ("POST", "/api/scaffolder/v2/tasks/{id}/retry", DEVELOPER),
        ("GET", "/api/scaffolder/v2/templates/{namespace}/{kind}/{name}/parameter-schema", VIEWER),
        ("GET", "/api/scaffolder/v2/templating-extensions", VIEWER),
        ("GET", "/api/techdocs/metadata/entity/{namespace}/{kind}/{name}", VIEWER),
        ("GET", "/api/techdocs/metadata/techdocs/{namespace}/{kind}/{name}", VIEWER),
        ("GET", "/api/techdocs/static/docs/{namespace}/{kind}/{name}/{*path}", VIEWER),
        ("GET", "/api/techdocs/sync/{namespace}/{kind}/{name}", VIEWER),
        ("GET", "/assets/{name}", None),
        ("GET", "/audit", PLATFORM),
        ("GET", "/catalog", VIEWER),
        ("GET", "/catalog/{namespace}/{kind}/{name}", VIEWER),
        ("GET", "/catalog/{namespace}/{kind}/{name}/api", VIEWER),
        ("GET", "/catalog/{namespace}/{kind}/{name}/dependencies", VIEWER),
        ("GET", "/create", VIEWER),
        ("GET", "/create/tasks/{id}", VIEWER),
        ("POST", "/create/tasks/{id}/cancel", DEVELOPER),
        ("POST", "/create/tasks/{id}/retry", DEVELOPER),
        ("GET", "/create/{namespace}/{name}", VIEWER),
        ("POST", "/create/{namespace}/{name}", DEVELOPER),
        ("GET", "/docs", VIEWER),
        ("GET", "/docs/{namespace}/{kind}/{name}", VIEWER),
        ("GET", "/docs/{namespace}/{kind}/{name}/", VIEWER),
        ("GET", "/docs/{namespace}/{kind}/{name}/{*path}", VIEWER),
        ("GET", "/fleet", VIEWER),
        ("GET", "/fleet/diff", VIEWER),
        ("GET", "/fleet/{application}", VIEWER),
        ("GET", "/fleet/{application}/{object}", VIEWER),
        ("GET", "/scorecards", VIEWER),
        ("GET", "/scorecards/{kind}/{name}", VIEWER),
        ("GET", "/search", VIEWER),
        ("GET", "/search.json", VIEWER),
        ("GET", "/source/{*path}", VIEWER),
        ("GET", "/standards", VIEWER),
        ("GET", "/standards/{area}/{slug}", VIEWER),
        ("GET", "/tokens", VIEWER),
        ("POST", "/tokens", VIEWER),
        ("POST", "/tokens/revoke", VIEWER),
        ("GET", "/waivers", VIEWER),
        ("POST", "/theme", None),
        ("GET", "/login", None),
        ("POST", "/login", None),
        ("POST", "/logout", VIEWER),
    ]
};

/// The routes that the router has, as it shows itself.
fn routes_of(reader: &Reader) -> BTreeSet<(String, String)> {
    let shown = format!("{:?}", reader.router);
    let (methods, rest) = shown.split_once("node: Node").unwrap();
    let paths = rest.split("fallback_router").next().unwrap();
    let entry = |part: &str| Some((part.split_once(')')?.0.to_owned(), part.split_once("): ")?.1.to_owned()));
    let entries =
        |text: &str| -> BTreeMap<String, String> { text.split("RouteId(").skip(1).filter_map(entry).collect() };
    let paths = entries(paths);
    let mut routes = BTreeSet::new();
    for (id, how) in entries(methods) {
        let path = paths[&id].split('"').nth(1).unwrap();
        let allowed = how.split("allow_header: ").nth(1).unwrap();
        match allowed.strip_prefix("Bytes(b\"") {
            None => drop(routes.insert(("ANY".to_owned(), path.to_owned()))),
            Some(list) => {
                let list = list.split('"').next().unwrap().split(',').filter(|method| *method != "HEAD");
                routes.extend(list.map(|method| (method.to_owned(), path.to_owned())));
            }
        }
    }
    routes
}

/// A path of a route.
fn sample(route: &str) -> String {
    let names = [
        ("{namespace}", "default"),
        ("{kind}", "component"),
        ("{name}", "records"),
        ("{application}", "appointments-production-eu"),
        ("{object}", "0"),
        ("{area}", "runtime"),
        ("{slug}", "hardened"),
        ("{*path}", "no/such"),
        ("{uid}", "1"),
        ("{id}", "1"),
        ("{provider}", "github"),
        ("{resource}", "r"),
    ];
    let path = names.into_iter().fold(route.to_owned(), |path, (name, value)| path.replace(name, value));
    assert!(!path.contains('{'), "{path}: a name that has no sample");
    path
}

/// A browser: its cookies and the token of its forms.
struct Browser {
    cookies: String,
    csrf: String,
}

impl Browser {
    async fn open(reader: &Reader, session: &str) -> Self {
        let request = Request::get("/login").header("cookie", session).body(Body::empty()).unwrap();
        let page = reader.send(request).await;
        let visit = page.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap();
        let csrf = page.text.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        Self { cookies: format!("{session}; {visit}"), csrf }
    }
}

/// How somebody asks.
enum Asks<'a> {
    Browser(&'a Browser),
    Token(&'a str),
}

async fn ask(reader: &Reader, method: &str, route: &str, asks: &Asks<'_>) -> Answer {
    let api = route.starts_with("/api");
    let mut request = Request::builder().method(method).uri(sample(route));
    let csrf = match asks {
        Asks::Browser(browser) => {
            request = request.header("cookie", &browser.cookies).header("sec-fetch-site", "same-origin");
            browser.csrf.as_str()
        }
        Asks::Token(token) => {
            request = request.header("authorization", format!("Bearer {token}"));
            ""
        }
    };
    let (media, body) = if api {
        ("application/json", "{}".to_owned())
    } else {
        ("application/x-www-form-urlencoded", format!("csrf={csrf}"))
    };
    let body = if method == "GET" { Body::empty() } else { Body::from(body) };
    reader.send(request.header("content-type", media).body(body).unwrap()).await
}

/// Whether an answer lets nobody in: a status of refusal, or the way to the page of signing in.
fn refused(answer: &Answer) -> bool {
    let to = answer.headers.get("location").and_then(|to| to.to_str().ok()).unwrap_or_default();
    [401, 403].contains(&answer.status.as_u16()) || to.starts_with("/login?back=")
}

#[tokio::test]
async fn every_route_is_for_its_roles() {
    let organisation = Organisation::myhealth();
    let (reader, sessions) = guarded(&organisation).await;
    let listed: BTreeSet<_> =
        ROUTES.iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned())).collect();
    let there = routes_of(&reader);
    assert!(there.len() > 60, "the router shows its routes otherwise: {there:?}");
    let missing: Vec<_> = there.difference(&listed).collect();
    let gone: Vec<_> = listed.difference(&there).collect();
    assert!(missing.is_empty() && gone.is_empty(), "say in ROUTES who may {missing:?}; not there any more: {gone:?}");

    let accounts = Accounts::open(&organisation.data()).unwrap();
    let nobody = Browser::open(&reader, "").await;
    let mut people = Vec::new();
    for (role, session) in &sessions {
        let token = accounts.make_token(role.word(), "test", 0).unwrap();
        people.push((*role, Browser::open(&reader, session).await, token));
    }
    let mut wrong = Vec::new();
    for (method, route, needed) in ROUTES {
        // A route for every method reads for some, and does whatever it does for others.
        let asked: &[(&str, Option<Role>)] = if *method == "ANY" {
            &[("GET", Some(Role::Viewer)), ("PUT", *needed), ("DELETE", *needed)]
        } else {
            &[(*method, *needed)]
        };
        for (method, needed) in asked {
            let mut check = |who: &str, answer: &Answer, may: bool| {
                if refused(answer) == may {
                    wrong.push(format!("{method} {route} as {who}: {}", answer.status));
                }
            };
            check("nobody", &ask(&reader, method, route, &Asks::Browser(&nobody)).await, needed.is_none());
            check("a wrong token", &ask(&reader, method, route, &Asks::Token("karat_no")).await, {
                // Who is nobody, with no page of ours, sends no form either.
                needed.is_none() && *method == "GET"
            });
            for (role, browser, token) in &people {
                let may = needed.is_none_or(|needed| *role >= needed);
                check(role.word(), &ask(&reader, method, route, &Asks::Browser(browser)).await, may);
                check(
                    &format!("{}'s token", role.word()),
                    &ask(&reader, method, route, &Asks::Token(token)).await,
                    may,
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn every_forged_request_is_refused() {
    let organisation = Organisation::myhealth();
    let (reader, sessions) = guarded(&organisation).await;
    let platform = &sessions[2].1;
    let (mine, other) = (Browser::open(&reader, platform).await, Browser::open(&reader, platform).await);
    let mut wrong = Vec::new();
    for (method, route, needed) in ROUTES.iter().filter(|(method, ..)| !["GET", "ANY"].contains(method)) {
        let api = route.starts_with("/api");
        let send = async |cookies: &str, csrf: Option<&str>, header: Option<(&str, &str)>| {
            let media = if api { "application/json" } else { "application/x-www-form-urlencoded" };
            let mut request = Request::builder()
                .method(*method)
                .uri(sample(route))
                .header("cookie", cookies)
                .header("content-type", media);
            if let Some((name, value)) = header {
                request = request.header(name, value);
            }
            let body = if api { "{}".to_owned() } else { csrf.map(|csrf| format!("csrf={csrf}")).unwrap_or_default() };
            reader.send(request.body(body.into()).unwrap()).await.status.as_u16()
        };
        let mut check = |what: &str, status: u16| {
            if status != 403 {
                wrong.push(format!("{method} {route} {what}: {status}"));
            }
        };
        // A page of another site sends it, whatever it knows.
        for header in [
            ("origin", "https://evil.example"),
            ("origin", "null"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            check(&format!("{header:?}"), send(&mine.cookies, Some(&mine.csrf), Some(header)).await);
        }
        if api {
            // A session says where it is from, where something is changed.
            if *needed > Some(Role::Viewer) {
                check("from nowhere", send(&mine.cookies, None, None).await);
            }
            continue;
        }
        let own = Some(("origin", PUBLIC));
        check("without a token", send(&mine.cookies, None, own).await);
        check("with an empty token", send(&mine.cookies, Some(""), own).await);
        check("with another browser's token", send(&mine.cookies, Some(&other.csrf), own).await);
        check("from a browser that is new", send(platform, Some(&mine.csrf), own).await);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
