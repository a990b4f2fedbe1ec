//! The repositories over git's smart HTTP (gitprotocol-http), protocols 0 to 2, by the git of this machine.
//!
//! ```text
//! GET  /<name>.git/info/refs?service=git-upload-pack | git-receive-pack     `.git` may be left out
//! POST /<name>.git/git-upload-pack                                          clone, fetch
//! POST /<name>.git/git-receive-pack                                         push
//! ```
//!
//! A body arrives in a file first, so git runs at the speed of this machine: a client that is slow, or goes away, holds no
//! lock. An answer streams, and git waits for whoever reads it. A push that has arrived whole is carried out, whoever still
//! listens, and told to the channel that was handed in; that channel is bounded, so one who does not read it holds up
//! pushes and loses none.
//!
//! Left out: SSH, signed pushes, push options, repacking (`git gc` while nothing runs is safe), and a wire to another git
//! than the machine's.

mod access;
mod arrival;
mod child;
mod pkt;
mod push;
mod refusal;

pub use access::{Access, Asked, Credential, Decision, Loopback, Protection, Right};
pub use push::{COMMANDS_LIMIT, Push, RefChange};

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::timeout;

use crate::{Error, Name, Repositories};
use arrival::{arrive, blocking};
use child::{Job, Part, Running, pump};
use push::{Head, Order, carry_out};
use refusal::Refusal;

/// What the server bears.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The largest request of a fetch, unpacked, in bytes. A thousand commits to compare are 50 KB.
    pub fetch: u64,
    /// The largest push, in bytes.
    pub push: u64,
    /// How long a client may send nothing, or read nothing.
    pub idle: Duration,
    /// How long a request may take to arrive.
    pub arrival: Duration,
    /// How long an answer may take, from git's start to the client's last byte.
    pub answer: Duration,
    /// How long git may take for a push that has arrived.
    pub push_time: Duration,
    /// How many requests arrive, or wait after that, at once.
    pub arriving: usize,
    /// How many fetches, and how many pushes, git works at, at once.
    pub working: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            fetch: 8 << 20,
            push: 1 << 30,
            idle: Duration::from_secs(60),
            arrival: Duration::from_secs(15 * 60),
            answer: Duration::from_secs(30 * 60),
            push_time: Duration::from_secs(10 * 60),
            arriving: 64,
            working: 16,
        }
    }
}

/// The routes, to be mounted where the repositories' URLs begin. Not below a layer that bounds the time until an answer
/// begins or the size of a body: both are bounded here, by `limits`. Push events go to `pushes`; whoever reads them must not
/// wait for a push of its own in between, which would wait for it. Who starts again compares [`Repositories::refs`] with
/// what it has done: events are not kept.
pub fn router(
    repositories: Repositories,
    access: Arc<dyn Access>,
    limits: Limits,
    pushes: mpsc::Sender<Push>,
) -> Router {
    let (arriving, fetching) = (Arc::new(Semaphore::new(limits.arriving)), Arc::new(Semaphore::new(limits.working)));
    let pushing = Semaphore::new(limits.working);
    let numbers = AtomicU64::new(0);
    let server = Server { repositories, access, limits, pushes, numbers, arriving, fetching, pushing };
    Router::new().fallback(answer).with_state(Arc::new(server))
}

pub(crate) struct Server {
    repositories: Repositories,
    access: Arc<dyn Access>,
    limits: Limits,
    pushes: mpsc::Sender<Push>,
    numbers: AtomicU64,
    arriving: Arc<Semaphore>,
    fetching: Arc<Semaphore>,
    pushing: Semaphore,
}

/// Git's two services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    Upload,
    Receive,
}

impl Service {
    pub(crate) fn verb(self) -> &'static str {
        match self {
            Self::Upload => "upload-pack",
            Self::Receive => "receive-pack",
        }
    }

    fn right(self) -> Right {
        match self {
            Self::Upload => Right::Read,
            Self::Receive => Right::Write,
        }
    }

    fn named(name: &str) -> Option<Self> {
        [Self::Upload, Self::Receive].into_iter().find(|service| name.strip_prefix("git-") == Some(service.verb()))
    }
}

/// What a request asks for.
struct Wanted {
    name: Name,
    service: Service,
    advertise: bool,
}

async fn answer(State(server): State<Arc<Server>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    match server.handle(&parts, body).await {
        Ok(response) => response,
        Err(refusal) => refusal.into_response(),
    }
}

