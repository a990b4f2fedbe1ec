//! Every kind of answer that `api/openapi.yaml` promises is provoked once, and is as it says: status, headers, media type, body.

use crate::{
    alone, book,
    patients::{ACTIVE, INACTIVE, UNKNOWN},
    send, slots, text,
};
use appointments::http::OPENAPI;
use chassis::testing::{Answer, Process, databases};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tonic::Code;

const NOBODY: &str = "0190d6a3-0000-7000-8000-000000000000";

/// The document, and which of its answers were seen.
struct Contract {
    document: Value,
    seen: BTreeSet<(String, String, String)>,
}

impl Contract {
    fn read() -> Self {
        Self { document: serde_saphyr::from_str(OPENAPI).expect("YAML"), seen: BTreeSet::new() }
    }

    /// Where a reference leads.
    fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(reference) => {
                self.document.pointer(reference.trim_start_matches('#')).expect("a reference that leads on")
            }
            None => value,
        }
    }

    /// Whether a value is as a schema of the document says; if not, why.
    fn mistakes(&self, schema: &Value, value: &Value) -> Vec<String> {
        let whole = json!({ "allOf": [schema], "components": self.document["components"] });
        let validator = jsonschema::validator_for(&whole).expect("a schema");
        validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
    }

    /// The answer to `method` on `path` is one that the document has.
    fn holds(&mut self, method: &str, path: &str, answer: &Answer) {
        let (what, status) = (format!("{method} {path}: {}", answer.status), answer.status.to_string());
        let response = &self.document["paths"][path][method]["responses"][&status];
        assert!(response.is_object(), "{what} is not described: {}", answer.body);
        let response = self.resolved(response);
        for (name, header) in response["headers"].as_object().into_iter().flatten() {
            let marked = format!("\r\n{}: ", name.to_ascii_lowercase());
            let Some((_, rest)) = answer.head.split_once(&marked) else {
                assert_eq!(name, "Idempotent-Replayed", "{what} lacks a header: {}", answer.head);
                continue;
            };
            let found = rest.lines().next().unwrap_or_default();
            let schema = &self.resolved(header)["schema"];
            let value = if schema["type"] == "integer" { json!(found.parse::<i64>().ok()) } else { json!(found) };
            assert_eq!(self.mistakes(schema, &value), [""; 0], "{what}, {name}: {found}");
        }
        let (media, content) =
            response["content"].as_object().and_then(|content| content.iter().next()).expect("content");
        assert!(answer.head.contains(&format!("content-type: {media}")), "{what}: {}", answer.head);
        let body = if media.ends_with("json") { answer.json() } else { json!(answer.body) };
        assert_eq!(self.mistakes(&content["schema"], &body), [""; 0], "{what}: {body}");
        if answer.status >= 400 {
            assert_eq!(body["status"], answer.status, "{what}");
        }
        self.seen.insert((method.to_owned(), path.to_owned(), status));
    }

    /// What the document promises and nobody has seen.
    fn unseen(&self) -> Vec<String> {
        let mut unseen = Vec::new();
        for (path, item) in self.document["paths"].as_object().expect("paths") {
            for (method, operation) in item.as_object().expect("an item") {
                for status in operation["responses"].as_object().into_iter().flatten().map(|(status, _)| status) {
                    if !self.seen.contains(&(method.clone(), path.clone(), status.clone())) {
                        unseen.push(format!("{method} {path}: {status}"));
                    }
                }
            }
        }
        unseen
    }
}

