//! The service under test. The other tests start this test binary to run it.

use axum::{
    Router,
    extract::State,
    routing::{get, post},
};
use chassis::{
    About, Chassis, Problem, Reader, Service, StartError,
    client::{Bytes, HttpClient},
    grpc::Server,
    http::{Body, Query, document},
    messaging::{Outgoing, Queue, QueueError, QueueSettings},
    secrets::Secrets,
    serve::Stop,
    telemetry::{self, metrics},
    testing::Process,
};
use opentelemetry::{
    Context, KeyValue,
    trace::{SpanKind, Status, TraceContextExt as _},
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, trace_service_client::TraceServiceClient,
};
use serde::Deserialize;
use std::{process::Command, time::Duration};

struct Probe {
    downstream: Option<http::Uri>,
    rpc: Option<http::Uri>,
    queue: Option<QueueSettings>,
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
        let queue = if env.text("EVENTS_QUEUE").is_some() { QueueSettings::read(env) } else { None };
        Some(Self { downstream: env.url("DOWNSTREAM", false), rpc: env.url("RPC", false), queue, broken })
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
            .route("/rpc", get(rpc).with_state(self.rpc.as_ref().map(Server::new)))
            .route("/slow", get(slow))
            .route("/leak/{patient}", get(leak))
            .route("/body", post(body))
            .route("/fail", get(async || Problem::internal()))
            .route("/openapi.yaml", get(document("application/yaml", "openapi: 3.1.0\n")));
        let Some(settings) = &self.queue else { return Ok(routes) };
        let queue = Queue::open(settings).await;
        let sender = queue.clone();
        chassis.spawn("consumer", |stop| consume(queue, stop));
        Ok(routes.route("/send", post(send).with_state(sender)))
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

/// Calls what every collector has. Its status is our answer's body.
async fn rpc(State(server): State<Option<Server>>) -> Result<String, Problem> {
    let server = server.ok_or_else(Problem::internal)?;
    let mut client = TraceServiceClient::new(server.channel());
    let method = "opentelemetry.proto.collector.trace.v1.TraceService/Export";
    let message = ExportTraceServiceRequest::default();
    let answer = server.call(method, Duration::from_millis(500), message, |request| client.export(request)).await;
    Ok(answer.map_or_else(|status| format!("{:?}", status.code()), |_| "Ok".to_owned()))
}

async fn slow() -> &'static str {
    tokio::time::sleep(Duration::from_millis(700)).await;
    "done"
}

async fn send(State(queue): State<Queue>) -> Result<(), Problem> {
    let message = Outgoing { body: "{}".into(), kind: "t".into(), group: "g".into(), id: "i".into() };
    queue.send(&Context::current(), message).await.map_err(|_| Problem::internal())?;
    Ok(())
}

async fn consume(queue: Queue, mut stop: Stop) {
    while let Some(received) = stop.or(queue.receive()).await {
        for delivery in received.expect("the queue answers") {
            let work = async || {
                tracing::info!("processed");
                Ok::<_, QueueError>(())
            };
            queue.process(&delivery, work).await.expect("it is processed");
        }
    }
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

/// The command line that runs it as a process of its own.
pub(crate) fn command(arguments: &str, environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this test"));
    command.args(["service::process", "--exact", "--ignored", "--nocapture"]).env_clear();
    command.env("PROBE_ARGUMENTS", arguments).envs(environment.iter().copied());
    command
}

pub(crate) fn serve(environment: &[(&str, &str)]) -> Process {
    Process::serve(command("serve", environment))
}
