//! Entities in answers: written from the catalog's own, without a copy, and long lists piece by piece.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use http_body::Frame;
use karat_catalog::{Entity, EntityRef, Fields};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::model::Entities;

/// An entity as an answer has it.
pub(super) enum Shown {
    Whole(Arc<Entity>),
    Parts(Value),
    /// It is not there.
    Nothing,
}

impl Shown {
    fn of(entities: &dyn Entities, reference: &EntityRef, fields: Option<&Fields>) -> Self {
        match (entities.get(reference), fields) {
            (None, _) => Self::Nothing,
            (Some(entity), Some(fields)) => Self::Parts(fields.project(entity.as_map())),
            (Some(entity), None) => Self::Whole(entity),
        }
    }
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Whole(entity) => entity.as_map().serialize(serializer),
            Self::Parts(value) => value.serialize(serializer),
            Self::Nothing => serializer.serialize_unit(),
        }
    }
}

/// So many entities are written at a time.
const PIECE: usize = 200;

/// An answer with a list of entities, however many: what was not sent yet is not written yet.
pub(super) struct Listed {
    entities: Arc<dyn Entities>,
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
    pub(super) fn new(entities: Arc<dyn Entities>, references: Vec<EntityRef>, fields: Option<Fields>) -> Self {
        let left = references.into_iter().map(Some).collect::<Vec<_>>().into_iter();
        Self { entities, left, fields, nulls: false, before: Some("[".to_owned()), after: "]".to_owned() }
    }

    /// The list as `items` of an object, with null for what is not there.
    pub(super) fn with_nulls(
        entities: Arc<dyn Entities>,
        references: Vec<Option<EntityRef>>,
        fields: Option<Fields>,
    ) -> Self {
        let list = Self { left: references.into_iter(), nulls: true, ..Self::new(entities, Vec::new(), fields) };
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
            let shown = match &reference {
                Some(reference) => Shown::of(&*self.entities, reference, self.fields.as_ref()),
                None => Shown::Nothing,
            };
            if matches!(shown, Shown::Nothing) && !self.nulls {
                continue;
            }
            out.extend_from_slice(before.as_bytes());
            ",".clone_into(&mut before);
            // Writing JSON to memory cannot fail.
            let _ = serde_json::to_writer(&mut out, &shown);
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
