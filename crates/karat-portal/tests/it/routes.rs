//! Every route for every role, from one table; forged requests on every route that changes something.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Body;
use axum::http::Request;
use karat_portal::identity::{Accounts, Role};

use crate::identity::{PUBLIC, guarded};
use crate::organisation::{Answer, Organisation, Reader};

/// Who may do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum May {
    Everybody,
    From(Role),
    /// Developers whose task it is, and the role platform.
    Owner,
}

impl May {
    /// Whether somebody may; `owns` is whether the task is theirs.
    fn lets(self, role: Option<Role>, owns: bool) -> bool {
        match self {
            Self::Everybody => true,
            Self::From(least) => role >= Some(least),
            Self::Owner => role == Some(Role::Platform) || role == Some(Role::Developer) && owns,
        }
    }
}

/// Who may. `ANY` is a route for every method. What changes who is signed in is last.
const ROUTES: &[(&str, &str, May)] = {
    use May::{Everybody, Owner};
    const VIEWER: May = May::From(Role::Viewer);
    const DEVELOPER: May = May::From(Role::Developer);
    const PLATFORM: May = May::From(Role::Platform);
    &[
        ("GET", "/", VIEWER),
        ("GET", "/.backstage/health/v1/liveness", Everybody),
        ("GET", "/.backstage/health/v1/readiness", Everybody),
        ("GET", "/healthz", Everybody),
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
        ("GET", "/api/scaffolder/openapi.json", VIEWER),
        ("POST", "/api/scaffolder/v2/dry-run", DEVELOPER),
        ("GET", "/api/scaffolder/v2/tasks", VIEWER),
        ("POST", "/api/scaffolder/v2/tasks", DEVELOPER),
        ("GET", "/api/scaffolder/v2/tasks/{id}", VIEWER),
        ("POST", "/api/scaffolder/v2/tasks/{id}/cancel", Owner),
        ("GET", "/api/scaffolder/v2/tasks/{id}/events", VIEWER),
        ("GET", "/api/scaffolder/v2/tasks/{id}/eventstream", VIEWER),
        ("POST", "/api/scaffolder/v2/tasks/{id}/retry", Owner),
        ("GET", "/api/scaffolder/v2/templates/{namespace}/{kind}/{name}/parameter-schema", VIEWER),
        ("GET", "/api/scaffolder/v2/templating-extensions", VIEWER),
        ("GET", "/api/techdocs/metadata/entity/{namespace}/{kind}/{name}", VIEWER),
        ("GET", "/api/techdocs/metadata/techdocs/{namespace}/{kind}/{name}", VIEWER),
        ("GET", "/api/techdocs/static/docs/{namespace}/{kind}/{name}/{*path}", VIEWER),
        ("GET", "/api/techdocs/sync/{namespace}/{kind}/{name}", VIEWER),
        ("GET", "/assets/{name}", Everybody),
        ("GET", "/audit", PLATFORM),
        ("GET", "/catalog", VIEWER),
        ("GET", "/catalog/{namespace}/{kind}/{name}", VIEWER),
        ("GET", "/catalog/{namespace}/{kind}/{name}/api", VIEWER),
        ("GET", "/catalog/{namespace}/{kind}/{name}/dependencies", VIEWER),
        ("GET", "/create", VIEWER),
        ("GET", "/create/tasks/{id}", VIEWER),
        ("POST", "/create/tasks/{id}/cancel", Owner),
        ("POST", "/create/tasks/{id}/retry", Owner),
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
        ("POST", "/theme", Everybody),
        ("GET", "/login", Everybody),
        ("POST", "/login", Everybody),
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

/// A path of a route; `id` is a task's where it is for one.
fn sample(route: &str, id: &str) -> String {
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
        ("{id}", id),
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

async fn ask(reader: &Reader, method: &str, path: &str, asks: &Asks<'_>) -> Answer {
    send(reader, method, path, asks, "{}").await
}

/// Asks; the API with that body.
async fn send(reader: &Reader, method: &str, path: &str, asks: &Asks<'_>, json: &str) -> Answer {
    let api = path.starts_with("/api");
    let mut request = Request::builder().method(method).uri(path);
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
        ("application/json", json.to_owned())
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
    let organisation = with_a_path_that_fails();
    let (reader, sessions) = guarded(&organisation).await;
    let listed: BTreeSet<_> =
        ROUTES.iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned())).collect();
    let there = routes_of(&reader);
    assert!(there.len() > 60, "the router shows its routes otherwise: {there:?}");
    let missing: Vec<_> = there.difference(&listed).collect();
    let gone: Vec<_> = listed.difference(&there).collect();
    assert!(missing.is_empty() && gone.is_empty(), "say in ROUTES who may {missing:?}; not there any more: {gone:?}");

    let (nobody, people) = everybody(&organisation, &reader, &sessions).await;
    let task = failed_task(&reader, &people[1].token).await;
    let mut wrong = Vec::new();
    for (method, route, may) in ROUTES {
        let path = sample(route, &task);
        // A route for every method reads for some, and does whatever it does for others.
        let asked: &[(&str, May)] = if *method == "ANY" {
            &[("GET", May::From(Role::Viewer)), ("PUT", *may), ("DELETE", *may)]
        } else {
            &[(*method, *may)]
        };
        for (method, may) in asked {
            let mut check = |who: &str, answer: &Answer, may: bool| {
                if refused(answer) == may {
                    wrong.push(format!("{method} {route} as {who}: {}", answer.status));
                }
            };
            check("nobody", &ask(&reader, method, &path, &Asks::Browser(&nobody)).await, may.lets(None, false));
            check("a wrong token", &ask(&reader, method, &path, &Asks::Token("karat_no")).await, {
                // Who is nobody, with no page of ours, sends no form either.
                may.lets(None, false) && *method == "GET"
            });
            for person in &people {
                let lets = may.lets(Some(person.role), person.owns());
                check(person.name, &ask(&reader, method, &path, &Asks::Browser(&person.browser)).await, lets);
                let answer = ask(&reader, method, &path, &Asks::Token(&person.token)).await;
                check(&format!("{}'s token", person.name), &answer, lets);
                if *may == May::Owner && !lets && path.starts_with("/api/") {
                    let error: serde_json::Value = serde_json::from_str(&answer.text).unwrap();
                    assert_eq!(error["error"]["name"], "NotAllowedError", "{error}");
                    assert_eq!(error["response"]["statusCode"], 403, "{error}");
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Somebody who is signed in, and has a token.
struct Somebody {
    name: &'static str,
    role: Role,
    browser: Browser,
    token: String,
}

impl Somebody {
    /// Whether the task of [`failed_task`] is theirs.
    fn owns(&self) -> bool {
        self.name == "developer"
    }
}

/// A browser that nobody signed in with; one of each role, and a second developer.
async fn everybody(
    organisation: &Organisation,
    reader: &Reader,
    sessions: &[(Role, String)],
) -> (Browser, Vec<Somebody>) {
    let accounts = Accounts::open(&organisation.data()).unwrap();
    let password = accounts.add("other", Role::Developer).unwrap();
    let answer = reader.post("/login", "/login", &format!("name=other&password={password}"), "").await;
    let session = answer.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let other = ("other", Role::Developer, session);
    let known = sessions.iter().map(|(role, session)| (role.word(), *role, session.clone()));
    let mut people = Vec::new();
    for (name, role, session) in known.chain([other]) {
        let token = accounts.make_token(name, "test", 0).unwrap();
        people.push(Somebody { name, role, browser: Browser::open(reader, &session).await, token });
    }
    (Browser::open(reader, "").await, people)
}

/// A task of the owner of a token that could be done again, because it has failed.
async fn failed_task(reader: &Reader, token: &str) -> String {
    let values = r#"{"templateRef": "fails", "values": {"name": "x"}}"#;
    let made = send(reader, "POST", "/api/scaffolder/v2/tasks", &Asks::Token(token), values).await;
    let made: serde_json::Value = serde_json::from_str(&made.text).unwrap();
    let id = made["id"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
    for _ in 0..200 {
        let task = ask(reader, "GET", &format!("/api/scaffolder/v2/tasks/{id}"), &Asks::Token(token)).await;
        if task.text.contains(r#""status":"failed""#) {
            return id;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the task does not fail");
}

/// A golden path whose only step cannot be done.
fn with_a_path_that_fails() -> Organisation {
    let organisation = Organisation::myhealth();
    organisation.write(
        "governance/paths/fails/template.yaml",
        "apiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\nmetadata: {name: fails, title: Fails, description: Fails}\n\
         spec:\n  type: service\n  parameters: {properties: {name: {title: Name, type: string, default: x}}}\n  \
         steps: [{id: fail, name: Fails, action: \"fs:delete\", input: {files: none}}]\n",
    );
    organisation
}

/// The route that a form's or a link's path is of.
fn route_of(method: &str, path: &str) -> Option<&'static (&'static str, &'static str, May)> {
    let parts: Vec<&str> = path.split('?').next().unwrap_or_default().split('/').collect();
    let fits = |route: &str| {
        let (route, rest) = route.split_once("/{*").map_or((route, false), |(above, _)| (above, true));
        let known: Vec<&str> = route.split('/').collect();
        (known.len() == parts.len() || rest && parts.len() > known.len())
            && known.iter().zip(&parts).all(|(known, part)| known.starts_with('{') || known == part)
    };
    let found = ROUTES.iter().filter(|(known, route, _)| *known == method && fits(route));
    // What is named counts before what is any name.
    found.min_by_key(|(_, route, _)| route.matches('{').count())
}

#[tokio::test]
async fn no_page_offers_what_would_be_refused() {
    // So many pages of each route are read.
    const EACH: usize = 2;
    let organisation = with_a_path_that_fails();
    let (reader, sessions) = guarded(&organisation).await;
    let (_, people) = everybody(&organisation, &reader, &sessions).await;
    let task = failed_task(&reader, &people[1].token).await;
    let mut wrong = Vec::new();
    let mut offered: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for person in &people {
        let mut next: Vec<String> =
            vec!["/create/default/fails".into(), format!("/create/tasks/{task}"), "/tokens".into(), "/".into()];
        let mut seen: BTreeSet<String> = next.iter().cloned().collect();
        let mut read: BTreeMap<&str, usize> = BTreeMap::new();
        while let Some(path) = next.pop() {
            let page = ask(&reader, "GET", &path, &Asks::Browser(&person.browser)).await;
            if refused(&page) {
                wrong.push(format!("{} is led to {path}, which is refused", person.name));
            }
            for form in page.text.split("<form").skip(1).filter_map(|rest| rest.split('>').next()) {
                let Some(to) = form.split(" action=\"").nth(1).and_then(|to| to.split('"').next()) else { continue };
                let method = if form.contains(" method=\"post\"") { "POST" } else { "GET" };
                let Some((_, route, may)) = route_of(method, to) else {
                    wrong.push(format!("{path} has a form to {method} {to}, which is nowhere"));
                    continue;
                };
                if !may.lets(Some(person.role), person.owns()) {
                    wrong.push(format!("{path} offers {} a form to {method} {to}", person.name));
                }
                if method == "POST" {
                    offered.entry(person.name).or_default().insert(*route);
                }
            }
            for link in crate::organisation::links(&page.text) {
                let link = link.split('#').next().unwrap_or_default();
                let Some((_, route, _)) = route_of("GET", link) else { continue };
                let count = read.entry(*route).or_default();
                if link.starts_with('/') && *count < EACH && seen.insert(link.to_owned()) {
                    *count += 1;
                    next.push(link.to_owned());
                }
            }
        }
        assert!(read.len() > 15, "{} reads too little: {read:?}", person.name);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // What they may is offered.
    let all = ["/logout", "/theme", "/tokens", "/tokens/revoke"];
    let make = "/create/{namespace}/{name}";
    let again = "/create/tasks/{id}/retry";
    let of = |more: &[&'static str]| all.iter().chain(more).copied().collect::<BTreeSet<_>>();
    let wanted = [
        ("viewer", of(&[])),
        ("developer", of(&[make, again])),
        ("platform", of(&[make, again])),
        ("other", of(&[make])),
    ];
    assert_eq!(offered, BTreeMap::from(wanted));
}

#[tokio::test]
async fn every_forged_request_is_refused() {
    let organisation = Organisation::myhealth();
    let (reader, sessions) = guarded(&organisation).await;
    let platform = &sessions[2].1;
    let (mine, other) = (Browser::open(&reader, platform).await, Browser::open(&reader, platform).await);
    let mut wrong = Vec::new();
    for (method, route, may) in ROUTES.iter().filter(|(method, ..)| !["GET", "ANY"].contains(method)) {
        let api = route.starts_with("/api");
        let send = async |cookies: &str, csrf: Option<&str>, header: Option<(&str, &str)>| {
            let media = if api { "application/json" } else { "application/x-www-form-urlencoded" };
            let mut request = Request::builder()
                .method(*method)
                .uri(sample(route, "1"))
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
            if !may.lets(Some(Role::Viewer), false) {
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
