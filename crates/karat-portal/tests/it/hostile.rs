//! Requests that nobody means well with: each is refused or answered, soon, as JSON, and the portal goes on.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::catalog::{Said, ask, shop};

const BY_QUERY: &str = "/api/catalog/entities/by-query";
/// What is sent a body, below `/api/catalog`.
const BODIES: [&str; 8] = [
    "entities/by-query",
    "entities/by-refs",
    "entity-facets",
    "validate-entity",
    "analyze-location",
    "refresh",
    "locations",
    "locations/by-query",
];

/// Asks; whatever is answered is JSON, and no error of ours.
#[track_caller]
fn asked(address: SocketAddr, case: &Value) -> Said {
    let said = ask(address, case.as_object().unwrap_or(&Map::new()));
    let shown: String = case.to_string().chars().take(200).collect();
    assert!(said.status < 500 && said.status >= 200, "{shown}: {} {}", said.status, said.text);
    if said.status >= 400 {
        let is_error = said.body["errors"].is_array() || said.body["response"]["statusCode"] == said.status;
        assert!(is_error, "{shown}: {} {}", said.status, said.text);
    }
    said
}

#[track_caller]
fn get(address: SocketAddr, path: &str) -> Said {
    asked(address, &json!({ "path": path }))
}

#[track_caller]
fn post(address: SocketAddr, path: &str, body: impl Into<Value>) -> Said {
    asked(address, &json!({"method": "POST", "path": path, "body": body.into()}))
}

/// Sends bytes as they are, and gives the first line of the answer.
fn raw(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let _ = stream.write_all(request);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned()
}

