//! Calls to other services over gRPC: a client span for each, its duration, the trace's context, a deadline.

use crate::{
    client::server_attributes,
    telemetry::{self, FutureExt as _, metrics},
};
use http::Uri;
use opentelemetry::{
    Context, KeyValue,
    metrics::Histogram,
    trace::{SpanKind, TraceContextExt as _},
};
use std::{
    sync::LazyLock,
    time::{Duration, Instant},
};
use tonic::{
    Code, Request, Response, Status,
    metadata::MetadataMap,
    transport::{Channel, Endpoint},
};

static DURATION: LazyLock<Histogram<f64>> = LazyLock::new(|| metrics::duration("rpc.client.call.duration"));

/// A server and the way to it. Connects at the first call, and again when the connection breaks.
#[derive(Debug, Clone)]
pub struct Server {
    channel: Channel,
    attributes: [KeyValue; 2],
}

impl Server {
    /// The server at `http://host:port`; the mesh encrypts.
    #[must_use]
    pub fn new(uri: &Uri) -> Self {
        let channel = Endpoint::from(uri.clone())
            .connect_timeout(Duration::from_secs(3))
            .tcp_nodelay(true)
            .http2_keep_alive_interval(Duration::from_secs(30))
            .keep_alive_timeout(Duration::from_secs(10))
            .connect_lazy();
        Self { channel, attributes: server_attributes(uri) }
    }

    /// For a generated client.
    #[must_use]
    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// One unary call, as part of the current trace. `method` is `package.Service/Method`; the server is told `deadline`, and
    /// is not waited for longer.
    ///
    /// ```ignore
    /// let mut client = RecordsClient::new(server.channel());
    /// let answer = server
    ///     .call("records.v1.Records/CheckPatient", deadline, CheckPatientRequest { patient_id }, |request| client.check_patient(request))
    ///     .await?;
    /// ```
    ///
    /// # Errors
    /// The server's status; `DEADLINE_EXCEEDED` and `UNAVAILABLE` are also ours.
    pub async fn call<Message, Answer, Sent>(
        &self,
        method: &'static str,
        deadline: Duration,
        message: Message,
        send: impl FnOnce(Request<Message>) -> Sent,
    ) -> Result<Answer, Status>
    where
        Sent: Future<Output = Result<Response<Answer>, Status>>,
    {
        let mut attributes = vec![KeyValue::new("rpc.system.name", "grpc"), KeyValue::new("rpc.method", method)];
        attributes.extend(self.attributes.clone());
        let context = telemetry::span(&Context::current(), SpanKind::Client, method, attributes.clone());
        let mut request = Request::new(message);
        request.set_timeout(deadline);
        *request.metadata_mut() = with_context(&context, std::mem::take(request.metadata_mut()));

        let started = Instant::now();
        let answer = tokio::time::timeout(deadline, send(request).with_context(context.clone())).await;
        let late = || Status::deadline_exceeded("no answer within the deadline");
        let answer = match answer {
            Ok(Ok(answer)) => Ok(answer.into_inner()),
            // The channel keeps the deadline too, and calls it a cancellation.
            Ok(Err(status)) if status.code() == Code::Cancelled && started.elapsed() >= deadline => Err(late()),
            Ok(Err(status)) => Err(status),
            Err(_) => Err(late()),
        };
        let code = code_name(answer.as_ref().map_or_else(Status::code, |_| Code::Ok));
        let status = KeyValue::new("rpc.response.status_code", code);
        context.span().set_attribute(status.clone());
        attributes.push(status);
        let error = answer.is_err().then_some(code);
        attributes.extend(error.map(|error| KeyValue::new("error.type", error)));
        DURATION.record(started.elapsed().as_secs_f64(), &attributes);
        telemetry::finish(&context, error);
        answer
    }
}

fn with_context(context: &Context, metadata: MetadataMap) -> MetadataMap {
    let mut headers = metadata.into_headers();
    crate::client::inject(context, &mut headers);
    MetadataMap::from_headers(headers)
}

/// The name of a status code as the conventions write it.
fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
