//! A collector that keeps what it is sent.

use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::{ExportLogsServiceRequest, ExportLogsServiceResponse, logs_service_server as logs},
        metrics::v1::{ExportMetricsServiceRequest, ExportMetricsServiceResponse, metrics_service_server as metrics},
        trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse, trace_service_server as trace},
    },
    trace::v1::Span,
};
use std::sync::{Arc, Mutex};
use tonic::{Request, Response, Status};

/// A collector that keeps all that it is sent.
#[derive(Debug, Clone, Default)]
pub struct Collector(Arc<Mutex<Received>>);

/// What came, as it came.
#[derive(Debug, Default)]
pub struct Received {
    /// Spans.
    pub traces: Vec<ExportTraceServiceRequest>,
    /// Metrics.
    pub metrics: Vec<ExportMetricsServiceRequest>,
    /// Log records.
    pub logs: Vec<ExportLogsServiceRequest>,
}

impl Collector {
    /// One that is spoken to over gRPC, and its address.
    #[must_use]
    pub fn grpc() -> (Self, String) {
        let collector = Self::default();
        let routes = tonic::service::Routes::new(trace::TraceServiceServer::new(collector.clone()))
            .add_service(metrics::MetricsServiceServer::new(collector.clone()))
            .add_service(logs::LogsServiceServer::new(collector.clone()));
        (collector, super::serve(routes.into_axum_router()))
    }

    /// One that is spoken to over HTTP in binary protobuf, and its address.
    #[must_use]
    pub fn http() -> (Self, String) {
        use prost::Message as _;
        let collector = Self::default();
        let kept = collector.clone();
        let take = async move |path: axum::extract::Path<String>, body: axum::body::Bytes| {
            let mut received = kept.0.lock().expect("no panic");
            match path.as_str() {
                "traces" => received.traces.push(ExportTraceServiceRequest::decode(body).expect("decodes")),
                "metrics" => received.metrics.push(ExportMetricsServiceRequest::decode(body).expect("decodes")),
                "logs" => received.logs.push(ExportLogsServiceRequest::decode(body).expect("decodes")),
                other => panic!("no such signal: {other}"),
            }
        };
        (collector, super::serve(axum::Router::new().route("/v1/{signal}", axum::routing::post(take))))
    }

    /// Looks at what came.
    pub fn look<T>(&self, at: impl FnOnce(&Received) -> T) -> T {
        at(&self.0.lock().expect("no panic"))
    }

    /// All spans.
    #[must_use]
    pub fn spans(&self) -> Vec<Span> {
        self.look(|received| {
            let resources = received.traces.iter().flat_map(|request| &request.resource_spans);
            resources.flat_map(|resource| &resource.scope_spans).flat_map(|scope| scope.spans.clone()).collect()
        })
    }
}

#[tonic::async_trait]
impl trace::TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.0.lock().expect("no panic").traces.push(request.into_inner());
        Ok(Response::new(Default::default()))
    }
}

#[tonic::async_trait]
impl metrics::MetricsService for Collector {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        self.0.lock().expect("no panic").metrics.push(request.into_inner());
        Ok(Response::new(Default::default()))
    }
}

#[tonic::async_trait]
impl logs::LogsService for Collector {
    async fn export(
        &self,
        request: Request<ExportLogsServiceRequest>,
    ) -> Result<Response<ExportLogsServiceResponse>, Status> {
        self.0.lock().expect("no panic").logs.push(request.into_inner());
        Ok(Response::new(Default::default()))
    }
}
