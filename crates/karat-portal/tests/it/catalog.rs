//! The catalog's REST API, over a socket. Each line of `tests/cases/catalog.jsonl` is a request, and `out`: what Backstage's own backend
//! answers to it with the same files (`tests/cases/shop`). So do we, but where a line says why it `differs`; then, and for what is
//! ours alone (`ours`), it says what our answer is: its `status`, and what it `holds` at JSON pointers.
//!
//! A line may be `unordered`; its answer's cursors may be followed (`then`); `{uid}` in a path is that of the entity in `uid`, `{id}` that
//! of the location whose target is `location`, `{base}` anywhere is where the files are. After it entities are waited for by filters
//! (`until`), or for their end (`gone`). `words` says why the sentence of an error is another one.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use karat_portal::{Options, Running, serve};
use karat_testkit::Oracle;
use karat_testkit::oracle::Answer;
use serde_json::{Map, Value, json};

use crate::document::Document;

fn cases() -> PathBuf {
    fs_err::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")).unwrap()
}

/// Where the files of the requests are: as the backend knows it.
const THEIRS: &str = "https://shop.example/";

/// What a portal of the shop stands on: its folder, and its files as URLs.
pub(crate) struct Shop {
    _folder: tempfile::TempDir,
    pub(crate) base: String,
}

/// Serves the files of the shop, until the tests end.
fn files() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut line = String::new();
            let _ = BufReader::new(&stream).read_line(&mut line);
            let name = line.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').to_owned();
            let text = fs_err::read_to_string(cases().join("shop").join(name));
            let status = if text.is_ok() { "200 OK" } else { "404 Not Found" };
            let text = text.unwrap_or_default();
            let head = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", text.len());
            let _ = stream.write_all((head + &text).as_bytes());
        }
    });
    base
}

/// A portal of the files that the requests are about.
pub(crate) async fn shop() -> (Running, Shop) {
    let base = files();
    let folder = tempfile::tempdir().unwrap();
    let root = fs_err::canonicalize(folder.path()).unwrap();
    let repository = |name: &str, role: &str| json!({"name": name, "role": role, "url": format!("https://git.shop.example/{name}.git"), "folder": name, "branch": "main"});
    let organisation = json!({
        "apiVersion": "karat.dev/v1",
        "kind": "Organisation",
        "metadata": {"name": "shop"},
        "spec": {
            "title": "Shop",
            "domain": "shop.example",
            "repositories": [repository("governance", "governance"), repository("shop", "app")],
            "settings": {"portal": {"catalog": {"allow": [base.trim_start_matches("http://").trim_end_matches('/')]}}},
        },
    });
    for name in ["governance", "shop"] {
        fs_err::create_dir(root.join(name)).unwrap();
    }
    fs_err::write(root.join("governance/organisation.yaml"), organisation.to_string()).unwrap();
    for entry in fs_err::read_dir(cases().join("shop")).unwrap() {
        let entry = entry.unwrap();
        fs_err::copy(entry.path(), root.join("shop").join(entry.file_name())).unwrap();
    }
    let options = Options {
        data: root.join("data"),
        organisation: root,
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
        public: None,
        clock: Arc::new(|| "2026-11-25T08:00:00Z".parse().unwrap()),
    };
    (serve(options).await.unwrap(), Shop { _folder: folder, base })
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_answered_as_backstage_answers_them() {
    let (running, shop) = shop().await;
    let file = cases().join("catalog.jsonl");
    let text = fs_err::read_to_string(&file).unwrap();
    let mut cases: Vec<Map<String, Value>> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut wrong = Vec::new();
    if let Some(peer) = karat_testkit::peer("backstage/main.js") {
        let mut oracle = Oracle::start(&peer).unwrap();
        let folder = format!("{}/", self::cases().join("shop").display());
        let asked =
            json!({"op": "serve", "folders": {THEIRS: folder}, "locations": [format!("{THEIRS}catalog-info.yaml")]});
        let Answer::Text(address) = oracle.ask(&asked).unwrap() else { panic!("the backend did not start") };
        let address = address.trim_matches('"').strip_prefix("http://").unwrap().parse().unwrap();
        for case in cases.iter_mut().filter(|case| !case.contains_key("ours")) {
            let theirs = json!(answers(address, case, THEIRS).iter().map(Said::plain).collect::<Vec<_>>());
            if case.get("out") != Some(&theirs) && !karat_testkit::cases::updating() {
                wrong.push(format!("{}\n  is answered by Backstage with {theirs}", told(case)));
            }
            case.insert("out".into(), theirs);
        }
        if karat_testkit::cases::updating() {
            let lines: Vec<String> = cases.iter().map(|case| json!(case).to_string() + "\n").collect();
            fs_err::write(file, lines.concat()).unwrap();
        }
    }
    let document = Document::of(running.address(), "/api/catalog");
    for case in &cases {
        let said = answers(running.address(), case, &shop.base);
        let wrongs = said.iter().filter_map(|said| document.differs(case, said));
        wrong.extend(wrongs.map(|why| format!("{}\n  {why}", told(case))));
        let ours = json!(said.iter().map(Said::plain).collect::<Vec<_>>());
        let is_ours = case.contains_key("ours");
        if case.contains_key("differs") || is_ours {
            if !is_ours && case.get("out") == Some(&ours) {
                wrong.push(format!("{}\n  does not differ", told(case)));
            }
            holds(case, &said[0], &mut wrong);
        } else if case.contains_key("words") {
            if case.get("out") == Some(&ours) {
                wrong.push(format!("{}\n  has the same words", told(case)));
            }
            if case.get("out").map(wordless) != Some(wordless(&ours)) {
                wrong.push(format!("{}\n  is answered with {ours}\n  by Backstage with {}", told(case), case["out"]));
            }
        } else if case.get("out") != Some(&ours) {
            wrong.push(format!(
                "{}\n  is answered with {ours}\n  by Backstage with {}",
                told(case),
                json!(case.get("out"))
            ));
        }
    }
    running.stop().await;
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

/// A case without its answer.
fn told(case: &Map<String, Value>) -> String {
    let mut case = case.clone();
    case.remove("out");
    json!(case).to_string()
}

fn holds(case: &Map<String, Value>, said: &Said, wrong: &mut Vec<String>) {
    if case.get("status") != Some(&said.status.into()) {
        wrong.push(format!("{}\n  {}: {}", told(case), said.status, said.text));
    }
    for (pointer, wanted) in case.get("holds").and_then(Value::as_object).into_iter().flatten() {
        if said.body.pointer(pointer).unwrap_or(&Value::Null) != wanted {
            wrong.push(format!("{}\n  {pointer} is {:?}", told(case), said.body.pointer(pointer)));
        }
    }
    let head = case.get("head").and_then(Value::as_str).unwrap_or_default();
    if !said.head.to_lowercase().contains(head) {
        wrong.push(format!("{}\n  no {head} in {}", told(case), said.head));
    }
}

/// An answer.
#[derive(Clone)]
pub(crate) struct Said {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) text: String,
    pub(crate) body: Value,
    unordered: bool,
    /// Where it has its files.
    base: String,
}

impl Said {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let line = self.head.lines().find(|line| line.to_lowercase().starts_with(&format!("{name}:")))?;
        Some(line[name.len() + 1..].trim())
    }

    /// What two catalogs say alike: without what each draws for itself, and where it has its files.
    fn plain(&self) -> Value {
        let mut body = serde_json::from_str(&self.text.replace(&self.base, THEIRS)).unwrap_or_default();
        alike(&mut body);
        if self.unordered {
            sort(&mut body);
            for list in ["items", "entities"] {
                body.get_mut(list).iter_mut().for_each(|list| sort(list));
            }
        }
        // The page that the header leads to is the rest of the answer.
        json!({"status": self.status, "body": body, "next": self.header("link").is_some()})
    }
}

