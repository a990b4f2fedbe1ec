//! A service's life: read the environment, start, serve, drain, end.

use crate::{
    config::{ConfigError, Reader},
    health::Health,
    http::{Limits, layered, not_found},
    problem::Problem,
    secrets::Secrets,
    telemetry::{Telemetry, TelemetrySettings},
};
use axum::Router;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
};
use std::{
    convert::Infallible,
    error::Error as StdError,
    io::{self, Write as _},
    net::IpAddr,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
    sync::{Semaphore, watch},
    task::JoinSet,
};
use tower::ServiceExt as _;

/// Connections at once; further ones wait to be accepted.
const CONNECTIONS: usize = 4096;
/// A client that sends nothing, or a head too slowly, is not waited for longer.
const HEAD: Duration = Duration::from_secs(10);

/// What a service says of itself.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// Its name in the catalog.
    pub name: &'static str,
    /// `env!("CARGO_PKG_VERSION")`.
    pub version: &'static str,
    /// One line.
    pub summary: &'static str,
    /// Help on its own settings, one a line: `  NAME   what it is`.
    pub settings: &'static str,
}

/// A service: its settings, and how it starts.
pub trait Service: Sized + Send + Sync + 'static {
    /// What `--help` and telemetry say of it.
    const ABOUT: About;

    /// Reads its settings. Mistakes are noted in `env`; `None` where one makes the settings impossible.
    fn read(env: &mut Reader) -> Option<Self>;

    /// Applies its migrations.
    fn migrate(&self, secrets: &Secrets) -> impl Future<Output = Result<(), StartError>> + Send;

    /// Migrates, connects, registers checks and tasks with the chassis, and gives its routes.
    fn start(self, chassis: &mut Chassis) -> impl Future<Output = Result<Router, StartError>> + Send;
}

/// What every service is told by the environment.
#[derive(Debug, Clone)]
pub struct Settings {
    host: IpAddr,
    port: u16,
    port_file: Option<PathBuf>,
    drain: Duration,
    grace: Duration,
    limits: Limits,
    secrets: Option<PathBuf>,
    telemetry: TelemetrySettings,
}

impl Settings {
    /// Reads them; mistakes are noted in `env`.
    pub fn read(env: &mut Reader, about: &About) -> Self {
        let host = env.optional("HOST", "an IP address to listen on", |text| text.parse().ok());
        Self {
            host: host.unwrap_or(IpAddr::from([0, 0, 0, 0])),
            port: env.number("PORT", 0..=65535, 8080).try_into().unwrap_or(8080),
            port_file: env.text("PORT_FILE").map(PathBuf::from),
            drain: env.seconds("DRAIN_SECONDS", 0..=3600, 0),
            grace: env.seconds("GRACE_SECONDS", 0..=3600, 30),
            limits: Limits {
                concurrent: usize::try_from(env.number("MAX_CONCURRENT_REQUESTS", 1..=1_000_000, 512)).unwrap_or(512),
                timeout: env.seconds("REQUEST_TIMEOUT_SECONDS", 1..=600, 10),
            },
            secrets: env.text("SECRETS_DIR").map(PathBuf::from),
            telemetry: TelemetrySettings::read(env, about.name),
        }
    }
}

/// Something that the service needs does not work: exit code 3.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StartError(Box<dyn StdError + Send + Sync>);

impl StartError {
    /// From any error that names what does not work and what to do.
    pub fn new(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(error.into())
    }
}

#[cfg(feature = "store")]
impl From<crate::store::StoreError> for StartError {
    fn from(error: crate::store::StoreError) -> Self {
        Self::new(error)
    }
}

/// What a service is given to start with.
#[derive(Debug)]
pub struct Chassis {
    /// Its secrets.
    pub secrets: Secrets,
    /// Its checks.
    pub health: Health,
    tasks: JoinSet<&'static str>,
    stop: watch::Sender<bool>,
}

impl Chassis {
    fn new(secrets: Secrets) -> Self {
        Self { secrets, health: Health::default(), tasks: JoinSet::new(), stop: watch::Sender::new(false) }
    }

    /// Runs a task beside the server until the process drains. It ends when [`Stop`] says so; if it ends or panics earlier the
    /// process ends too, for it cannot do its work.
    pub fn spawn<F>(&mut self, name: &'static str, task: impl FnOnce(Stop) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let task = task(Stop(self.stop.subscribe()));
        self.tasks.spawn(async move {
            task.await;
            name
        });
    }
}

/// Tells a task when to end.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Waits until the task should end.
    pub async fn requested(&mut self) {
        let _ = self.0.wait_for(|stop| *stop).await; // the chassis is gone: also a reason to end
    }

    /// Whether the task should end now.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits for so long; false if the task should end instead.
    pub async fn sleep(&mut self, duration: Duration) -> bool {
        tokio::select! {
            () = self.requested() => false,
            () = tokio::time::sleep(duration) => true,
        }
    }

    /// The future's answer, or nothing if the task should end first.
    pub async fn or<T>(&mut self, future: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.requested() => None,
            answer = future => Some(answer),
        }
    }
}

