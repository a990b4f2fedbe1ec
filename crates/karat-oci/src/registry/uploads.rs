//! Blobs on their way in: at once, in chunks, as a stream, or from another repository.
//!
//! An upload is a session: `POST` begins it, `PATCH` adds to it, `PUT` ends it. Its bytes go to the disk as they come, so that a layer is
//! never in memory. A connection that is cut leaves the session with what had arrived; the client asks how much that is and goes on.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::StreamExt as _;
use tokio::time::Instant;

use super::range;
use super::refusal::{Code, Refusal};
use super::{Asked, Registry, value};
use crate::{Action, Algorithm, Digest, Error, Name, Permit, Upload, lock};

/// How much of a body is in memory before it is written, at most one piece more.
const BATCH: usize = 512 << 10;

/// The name of a session: a random UUID (version 4).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Id(String);

impl Id {
    fn random() -> Result<Self, Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|error| std::io::Error::other(error.to_string()))?;
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        let mut text = data_encoding::HEXLOWER.encode(&bytes);
        for at in [20, 16, 12, 8] {
            text.insert(at, '-');
        }
        Ok(Self(text))
    }
}

impl FromStr for Id {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let plain = text.len() == 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        if plain { Ok(Self(text.to_owned())) } else { Err(unknown()) }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The uploads under way.
#[derive(Default)]
pub(super) struct Sessions(Mutex<BTreeMap<Id, Arc<Session>>>);

struct Session {
    name: Name,
    /// Locked by each piece of work on the disk, never while waiting for a client: a request that is dropped half way loses nothing of
    /// it. `None` when it has ended.
    upload: Mutex<Option<Upload>>,
    /// Locked by the request that sends.
    sender: tokio::sync::Mutex<()>,
    seen: Mutex<Instant>,
}

impl Session {
    fn length(&self) -> Option<u64> {
        lock(&self.upload).as_ref().map(Upload::length)
    }

    fn resting(&self, longer_than: std::time::Duration) -> bool {
        self.sender.try_lock().is_ok() && lock(&self.seen).elapsed() > longer_than
    }
}

impl Drop for Session {
    /// Removing a large file takes its time: not on the async runtime.
    fn drop(&mut self) {
        if let Some(upload) = lock(&self.upload).take() {
            match tokio::runtime::Handle::try_current() {
                Ok(runtime) => drop(runtime.spawn_blocking(move || drop(upload))),
                Err(_) => drop(upload),
            }
        }
    }
}

impl Sessions {
    fn add(&self, registry: &Registry, name: Name, upload: Upload) -> Result<(Id, Arc<Session>), Refusal> {
        let mut sessions = lock(&self.0);
        sessions.retain(|_, session| !session.resting(registry.settings.rest));
        if sessions.len() >= registry.settings.uploads {
            return Err(Refusal::new(StatusCode::TOO_MANY_REQUESTS, Code::TooManyRequests, "too many uploads at once")
                .with(header::RETRY_AFTER, HeaderValue::from_static("10")));
        }
        let session = Arc::new(Session {
            name,
            upload: Mutex::new(Some(upload)),
            sender: tokio::sync::Mutex::default(),
            seen: Mutex::new(Instant::now()),
        });
        let id = Id::random()?;
        sessions.insert(id.clone(), Arc::clone(&session));
        Ok((id, session))
    }

    fn find(&self, name: &Name, id: &Id) -> Result<Arc<Session>, Refusal> {
        let session =
            lock(&self.0).get(id).filter(|session| session.name == *name).map(Arc::clone).ok_or_else(unknown)?;
        *lock(&session.seen) = Instant::now();
        Ok(session)
    }

    fn remove(&self, id: &Id) {
        lock(&self.0).remove(id);
    }
}

/// `POST`: mount, or everything at once, or the beginning of a session.
pub(super) async fn begin(registry: &Registry, asked: &Asked, name: Name, body: Body) -> Result<Response, Refusal> {
    if let Some(digest) = asked.parameter("mount") {
        let digest: Digest = digest.parse()?;
        let from = asked.parameter("from").map(|from| from.parse::<Name>()).transpose()?;
        if mount(registry, asked, &name, from, &digest).await? {
            return Ok(created(&name, &digest));
        }
    }
    let digest = asked.parameter("digest").map(|digest| digest.parse::<Digest>()).transpose()?;
    let algorithm = match (&digest, asked.parameter("digest-algorithm")) {
        (Some(digest), _) => digest.algorithm(),
        (None, Some(algorithm)) => algorithm.parse()?,
        (None, None) => Algorithm::Sha256,
    };
    let limit = registry.settings.blob;
    let upload = registry.on_disk(move |layout| layout.begin(algorithm, limit)).await?;
    let (id, session) = registry.sessions.add(registry, name.clone(), upload)?;
    let Some(digest) = digest else { return Ok(accepted(&name, &id, 0)) };
    // The client was not told of the session: it ends here, whatever comes, and with the request if that is dropped.
    let _ended = Ended { sessions: &registry.sessions, id: &id };
    receive(registry, &session, body, length(asked)?).await?;
    seal(registry, &session, name, digest).await
}

struct Ended<'a> {
    sessions: &'a Sessions,
    id: &'a Id,
}

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.sessions.remove(self.id);
    }
}

