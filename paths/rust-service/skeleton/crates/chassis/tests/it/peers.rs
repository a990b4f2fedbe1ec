//! What stands around the service: its process, a client that writes bytes, a server downstream, a collector.

use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::{ExportLogsServiceRequest, ExportLogsServiceResponse, logs_service_server as logs},
        metrics::v1::{ExportMetricsServiceRequest, ExportMetricsServiceResponse, metrics_service_server as metrics},
        trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse, trace_service_server as trace},
    },
    trace::v1::Span,
};
use serde_json::Value;
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};
use tonic::{Request, Response, Status};

pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until `probe` has an answer.
pub(crate) fn eventually<T>(what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(answer) = probe() {
            return answer;
        }
        assert!(started.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// The service as a process of its own.
pub(crate) struct Process {
    child: Child,
    pub(crate) port: u16,
    lines: mpsc::Receiver<String>,
    seen: Vec<Value>,
}

impl Process {
    /// Starts it and waits until it is ready.
    pub(crate) fn serve(environment: &[(&str, &str)]) -> Self {
        let mut process = Self::spawn("serve", environment);
        let listening = eventually("a line that says `listening`", || process.log("listening"));
        process.port = listening["attributes"]["server.port"].as_u64().expect("a port").try_into().expect("a port");
        eventually("ready", || (process.get("/readyz").status == 200).then_some(()));
        process
    }

    pub(crate) fn spawn(arguments: &str, environment: &[(&str, &str)]) -> Self {
        let mut child = Command::new(std::env::current_exe().expect("this test"))
            .args(["service::process", "--exact", "--ignored", "--nocapture"])
            .env_clear()
            .env("PROBE_ARGUMENTS", arguments)
            .env("HOST", "127.0.0.1")
            .env("PORT", "0")
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("this test starts");
        let output = BufReader::new(child.stdout.take().expect("piped"));
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, port: 0, lines, seen: Vec::new() }
    }

    /// The log line with this body, if it was written by now.
    pub(crate) fn log(&mut self, body: &str) -> Option<Value> {
        // The test harness writes a line of its own, and no newline before ours.
        let json = |line: String| serde_json::from_str(&line[line.find('{')?..]).ok();
        self.seen.extend(self.lines.try_iter().filter_map(json));
        self.seen.iter().find(|line| line["body"] == body).cloned()
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n"))
    }

    pub(crate) fn send(&self, request: &str) -> Answer {
        Answer::of(self.write(request))
    }

    /// Writes a request; its answer is read later.
    pub(crate) fn write(&self, request: &str) -> TcpStream {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("connects");
        stream.set_read_timeout(Some(PATIENCE)).expect("sets");
        stream.write_all(request.as_bytes()).expect("writes");
        stream
    }

    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(status.expect("kill runs").success());
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        eventually("the process ends", || self.child.try_wait().expect("waits"))
    }

    pub(crate) fn errors(&mut self) -> String {
        let mut text = String::new();
        self.child.stderr.take().expect("piped").read_to_string(&mut text).expect("reads");
        text
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn of(mut stream: TcpStream) -> Self {
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes); // a refused body may end in a reset after the answer
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.get(9..12).and_then(|status| status.parse().ok()).unwrap_or(0);
        Self { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

/// The headers of a request, by their lower-case names.
pub(crate) type Headers = Vec<(String, String)>;

/// A server that notes the headers of each request.
pub(crate) struct Downstream {
    pub(crate) url: String,
    calls: Arc<Mutex<Vec<Headers>>>,
}

impl Downstream {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("binds");
        let url = format!("http://{}/", listener.local_addr().expect("bound"));
        let calls = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&calls);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let mut reader = BufReader::new(&stream);
                let lines = reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty());
                let header = |line: String| line.split_once(": ").map(|(k, v)| (k.to_ascii_lowercase(), v.to_owned()));
                noted.lock().expect("no panic").push(lines.filter_map(header).collect());
                let _ = (&stream).write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            }
        });
        Self { url, calls }
    }

    /// The calls since the last time.
    pub(crate) fn take(&self) -> Vec<Headers> {
        std::mem::take(&mut self.calls.lock().expect("no panic"))
    }
}

/// A collector that keeps all that it is sent.
#[derive(Clone, Default)]
pub(crate) struct Collector(Arc<Mutex<Received>>);

#[derive(Default)]
pub(crate) struct Received {
    pub(crate) traces: Vec<ExportTraceServiceRequest>,
    pub(crate) metrics: Vec<ExportMetricsServiceRequest>,
    pub(crate) logs: Vec<ExportLogsServiceRequest>,
}

impl Collector {
    /// Over gRPC.
    pub(crate) fn grpc() -> (Self, String) {
        let collector = Self::default();
        let serving = collector.clone();
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
                sender.send(listener.local_addr().expect("bound")).expect("is awaited");
                let routes = tonic::service::Routes::new(trace::TraceServiceServer::new(serving.clone()))
                    .add_service(metrics::MetricsServiceServer::new(serving.clone()))
                    .add_service(logs::LogsServiceServer::new(serving));
                axum::serve(listener, routes.into_axum_router()).await.expect("serves");
            });
        });
        (collector, format!("http://{}", receiver.recv().expect("it listens")))
    }

    /// Over HTTP, binary protobuf.
    pub(crate) fn http() -> (Self, String) {
        use prost::Message as _;
        let collector = Self::default();
        let serving = collector.clone();
        let (sender, receiver) = mpsc::channel();
        let take = async move |path: axum::extract::Path<String>, body: axum::body::Bytes| {
            let mut received = serving.0.lock().expect("no panic");
            match path.as_str() {
                "traces" => received.traces.push(ExportTraceServiceRequest::decode(body).expect("decodes")),
                "metrics" => received.metrics.push(ExportMetricsServiceRequest::decode(body).expect("decodes")),
                "logs" => received.logs.push(ExportLogsServiceRequest::decode(body).expect("decodes")),
                other => panic!("no such signal: {other}"),
            }
        };
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
                sender.send(listener.local_addr().expect("bound")).expect("is awaited");
                let routes = axum::Router::new().route("/v1/{signal}", axum::routing::post(take));
                axum::serve(listener, routes).await.expect("serves");
            });
        });
        (collector, format!("http://{}", receiver.recv().expect("it listens")))
    }

    pub(crate) fn look<T>(&self, at: impl FnOnce(&Received) -> T) -> T {
        at(&self.0.lock().expect("no panic"))
    }

    pub(crate) fn spans(&self) -> Vec<Span> {
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