/// What is asked of a portal; at its end an ordinary question must be answered as ever.
async fn against(questions: impl FnOnce(SocketAddr) + Send + 'static) {
    let (running, _folder) = shop().await;
    let address = running.address();
    let done = tokio::task::spawn_blocking(move || {
        questions(address);
        assert_eq!(get(address, "/api/catalog/entities/by-name/component/default/basket").status, 200);
    });
    done.await.unwrap();
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn huge_bodies_are_refused_by_every_route() {
    against(|address| {
        for path in BODIES {
            let said = asked(
                address,
                &json!({"method": "POST", "path": format!("/api/catalog/{path}"), "large": (2 << 20) + 1}),
            );
            assert_eq!((said.status, &said.body["error"]["name"]), (413, &json!("PayloadTooLargeError")), "{path}");
        }
        // One that says nothing of its size.
        let mut request = format!("POST {BY_QUERY} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
        for _ in 0..40 {
            request.push_str(&format!("10000\r\n{}\r\n", " ".repeat(0x10000)));
        }
        assert!(raw(address, request.as_bytes()).contains(" 413 "));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deep_json_is_refused() {
    against(|address| {
        for depth in [100, 1_000, 300_000] {
            let deep = format!("{{\"query\":{}{}}}", "{\"$not\":".repeat(depth), "}".repeat(depth));
            for path in [BY_QUERY, "/api/catalog/entity-facets", "/api/catalog/validate-entity"] {
                let said = asked(address, &json!({"method": "POST", "path": path, "raw": deep}));
                assert_eq!(said.status, if deep.len() > 2 << 20 { 413 } else { 400 }, "{path} {depth}");
            }
            let lists = format!("{{\"entityRefs\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
            let said =
                asked(address, &json!({"method": "POST", "path": "/api/catalog/entities/by-refs", "raw": lists}));
            assert_eq!(said.status, 400);
        }
        // The limit of predicates itself.
        let nested = |depth: usize| (0..depth).fold(json!({"kind": "user"}), |inner, _| json!({"$not": inner}));
        assert_eq!(post(address, BY_QUERY, json!({"query": nested(62)})).body["totalItems"], 1);
        assert_eq!(post(address, BY_QUERY, json!({"query": nested(64)})).status, 400);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_filters_are_answered_and_more_are_refused() {
    against(|address| {
        let any = |count: usize| {
            let one = |number: usize| json!({"metadata.name": {"$hasPrefix": format!("n{number}")}});
            json!({"query": {"$any": (0..count).map(one).collect::<Vec<_>>()}})
        };
        assert_eq!(post(address, BY_QUERY, any(9_999)).body["totalItems"], 0);
        assert_eq!(post(address, BY_QUERY, any(10_001)).status, 400);
        let many = json!({"query": {"metadata.name": {"$in": (0..100_000).map(|number| number.to_string()).collect::<Vec<_>>()}}});
        assert_eq!(post(address, BY_QUERY, many).body["totalItems"], 0);
        let line = format!("{BY_QUERY}?{}", vec!["filter=a"; 5_000].join("&"));
        assert_eq!(get(address, &line).body["totalItems"], 0);
        let names: Vec<String> = (0..9_000).map(|number| format!("k{number}")).collect();
        assert_eq!(get(address, &format!("{BY_QUERY}?filter={}", names.join(","))).body["totalItems"], 0);
        // A head that is larger than 64 KiB is read no further.
        let long = format!("GET {BY_QUERY}?{} HTTP/1.1\r\nHost: localhost\r\n\r\n", vec!["filter=a"; 10_000].join("&"));
        let first = raw(address, long.as_bytes());
        assert!(first.contains(" 431 ") || first.contains(" 414 "), "{first}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_multiplies_work_is_bounded() {
    against(|address| {
        let texts = |count: usize, name: &str| (0..count).map(|number| format!("{name}{number}")).collect::<Vec<_>>();
        assert_eq!(post(address, BY_QUERY, json!({"fields": texts(60_000, "a")})).status, 400);
        assert_eq!(post(address, BY_QUERY, json!({"fields": vec!["kind"; 60_000]})).status, 200);
        assert_eq!(post(address, "/api/catalog/entity-facets", json!({"facets": texts(101, "a")})).status, 400);
        assert_eq!(post(address, "/api/catalog/entity-facets", json!({"facets": vec!["kind"; 60_000]})).status, 200);
        assert_eq!(
            get(address, &format!("/api/catalog/entities?{}", ["order=asc:metadata.tags"; 11].join("&"))).status,
            400
        );
        let text = json!({"term": "_%a".repeat(60_000), "fields": vec!["metadata.name"; 60_000]});
        assert_eq!(post(address, BY_QUERY, json!({ "fullTextFilter": text })).body["totalItems"], 0);
        let text = json!({"term": "%".repeat(60_000), "fields": ["metadata.name"]});
        assert!(post(address, BY_QUERY, json!({ "fullTextFilter": text })).body["totalItems"].as_u64() > Some(10));
        assert_eq!(post(address, BY_QUERY, json!({"limit": 1e300})).status, 400);
        assert_eq!(get(address, &format!("{BY_QUERY}?limit=18446744073709551615")).status, 400);
        assert_eq!(
            get(address, &format!("{BY_QUERY}?limit=9223372036854775807&offset=9223372036854775807")).status,
            200
        );
        assert_eq!(
            get(address, "/api/catalog/entities?limit=9223372036854775807&offset=9223372036854775807").body,
            json!([])
        );
        let references = vec!["component:default/basket"; 60_000];
        let said =
            post(address, "/api/catalog/entities/by-refs", json!({"entityRefs": references, "fields": ["kind"]}));
        assert_eq!(said.body["items"].as_array().unwrap().len(), 60_000);
    })
    .await;
}

/// A cursor as somebody else writes one.
fn cursor(value: &Value) -> String {
    data_encoding::BASE64.encode(value.to_string().as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn cursors_of_others_are_read() {
    against(|address| {
        // As Backstage writes them, before there were predicates and since.
        let legacy = json!({
            "orderFields": [{"field": "metadata.name", "order": "asc"}],
            "isPrevious": false,
            "filter": {"allOf": [{"key": "kind", "values": ["component"]}, {"not": {"key": "spec.type", "values": ["library"]}}]},
            "orderFieldValues": ["basket", "00000000-0000-0000-0000-000000000000"],
            "firstSortFieldValues": ["basket", "00000000-0000-0000-0000-000000000000"],
            "totalItems": 3,
        });
        let said = post(address, BY_QUERY, json!({"cursor": cursor(&legacy), "limit": 1}));
        assert_eq!((said.status, &said.body["items"][0]["metadata"]["name"]), (200, &json!("Basket")), "{}", said.text);
        let mut with_query = legacy;
        with_query.as_object_mut().unwrap().remove("filter");
        with_query["query"] = json!({"kind": "user"});
        with_query["orderFieldValues"] = json!(["a", "00000000-0000-0000-0000-000000000000"]);
        let said = post(address, BY_QUERY, json!({"cursor": cursor(&with_query)}));
        assert_eq!(said.body["items"][0]["metadata"]["name"], "ada", "{}", said.text);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tampered_cursors_are_refused_or_lead_to_a_page() {
    against(|address| {
        let first = post(address, BY_QUERY, json!({"query": {"kind": "component"}, "orderBy": [{"field": "metadata.name", "order": "asc"}], "limit": 2}));
        let good = first.body["pageInfo"]["nextCursor"].as_str().unwrap().to_owned();
        let text = String::from_utf8(data_encoding::BASE64.decode(good.as_bytes()).unwrap()).unwrap();
        let whole: Value = serde_json::from_str(&text).unwrap();
        let others = [json!(null), json!(true), json!(-1), json!(1e300), json!(""), json!("x"), json!([]), json!([null, null]), json!(["a", "b", "c"]), json!({}), json!([{"field": "kind", "order": "up"}]), json!({"$not": {"$not": 1}})];
        for key in whole.as_object().unwrap().keys() {
            for other in &others {
                let mut changed = whole.clone();
                changed[key] = other.clone();
                post(address, BY_QUERY, json!({"cursor": cursor(&changed), "limit": 2}));
                get(address, &format!("{BY_QUERY}?limit=2&cursor={}", cursor(&changed).replace('+', "%2B").replace('=', "%3D")));
            }
            let mut without = whole.clone();
            without.as_object_mut().unwrap().remove(key);
            post(address, BY_QUERY, json!({"cursor": cursor(&without)}));
        }
        // Cut off, and with one character changed, anywhere.
        for at in (0..good.len()).step_by(7) {
            post(address, BY_QUERY, json!({"cursor": good[..at].to_owned() + " "}));
            let mut bytes = good.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            post(address, BY_QUERY, json!({"cursor": String::from_utf8(bytes).unwrap()}));
        }
        let mut deep = whole;
        deep["query"] = (0..100).fold(json!({"kind": "user"}), |inner, _| json!({"$not": inner}));
        assert_eq!(post(address, BY_QUERY, json!({"cursor": cursor(&deep)})).status, 400);
        assert_eq!(post(address, BY_QUERY, json!({"cursor": "A".repeat(1 << 20)})).status, 400);
        for after in ["e30=", "eyJsaW1pdCI6LTF9", "eyJvZmZzZXQiOi0xfQ==", "eyJsaW1pdCI6MCwib2Zmc2V0IjoxZTMwMH0=", "bnVsbA=="] {
            get(address, &format!("/api/catalog/entities?after={}", after.replace('=', "%3D")));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nul_and_control_characters_find_nothing() {
    against(|address| {
        for name in ["%00", "basket%00", "%0d%0aX-Injected:%201", "%1b%5b31m", "%7f", "%e2%80%ae", "%ef%bb%bfbasket"] {
            let said = get(address, &format!("/api/catalog/entities/by-name/component/default/{name}"));
            assert_eq!(said.status, 404, "{name}");
            assert_eq!(get(address, &format!("/api/catalog/entities/by-uid/{name}")).status, 404);
            assert_eq!(get(address, &format!("{BY_QUERY}?filter=metadata.name={name}")).body["totalItems"], 0);
            assert_eq!(get(address, &format!("/api/catalog/entity-facets?facet={name}")).status, 200);
            // The header repeats the question, and nothing else.
            let said = get(address, &format!("/api/catalog/entities?limit=1&filter=kind=component&filter={name}"));
            assert!(!said.head.to_lowercase().contains("\r\nx-injected"), "{}", said.head);
        }
        for name in ["\u{0}", "a\u{0}b", "a\nb", "\u{1b}[31m", "a\u{202e}b"] {
            let entity = json!({"apiVersion": "backstage.io/v1alpha1", "kind": "Component", "metadata": {"name": name}, "spec": {"type": "a", "lifecycle": "b", "owner": "c"}});
            let said = post(address, "/api/catalog/validate-entity", json!({"entity": entity, "location": "url:https://a.example/b"}));
            assert_eq!(said.status, 400, "{name:?}");
            assert_eq!(post(address, "/api/catalog/entities/by-refs", json!({"entityRefs": [format!("component:default/{name}")]})).body["items"], json!([null]));
        }
        for line in ["GET /api/catalog/entities\u{0} HTTP/1.1", "GET /api/catalog/\u{1}entities HTTP/1.1", "GET /api/catalog/entities HTTP/1.1\r\nX: a\u{0}b"] {
            let first = raw(address, format!("{line}\r\nHost: localhost\r\nConnection: close\r\n\r\n").as_bytes());
            assert!(first.contains(" 400 "), "{line:?}: {first}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_that_climb_lead_nowhere() {
    against(|address| {
        let climbs = [
            "..%2f..%2fgovernance%2forganisation.yaml",
            "..",
            "%2e%2e",
            "..%5c..%5ca",
            "%252e%252e%252fa",
            ".%2f.",
            "%2fetc%2fpasswd",
            "c:%5cwindows",
        ];
        for climb in climbs {
            for path in [
                format!("entities/by-name/component/default/{climb}"),
                format!("entities/by-name/{climb}/{climb}/{climb}"),
                format!("entities/by-uid/{climb}"),
                format!("entities/by-name/component/default/{climb}/ancestry"),
            ] {
                let said = get(address, &format!("/api/catalog/{path}"));
                assert_eq!((said.status, &said.body["error"]["name"]), (404, &json!("NotFoundError")), "{path}");
            }
        }
        // What is no UTF-8 is no name.
        for path in [
            "entities/by-name/component/default/%ff",
            "entities/by-uid/%c3%28",
            "entities/by-name/%ff/%fe/%80/ancestry",
        ] {
            assert_eq!(get(address, &format!("/api/catalog/{path}")).status, 400, "{path}");
        }
        for path in [
            "/api/catalog/../../etc/passwd",
            "/api/catalog//entities",
            "/api//catalog/entities",
            "/api/catalog/entities/",
            "/api/catalog/./entities",
            "/API/catalog/entities",
        ] {
            let said = ask(address, json!({ "path": path }).as_object().unwrap());
            assert_eq!(said.status, 404, "{path}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_of_other_types_are_refused() {
    against(|address| {
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonp", "text/json", "", "application/xml", "*/*"] {
            for path in BODIES {
                let case = json!({"method": "POST", "path": format!("/api/catalog/{path}"), "type": kind, "raw": "{\"facets\":[\"kind\"]}"});
                let said = asked(address, &case);
                assert_eq!((said.status, &said.body["error"]["message"]), (400, &json!("Illegal Content-Type")), "{kind} {path}");
            }
        }
        for raw in ["nul", "[1,]", "{\"a\":1}}", "{\"a\":NaN}", "\u{feff}{}", "'a'", "{\"query\":{\"kind\":\"\\ud800\"}}"] {
            assert_eq!(asked(address, &json!({"method": "POST", "path": BY_QUERY, "raw": raw})).status, 400, "{raw}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_methods_are_told_which_there_are() {
    against(|address| {
        for method in ["PUT", "PATCH", "TRACE", "PROPFIND", "get", "X"] {
            for (path, allowed) in
                [("entities", "get,head"), ("entity-facets", "get,head,post"), ("validate-entity", "post")]
            {
                let said = asked(address, &json!({"method": method, "path": format!("/api/catalog/{path}")}));
                assert_eq!(
                    (said.status, said.header("allow").map(str::to_lowercase).as_deref()),
                    (405, Some(allowed)),
                    "{method} {path}"
                );
                assert_eq!(said.body["error"]["name"], "MethodNotAllowedError");
            }
        }
        // No other header makes one method another.
        let said = asked(
            address,
            &json!({"method": "POST", "path": "/api/catalog/entities", "more": "X-HTTP-Method-Override: GET"}),
        );
        assert_eq!(said.status, 405);
        let head = ask(address, json!({"method": "HEAD", "path": "/api/catalog/entities"}).as_object().unwrap());
        assert_eq!((head.status, head.text.as_str()), (200, ""));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_repeated_is_never_markup() {
    against(|address| {
        let script = "%3Cscript%3Ealert(1)%3C/script%3E";
        for path in [
            "entities/by-name/component/default/%3Cimg%20src=x%3E".to_owned(),
            format!("entities?{script}=1"),
            format!("entities/by-query?orderField={script},up"),
            format!("entities/by-query?cursor={script}"),
        ] {
            let said = get(address, &format!("/api/catalog/{path}"));
            assert_eq!(said.header("content-type"), Some("application/json"), "{path}");
            assert_eq!(said.header("x-content-type-options"), Some("nosniff"), "{path}");
            assert!(said.status >= 400, "{path}");
        }
    })
    .await;
}