/// A body that cannot be read: what it says it is, and what it is.
fn unreadable(process: &Process, method: &str, path: &str, media: &str, body: &str) -> Answer {
    process.send(&format!(
        "{} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nIdempotency-Key: u\r\nContent-Type: {media}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        method.to_ascii_uppercase(),
        body.len()
    ))
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_as_described() {
    let (process, _sqs, patients) = alone(&databases().await[0]).await;
    let mut contract = Contract::read();
    let slots = slots(&process, "dr-1", 3);
    let booked = book(&process, "k", ACTIVE, &slots[0]);
    let (here, nowhere) =
        (format!("/v1/appointments/{}", text(&booked.json()["id"])), format!("/v1/appointments/{NOBODY}"));

    let path = "/v1/clinicians/{clinician}/slots";
    let open = |clinician: &str, minutes: u32| {
        let day = json!({ "from": "2030-01-07T00:00:00Z", "to": "2030-01-07T01:00:00Z", "minutes": minutes });
        send(&process, "PUT", &format!("/v1/clinicians/{clinician}/slots"), &[], &day)
    };
    for answer in [open("dr-1", 20), open("dr-1", 30), open("dr-2", 1), open("dr%201", 20)] {
        contract.holds("put", path, &answer);
    }
    for query in ["", "?clinician=dr-1&free=true&limit=1", "?free=perhaps"] {
        contract.holds("get", "/v1/slots", &process.get(&format!("/v1/slots{query}")));
    }

    let path = "/v1/appointments";
    contract.holds("post", path, &booked);
    contract.holds("post", path, &book(&process, "k", ACTIVE, &slots[0]));
    for (key, patient, slot) in [
        ("taken", ACTIVE, &*slots[0]),
        ("inactive", INACTIVE, &slots[1]),
        ("unknown", UNKNOWN, &slots[1]),
        ("nowhere", ACTIVE, NOBODY),
        ("k", ACTIVE, &slots[1]),
        ("", ACTIVE, &slots[1]),
    ] {
        contract.holds("post", path, &book(&process, key, patient, slot));
    }
    let nameless = send(&process, "POST", path, &[], &json!({ "patientId": ACTIVE, "slotId": slots[1] }));
    contract.holds("post", path, &nameless);
    patients.fail(&[Code::Internal]);
    contract.holds("post", path, &book(&process, "outage", ACTIVE, &slots[1]));
    for query in [&format!("?patientId={ACTIVE}"), ""] {
        contract.holds("get", path, &process.get(&format!("{path}{query}")));
    }

    contract.holds("get", "/v1/appointments/{id}", &process.get(&here));
    contract.holds("get", "/v1/appointments/{id}", &process.get(&nowhere));

    let path = "/v1/appointments/{id}/move";
    let to = |at: &str, tag: &str, slot: &str| {
        send(&process, "POST", &format!("{at}/move"), &[&format!("If-Match: {tag}")], &json!({ "slotId": slot }))
    };
    for answer in [
        to(&here, "\"1\"", &slots[1]),
        to(&here, "\"1\"", &slots[2]),
        to(&nowhere, "*", &slots[2]),
        to(&here, "*", NOBODY),
    ] {
        contract.holds("post", path, &answer);
    }
    assert_eq!(book(&process, "other", ACTIVE, &slots[2]).status, 201);
    contract.holds("post", path, &to(&here, "*", &slots[2]));

    let path = "/v1/appointments/{id}/cancel";
    let cancel = |at: &str, tag: &str, reason: &str| {
        send(&process, "POST", &format!("{at}/cancel"), &[&format!("If-Match: {tag}")], &json!({ "reason": reason }))
    };
    for answer in
        [cancel(&here, "\"1\"", "ill"), cancel(&here, "*", ""), cancel(&nowhere, "*", "ill"), cancel(&here, "*", "ill")]
    {
        contract.holds("post", path, &answer);
    }

    for (method, path) in [
        ("put", "/v1/clinicians/{clinician}/slots"),
        ("post", "/v1/appointments"),
        ("post", "/v1/appointments/{id}/move"),
        ("post", "/v1/appointments/{id}/cancel"),
    ] {
        let url = path.replace("{clinician}", "dr-1").replace("{id}", NOBODY);
        let large = format!("\"{}\"", "x".repeat(64 * 1024));
        for (media, body) in [("application/json", "{"), ("text/plain", "{}"), ("application/json", &large)] {
            contract.holds(method, path, &unreadable(&process, method, &url, media, body));
        }
    }
    contract.holds("get", "/openapi.yaml", &process.get("/openapi.yaml"));

    // Our own failures, and outages of the store: no request brings them about.
    let mut unseen = contract.unseen();
    unseen.retain(|answer| !answer.ends_with("500") && !answer.ends_with("503"));
    assert_eq!(unseen, [""; 0]);
}
