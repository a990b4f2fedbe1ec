//! Who may come in: accounts, forged forms, tokens, the log.

use axum::body::Body;
use axum::http::Request;
use karat_portal::identity::{Accounts, Identity, Refused, Role};

use crate::organisation::{Answer, Organisation, Reader};

pub(crate) const PUBLIC: &str = "https://portal.myhealth.example";

/// A portal that others reach, with one account of each role; gives their session cookies.
pub(crate) async fn guarded(organisation: &Organisation) -> (Reader, Vec<(Role, String)>) {
    let accounts = Accounts::open(&organisation.data()).unwrap();
    let roles = [Role::Viewer, Role::Developer, Role::Platform];
    let passwords = roles.map(|role| accounts.add(role.word(), role).unwrap());
    let reader = organisation.reader_at("0.0.0.0:7007", Some(PUBLIC));
    let mut sessions = Vec::new();
    for (role, password) in roles.iter().zip(&passwords) {
        let fields = format!("name={}&password={password}&back=/fleet", role.word());
        let answer = reader.post("/login", "/login", &fields, "").await;
        assert_eq!((answer.status.as_u16(), answer.headers["location"].to_str().unwrap()), (303, "/fleet"));
        let set = answer.headers["set-cookie"].to_str().unwrap();
        for part in ["__Host-karat=", "HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
            assert!(set.contains(part), "{set}");
        }
        sessions.push((*role, set.split(';').next().unwrap().to_owned()));
    }
    (reader, sessions)
}

async fn send(reader: &Reader, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    reader.send(request.body(Body::empty()).unwrap()).await
}

#[test]
fn a_portal_for_others_needs_tls_and_an_administrator() {
    let folder = tempfile::tempdir().unwrap();
    let open = |address: &str, public| {
        let clock = std::sync::Arc::new(jiff::Timestamp::default);
        Identity::open(address.parse().unwrap(), public, folder.path(), clock)
    };
    assert!(open("127.0.0.1:7007", None).is_ok());
    assert!(open("[::1]:7007", None).is_ok());
    assert!(matches!(open("0.0.0.0:7007", None), Err(Refused::NoTls(_))));
    assert!(matches!(open("0.0.0.0:7007", Some("http://portal.example")), Err(Refused::NotAnAddress(_))));
    assert!(matches!(open("0.0.0.0:7007", Some("https://a b")), Err(Refused::NotAnAddress(_))));
    assert!(matches!(open("0.0.0.0:7007", Some(PUBLIC)), Err(Refused::NoAdmin)));
    // A proxy on the same machine lets others in as well.
    assert!(matches!(open("127.0.0.1:7007", Some(PUBLIC)), Err(Refused::NoAdmin)));
    let accounts = Accounts::open(folder.path()).unwrap();
    accounts.add("dev", Role::Developer).unwrap();
    assert!(matches!(open("0.0.0.0:7007", Some(PUBLIC)), Err(Refused::NoAdmin)));
    accounts.add("ops", Role::Platform).unwrap();
    assert_eq!(open("0.0.0.0:7007", Some(PUBLIC)).unwrap().host(), Some("portal.myhealth.example"));
}

#[test]
fn of_secrets_only_digests_are_kept_where_nobody_else_reads() {
    let folder = tempfile::tempdir().unwrap();
    let accounts = Accounts::open(folder.path()).unwrap();
    let password = accounts.add("ops", Role::Platform).unwrap();
    let token = accounts.make_token("ops", "ci", 0).unwrap();
    let file = folder.path().join("accounts.json");
    let text = fs_err::read_to_string(&file).unwrap();
    assert!(!text.contains(&password) && !text.contains(&token) && text.contains("$argon2id$"));
    assert!(
        accounts.check("ops", &password) && !accounts.check("ops", "wrong") && !accounts.check("nobody", &password)
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs_err::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    for wrong in ["", "A", "a b", "../x", "ä"] {
        assert!(accounts.add(wrong, Role::Viewer).is_err(), "{wrong}");
    }
}

#[test]
fn who_changes_accounts_at_once_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    // As the portal and `karat account` do: each has opened the file for itself.
    std::thread::scope(|scope| {
        for owner in ["ada", "ben", "cy", "dan"] {
            let accounts = Accounts::open(folder.path()).unwrap();
            scope.spawn(move || (0..15).for_each(|_| drop(accounts.make_token(owner, "ci", 0).unwrap())));
        }
    });
    let accounts = Accounts::open(folder.path()).unwrap();
    for owner in ["ada", "ben", "cy", "dan"] {
        assert_eq!(accounts.tokens(owner).len(), 15, "{owner}");
    }
}

