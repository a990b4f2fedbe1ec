//! The catalog's REST API, over a socket: each case of `tests/cases/catalog.json` is a request and what its answer holds.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;

use karat_portal::{Options, serve};
use serde_json::Value;

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_answered_as_backstage_answers_them() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let data = tempfile::tempdir().unwrap();
    let options = Options {
        organisation: here.join("../../myhealth"),
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
        data: data.path().to_owned(),
        public: None,
        clock: Arc::new(|| "2026-11-25T08:00:00Z".parse().unwrap()),
    };
    let running = serve(options).await.unwrap();
    let cases = fs_err::read_to_string(here.join("tests/cases/catalog.json")).unwrap();
    let cases: Vec<Value> = serde_json::from_str(&cases).unwrap();
    let mut wrong = Vec::new();
    for case in &cases {
        let (status, head, body) = ask(running.address(), case);
        let answer: Value = serde_json::from_str(&body).unwrap_or_default();
        if case["status"] != status {
            wrong.push(format!("{case}\n  {status}: {body}"));
        }
        for (pointer, wanted) in case["holds"].as_object().into_iter().flatten() {
            if answer.pointer(pointer).unwrap_or(&Value::Null) != wanted {
                wrong.push(format!("{case}\n  {pointer} is {:?}", answer.pointer(pointer)));
            }
        }
        if let Some(text) = case["head"].as_str().filter(|text| !head.to_lowercase().contains(text)) {
            wrong.push(format!("{case}\n  no {text} in {head}"));
        }
    }
    running.stop().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn ask(address: SocketAddr, case: &Value) -> (u16, String, String) {
    let text = |key: &str| case[key].as_str().unwrap_or_default();
    let method = if case["method"].is_string() { text("method") } else { "GET" };
    let body = match (&case["body"], case["large"].as_u64()) {
        (_, Some(size)) => Value::from(" ".repeat(usize::try_from(size).unwrap())).to_string(),
        (Value::Null, None) => text("raw").to_owned(),
        (body, None) => body.to_string(),
    };
    let host = if case["host"].is_string() { text("host") } else { "localhost" };
    let more = if case["more"].is_string() { format!("{}\r\n", text("more")) } else { String::new() };
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "{method} {} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: application/json\r\n{more}Content-Length: {}\r\n\r\n{body}",
        text("path"),
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), head.to_owned(), body.to_owned())
}
