//! Exporters of the three signals, over gRPC or HTTP.

use crate::client::HttpClient;
use http::Uri;
use opentelemetry_http::{Bytes, HttpError, Request, Response};
use opentelemetry_otlp::{
    ExporterBuildError, LogExporter, MetricExporter, Protocol as Encoding, SpanExporter, WithExportConfig as _,
    WithHttpConfig as _, WithTonicConfig as _,
};
use std::time::Duration;

/// The most that a collector's answer may hold, in bytes.
const MAX_ANSWER: usize = 64 * 1024;
const TIMEOUT: Duration = Duration::from_secs(10);

/// How OTLP travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    Grpc,
    Http,
}

/// An exporter could not be made.
#[derive(Debug, thiserror::Error)]
#[error("OTEL_EXPORTER_OTLP_*: {0}")]
pub struct ExporterError(#[from] ExporterBuildError);

pub(super) struct Exporters {
    pub(super) traces: SpanExporter,
    pub(super) metrics: MetricExporter,
    pub(super) logs: LogExporter,
}

pub(super) fn exporters(endpoint: &Uri, protocol: Protocol) -> Result<Exporters, ExporterError> {
    let base = endpoint.to_string();
    let base = base.trim_end_matches('/');
    Ok(match protocol {
        Protocol::Grpc => {
            let tls = opentelemetry_otlp::tonic_types::transport::ClientTlsConfig::new().with_native_roots();
            let tls = (endpoint.scheme_str() == Some("https")).then_some(tls);
            macro_rules! build {
                ($exporter:ty) => {{
                    let mut builder = <$exporter>::builder().with_tonic().with_endpoint(base);
                    if let Some(tls) = &tls {
                        builder = builder.with_tls_config(tls.clone());
                    }
                    builder.build()?
                }};
            }
            Exporters { traces: build!(SpanExporter), metrics: build!(MetricExporter), logs: build!(LogExporter) }
        }
        Protocol::Http => {
            let client = Client { client: HttpClient::new(endpoint), runtime: tokio::runtime::Handle::current() };
            macro_rules! build {
                ($exporter:ty, $signal:literal) => {
                    <$exporter>::builder()
                        .with_http()
                        .with_http_client(client.clone())
                        .with_protocol(Encoding::HttpBinary)
                        .with_endpoint(format!("{base}/v1/{}", $signal))
                        .build()?
                };
            }
            Exporters {
                traces: build!(SpanExporter, "traces"),
                metrics: build!(MetricExporter, "metrics"),
                logs: build!(LogExporter, "logs"),
            }
        }
    })
}

/// The chassis's client for the SDK's threads, which are not the runtime's: the exchange runs on the runtime.
#[derive(Debug, Clone)]
struct Client {
    client: HttpClient,
    runtime: tokio::runtime::Handle,
}

#[async_trait::async_trait]
impl opentelemetry_http::HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.client.clone();
        let exchange = async move { client.exchange(request, MAX_ANSWER, TIMEOUT).await };
        Ok(self.runtime.spawn(exchange).await??)
    }
}