impl Server {
    async fn handle(self: Arc<Self>, parts: &Parts, body: Body) -> Result<Response, Refusal> {
        let wanted = Wanted::of(parts)?;
        let by = self.allowed(parts, &wanted)?;
        if !self.repositories.contains(&wanted.name) {
            return Err(Error::Missing { name: wanted.name.to_string() }.into());
        }
        let protocol = protocol(parts);
        match (wanted.advertise, wanted.service) {
            (true, _) => self.advertise(wanted, protocol).await,
            (false, Service::Upload) => self.upload(parts, body, &wanted.name, protocol).await,
            (false, Service::Receive) => {
                // A client that goes away ends its request, wherever that is; what has arrived whole goes on.
                let push = self.receive(parts.headers.clone(), body, wanted.name, by, protocol);
                tokio::spawn(push).await.unwrap_or_else(|error| Err(io::Error::other(error).into()))
            }
        }
    }

    fn allowed(&self, parts: &Parts, wanted: &Wanted) -> Result<String, Refusal> {
        // Git sends neither; the page of another site, which might use a developer's browser to come here, does.
        if parts.headers.contains_key(header::ORIGIN) || parts.headers.contains_key("sec-fetch-site") {
            return Err(Refusal::new(StatusCode::FORBIDDEN, "this address is for git, not for browsers"));
        }
        let credential = Credential::of(&parts.headers)
            .map_err(|()| Refusal::new(StatusCode::BAD_REQUEST, "send `Authorization: Basic` or `Bearer`, once"))?;
        let host = parts
            .headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok())
            .or(parts.uri.authority().map(Authority::as_str));
        let asked = Asked { credential: &credential, repository: &wanted.name, right: wanted.service.right(), host };
        match self.access.decide(&asked) {
            Decision::Allowed(by) => Ok(by),
            Decision::Unknown => Err(Refusal::new(StatusCode::UNAUTHORIZED, "a token is needed, as the password")),
            Decision::Forbidden(message) => Err(Refusal::new(StatusCode::FORBIDDEN, message)),
        }
    }

    /// The first request of everything: refs and capabilities.
    async fn advertise(&self, wanted: Wanted, protocol: Option<String>) -> Result<Response, Refusal> {
        let Wanted { name, service, .. } = wanted;
        let mut preamble = Vec::new();
        // As git's own http-backend: version 2 begins with its capabilities.
        if !(service == Service::Upload && is_version_2(protocol.as_deref())) {
            pkt::write(&mut preamble, format!("# service=git-{}\n", service.verb()).as_bytes());
            preamble.extend_from_slice(pkt::FLUSH);
        }
        let parts = self.fetch(&name, service, true, protocol, None).await?;
        respond(parts, preamble, &format!("application/x-git-{}-advertisement", service.verb())).await
    }

    async fn upload(
        &self,
        parts: &Parts,
        body: Body,
        name: &Name,
        protocol: Option<String>,
    ) -> Result<Response, Refusal> {
        let arriving = place(&self.arriving, self.limits.idle).await?;
        let file = arrive(&parts.headers, body, self.repositories.root(), self.limits.fetch, &self.limits).await?;
        let parts = self.fetch(name, Service::Upload, false, protocol, Some(file)).await?;
        drop(arriving);
        respond(parts, Vec::new(), "application/x-git-upload-pack-result").await
    }

    /// A child that changes nothing, its output flowing.
    async fn fetch(
        &self,
        name: &Name,
        service: Service,
        advertise: bool,
        protocol: Option<String>,
        input: Option<File>,
    ) -> Result<mpsc::Receiver<Part>, Refusal> {
        let permit = place(&self.fetching, self.limits.idle).await?;
        let place = self.repositories.place(name);
        let protocol = protocol.as_deref();
        let job = Job { service, place: &place, advertise, protocol, settings: &[], input, errors: None };
        Ok(pump(Running::start(job)?, self.limits.idle, self.limits.answer, permit))
    }

    async fn receive(
        self: Arc<Self>,
        headers: HeaderMap,
        body: Body,
        repository: Name,
        by: String,
        protocol: Option<String>,
    ) -> Result<Response, Refusal> {
        const RESULT: &str = "application/x-git-receive-pack-result";
        let permit = place(&self.arriving, self.limits.idle).await?;
        let mut file = arrive(&headers, body, self.repositories.root(), self.limits.push, &self.limits).await?;
        let (head, file) = blocking(move || {
            // The longest list of commands that is not too long, and no more.
            let head = Head::read(&mut io::BufReader::new(&mut file).take(16 << 20))?;
            Ok((head, file))
        })
        .await?;
        // Git asks so whether it may push, before it sends much.
        if head.commands.is_empty() {
            return Ok(result(Body::empty(), RESULT));
        }
        let protections = self.access.protections(&repository);
        if let Some(refusal) = head.refusal(&protections, &by) {
            return Ok(result(refusal.into(), RESULT));
        }
        let order = Order { repository, by, head, file, protocol, protections, permit };
        respond(carry_out(self, order), Vec::new(), RESULT).await
    }

    /// What refs of these names lead to.
    async fn look(&self, name: &Name, refs: &Arc<[String]>) -> Result<BTreeMap<String, Option<String>>, Error> {
        let (repositories, name, refs) = (self.repositories.clone(), name.clone(), Arc::clone(refs));
        let look = move || -> Result<_, Error> {
            let repository = repositories.repository(&name)?;
            let mut found = BTreeMap::new();
            for name in refs.iter() {
                found.insert(name.clone(), repository.reference(name)?.map(|id| id.to_string()));
            }
            Ok(found)
        };
        blocking(move || Ok(look())).await?
    }

    fn next_number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed) + 1
    }
}

