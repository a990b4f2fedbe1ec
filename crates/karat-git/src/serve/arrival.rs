//! A request's body arrives in a file without a name, unpacked: memory stays small whatever the size, git starts when all
//! is there, and a slow client holds up nobody.

use std::fs::File;
use std::io::{self, BufWriter, Seek as _, Write};
use std::path::Path;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use flate2::write::GzDecoder;
use futures_util::StreamExt as _;
use http_body::Body as _;
use tokio::time::timeout;

use super::Limits;
use super::refusal::Refusal;

/// The file of a body of at most `limit` bytes, packed and unpacked, at its start.
pub(crate) async fn arrive(
    headers: &HeaderMap,
    body: Body,
    folder: &Path,
    limit: u64,
    limits: &Limits,
) -> Result<File, Refusal> {
    let zipped = match headers.get(header::CONTENT_ENCODING).map(HeaderValue::as_bytes) {
        None | Some(b"identity") => false,
        Some(b"gzip" | b"x-gzip") => true,
        Some(_) => return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send the body as it is, or by gzip")),
    };
    if body.size_hint().lower() > limit {
        return Err(Refusal::too_large(limit));
    }
    let folder = folder.to_owned();
    let sink = blocking(move || Sink::new(&folder, zipped, limit)).await?;
    match timeout(limits.arrival, take(body, sink, limits)).await {
        Ok(Err(error)) if error.kind() == io::ErrorKind::FileTooLarge => Err(Refusal::too_large(limit)),
        Ok(result) => Ok(result?),
        Err(_) => Err(Refusal::slow()),
    }
}

async fn take(body: Body, mut sink: Sink, limits: &Limits) -> io::Result<File> {
    // A connection that ends with its server ends the body without an error.
    let mut missing = body.size_hint().exact();
    let mut parts = body.into_data_stream();
    loop {
        let part = timeout(limits.idle, parts.next()).await.map_err(|_| io::ErrorKind::TimedOut)?;
        let Some(part) = part else { break };
        let part = part.map_err(|error| io::Error::new(io::ErrorKind::ConnectionAborted, error))?;
        missing = missing.map(|missing| missing.saturating_sub(part.len() as u64));
        // A thread is taken for as long as there is something to write, not while the client thinks.
        sink = blocking(move || sink.write(&part).map(|()| sink)).await?;
    }
    if missing.is_some_and(|missing| missing > 0) {
        return Err(io::ErrorKind::ConnectionAborted.into());
    }
    blocking(move || sink.finish()).await
}

/// Runs what blocks on a thread for that.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}

enum Sink {
    Plain(Bounded),
    Zipped { decoder: Box<GzDecoder<Bounded>>, left: u64 },
}

impl Sink {
    fn new(folder: &Path, zipped: bool, limit: u64) -> io::Result<Self> {
        let file = Bounded { file: BufWriter::new(tempfile::tempfile_in(folder)?), left: limit };
        Ok(match zipped {
            false => Self::Plain(file),
            true => Self::Zipped { decoder: Box::new(GzDecoder::new(file)), left: limit },
        })
    }

    fn write(&mut self, part: &Bytes) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.write_all(part),
            Self::Zipped { decoder, left } => {
                // What unpacks to nothing is bounded too.
                *left = left.checked_sub(part.len() as u64).ok_or(io::ErrorKind::FileTooLarge)?;
                decoder.write_all(part).map_err(|error| match error.kind() {
                    io::ErrorKind::InvalidInput | io::ErrorKind::WriteZero => damaged(&error),
                    _ => error,
                })
            }
        }
    }

    fn finish(self) -> io::Result<File> {
        let file = match self {
            Self::Plain(file) => file,
            Self::Zipped { decoder, .. } => decoder.finish().map_err(|error| match error.kind() {
                io::ErrorKind::FileTooLarge => error,
                _ => damaged(&error),
            })?,
        };
        let mut file = file.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        Ok(file)
    }
}

fn damaged(error: &io::Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the body is no gzip: {error}"))
}

/// A file that takes so much and no more.
struct Bounded {
    file: BufWriter<File>,
    left: u64,
}

impl Write for Bounded {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.left = self.left.checked_sub(data.len() as u64).ok_or(io::ErrorKind::FileTooLarge)?;
        self.file.write_all(data)?;
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