#[tokio::test]
async fn who_signs_in_comes_where_they_wanted_to() {
    let organisation = Organisation::myhealth();
    let (reader, _) = guarded(&organisation).await;
    let to = send(&reader, "GET", "/fleet?kind=service", &[]).await;
    assert_eq!(to.headers["location"], "/login?back=%2Ffleet%3Fkind%3Dservice");
}

#[tokio::test]
async fn a_form_that_is_not_ours_changes_nothing() {
    let organisation = Organisation::myhealth();
    let reader = organisation.reader();
    let form = |cookie: &str, body: &str| {
        Request::post("/theme")
            .header("cookie", cookie)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(body.to_owned()))
            .unwrap()
    };
    let visit = |page: &Answer| page.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let token =
        |page: &Answer| page.text.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let (mine, other) = (reader.get("/").await, reader.get("/").await);
    let cases = [
        (String::new(), "to=dark".to_owned(), 403),
        (visit(&mine), "to=dark".to_owned(), 403),
        (visit(&mine), "to=dark&csrf=".to_owned(), 403),
        (visit(&mine), "to=dark&csrf=AAAA".to_owned(), 403),
        (visit(&mine), format!("to=dark&csrf={}", token(&other)), 403),
        (String::new(), format!("to=dark&csrf={}", token(&mine)), 403),
        (visit(&mine), format!("to=dark&csrf={}", token(&mine)), 303),
    ];
    for (cookie, body, status) in cases {
        assert_eq!(reader.send(form(&cookie, &body)).await.status.as_u16(), status, "{cookie} {body}");
    }
    let large = format!("to=dark&csrf={}&x={}", token(&mine), "x".repeat(2 << 20));
    assert_eq!(reader.send(form(&visit(&mine), &large)).await.status, 413);
}

#[tokio::test]
async fn a_token_asks_in_its_owners_name_until_it_is_revoked() {
    let organisation = Organisation::myhealth();
    let (reader, sessions) = guarded(&organisation).await;
    let developer = &sessions[1].1;
    let page = reader.post("/tokens", "/tokens", "title=ci", developer).await;
    let secret = page.text.split("<code>karat_").nth(1).unwrap().split('<').next().unwrap();
    let bearer = format!("Bearer karat_{secret}");
    assert_eq!(page.headers["cache-control"], "no-store");
    let ask = |method: &'static str, path: &'static str| {
        let (reader, bearer) = (&reader, bearer.clone());
        async move { send(reader, method, path, &[("authorization", &bearer)]).await.status.as_u16() }
    };
    assert_eq!(ask("GET", "/fleet").await, 200);
    assert_eq!(ask("GET", "/audit").await, 403);
    // Past the door; the route itself is not a part of this test.
    assert_eq!(ask("POST", "/api/catalog/refresh").await, 400);
    // A session alone, without a browser's word for where the request is from, changes nothing.
    let bare = send(&reader, "POST", "/api/catalog/refresh", &[("cookie", developer)]).await;
    assert_eq!(bare.status, 403);
    let id = Accounts::open(&organisation.data()).unwrap().tokens("developer")[0].id.clone();
    // Somebody else's is not theirs to revoke.
    reader.post("/tokens", "/tokens/revoke", &format!("id={id}"), &sessions[0].1).await;
    assert_eq!(ask("GET", "/fleet").await, 200);
    reader.post("/tokens", "/tokens/revoke", &format!("id={id}"), developer).await;
    assert_eq!(ask("GET", "/fleet").await, 303);
}

#[tokio::test]
async fn writes_are_written_down_and_guessing_is_slowed() {
    let organisation = Organisation::myhealth();
    let (reader, sessions) = guarded(&organisation).await;
    send(&reader, "DELETE", "/api/catalog/locations/1", &[("cookie", &sessions[0].1), ("origin", PUBLIC)]).await;
    let log =
        reader.send(Request::get("/audit").header("cookie", &sessions[2].1).body(Body::empty()).unwrap()).await.text;
    assert!(log.contains("DELETE /api/catalog/locations/1") && log.contains("refused (403)"), "{log}");
    assert!(log.contains("POST /login") && log.contains("done (303)"));
    let mut last = 0;
    for _ in 0..10 {
        let answer = reader.post("/login", "/login", "name=platform&password=wrong", "").await;
        assert_eq!(answer.status, 401);
        last = usize::from(answer.text.contains("Wait a quarter of an hour"));
    }
    assert_eq!(last, 1, "the eighth wrong password is the last for a while");
    let out = reader.post("/", "/logout", "", &sessions[0].1).await;
    assert_eq!(out.status, 303);
    assert_eq!(send(&reader, "GET", "/", &[("cookie", &sessions[0].1)]).await.status, 303);
}
