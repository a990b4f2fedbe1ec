//! URLs: what is read, and what is not.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use karat_ingest::LocationError;

use crate::support::{Organisation, component, get, location, owner, status, until};

type Pages = Arc<Mutex<Vec<(String, String)>>>;

/// A server of some pages, each a whole answer by its path. Gives its port.
fn server(pages: &Pages) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let pages = Arc::clone(pages);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut line = String::new();
            BufReader::new(&stream).read_line(&mut line).unwrap();
            let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
            let found = pages.lock().unwrap().iter().find(|(known, _)| *known == path).map(|(_, text)| text.clone());
            let answer = found.unwrap_or_else(|| "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned());
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    port
}

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

fn set(pages: &Pages, path: &str, answer: String) {
    let mut pages = pages.lock().unwrap();
    pages.retain(|(known, _)| known != path);
    pages.push((path.to_owned(), answer));
}

#[test]
fn a_url_is_read_followed_refreshed_and_outlived() {
    let pages = Pages::default();
    let port = server(&pages);
    set(&pages, "/org/all.yaml", ok(&location("all", &["./shop.yaml"])));
    set(&pages, "/org/shop.yaml", ok(&component("shop", "one")));
    let mut organisation = Organisation::new(&[]);
    organisation.sources.allow.push("127.0.0.1".to_owned());
    let url = format!("http://127.0.0.1:{port}/org/all.yaml");
    {
        let catalog = organisation.open();
        let tried = catalog.try_location("url", &url).unwrap();
        assert_eq!(tried.entities.len(), 3);
        catalog.add_location("url", &url).unwrap();
        until("the entity", || owner(&catalog, "shop").as_deref() == Some("one"));
        let shop = get(&catalog, "component:default/shop").unwrap();
        assert_eq!(
            shop.annotation("backstage.io/managed-by-location"),
            Some(&*format!("url:http://127.0.0.1:{port}/org/shop.yaml"))
        );
        assert_eq!(shop.annotation("backstage.io/managed-by-origin-location"), Some(&*format!("url:{url}")));
        set(&pages, "/org/shop.yaml", ok(&component("shop", "two")));
        catalog.refresh(&shop.reference());
        until("the refresh", || owner(&catalog, "shop").as_deref() == Some("two"));
        set(&pages, "/org/shop.yaml", "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n".to_owned());
        catalog.refresh(&shop.reference());
        until("the failure", || !status(&catalog, "component:default/shop").is_empty());
        assert_eq!(owner(&catalog, "shop").as_deref(), Some("two"));
    }
    pages.lock().unwrap().clear();
    let catalog = organisation.open();
    // Before anything has answered.
    assert_eq!(owner(&catalog, "shop").as_deref(), Some("two"));
    until("the failure", || !status(&catalog, "component:default/shop").is_empty());
    assert_eq!(owner(&catalog, "shop").as_deref(), Some("two"));
}

#[test]
fn hosts_within_are_not_asked() {
    let pages = Pages::default();
    let port = server(&pages);
    set(&pages, "/x", ok(&component("secret", "one")));
    let organisation = Organisation::new(&[]);
    let catalog = organisation.open();
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "localhost",
        "169.254.169.254",
        "[fd00:ec2::254]",
        "10.0.0.1",
        "[fe80::1]",
    ] {
        let url = format!("http://{host}:{port}/x");
        let error = catalog.try_location("url", &url).unwrap_err();
        assert!(
            matches!(&error, LocationError::Input(why) if why.contains("no address of the public Internet")),
            "{url}: {error}"
        );
    }
    // Nor on the way of a Location or a placeholder.
    let api = format!(
        "apiVersion: backstage.io/v1alpha1\nkind: API\nmetadata: {{name: spy}}\nspec: {{type: x, lifecycle: x, owner: x, definition: {{$text: 'http://127.0.0.1:{port}/x'}}}}\n"
    );
    organisation.write(
        "a/catalog-info.yaml",
        &format!("{api}---\n{}", location("out", &["http://x.invalid/x"]))
            .replace("targets:", "type: url\n  targets:")
            .replace("x.invalid", &format!("127.0.0.1:{port}")),
    );
    until("the refusals", || {
        !status(&catalog, "api:default/spy").is_empty() && !status(&catalog, "location:default/out").is_empty()
    });
    assert!(get(&catalog, "component:default/secret").is_none());
}

#[test]
fn a_redirect_leads_to_allowed_hosts_only() {
    let pages = Pages::default();
    let port = server(&pages);
    let to = |target: &str| format!("HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n");
    set(&pages, "/good", to("/there"));
    set(&pages, "/there", ok(&component("shop", "one")));
    set(&pages, "/meta", to("http://169.254.169.254/latest/meta-data"));
    set(&pages, "/decimal", to(&format!("http://2852039166:{port}/there")));
    set(&pages, "/name", to(&format!("http://localhost:{port}/there")));
    set(&pages, "/file", to("file:///etc/passwd"));
    set(&pages, "/login", to(&format!("http://me:secret@127.0.0.1:{port}/there")));
    set(&pages, "/circle", to("/circle"));
    set(&pages, "/endless", format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(9 << 20)));
    set(&pages, "/head", format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "x".repeat(1 << 20)));
    let mut organisation = Organisation::new(&[]);
    organisation.sources.allow.push(format!("127.0.0.1:{port}"));
    let catalog = organisation.open();
    let try_one = |path: &str| catalog.try_location("url", &format!("http://127.0.0.1:{port}{path}"));
    assert_eq!(try_one("/good").unwrap().entities.len(), 2);
    for path in ["/meta", "/decimal", "/name", "/file", "/login", "/circle", "/endless", "/head", "/missing"] {
        let error = try_one(path).unwrap_err();
        assert!(matches!(error, LocationError::Input(_)), "{path}: {error}");
        println!("{path}: {error}");
    }
}