fn sort(list: &mut Value) {
    if let Some(list) = list.as_array_mut() {
        list.sort_by_cached_key(karat_catalog::stable);
    }
}

fn alike(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(alike),
        Value::Object(map) => {
            // The Location that stands for a registered file says where that is.
            if map.get("metadata").is_some_and(|metadata| metadata["name"].as_str().is_some_and(is_generated)) {
                map.remove("spec");
            }
            if let Some(metadata) = map.get_mut("metadata").and_then(Value::as_object_mut) {
                metadata.retain(|key, _| key != "uid" && key != "etag");
                if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
                    let own = ["managed-by-location", "managed-by-origin-location", "view-url"];
                    annotations.retain(|key, _| !own.iter().any(|own| key.ends_with(own)));
                }
                metadata
                    .retain(|key, value| key != "annotations" || value.as_object().is_some_and(|map| !map.is_empty()));
            }
            let drawn: &[&str] = if map.contains_key("entityRef") { &["id", "entityRef"] } else { &[] };
            for drawn in ["nextCursor", "prevCursor"].iter().chain(drawn) {
                if let Some(found) = map.get_mut(*drawn) {
                    *found = "...".into();
                }
            }
            if let Some(Value::String(url)) = map.get_mut("url")
                && let Some(at) = url.find("/locations/").map(|at| at + "/locations/".len())
                && url.len() == at + 36
            {
                url.truncate(at);
            }
            map.values_mut().for_each(alike);
        }
        Value::String(text) if is_generated(text) => {
            let at = text.find("generated-").unwrap_or_default();
            text.truncate(at + "generated".len());
        }
        _ => {}
    }
}

fn is_generated(name: &str) -> bool {
    name.trim_start_matches("location:default/").starts_with("generated-")
}

/// Answers without the sentences of errors.
fn wordless(answers: &Value) -> Value {
    let mut answers = answers.clone();
    fn clear(value: &mut Value) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(clear),
            Value::Object(map) => {
                if let (Some(_), Some(message)) = (map.get("name").cloned(), map.get_mut("message")) {
                    *message = "...".into();
                }
                map.values_mut().for_each(clear);
            }
            _ => {}
        }
    }
    clear(&mut answers);
    answers
}