/// A service's `main`: `serve`, `migrate`, `check`, `--help`, `--version`. Exit code 0 fine, 1 it broke while serving, 2 usage
/// or configuration, 3 something that it needs does not work.
#[must_use]
pub fn main<S: Service>() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    ExitCode::from(command::<S>(&arguments))
}

/// Does what the command line says and gives the exit code.
#[must_use]
pub fn command<S: Service>(arguments: &[&str]) -> u8 {
    let verb = match arguments {
        ["serve"] => Verb::Serve,
        ["migrate"] => Verb::Migrate,
        ["check"] => Verb::Check,
        ["--help" | "-h" | "help"] => return say(&help(&S::ABOUT)),
        ["--version" | "-V"] => return say(&format!("{} {}\n", S::ABOUT.name, S::ABOUT.version)),
        _ => {
            return fail(2, &format!("say what to do: serve, migrate or check; `{} --help` tells more", S::ABOUT.name));
        }
    };
    let (settings, service) = match read::<S>(Reader::of_process()) {
        Ok(read) => read,
        Err(error) => return fail(2, &error.to_string()),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(3, &format!("the runtime does not start: {error}")),
    };
    let result = match verb {
        Verb::Check => return say("the configuration is fine\n"),
        Verb::Migrate => runtime.block_on(service.migrate(&Secrets::new(settings.secrets))).map(|()| true),
        Verb::Serve => runtime.block_on(serve(settings, service)),
    };
    runtime.shutdown_timeout(Duration::from_secs(1));
    match result {
        Ok(true) => 0,
        Ok(false) => 1,
        Err(error) => fail(3, &error.to_string()),
    }
}

#[derive(Clone, Copy)]
enum Verb {
    Serve,
    Migrate,
    Check,
}

fn read<S: Service>(mut env: Reader) -> Result<(Settings, S), ConfigError> {
    let settings = Settings::read(&mut env, &S::ABOUT);
    let service = S::read(&mut env);
    env.finish(|| Some((settings, service?)))
}

/// Serves until a signal; true if all went well.
async fn serve<S: Service>(settings: Settings, service: S) -> Result<bool, StartError> {
    let mut signals = Signals::new().map_err(StartError::new)?;
    let telemetry = Arc::new(Telemetry::start(&settings.telemetry, &S::ABOUT).map_err(StartError::new)?);
    let result = serve_observed(&settings, service, &mut signals).await;
    if result.is_err() {
        tracing::error!("the service cannot start"); // why stands on standard error: a driver's text may quote data
    }
    let flush = tokio::task::spawn_blocking(move || telemetry.shutdown());
    tokio::select! {
        _ = flush => {}
        code = signals.next() => exit_now(code),
    }
    result
}

async fn serve_observed<S: Service>(
    settings: &Settings,
    service: S,
    signals: &mut Signals,
) -> Result<bool, StartError> {
    let address = (settings.host, settings.port);
    let listener = TcpListener::bind(address).await.map_err(|error| {
        StartError::new(format!("cannot listen on {}:{}: {error}; choose another PORT", address.0, address.1))
    })?;
    let local = listener.local_addr().map_err(StartError::new)?;
    tracing::info!({ "server.address" = local.ip().to_string(), "server.port" = local.port(), "service.version" = S::ABOUT.version }, "listening");
    if let Some(path) = &settings.port_file {
        write_atomically(path, &local.port().to_string())
            .map_err(|error| StartError::new(format!("PORT_FILE {}: {error}", path.display())))?;
    }

    let mut chassis = Chassis::new(Secrets::new(settings.secrets.clone()));
    let server = Server::new(listener, chassis.health.clone());
    let routes = Arc::clone(&server.routes);
    let (stop_accepting, stopped) = watch::channel(false);
    let server = tokio::spawn(server.run(stopped));

    let app = tokio::select! {
        app = service.start(&mut chassis) => app?,
        _ = signals.next() => return Ok(true), // told to stop before it started
    };
    let _ = routes.set(layered(app.fallback(not_found), settings.limits));
    chassis.health.started();
    tracing::info!("started");

    let mut fine = tokio::select! {
        _ = signals.next() => true,
        task = chassis.tasks.join_next(), if !chassis.tasks.is_empty() => {
            let _ = task; // its name is in the panic's message, if it was one
            tracing::error!("a background task ended; the process cannot do its work");
            false
        }
    };

    chassis.health.drain();
    tracing::info!("draining");
    let drain = async {
        tokio::time::sleep(if fine { settings.drain } else { Duration::ZERO }).await;
        let _ = stop_accepting.send(true);
        let _ = chassis.stop.send(true);
        let finish = async {
            let _ = server.await;
            while chassis.tasks.join_next().await.is_some() {}
        };
        tokio::time::timeout(settings.grace, finish).await.is_ok()
    };
    let finished = tokio::select! {
        finished = drain => finished,
        code = signals.next() => exit_now(code),
    };
    if !finished {
        tracing::warn!("some requests or tasks did not finish within GRACE_SECONDS");
        fine = false;
    }
    tracing::info!("stopped");
    Ok(fine)
}