/// Takes the blob from `from`, or from any repository that the caller may read.
async fn mount(
    registry: &Registry,
    asked: &Asked,
    name: &Name,
    from: Option<Name>,
    digest: &Digest,
) -> Result<bool, Refusal> {
    let mut sources = from.map_or_else(|| registry.layout.names(), |from| vec![from]);
    sources.retain(|source| registry.access.permit(&asked.caller(), Action::Pull, Some(source)) == Permit::Yes);
    let (name, digest) = (name.clone(), digest.clone());
    let mounted = registry.on_disk(move |layout| {
        for source in sources {
            if layout.mount(&source, &name, &digest)? {
                return Ok(true);
            }
        }
        Ok(false)
    });
    Ok(mounted.await?)
}

/// `GET`: how much has arrived.
pub(super) fn status(registry: &Registry, name: &Name, id: &Id) -> Result<Response, Refusal> {
    let length = registry.sessions.find(name, id)?.length().ok_or_else(unknown)?;
    let mut response = accepted(name, id, length);
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}

/// `PATCH`: the next chunk, or a stream.
pub(super) async fn append(
    registry: &Registry,
    asked: &Asked,
    name: &Name,
    id: &Id,
    body: Body,
) -> Result<Response, Refusal> {
    let session = registry.sessions.find(name, id)?;
    let length = add(registry, asked, id, &session, body).await?;
    Ok(accepted(name, id, length))
}

/// `PUT`: the end, with the last chunk or all of the blob or nothing.
pub(super) async fn finish(
    registry: &Registry,
    asked: &Asked,
    name: Name,
    id: &Id,
    body: Body,
) -> Result<Response, Refusal> {
    let session = registry.sessions.find(&name, id)?;
    let digest = asked.parameter("digest").ok_or_else(|| {
        Refusal::new(StatusCode::BAD_REQUEST, Code::DigestInvalid, "the parameter `digest` is missing")
    })?;
    let digest: Digest = digest.parse()?;
    add(registry, asked, id, &session, body).await?;
    // From here on it is a blob, or nothing.
    let _ended = Ended { sessions: &registry.sessions, id };
    seal(registry, &session, name, digest).await
}

/// `DELETE`: not wanted any more.
pub(super) fn cancel(registry: &Registry, name: &Name, id: &Id) -> Result<Response, Refusal> {
    registry.sessions.find(name, id)?;
    registry.sessions.remove(id);
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Adds a body to a session, where it says that it belongs; gives the length after that.
async fn add(registry: &Registry, asked: &Asked, id: &Id, session: &Arc<Session>, body: Body) -> Result<u64, Refusal> {
    let invalid = |status, message: &str| Refusal::new(status, Code::BlobUploadInvalid, message);
    let Ok(_sender) = session.sender.try_lock() else {
        return Err(invalid(StatusCode::CONFLICT, "another request sends to this upload"));
    };
    let mut expected = length(asked)?;
    if let Some(header) = asked.headers.get(header::CONTENT_RANGE) {
        let chunk = header.to_str().ok().and_then(range::chunk);
        let (first, last) = chunk.ok_or_else(|| invalid(StatusCode::BAD_REQUEST, "not a range of bytes"))?;
        let length = session.length().ok_or_else(unknown)?;
        if first != length {
            let message = format!("the next byte is {length}");
            return Err(invalid(StatusCode::RANGE_NOT_SATISFIABLE, &message)
                .with(header::LOCATION, value(&location(&session.name, id)))
                .with(header::RANGE, value(&arrived(length))));
        }
        let count = last - first + 1;
        if expected.is_some_and(|expected| expected != count) {
            let message = "Content-Length is not the length of Content-Range";
            return Err(Refusal::new(StatusCode::BAD_REQUEST, Code::SizeInvalid, message));
        }
        expected = Some(count);
    }
    let received = receive(registry, session, body, expected).await;
    if matches!(&received, Err(Broken::Upload(_))) {
        registry.sessions.remove(id);
    }
    received?;
    *lock(&session.seen) = Instant::now();
    session.length().ok_or_else(unknown)
}

/// Why a body was not taken in.
enum Broken {
    /// The client: what arrived stays, and it may go on.
    Body(Refusal),
    /// Too large, or our disk: the upload is lost.
    Upload(Error),
}

impl From<Broken> for Refusal {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Body(refusal) => refusal,
            Broken::Upload(error) => error.into(),
        }
    }
}

