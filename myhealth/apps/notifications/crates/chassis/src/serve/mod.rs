//! A service's life: read the environment, start, serve, drain, end.

mod command;
mod server;
mod signals;

use crate::{
    config::Reader,
    health::Health,
    http::{Limits, layered, not_found},
    secrets::Secrets,
    telemetry::{Telemetry, TelemetrySettings},
};
use axum::Router;
use server::Server;
use signals::{Signals, exit_now};
use std::{
    error::Error as StdError,
    io,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{net::TcpListener, sync::watch, task::JoinSet};

pub use command::{command, main};

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

/// Writes beside and renames, so that nobody reads half of it.
fn write_atomically(path: &Path, text: &str) -> io::Result<()> {
    let beside = path.with_extension("new");
    std::fs::write(&beside, text)?;
    std::fs::rename(&beside, path)
}
