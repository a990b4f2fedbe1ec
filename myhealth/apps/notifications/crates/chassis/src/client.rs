//! Calls to other services over HTTP: a client span for each, its duration, the trace's context, a deadline, a bounded answer.

use crate::telemetry::{self, FutureExt as _, metrics};
use http::{HeaderMap, Request, Response, Uri};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use opentelemetry::{Context, KeyValue, metrics::Histogram, trace::SpanKind};
use std::{
    error::Error as StdError,
    sync::{Arc, LazyLock},
    time::{Duration, Instant},
};

pub use hyper::body::Bytes;

static DURATION: LazyLock<Histogram<f64>> = LazyLock::new(|| metrics::duration("http.client.request.duration"));

const CONNECT: Duration = Duration::from_secs(3);
/// The most that an answer may hold, in bytes.
const MAX_ANSWER: usize = 1024 * 1024;

/// A call that had no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Not within the deadline.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// No connection, or it broke.
    #[error("cannot be reached: {0}")]
    Connection(#[from] hyper_util::client::legacy::Error),
    /// The body broke off or is too large.
    #[error("the answer cannot be read: {0}")]
    Body(Box<dyn StdError + Send + Sync>),
}

impl ClientError {
    /// Its `error.type`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Timeout(_) => "timeout",
            Self::Connection(error) if error.is_connect() => "connect",
            Self::Connection(_) => "connection",
            Self::Body(error) if error.is::<LengthLimitError>() => "answer_too_large",
            Self::Body(_) => "body",
        }
    }
}

/// A pooled client for HTTP/1.1, and HTTP/2 where TLS agrees on it.
#[derive(Debug, Clone)]
pub struct HttpClient(Client<HttpsConnector<HttpConnector>, Full<Bytes>>);

impl HttpClient {
    /// A client for servers like this one. The system's root certificates are only loaded for `https`.
    #[must_use]
    pub fn new(server: &Uri) -> Self {
        let mut roots = rustls::RootCertStore::empty();
        if server.scheme_str() == Some("https") {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring has the default protocol versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut tcp = HttpConnector::new();
        tcp.set_connect_timeout(Some(CONNECT));
        tcp.set_nodelay(true);
        tcp.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .enable_http2()
            .wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(30))
            .pool_max_idle_per_host(16)
            .build(connector);
        Self(client)
    }

    /// Sends a request as part of the current trace and reads its answer whole. Its span does not say `url.full`: a path or a
    /// query may name a patient.
    ///
    /// # Errors
    /// No answer; an answer of any status is none.
    pub async fn send(&self, mut request: Request<Bytes>, deadline: Duration) -> Result<Response<Bytes>, ClientError> {
        let method = request.method().clone();
        let mut attributes = vec![KeyValue::new("http.request.method", method.to_string())];
        attributes.extend(server_attributes(request.uri()));
        let context = telemetry::span(&Context::current(), SpanKind::Client, method.to_string(), attributes.clone());
        inject(&context, request.headers_mut());
        let started = Instant::now();
        let result = self.exchange(request, MAX_ANSWER, deadline).with_context(context.clone()).await;
        let error = match &result {
            Ok(answer) => {
                let status = KeyValue::new("http.response.status_code", i64::from(answer.status().as_u16()));
                opentelemetry::trace::TraceContextExt::span(&context).set_attribute(status.clone());
                attributes.push(status);
                (answer.status().as_u16() >= 400).then(|| answer.status().as_u16().to_string())
            }
            Err(error) => Some(error.kind().to_owned()),
        };
        attributes.extend(error.clone().map(|error| KeyValue::new("error.type", error)));
        DURATION.record(started.elapsed().as_secs_f64(), &attributes);
        telemetry::finish(&context, error.as_deref());
        result
    }

    /// Sends a request, unobserved.
    pub(crate) async fn exchange(
        &self,
        request: Request<Bytes>,
        max: usize,
        deadline: Duration,
    ) -> Result<Response<Bytes>, ClientError> {
        let exchange = async {
            let (head, body) = self.0.request(request.map(Full::new)).await?.into_parts();
            let body = Limited::new(body, max).collect().await.map_err(ClientError::Body)?;
            Ok(Response::from_parts(head, body.to_bytes()))
        };
        tokio::time::timeout(deadline, exchange).await.unwrap_or(Err(ClientError::Timeout(deadline)))
    }
}

/// `server.address` and `server.port` of an address.
pub(crate) fn server_attributes(uri: &Uri) -> [KeyValue; 2] {
    let default = if uri.scheme_str() == Some("https") { 443 } else { 80 };
    [
        KeyValue::new("server.address", uri.host().unwrap_or_default().to_owned()),
        KeyValue::new("server.port", i64::from(uri.port_u16().unwrap_or(default))),
    ]
}

/// Writes the context's headers.
pub(crate) fn inject(context: &Context, headers: &mut HeaderMap) {
    opentelemetry::global::get_text_map_propagator(|propagator| {
        propagator.inject_context(context, &mut opentelemetry_http::HeaderInjector(headers));
    });
}