/// The answer to a request, and those to what it leads to.
fn answers(address: SocketAddr, case: &Map<String, Value>, base: &str) -> Vec<Said> {
    let told = json!(case).to_string().replace("{base}", base);
    let mut case: Map<String, Value> = serde_json::from_str(&told).unwrap();
    let read = |path: &str| ask(address, json!({"path": format!("/api/catalog/{path}")}).as_object().unwrap());
    let one = |name: &str| read(&format!("entities/by-name/{name}"));
    fn put(case: &mut Map<String, Value>, what: &str, found: &str) {
        let path = case["path"].as_str().unwrap().replace(what, found);
        case.insert("path".into(), path.into());
    }
    if let Some(name) = case.get("uid").and_then(Value::as_str).map(str::to_owned) {
        put(&mut case, "{uid}", one(&name).body["metadata"]["uid"].as_str().unwrap());
    }
    if let Some(target) = case.get("location").cloned() {
        let all = read("locations").body;
        let found = all.as_array().unwrap().iter().find(|item| item["data"]["target"] == target);
        put(&mut case, "{id}", found.map_or("none", |item| item["data"]["id"].as_str().unwrap()));
    }
    let mut all = vec![ask(address, &case)];
    all[0].base = base.to_owned();
    for step in case.get("then").and_then(Value::as_array).into_iter().flatten() {
        let last = all.last().unwrap();
        let mut next = case.clone();
        match step.as_str().unwrap() {
            "link" => {
                let link = last.header("link").unwrap();
                let path = link.trim_start_matches('<').split('>').next().unwrap();
                next.insert("path".into(), format!("/api/catalog{path}").into());
            }
            cursor => {
                let Some(cursor) = last.body["pageInfo"][cursor].as_str() else { break };
                if case.contains_key("body") {
                    next.insert(
                        "body".into(),
                        json!({"cursor": cursor, "limit": case["body"]["limit"], "fields": case["body"]["fields"]}),
                    );
                } else {
                    let path = case["path"].as_str().unwrap();
                    let (path, query) = path.split_once('?').unwrap_or((path, ""));
                    let kept: Vec<&str> = query
                        .split('&')
                        .filter(|one| one.starts_with("limit=") || one.starts_with("fields="))
                        .collect();
                    let cursor = cursor.replace('+', "%2B").replace('=', "%3D");
                    next.insert("path".into(), format!("{path}?{}&cursor={cursor}", kept.join("&")).into());
                }
            }
        }
        all.push(Said { base: base.to_owned(), ..ask(address, &next) });
    }
    for (wanted, there) in [("until", true), ("gone", false)] {
        for filter in case.get(wanted).and_then(Value::as_array).into_iter().flatten() {
            let filter = filter.as_str().unwrap();
            let came = (0..300).any(|_| {
                std::thread::sleep(Duration::from_millis(100));
                let total = &read(&format!("entities/by-query?limit=0&filter={filter}")).body["totalItems"];
                (total.as_u64() > Some(0)) == there
            });
            assert!(came, "{told}: {filter} is waited for in vain");
        }
    }
    all
}

pub(crate) fn ask(address: SocketAddr, case: &Map<String, Value>) -> Said {
    let text =
        |key: &str, otherwise: &'static str| case.get(key).and_then(Value::as_str).unwrap_or(otherwise).to_owned();
    let body = match (case.get("body"), case.get("large").and_then(Value::as_u64)) {
        (_, Some(size)) => Value::from(" ".repeat(usize::try_from(size).unwrap())).to_string(),
        (None, None) => text("raw", ""),
        (Some(body), None) => body.to_string(),
    };
    let (method, host, kind) = (text("method", "GET"), text("host", "localhost"), text("type", "application/json"));
    let more = if case.contains_key("more") { format!("{}\r\n", text("more", "")) } else { String::new() };
    let mut stream = TcpStream::connect(address).unwrap();
    // Whatever is asked is answered soon.
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let head = format!(
        "{method} {} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: {kind}\r\n{more}Content-Length: {}\r\n\r\n",
        text("path", "/"),
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    // Who refuses a large body may stop reading it.
    let _ = stream.write_all(body.as_bytes());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let chunked = head.to_lowercase().contains("transfer-encoding: chunked");
    let text = if chunked { unchunked(body) } else { body.to_owned() };
    let unordered = case.contains_key("unordered");
    let body = serde_json::from_str(&text).unwrap_or_default();
    Said { status: head[9..12].parse().unwrap(), head: head.to_owned(), text, body, unordered, base: THEIRS.to_owned() }
}

fn unchunked(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).unwrap_or_default();
        if size == 0 {
            break;
        }
        whole.push_str(&rest[..size]);
        body = &rest[size + 2..];
    }
    whole
}

#[tokio::test(flavor = "multi_thread")]
async fn every_method_of_a_route_is_in_the_document_and_the_other_way_round() {
    let (running, _folder) = shop().await;
    Document::of(running.address(), "/api/catalog").check_methods(running.address());
    running.stop().await;
}
