//! The registry: OCI distribution 1.1 over a [`Layout`](crate::Layout).
//!
//! | path below `/v2/` | |
//! | --- | --- |
//! | `NAME/blobs/DIGEST` | `GET`, `HEAD`, `DELETE`: [`blobs`] |
//! | `NAME/blobs/uploads/` | `POST`: begin an upload, upload at once, mount: [`uploads`] |
//! | `NAME/blobs/uploads/ID` | `GET`, `PATCH`, `PUT`, `DELETE`: [`uploads`] |
//! | `NAME/manifests/REFERENCE` | `GET`, `HEAD`, `PUT`, `DELETE`: [`manifests`] |
//! | `NAME/tags/list`, `NAME/referrers/DIGEST` | `GET`: [`discovery`] |
//!
//! Whoever serves it tells the caller's address (`into_make_service_with_connect_info`), bounds connections and the time for a head, and
//! does not bound the time until an answer begins: a layer takes as long as it takes. Slow bodies are bounded here.

mod blobs;
mod discovery;
mod manifests;
mod range;
mod refusal;
mod route;
mod uploads;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{ConnectInfo, Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;

use crate::{Access, Action, Caller, Error, Layout, Name, Permit};
use refusal::{Code, Refusal};
use route::Route;
use uploads::Sessions;

/// What a registry allows.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The largest blob, in bytes.
    pub blob: u64,
    /// The most uploads at once.
    pub uploads: usize,
    /// How long an upload may rest between two requests; it is given up when the next one begins.
    pub rest: Duration,
    /// How long a client may take to send the next piece of a body.
    pub stall: Duration,
    /// The most tags of one answer.
    pub page: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            blob: 8 << 30,
            uploads: 256,
            rest: Duration::from_secs(30 * 60),
            stall: Duration::from_secs(30),
            page: 1000,
        }
    }
}

/// The registry, to be served or merged into another router. `access` decides for each request.
pub fn router(layout: Arc<Layout>, access: Arc<dyn Access>, settings: Settings) -> Router {
    let registry = Arc::new(Registry { layout, access, settings, sessions: Sessions::default() });
    Router::new()
        .route("/v2", any(base))
        .route("/v2/", any(base))
        .route("/v2/{*path}", any(repository))
        .with_state(registry)
        .layer(axum::middleware::map_response(add_headers))
}

struct Registry {
    layout: Arc<Layout>,
    access: Arc<dyn Access>,
    settings: Settings,
    sessions: Sessions,
}

/// What is asked of the registry, but for the body.
struct Asked {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    address: Option<SocketAddr>,
}

impl Asked {
    fn split(request: Request) -> (Self, axum::body::Body) {
        let (parts, body) = request.into_parts();
        let address = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
        (Self { method: parts.method, uri: parts.uri, headers: parts.headers, address }, body)
    }

    fn caller(&self) -> Caller<'_> {
        Caller { address: self.address, headers: &self.headers }
    }

    fn header(&self, name: impl header::AsHeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The first value of a parameter.
    fn parameter(&self, name: &str) -> Option<String> {
        self.parameters(name).next()
    }

    fn parameters<'a>(&'a self, name: &'a str) -> impl Iterator<Item = String> + 'a {
        let query = form_urlencoded::parse(self.uri.query().unwrap_or_default().as_bytes());
        query.filter(move |(key, _)| key == name).map(|(_, value)| value.into_owned())
    }
}

impl Registry {
    fn permit(&self, asked: &Asked, action: Action, name: Option<&Name>) -> Result<(), Refusal> {
        match self.access.permit(&asked.caller(), action, name) {
            Permit::Yes => Ok(()),
            Permit::Authenticate(challenge) => Err(Refusal::authenticate(&challenge)),
            Permit::No => Err(Refusal::new(StatusCode::FORBIDDEN, Code::Denied, "this is not for you to do")),
        }
    }

    /// Work on the disk, beside the async runtime.
    async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Layout) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let layout = Arc::clone(&self.layout);
        tokio::task::spawn_blocking(move || work(&layout)).await.map_err(|_| Error::GivenUp)?
    }
}

/// `/v2/`: is this a registry, and who am I to it?
async fn base(State(registry): State<Arc<Registry>>, request: Request) -> Response {
    let (asked, _) = Asked::split(request);
    if asked.method != Method::GET && asked.method != Method::HEAD {
        return Refusal::method().into_response();
    }
    match registry.permit(&asked, Action::Pull, None) {
        Ok(()) => ([(header::CONTENT_TYPE, "application/json")], "{}").into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

async fn repository(
    State(registry): State<Arc<Registry>>,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    let answer = match path {
        Ok(Path(path)) => answer(&registry, &path, request).await,
        Err(_) => Err(Refusal::new(StatusCode::BAD_REQUEST, Code::NameInvalid, "the path is not UTF-8")),
    };
    answer.unwrap_or_else(IntoResponse::into_response)
}

async fn answer(registry: &Registry, path: &str, request: Request) -> Result<Response, Refusal> {
    let route = Route::parse(path)?;
    let (asked, body) = Asked::split(request);
    let action = match asked.method {
        Method::GET | Method::HEAD if !matches!(route, Route::Upload { .. }) => Action::Pull,
        Method::DELETE if !matches!(route, Route::Upload { .. }) => Action::Delete,
        _ => Action::Push,
    };
    registry.permit(&asked, action, Some(route.name()))?;
    match (route, &asked.method) {
        (Route::Blob { name, digest }, &Method::GET | &Method::HEAD) => {
            blobs::get(registry, &asked, name, digest).await
        }
        (Route::Blob { name, digest }, &Method::DELETE) => blobs::delete(registry, name, digest).await,
        (Route::Uploads { name }, &Method::POST) => uploads::begin(registry, &asked, name, body).await,
        (Route::Upload { name, id }, &Method::GET) => uploads::status(registry, &name, &id),
        (Route::Upload { name, id }, &Method::PATCH) => uploads::append(registry, &asked, &name, &id, body).await,
        (Route::Upload { name, id }, &Method::PUT) => uploads::finish(registry, &asked, name, &id, body).await,
        (Route::Upload { name, id }, &Method::DELETE) => uploads::cancel(registry, &name, &id),
        (Route::Manifest { name, reference }, &Method::GET | &Method::HEAD) => {
            manifests::get(registry, &asked, name, reference).await
        }
        (Route::Manifest { name, reference }, &Method::PUT) => {
            manifests::put(registry, &asked, name, reference, body).await
        }
        (Route::Manifest { name, reference }, &Method::DELETE) => manifests::delete(registry, name, reference).await,
        (Route::Tags { name }, &Method::GET | &Method::HEAD) => discovery::tags(registry, &asked, name).await,
        (Route::Referrers { name, digest }, &Method::GET | &Method::HEAD) => {
            discovery::referrers(registry, &asked, name, digest).await
        }
        _ => Err(Refusal::method()),
    }
}

/// What is stored may be a page: nothing of it runs in a browser.
async fn add_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert("docker-distribution-api-version", HeaderValue::from_static("registry/2.0"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    response
}

/// A header's value of what is known to be plain text: names, digests, tags, numbers.
fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}
