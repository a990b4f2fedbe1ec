//! Blobs that are there.

use std::io::{self, Read as _, Seek as _, SeekFrom};

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use fs_err as fs;
use futures_util::stream;

use super::range::Range;
use super::refusal::{Code, Refusal};
use super::{Asked, Registry, value};
use crate::{Digest, Name};

/// How much of a blob is in memory at once, for each who reads it.
const PIECE: u64 = 128 << 10;

pub(super) async fn get(registry: &Registry, asked: &Asked, name: Name, digest: Digest) -> Result<Response, Refusal> {
    let etag = format!("\"{digest}\"");
    // A range of another content than the client has the rest of would be worse than all of it.
    let same = asked.header(header::IF_RANGE).is_none_or(|known| known == etag);
    let range = asked.header(header::RANGE).filter(|_| same && asked.method == Method::GET).map(str::to_owned);
    let wanted = digest.clone();
    let (mut file, size) = registry.on_disk(move |layout| layout.blob(&name, &wanted)).await?;
    let (status, first, count) = match range.map_or(Range::Whole, |range| Range::parse(&range, size)) {
        Range::Whole => (StatusCode::OK, 0, size),
        Range::Part(first, last) => (StatusCode::PARTIAL_CONTENT, first, last - first + 1),
        Range::Beyond => {
            return Err(Refusal::new(StatusCode::RANGE_NOT_SATISFIABLE, Code::SizeInvalid, "it has no such bytes")
                .with(header::CONTENT_RANGE, value(&format!("bytes */{size}"))));
        }
    };
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_LENGTH, count.into());
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::ETAG, value(&etag));
    headers.insert("docker-content-digest", value(&digest.to_string()));
    if status == StatusCode::PARTIAL_CONTENT {
        headers.insert(header::CONTENT_RANGE, value(&format!("bytes {first}-{}/{size}", first + count - 1)));
    }
    let body = if asked.method == Method::HEAD || count == 0 {
        Body::empty()
    } else {
        file.seek(SeekFrom::Start(first)).map_err(crate::Error::from)?; // moves a number, reads nothing
        pieces(file, count)
    };
    Ok((status, headers, body).into_response())
}

pub(super) async fn delete(registry: &Registry, name: Name, digest: Digest) -> Result<Response, Refusal> {
    registry.on_disk(move |layout| layout.delete_blob(&name, &digest)).await?;
    Ok(StatusCode::ACCEPTED.into_response())
}

/// The next `left` bytes of a file, piece by piece, as fast as they are taken.
fn pieces(file: fs::File, left: u64) -> Body {
    Body::from_stream(stream::unfold(Some((file, left)), |state| async move {
        let (mut file, left) = state.filter(|(_, left)| *left > 0)?;
        let read = tokio::task::spawn_blocking(move || {
            let mut piece = Vec::new();
            let count = (&mut file).take(left.min(PIECE)).read_to_end(&mut piece)? as u64;
            if count == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
            }
            Ok((piece, (file, left - count)))
        });
        Some(match read.await {
            Ok(Ok((piece, rest))) => (Ok(piece), Some(rest)),
            Ok(Err(error)) => (Err(error), None),
            Err(error) => (Err(io::Error::other(error)), None),
        })
    }))
}