impl Wanted {
    fn of(parts: &Parts) -> Result<Self, Refusal> {
        let path = parts.uri.path().trim_start_matches('/');
        let dumb = || {
            Refusal::new(
                StatusCode::NOT_FOUND,
                "not a git address: clone https://<host>/<owner>/<name>.git with git 1.6.6 or newer",
            )
        };
        let (name, service, advertise) = if let Some(name) = path.strip_suffix("/info/refs") {
            let query = parts.uri.query().unwrap_or_default();
            let Some(service) = query.split('&').find_map(|pair| pair.strip_prefix("service=")) else {
                return Err(Refusal::new(
                    StatusCode::FORBIDDEN,
                    "this server speaks git's smart HTTP only: use git 1.6.6 or newer",
                ));
            };
            let service = Service::named(service).ok_or_else(|| {
                Refusal::new(StatusCode::FORBIDDEN, "this server fetches and pushes, and has no other service")
            })?;
            (name, service, true)
        } else {
            let (name, service) = path.rsplit_once('/').ok_or_else(dumb)?;
            (name, Service::named(service).ok_or_else(dumb)?, false)
        };
        let name = Name::parse(name.strip_suffix(".git").unwrap_or(name)).map_err(|_| dumb())?;
        let allowed: &[Method] = if advertise { &[Method::GET, Method::HEAD] } else { &[Method::POST] };
        if !allowed.contains(&parts.method) {
            return Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "git asks by GET and sends by POST"));
        }
        let expected = format!("application/x-git-{}-request", service.verb());
        let kind = parts.headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
        if !advertise && kind != Some(expected.as_bytes()) {
            return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, format!("the body is to be {expected}")));
        }
        Ok(Self { name, service, advertise })
    }
}

/// The `Git-Protocol` header, if it is one: colon-separated keys and values. It becomes a variable of the child's.
fn protocol(parts: &Parts) -> Option<String> {
    let value = parts.headers.get("git-protocol")?.to_str().ok()?;
    let good = value.len() <= 256 && value.chars().all(|c| c.is_ascii_alphanumeric() || ":=.-_/".contains(c));
    good.then(|| value.to_owned())
}

fn is_version_2(protocol: Option<&str>) -> bool {
    protocol.is_some_and(|protocol| protocol.split(':').any(|pair| pair == "version=2"))
}

/// A place among those at work; whoever waits too long for one is to come again.
async fn place(places: &Arc<Semaphore>, patience: Duration) -> Result<OwnedSemaphorePermit, Refusal> {
    match timeout(patience, Arc::clone(places).acquire_owned()).await {
        Ok(Ok(permit)) => Ok(permit),
        _ => Err(Refusal::busy()),
    }
}

/// An answer that begins when git does. One that is cut off ends with an error, so that the client does not take it for
/// whole.
async fn respond(mut parts: mpsc::Receiver<Part>, preamble: Vec<u8>, kind: &str) -> Result<Response, Refusal> {
    let first = match parts.recv().await {
        Some(Part::Data(data)) if !preamble.is_empty() => Part::Data([preamble.as_slice(), &data[..]].concat().into()),
        Some(part) => part,
        None => return Err(Refusal::failed()),
    };
    let flow = stream::unfold(Some((Some(first), parts)), |state| async move {
        let (ready, mut parts) = state?;
        let part = match ready {
            Some(part) => Some(part),
            None => parts.recv().await,
        };
        match part {
            Some(Part::Data(data)) => Some((Ok(data), Some((None, parts)))),
            Some(Part::End) => None,
            None => Some((Err::<Bytes, _>(io::Error::from(io::ErrorKind::ConnectionAborted)), None)),
        }
    });
    Ok(result(Body::from_stream(flow), kind))
}

fn result(body: Body, kind: &str) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    if let Ok(kind) = HeaderValue::from_str(kind) {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
