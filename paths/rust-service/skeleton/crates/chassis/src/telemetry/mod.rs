//! OpenTelemetry: traces, metrics and logs over OTLP, context by W3C headers, resource from `OTEL_*`.
//!
//! Without `OTEL_EXPORTER_OTLP_ENDPOINT` nothing is exported; spans are still made, so that logs have trace ids and context
//! goes on to other services.

pub mod allow_list;
pub mod logs;
pub mod metrics;
mod otlp;
pub mod propagator;

use crate::config::Reader;
use opentelemetry::{
    Context, InstrumentationScope, KeyValue, global,
    propagation::{TextMapCompositePropagator, TextMapPropagator},
    trace::{Link, SpanBuilder, SpanKind, Status, TraceContextExt as _, Tracer as _, TracerProvider as _},
};
use opentelemetry_sdk::{
    Resource,
    logs::SdkLoggerProvider,
    metrics::SdkMeterProvider,
    propagation::BaggagePropagator,
    trace::{SdkTracer, SdkTracerProvider},
};
use std::{borrow::Cow, sync::OnceLock, time::Duration};

pub use opentelemetry::trace::FutureExt;

/// How long the last export may take when the process ends.
const FLUSH: Duration = Duration::from_secs(5);
const SCOPE: &str = "chassis";

/// What the environment says of telemetry. Whatever is not here (sampler, batches, intervals, headers) the SDK reads itself.
#[derive(Debug, Clone)]
pub struct TelemetrySettings {
    /// `LOG_LEVEL`.
    pub level: tracing::Level,
    /// `OTEL_SERVICE_NAME`, else `service.name` of `OTEL_RESOURCE_ATTRIBUTES`, else the service's own name.
    pub service: String,
    endpoint: Option<(http::Uri, otlp::Protocol)>,
    propagators: Vec<Propagator>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Propagator {
    TraceContext,
    Baggage,
}

impl TelemetrySettings {
    /// Reads `LOG_LEVEL` and `OTEL_*`; `service` is the name where `OTEL_SERVICE_NAME` is not set.
    pub fn read(env: &mut Reader, service: &str) -> Self {
        use tracing::Level;
        let levels = [("error", Level::ERROR), ("warn", Level::WARN), ("info", Level::INFO), ("debug", Level::DEBUG)];
        let level = env.choice("LOG_LEVEL", &levels, Level::INFO);
        let protocols = [("grpc", otlp::Protocol::Grpc), ("http/protobuf", otlp::Protocol::Http)];
        let protocol = env.choice("OTEL_EXPORTER_OTLP_PROTOCOL", &protocols, otlp::Protocol::Grpc);
        let endpoint = env.url("OTEL_EXPORTER_OTLP_ENDPOINT", true).map(|uri| (uri, protocol));
        let disabled = env.choice("OTEL_SDK_DISABLED", &[("true", true), ("false", false)], false);
        let expected = "a list of tracecontext and baggage, or none";
        let parse = |text: &str| {
            let words = text.split(',').map(str::trim).filter(|word| *word != "none");
            let word = |word| match word {
                "tracecontext" => Some(Propagator::TraceContext),
                "baggage" => Some(Propagator::Baggage),
                _ => None,
            };
            words.map(word).collect()
        };
        let propagators = env.optional("OTEL_PROPAGATORS", expected, parse);
        Self {
            level,
            service: service_name(env).unwrap_or_else(|| service.to_owned()),
            endpoint: endpoint.filter(|_| !disabled),
            propagators: propagators.unwrap_or_else(|| vec![Propagator::TraceContext, Propagator::Baggage]),
        }
    }
}

fn service_name(env: &Reader) -> Option<String> {
    let attributes = || env.text("OTEL_RESOURCE_ATTRIBUTES");
    let of_resource =
        || attributes()?.split(',').find_map(|pair| pair.trim().strip_prefix("service.name=").map(str::to_owned));
    env.text("OTEL_SERVICE_NAME").or_else(of_resource)
}

/// The running SDK. Shut it down as the last thing: what is not exported by then is lost.
#[derive(Debug)]
pub struct Telemetry {
    traces: SdkTracerProvider,
    metrics: SdkMeterProvider,
    logs: SdkLoggerProvider,
}

impl Telemetry {
    /// Starts the SDK and makes it the process's: once, inside the runtime, before anything else is observed.
    ///
    /// # Errors
    /// An exporter cannot be built from `OTEL_EXPORTER_OTLP_*`.
    pub fn start(settings: &TelemetrySettings, about: &crate::About) -> Result<Self, otlp::ExporterError> {
        let resource = Resource::builder()
            .with_service_name(settings.service.clone())
            .with_schema_url(
                [KeyValue::new("service.version", about.version)],
                "https://opentelemetry.io/schemas/1.42.0",
            )
            .with_detector(Box::new(opentelemetry_sdk::resource::EnvResourceDetector::new()))
            .with_attribute(KeyValue::new("service.instance.id", uuid::Uuid::now_v7().to_string()))
            .build();
        let mut traces = SdkTracerProvider::builder().with_resource(resource.clone());
        let mut metrics = SdkMeterProvider::builder().with_resource(resource.clone()).with_view(metrics::view);
        let mut logs = SdkLoggerProvider::builder().with_resource(resource);
        if let Some((endpoint, protocol)) = &settings.endpoint {
            let exporters = otlp::exporters(endpoint, *protocol)?;
            traces = traces.with_batch_exporter(allow_list::Filtered(exporters.traces));
            metrics = metrics.with_periodic_exporter(exporters.metrics);
            logs = logs.with_batch_exporter(exporters.logs);
        }
        let telemetry = Self { traces: traces.build(), metrics: metrics.build(), logs: logs.build() };
        let propagators = settings.propagators.iter().map(|propagator| -> Box<dyn TextMapPropagator + Send + Sync> {
            match propagator {
                Propagator::TraceContext => Box::new(propagator::TraceContextPropagator),
                Propagator::Baggage => Box::new(BaggagePropagator::new()),
            }
        });
        global::set_text_map_propagator(TextMapCompositePropagator::new(propagators.collect()));
        global::set_tracer_provider(telemetry.traces.clone());
        global::set_meter_provider(telemetry.metrics.clone());
        TRACER.set(telemetry.traces.tracer_with_scope(scope())).ok();
        metrics::observe_runtime();
        logs::install(settings.level, settings.endpoint.is_some().then_some(&telemetry.logs));
        Ok(telemetry)
    }

