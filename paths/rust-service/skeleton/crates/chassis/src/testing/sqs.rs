//! As much of SQS as the chassis uses, in memory: for tests where there is no better one.

use super::Answer;
use axum::{
    Json, Router, extract::State, http::HeaderMap, response::IntoResponse as _, response::Response, routing::post,
};
use http::StatusCode;
use serde_json::{Value, json};
use std::{
    io::Write as _,
    net::TcpStream,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use uuid::Uuid;

/// The queue `events`.
#[derive(Debug, Clone)]
pub struct Sqs {
    /// Where it is, for `AWS_ENDPOINT_URL`.
    pub endpoint: String,
    messages: Arc<Mutex<Vec<Message>>>,
}

#[derive(Debug, Clone)]
struct Message {
    id: String,
    body: String,
    attributes: Value,
    receipt: String,
    received: u32,
    visible_at: Instant,
}

impl Sqs {
    /// Starts it.
    #[must_use]
    pub fn start() -> Self {
        let messages = Arc::<Mutex<Vec<Message>>>::default();
        let endpoint = super::serve(Router::new().route("/", post(answer)).with_state(Arc::clone(&messages)));
        Self { endpoint, messages }
    }

    /// What a process needs to use it: `EVENTS_QUEUE` and `AWS_*`.
    #[must_use]
    pub fn environment(&self) -> Vec<(String, String)> {
        environment(&self.endpoint, "events")
    }

    /// Sends a message.
    pub fn send(&self, body: &str, attributes: &[(&str, &str)]) {
        let attribute =
            |(name, value): &(&str, &str)| ((*name).to_owned(), json!({"DataType": "String", "StringValue": value}));
        let attributes = Value::Object(attributes.iter().map(attribute).collect());
        self.messages.lock().expect("no panic").push(Message::new(body, attributes));
    }

    /// How many messages are there, visible or not.
    #[must_use]
    pub fn len(&self) -> usize {
        self.messages.lock().expect("no panic").len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bodies and attributes of all messages.
    #[must_use]
    pub fn messages(&self) -> Vec<(String, Value)> {
        let messages = self.messages.lock().expect("no panic");
        messages.iter().map(|message| (message.body.clone(), message.attributes.clone())).collect()
    }

    /// Makes what is in flight visible again, as if its time were over.
    pub fn expire(&self) {
        let now = Instant::now();
        self.messages.lock().expect("no panic").iter_mut().for_each(|message| message.visible_at = now);
    }
}

/// A new queue on the SQS at `KARAT_PEERS_SQS`, if there is one: what a process needs to use it.
#[must_use]
pub fn queue_of_peers() -> Option<Vec<(String, String)>> {
    let Ok(endpoint) = std::env::var("KARAT_PEERS_SQS") else {
        #[allow(clippy::print_stdout, reason = "a test says what it does not test")]
        {
            println!("skipped: SQS: KARAT_PEERS_SQS is not set");
        }
        return None;
    };
    let queue = format!("test-{}", Uuid::now_v7());
    ask(&endpoint, &format!("Action=CreateQueue&QueueName={queue}"));
    Some(environment(&endpoint, &queue))
}

/// Sends a message to such a queue. The body is JSON without `&`, `+` and `%`.
pub fn send_to_peers(queue: &[(String, String)], body: &str) {
    let value = |name: &str| queue.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str());
    let (endpoint, name) = (value("AWS_ENDPOINT_URL"), value("EVENTS_QUEUE"));
    let url = format!("{endpoint}/123456789012/{name}");
    ask(endpoint, &format!("Action=SendMessage&QueueUrl={url}&MessageBody={body}"));
}

/// One call of SQS's older protocol, which needs no SDK.
fn ask(endpoint: &str, form: &str) {
    let address = endpoint.trim_start_matches("http://").trim_end_matches('/');
    let length = form.len();
    let request = format!(
        "POST / HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/eu-central-1/sqs/aws4_request, SignedHeaders=host, \
         Signature=0\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{form}"
    );
    let mut stream = TcpStream::connect(address).expect("SQS answers");
    stream.write_all(request.as_bytes()).expect("writes");
    let answer = Answer::of(stream);
    assert_eq!(answer.status, 200, "{}", answer.body);
}

fn environment(endpoint: &str, queue: &str) -> Vec<(String, String)> {
    [
        ("EVENTS_QUEUE", queue),
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

impl Message {
    fn new(body: &str, attributes: Value) -> Self {
        Self {
            id: Uuid::now_v7().to_string(),
            body: body.to_owned(),
            attributes,
            receipt: String::new(),
            received: 0,
            visible_at: Instant::now(),
        }
    }
}

async fn answer(State(messages): State<Arc<Mutex<Vec<Message>>>>, headers: HeaderMap, body: String) -> Response {
    let request: Value = serde_json::from_str(&body).unwrap_or_default();
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let seconds = |name: &str| Duration::from_secs(request[name].as_u64().unwrap_or(0));
    let of_receipt = |message: &Message| !message.receipt.is_empty() && message.receipt == request["ReceiptHandle"];
    match target.strip_prefix("AmazonSQS.").unwrap_or_default() {
        "GetQueueUrl" if request["QueueName"] == "events" => {
            let host = headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
            Json(json!({"QueueUrl": format!("http://{host}/000000000000/events")})).into_response()
        }
        "SendMessage" => {
            let body = request["MessageBody"].as_str().unwrap_or_default();
            let message = Message::new(body, request["MessageAttributes"].clone());
            let id = message.id.clone();
            messages.lock().expect("no panic").push(message);
            Json(json!({"MessageId": id})).into_response()
        }
        "ReceiveMessage" => {
            let until = Instant::now() + seconds("WaitTimeSeconds");
            let most = usize::try_from(request["MaxNumberOfMessages"].as_u64().unwrap_or(1)).unwrap_or(1);
            loop {
                let received = receive(&messages, most, seconds("VisibilityTimeout"));
                if !received.is_empty() || Instant::now() >= until {
                    return Json(json!({"Messages": received})).into_response();
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        "DeleteMessage" => {
            messages.lock().expect("no panic").retain(|message| !of_receipt(message));
            Json(json!({})).into_response()
        }
        "ChangeMessageVisibility" => {
            let visible_at = Instant::now() + seconds("VisibilityTimeout");
            let mut messages = messages.lock().expect("no panic");
            messages
                .iter_mut()
                .filter(|message| of_receipt(message))
                .for_each(|message| message.visible_at = visible_at);
            Json(json!({})).into_response()
        }
        _ => (StatusCode::BAD_REQUEST, Json(json!({"__type": "com.amazonaws.sqs#QueueDoesNotExist"}))).into_response(),
    }
}

fn receive(messages: &Mutex<Vec<Message>>, most: usize, visibility: Duration) -> Vec<Value> {
    let now = Instant::now();
    let mut messages = messages.lock().expect("no panic");
    let visible = messages.iter_mut().filter(|message| message.visible_at <= now).take(most);
    let take = |message: &mut Message| {
        message.visible_at = now + visibility;
        message.receipt = Uuid::now_v7().to_string();
        message.received += 1;
        json!({
            "MessageId": message.id,
            "ReceiptHandle": message.receipt,
            "Body": message.body,
            "MessageAttributes": message.attributes,
            "Attributes": {"ApproximateReceiveCount": message.received.to_string()},
        })
    };
    visible.map(take).collect()
}
