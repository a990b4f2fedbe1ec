//! Entities in answers: the text that the catalog keeps, and long lists piece by piece.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use http_body::Frame;
use karat_catalog::{EntityRef, Fields};
use karat_ingest::View;
use serde_json::{Map, Value};

/// Writes an entity, or the parts of it that are asked for; whether it is there.
fn write(view: &View, reference: &EntityRef, fields: Option<&Fields>, out: &mut Vec<u8>) -> bool {
    match fields {
        None => view.body(reference).is_some_and(|body| {
            out.extend_from_slice(body.as_bytes());
            true
        }),
        Some(fields) => view.get(reference).is_some_and(|entity| {
            // Writing JSON to memory cannot fail.
            serde_json::to_writer(out, &fields.project(entity.as_map())).is_ok()
        }),
    }
}

/// One entity, as the catalog keeps it.
pub(super) struct One(pub(super) Arc<str>);

impl IntoResponse for One {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, "application/json")], self.0.to_string()).into_response()
    }
}

/// So many entities are written at a time.
const PIECE: usize = 200;

/// An answer with a list of entities, however many: what was not sent yet is not written yet.
pub(super) struct Listed {
    view: Arc<View>,
    left: std::vec::IntoIter<Option<EntityRef>>,
    fields: Option<Fields>,
    /// Whether what is not there is null, and not left out.
    nulls: bool,
    /// What comes before the next entity; `None` after the end.
    before: Option<String>,
    /// What comes after the last.
    after: String,
}

impl Listed {
    /// The list alone. What was removed in the meantime is left out.
    pub(super) fn new(view: Arc<View>, references: Vec<EntityRef>, fields: Option<Fields>) -> Self {
        let left = references.into_iter().map(Some).collect::<Vec<_>>().into_iter();
        Self { view, left, fields, nulls: false, before: Some("[".to_owned()), after: "]".to_owned() }
    }

    /// The list as `items` of an object, with null for what is not there.
    pub(super) fn with_nulls(view: Arc<View>, references: Vec<Option<EntityRef>>, fields: Option<Fields>) -> Self {
        let list = Self { left: references.into_iter(), nulls: true, ..Self::new(view, Vec::new(), fields) };
        list.beside(&Map::new())
    }

    /// The list as `items` of an object, before what else it has.
    pub(super) fn beside(mut self, others: &Map<String, Value>) -> Self {
        self.before = Some("{\"items\":[".to_owned());
        for (name, value) in others {
            self.after.push_str(&format!(",{}:{value}", Value::from(name.as_str())));
        }
        self.after.push('}');
        self
    }

    fn piece(&mut self) -> Option<Vec<u8>> {
        let mut before = self.before.take()?;
        let mut out = Vec::new();
        for reference in self.left.by_ref().take(PIECE) {
            let start = out.len();
            out.extend_from_slice(before.as_bytes());
            let there = reference.is_some_and(|one| write(&self.view, &one, self.fields.as_ref(), &mut out));
            match (there, self.nulls) {
                (true, _) => {}
                (false, true) => out.extend_from_slice(b"null"),
                (false, false) => {
                    out.truncate(start);
                    continue;
                }
            }
            ",".clone_into(&mut before);
        }
        if self.left.len() > 0 {
            self.before = Some(before);
        } else {
            // Of an empty list nothing was written yet.
            out.extend_from_slice(if before == "," { b"" } else { before.as_bytes() });
            out.extend_from_slice(self.after.as_bytes());
        }
        Some(out)
    }
}

impl IntoResponse for Listed {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, "application/json")], Body::new(self)).into_response()
    }
}

impl HttpBody for Listed {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.piece().map(|piece| Ok(Frame::data(Bytes::from(piece)))))
    }

    fn is_end_stream(&self) -> bool {
        self.before.is_none()
    }
}
