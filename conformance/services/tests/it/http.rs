//! Requests as a client makes them: JSON in, status and JSON out.

use std::time::Duration;

use serde_json::Value;
use ureq::Agent;

/// What a service answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

/// A client that takes every status for an answer.
pub(crate) fn client() -> Agent {
    Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_secs(10))).build().into()
}

/// Sends `body` (nothing if it is null); an error is a connection that broke, whatever it did before.
pub(crate) fn send(
    client: &Agent,
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: &Value,
) -> Result<Answer, ureq::Error> {
    let mut request = ureq::http::Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut answer = if body.is_null() {
        client.run(request.body(()).unwrap())?
    } else {
        client.run(request.header("Content-Type", "application/json").body(body.to_string()).unwrap())?
    };
    let status = answer.status().as_u16();
    let text = answer.body_mut().read_to_string()?;
    Ok(Answer { status, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) })
}

impl Answer {
    /// The body of an answer that must have this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{:#}", self.body);
        self.body
    }
}