/// Writes a body of `expected` bytes, if that is known, as it comes.
async fn receive(registry: &Registry, session: &Arc<Session>, body: Body, expected: Option<u64>) -> Result<(), Broken> {
    let cut = |code, message: &str| Broken::Body(Refusal::new(StatusCode::BAD_REQUEST, code, message));
    if let Some(expected) = expected {
        let length = session.length().ok_or_else(|| Broken::Body(unknown()))?;
        if length.saturating_add(expected) > registry.settings.blob {
            return Err(Broken::Upload(Error::TooLarge { limit: registry.settings.blob }));
        }
    }
    let mut stream = body.into_data_stream();
    let (mut batch, mut size, mut total) = (Vec::new(), 0, 0);
    let end = loop {
        let piece: Bytes = match tokio::time::timeout(registry.settings.stall, stream.next()).await {
            Ok(Some(Ok(piece))) => piece,
            Ok(Some(Err(_))) => break Err(cut(Code::SizeInvalid, "the body was cut")),
            Ok(None) => break Ok(()),
            Err(_) => break Err(cut(Code::BlobUploadInvalid, "the body did not come")),
        };
        total += piece.len() as u64;
        if expected.is_some_and(|expected| total > expected) {
            break Err(cut(Code::SizeInvalid, "the body is longer than was said"));
        }
        size += piece.len();
        batch.push(piece);
        if size >= BATCH {
            write(session, std::mem::take(&mut batch)).await.map_err(Broken::Upload)?;
            size = 0;
        }
    };
    write(session, batch).await.map_err(Broken::Upload)?;
    end?;
    if expected.is_some_and(|expected| total < expected) {
        return Err(cut(Code::SizeInvalid, "the body is shorter than was said"));
    }
    Ok(())
}

async fn write(session: &Arc<Session>, batch: Vec<Bytes>) -> Result<(), Error> {
    let session = Arc::clone(session);
    let work = tokio::task::spawn_blocking(move || {
        let mut upload = lock(&session.upload);
        let upload = upload.as_mut().ok_or(Error::GivenUp)?;
        batch.iter().try_for_each(|piece| upload.write(piece))
    });
    work.await.map_err(|_| Error::GivenUp)?
}

async fn seal(registry: &Registry, session: &Arc<Session>, name: Name, digest: Digest) -> Result<Response, Refusal> {
    let upload = lock(&session.upload).take().ok_or_else(unknown)?;
    let response = created(&name, &digest);
    registry.on_disk(move |layout| layout.commit(upload, &name, &digest)).await?;
    Ok(response)
}

/// `Content-Length`, if it was sent.
fn length(asked: &Asked) -> Result<Option<u64>, Refusal> {
    let parse = |text: &str| {
        text.parse()
            .map_err(|_| Refusal::new(StatusCode::BAD_REQUEST, Code::SizeInvalid, "Content-Length is not a number"))
    };
    asked.header(header::CONTENT_LENGTH).map(parse).transpose()
}

fn location(name: &Name, id: &Id) -> String {
    format!("/v2/{name}/blobs/uploads/{id}")
}

/// The header `Range`. Of nothing it says what it says of one byte: the specification has no other way.
fn arrived(length: u64) -> String {
    format!("0-{}", length.saturating_sub(1))
}

fn accepted(name: &Name, id: &Id, length: u64) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::LOCATION, value(&location(name, id)));
    headers.insert(header::RANGE, value(&arrived(length)));
    headers.insert("docker-upload-uuid", value(&id.0));
    (StatusCode::ACCEPTED, headers).into_response()
}

fn created(name: &Name, digest: &Digest) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::LOCATION, value(&format!("/v2/{name}/blobs/{digest}")));
    headers.insert("docker-content-digest", value(&digest.to_string()));
    (StatusCode::CREATED, headers).into_response()
}

fn unknown() -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, Code::BlobUploadUnknown, "there is no such upload")
}
