//! What happens in a task: all at once, or as it happens.

use std::convert::Infallible;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::super::error::Named;
use super::ApiError;
use super::tasks::moment;
use crate::make::{Event, Refused, Task, What};
use crate::state::Shared;

/// How long an answer waits for something to happen. Less than an answer may take at all.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often a stream says that it is still there, so that nothing between takes it for dead.
const BEAT: Duration = Duration::from_secs(15);

/// `?after=`: the event that is known already.
fn after(query: Option<&str>) -> Result<Option<u64>, ApiError> {
    let mut pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let Some((_, value)) = pairs.find(|(name, _)| name == "after") else { return Ok(None) };
    value.parse().map(Some).map_err(|_| ApiError::input("request/query/after is too large"))
}

fn find(portal: &Shared, id: &str) -> Result<Task, ApiError> {
    Ok(portal.site.maker.task(id).ok_or_else(|| Refused::Missing(id.to_owned()))?)
}

fn shown(id: &str, event: &Event) -> Value {
    json!({
        "id": event.id,
        "isTaskRecoverable": false,
        "taskId": id,
        "body": event.body,
        "type": event.what.word(),
        "createdAt": moment(event.at),
    })
}

/// What happened after an event; if nothing did, it is waited for.
pub(super) async fn events(
    State(portal): State<Shared>,
    Named(id): Named<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, ApiError> {
    let after = after(query.as_deref())?;
    let mut changes = portal.site.maker.changes();
    let found = async {
        loop {
            let events = find(&portal, &id)?.after(after);
            if !events.is_empty() || changes.changed().await.is_err() {
                return Ok::<_, ApiError>(events);
            }
        }
    };
    let events = tokio::select! {
        found = tokio::time::timeout(PATIENCE, found) => found.unwrap_or(Ok(Vec::new()))?,
        () = portal.drain.started() => Vec::new(),
    };
    Ok(Json(events.iter().map(|event| shown(&id, event)).collect()))
}

/// A stream under way.
struct Stream {
    portal: Shared,
    id: String,
    after: Option<u64>,
    changes: watch::Receiver<u64>,
    over: bool,
}

/// What happens after an event, as it happens, until the task is over or the portal ends. A browser that comes back after sleep
/// says which event it had last.
pub(super) async fn stream(
    State(portal): State<Shared>,
    Named(id): Named<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let known = headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.parse().ok());
    let after = known.or(after(query.as_deref())?);
    find(&portal, &id)?;
    let changes = portal.site.maker.changes();
    let start = Stream { portal, id, after, changes, over: false };
    let parts = stream::unfold(start, async |mut stream| {
        let part = stream.next().await?;
        Some((Ok::<_, Infallible>(part), stream))
    });
    let headers = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-cache")];
    Ok((headers, Body::from_stream(parts)).into_response())
}

impl Stream {
    /// What there is to say next; `None` at the end.
    async fn next(&mut self) -> Option<String> {
        if self.over {
            return None;
        }
        loop {
            // A task that is forgotten while it is watched has no more to say.
            let task = self.portal.site.maker.task(&self.id)?;
            let events = task.after(self.after);
            if let Some(last) = events.last() {
                self.after = Some(last.id);
                self.over = events.iter().any(|event| event.what == What::Completion);
                return Some(events.iter().map(|event| self.written(event)).collect());
            }
            tokio::select! {
                changed = self.changes.changed() => changed.ok()?,
                () = tokio::time::sleep(BEAT) => return Some(": still here\n\n".to_owned()),
                () = self.portal.drain.started() => return None,
            }
        }
    }

    fn written(&self, event: &Event) -> String {
        // JSON has no line breaks but those that are written as `\n`.
        format!("id: {}\nevent: {}\ndata: {}\n\n", event.id, event.what.word(), shown(&self.id, event))
    }
}
