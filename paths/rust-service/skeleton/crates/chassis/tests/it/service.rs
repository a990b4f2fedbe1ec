//! The service under test. The other tests start this test binary with [`crate::peers::Process`] to run it.

use axum::{
    Router,
    extract::State,
    routing::{get, post},
};
use chassis::{
    About, Chassis, Problem, Reader, Service, StartError,
    client::{Bytes, HttpClient},
    http::{Body, Query, document},
    secrets::Secrets,
    telemetry::{self, metrics},
};
use opentelemetry::{
    Context, KeyValue,
    trace::{SpanKind, Status, TraceContextExt as _},
};
use serde::Deserialize;
use std::time::Duration;

struct Probe {
    downstream: Option<http::Uri>,
    broken: bool,
}

impl Service for Probe {
    const ABOUT: About = About {
        name: "probe",
        version: "1.2.3",
        summary: "A service to test the chassis with",
        settings: "  DOWNSTREAM  whom to call",
    };

    fn read(env: &mut Reader) -> Option<Self> {
        let broken = env.choice("BROKEN", &[("true", true), ("false", false)], false);
        Some(Self { downstream: env.url("DOWNSTREAM", false), broken })
    }

    async fn migrate(&self, _: &Secrets) -> Result<(), StartError> {
        if self.broken { Err(StartError::new("the store cannot be reached")) } else { Ok(()) }
    }

    async fn start(self, chassis: &mut Chassis) -> Result<Router, StartError> {
        self.migrate(&chassis.secrets).await?;
        chassis.health.check("weather", || async { !std::path::Path::new("/nonexistent").exists() });
        chassis.spawn("idle", |mut stop| async move { stop.requested().await });
        let client = HttpClient::new(&"http://localhost".parse().expect("an address"));
        let routes = Router::new()
            .route("/call", get(call))
            .with_state((client, self.downstream))
            .route("/slow", get(slow))
            .route("/leak/{patient}", get(leak))
            .route("/body", post(body))
            .route("/fail", get(async || Problem::internal()))
            .route("/openapi.yaml", get(document("application/yaml", "openapi: 3.1.0\n")));
        Ok(routes)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Times {
    times: u32,
}

async fn call(
    State((client, downstream)): State<(HttpClient, Option<http::Uri>)>,
    Query(Times { times }): Query<Times>,
) -> Result<(), Problem> {
    let downstream = downstream.ok_or_else(Problem::internal)?;
    for _ in 0..times {
        let request = http::Request::get(downstream.clone()).body(Bytes::new()).map_err(|_| Problem::internal())?;
        client.send(request, Duration::from_secs(5)).await.map_err(|_| Problem::internal())?;
    }
    Ok(())
}

async fn slow() -> &'static str {
    tokio::time::sleep(Duration::from_millis(700)).await;
    "done"
}

/// Does all that it must not do.
async fn leak() {
    let secret = || KeyValue::new("patient.name", "Grace Example");
    telemetry::annotate("patient.name", "Grace Example");
    telemetry::annotate("appointment.id", "a-1");
    let child = telemetry::span(&Context::current(), SpanKind::Internal, "child", vec![secret()]);
    child.span().add_event("noted", vec![secret(), KeyValue::new("appointment.state", "booked")]);
    child.span().add_link(child.span().span_context().clone(), vec![secret()]);
    child.span().set_status(Status::error("Grace Example"));
    drop(child);
    metrics::meter().u64_counter("leaks").build().add(1, &[secret(), KeyValue::new("appointment.state", "booked")]);
    metrics::duration("leak.duration").record(0.2, &[secret()]);
    tracing::info!({ "patient.name" = "Grace Example", "appointment.id" = "a-1" }, "leaked");
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only its shape matters")]
struct Order {
    slot: String,
    items: Vec<Item>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only its shape matters")]
struct Item {
    count: u8,
}

async fn body(Body(_): Body<Order>) {}

#[test]
#[ignore = "is the process that the other tests start"]
#[allow(clippy::exit, reason = "the exit code is what is tested")]
fn process() {
    let arguments = std::env::var("PROBE_ARGUMENTS").unwrap_or_default();
    let arguments: Vec<&str> = arguments.split(' ').collect();
    std::process::exit(chassis::serve::command::<Probe>(&arguments).into());
}
