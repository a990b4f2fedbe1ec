//! Logs: `tracing`'s events as JSON, one object a line on standard output, and as OTLP log records.
//!
//! A line says `timestamp`, `severity`, `body`, `target`, `attributes`, and `trace_id`, `span_id` where a span is current. The
//! body is a fixed text: what differs is in attributes, and those are on the [allow list](super::allow_list). We are heard from
//! `LOG_LEVEL` on. Libraries are heard from `warn` on, and only where they speak: what they say may quote anything.

use super::allow_list;
use opentelemetry::{
    Context,
    logs::{AnyValue, LogRecord as _, Logger as _, LoggerProvider as _, Severity},
    trace::TraceContextExt as _,
};
use opentelemetry_sdk::logs::{SdkLogger, SdkLoggerProvider};
use serde_json::{Map, Value, json};
use std::{fmt, io::Write as _, time::SystemTime};
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
    subscriber::Interest,
};
use tracing_subscriber::{Layer, layer, prelude::*};

/// Targets of libraries begin so.
const LIBRARIES: &[&str] =
    &["aws", "axum", "h2", "hyper", "opentelemetry", "rustls", "sqlx", "tokio", "tonic", "tower", "want"];

/// Makes the layer the process's; a second call (in tests) changes nothing.
pub(super) fn install(level: Level, exported: Option<&SdkLoggerProvider>) {
    let logger = exported.map(|provider| provider.logger_with_scope(super::scope()));
    let _ = tracing_subscriber::registry().with(Logs { level, logger }).try_init();
}

/// The layer: standard output always, OTLP where there is an endpoint.
struct Logs {
    level: Level,
    logger: Option<SdkLogger>,
}

impl Logs {
    fn hears(&self, metadata: &Metadata<'_>) -> bool {
        let level = if is_library(metadata) { self.level.min(Level::WARN) } else { self.level };
        metadata.is_event() && *metadata.level() <= level
    }
}

fn is_library(metadata: &Metadata<'_>) -> bool {
    LIBRARIES.iter().any(|name| {
        let rest = metadata.target().strip_prefix(name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '_', '-']))
    })
}

impl<S: Subscriber> Layer<S> for Logs {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.hears(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: layer::Context<'_, S>) -> bool {
        self.hears(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level.into())
    }

    fn on_event(&self, event: &Event<'_>, _: layer::Context<'_, S>) {
        let mut fields = Fields::default();
        if is_library(event.metadata()) {
            fields.say_where(event.metadata());
        } else {
            event.record(&mut fields);
        }
        let now = SystemTime::now();
        self.print(event.metadata(), &fields, now);
        if let Some(logger) = &self.logger {
            export(logger, event.metadata(), fields, now);
        }
    }
}

impl Logs {
    fn print(&self, metadata: &Metadata<'_>, fields: &Fields, now: SystemTime) {
        let timestamp = jiff::Timestamp::try_from(now).unwrap_or_default();
        let mut line = json!({
            "timestamp": format!("{timestamp:.6}"),
            "severity": severity(*metadata.level()).name(),
            "body": fields.body,
            "target": metadata.target(),
            "attributes": fields.attributes,
        });
        let context = Context::current();
        let span = context.span().span_context().clone();
        if span.is_valid() {
            line["trace_id"] = span.trace_id().to_string().into();
            line["span_id"] = span.span_id().to_string().into();
        }
        let line = format!("{line}\n");
        // Where standard output is closed there is nobody to tell.
        let _ = std::io::stdout().lock().write_all(line.as_bytes());
    }
}

fn export(logger: &SdkLogger, metadata: &Metadata<'_>, fields: Fields, now: SystemTime) {
    let mut record = logger.create_log_record(); // takes trace and span from the current context
    let severity = severity(*metadata.level());
    record.set_timestamp(now);
    record.set_observed_timestamp(now);
    record.set_severity_number(severity);
    record.set_severity_text(severity.name());
    record.set_target(metadata.target().to_owned());
    record.set_body(fields.body.into());
    for (key, value) in fields.attributes {
        let value = match value {
            Value::Bool(value) => AnyValue::Boolean(value),
            Value::Number(value) => match value.as_i64() {
                Some(value) => AnyValue::Int(value),
                None => AnyValue::Double(value.as_f64().unwrap_or_default()),
            },
            Value::String(value) => value.into(),
            _ => continue, // not made below
        };
        record.add_attribute(key, value);
    }
    logger.emit(record);
}

fn severity(level: Level) -> Severity {
    match level {
        Level::ERROR => Severity::Error,
        Level::WARN => Severity::Warn,
        Level::INFO => Severity::Info,
        Level::DEBUG => Severity::Debug,
        Level::TRACE => Severity::Trace,
    }
}

/// The fields of an event that may be told.
#[derive(Default)]
struct Fields {
    body: String,
    attributes: Map<String, Value>,
}

impl Fields {
    /// The place in the code, below the folder of crates.
    fn say_where(&mut self, metadata: &Metadata<'_>) {
        let file = metadata.file().unwrap_or_default();
        let file =
            file.split_once("/registry/src/").and_then(|(_, rest)| rest.split_once('/')).map_or(file, |(_, at)| at);
        self.body = "a library speaks here".to_owned();
        self.attributes.insert("code.file.path".to_owned(), file.into());
        self.attributes.insert("code.line.number".to_owned(), metadata.line().unwrap_or_default().into());
    }

    fn keep(&mut self, field: &Field, value: impl FnOnce() -> Value) {
        if allow_list::allows(field.name()) {
            self.attributes.insert(field.name().to_owned(), value());
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.body = format!("{value:?}");
        } else {
            self.keep(field, || format!("{value:?}").into());
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.body = value.to_owned();
        } else {
            self.keep(field, || value.into());
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.keep(field, || value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.keep(field, || value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.keep(field, || value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.keep(field, || value.into());
    }
}