    /// Exports what is left and stops. Blocks up to some seconds: call it from a blocking thread.
    pub fn shutdown(&self) {
        // Side by side: a collector that does not answer costs its time once. What cannot be sent has nobody to be told to.
        std::thread::scope(|scope| {
            scope.spawn(|| self.traces.shutdown_with_timeout(FLUSH));
            scope.spawn(|| self.logs.shutdown_with_timeout(FLUSH));
            scope.spawn(|| self.metrics.shutdown_with_timeout(FLUSH));
        });
    }
}

static TRACER: OnceLock<SdkTracer> = OnceLock::new();

fn scope() -> InstrumentationScope {
    InstrumentationScope::builder(SCOPE).with_version(env!("CARGO_PKG_VERSION")).build()
}

/// Starts a span under `parent` and gives the context in which it is current. It ends with the context's last clone, or by
/// [`finish`].
#[must_use]
pub fn span(
    parent: &Context,
    kind: SpanKind,
    name: impl Into<Cow<'static, str>>,
    attributes: Vec<KeyValue>,
) -> Context {
    build(parent, SpanBuilder::from_name(name).with_kind(kind).with_attributes(attributes))
}

/// As [`span`], with a link to the span of `cause`: what made this happen, perhaps long ago or in another trace.
#[must_use]
pub fn linked_span(
    parent: &Context,
    cause: &Context,
    kind: SpanKind,
    name: impl Into<Cow<'static, str>>,
    attributes: Vec<KeyValue>,
) -> Context {
    let cause = cause.span().span_context().clone();
    let links = if cause.is_valid() { vec![Link::with_context(cause)] } else { Vec::new() };
    build(parent, SpanBuilder::from_name(name).with_kind(kind).with_attributes(attributes).with_links(links))
}

fn build(parent: &Context, builder: SpanBuilder) -> Context {
    match TRACER.get() {
        Some(tracer) => parent.with_span(tracer.build_with_context(builder, parent)),
        None => parent.clone(), // before `Telemetry::start`, or in a test that needs none
    }
}

/// Ends the context's span. `error` is an `error.type`: a status code, an exception's name, never a message.
pub fn finish(context: &Context, error: Option<&str>) {
    let span = context.span();
    if let Some(error) = error {
        span.set_attribute(KeyValue::new("error.type", error.to_owned()));
        span.set_status(Status::error(""));
    }
    span.end();
}

/// Adds an attribute to the current span; it leaves the process if it is on the [allow list](allow_list).
pub fn annotate(key: &'static str, value: impl Into<opentelemetry::Value>) {
    Context::map_current(|context| context.span().set_attribute(KeyValue::new(key, value)));
}

/// The context's headers, `traceparent` and the others of `OTEL_PROPAGATORS`, as text to keep with a message.
#[must_use]
pub fn inject(context: &Context) -> std::collections::HashMap<String, String> {
    let mut carrier = std::collections::HashMap::new();
    global::get_text_map_propagator(|propagator| propagator.inject_context(context, &mut carrier));
    carrier
}

/// The context that such headers describe; an empty one where there is none or it is not valid.
#[must_use]
pub fn extract(carrier: &dyn opentelemetry::propagation::Extractor) -> Context {
    global::get_text_map_propagator(|propagator| propagator.extract_with_context(&Context::new(), carrier))
}