/// Accepts connections, HTTP/1.1 and h2c, and answers probes from the first moment on.
struct Server {
    listener: TcpListener,
    health: Health,
    routes: Arc<OnceLock<Router>>,
}

impl Server {
    fn new(listener: TcpListener, health: Health) -> Self {
        Self { listener, health, routes: Arc::default() }
    }

    /// Until `stopped`; then finishes what is in flight.
    async fn run(self, mut stopped: watch::Receiver<bool>) {
        let mut http = auto::Builder::new(TokioExecutor::new());
        http.http1().timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(64 * 1024);
        http.http2().timer(TokioTimer::new()).max_concurrent_streams(256).keep_alive_interval(HEAD * 3);
        let graceful = GracefulShutdown::new();
        let slots = Arc::new(Semaphore::new(CONNECTIONS));
        loop {
            let accept = async {
                let slot = Arc::clone(&slots).acquire_owned().await;
                (self.listener.accept().await, slot)
            };
            let (accepted, slot) = tokio::select! {
                accepted = accept => accepted,
                _ = stopped.wait_for(|stop| *stop) => break,
            };
            let Ok((stream, _)) = accepted else {
                tokio::time::sleep(Duration::from_millis(50)).await; // out of file descriptors, most likely
                continue;
            };
            let (http, watcher, mut stopped) = (http.clone(), graceful.watcher(), stopped.clone());
            let (health, routes) = (self.health.clone(), Arc::clone(&self.routes));
            tokio::spawn(async move {
                let _slot = slot;
                let speaks = tokio::select! {
                    speaks = tokio::time::timeout(HEAD, stream.readable()) => matches!(speaks, Ok(Ok(()))),
                    _ = stopped.wait_for(|stop| *stop) => false,
                };
                if !speaks {
                    return;
                }
                let _ = stream.set_nodelay(true);
                let answer =
                    hyper::service::service_fn(move |request| answer(health.clone(), Arc::clone(&routes), request));
                let connection = http.serve_connection(TokioIo::new(stream), answer).into_owned();
                let _ = watcher.watch(connection).await; // a client that breaks off is no news
            });
        }
        drop(self.listener);
        graceful.shutdown().await;
    }
}

async fn answer(
    health: Health,
    routes: Arc<OnceLock<Router>>,
    request: Request<Incoming>,
) -> Result<Response<axum::body::Body>, Infallible> {
    if let Some(response) = health.answer(request.method(), request.uri().path()).await {
        return Ok(response);
    }
    match routes.get() {
        Some(routes) => routes.clone().oneshot(request).await,
        None => {
            let problem = Problem::unavailable("starting", "The service is starting", Duration::from_secs(1));
            Ok(problem.instance(request.uri().path()).render())
        }
    }
}

/// SIGTERM and SIGINT.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// The exit code that a shell gives for the next signal.
    async fn next(&mut self) -> i32 {
        tokio::select! {
            _ = self.terminate.recv() => 143,
            _ = self.interrupt.recv() => 130,
        }
    }
}

#[allow(clippy::exit, reason = "the second signal means: at once")]
fn exit_now(code: i32) -> ! {
    std::process::exit(code)
}

/// Writes beside and renames, so that nobody reads half of it.
fn write_atomically(path: &Path, text: &str) -> io::Result<()> {
    let beside = path.with_extension("new");
    std::fs::write(&beside, text)?;
    std::fs::rename(&beside, path)
}

fn help(about: &About) -> String {
    let About { name, summary, settings, .. } = about;
    format!(
        "{summary}\n
Usage: {name} <serve|migrate|check|--help|--version>
  serve      migrates the store and serves until SIGTERM
  migrate    migrates the store
  check      says whether the environment is right\n
Settings, by environment:\n{settings}
  HOST, PORT               address to listen on (0.0.0.0, 8080; port 0: a free one)
  PORT_FILE                file that the port is written to
  SECRETS_DIR              folder of secret files
  DRAIN_SECONDS            how long to serve on after SIGTERM (0)
  GRACE_SECONDS            how long to finish what is in flight (30)
  MAX_CONCURRENT_REQUESTS  more are answered 503 (512)
  REQUEST_TIMEOUT_SECONDS  for one request (10)
  LOG_LEVEL                error, warn, info or debug (info)
  OTEL_*                   as the OpenTelemetry specification says\n"
    )
}

fn say(text: &str) -> u8 {
    let _ = io::stdout().write_all(text.as_bytes());
    0
}

fn fail(code: u8, text: &str) -> u8 {
    let _ = writeln!(io::stderr(), "error: {text}");
    code
}
