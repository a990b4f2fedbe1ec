//! A server downstream that notes what it is asked.

use axum::{Router, body::Bytes, extract::State};
use http::{HeaderMap, StatusCode, Uri};
use serde_json::Value;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

/// The headers of a request, by their lower-case names.
pub type Headers = Vec<(String, String)>;

/// A request.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Path and query.
    pub path: String,
    /// Its headers.
    pub headers: Headers,
    /// Its body; null if it is not JSON.
    pub body: Value,
}

impl Recorded {
    /// The first header of this name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// A server that takes every request.
#[derive(Debug, Clone)]
pub struct Recorder {
    /// Its address.
    pub url: String,
    state: Arc<Mutex<Recording>>,
}

#[derive(Debug, Default)]
struct Recording {
    requests: Vec<Recorded>,
    answers: VecDeque<StatusCode>,
}

impl Recorder {
    /// Starts it.
    #[must_use]
    pub fn start() -> Self {
        let state = Arc::<Mutex<Recording>>::default();
        let routes = Router::new().fallback(note).with_state(Arc::clone(&state));
        Self { url: format!("{}/", super::serve(routes)), state }
    }

    /// The next answers; 200 when there is none left.
    pub fn answer(&self, statuses: &[u16]) {
        let statuses = statuses.iter().map(|status| StatusCode::from_u16(*status).expect("a status"));
        self.state.lock().expect("no panic").answers.extend(statuses);
    }

    /// The requests since the last time.
    #[must_use]
    pub fn take(&self) -> Vec<Recorded> {
        std::mem::take(&mut self.state.lock().expect("no panic").requests)
    }
}

async fn note(State(state): State<Arc<Mutex<Recording>>>, uri: Uri, headers: HeaderMap, body: Bytes) -> StatusCode {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    let body = serde_json::from_slice(&body).unwrap_or_default();
    let mut state = state.lock().expect("no panic");
    state.requests.push(Recorded { path: uri.to_string(), headers, body });
    state.answers.pop_front().unwrap_or(StatusCode::OK)
}
