//! The portal: pages that are rendered on the server and need no script, and Backstage's REST API, from one process.
//!
//! [`run`] is what `karat up` calls; [`serve`] is the same inside a runtime that is already there.
#![forbid(unsafe_code)]

mod api;
mod cases;
pub mod catalog;
mod error;
mod guard;
pub mod identity;
mod lock;
pub mod look;
pub mod make;
pub mod model;
pub mod pages;
pub mod parts;
mod server;
pub mod site;
mod state;

use std::net::SocketAddr;
use std::path::PathBuf;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use error::Error;
pub use model::Clock;
pub use server::router;
pub use state::{Drain, Portal, Shared};

/// Where [`run`] listens unless it is told otherwise: Backstage's own port, so that its clients' defaults fit.
pub const PORT: u16 = 7007;

/// What a portal is started with.
#[derive(Clone)]
pub struct Options {
    /// The folder of the organisation: the one that holds `governance/`.
    pub organisation: PathBuf,
    /// Where it listens. Port 0 takes any that is free.
    pub address: SocketAddr,
    /// Where it keeps its state; made if it is not there.
    pub data: PathBuf,
    /// The address that people type, where a proxy with TLS stands before it: people sign in then.
    pub public: Option<String>,
    /// Now. Libraries read no clock of their own, so that a test can choose the day.
    pub clock: Clock,
}

/// A portal that answers.
pub struct Running {
    address: SocketAddr,
    state: Shared,
    task: JoinHandle<()>,
}

impl Running {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What a person types into a browser.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What its parts share.
    pub fn state(&self) -> &Shared {
        &self.state
    }

    /// Takes no new connections, lets requests end, and closes.
    pub async fn stop(self) {
        self.state.drain.start();
        // A task that panicked has told it already, and there is nothing left to close.
        let _ = self.task.await;
    }
}

/// Starts a portal.
///
/// # Errors
/// The address is taken, the organisation cannot be read, or the data folder cannot be used.
pub async fn serve(options: Options) -> Result<Running, Error> {
    let listener =
        TcpListener::bind(options.address).await.map_err(|source| Error::Bind { address: options.address, source })?;
    let address = listener.local_addr().map_err(|source| Error::Bind { address: options.address, source })?;
    let opened = tokio::task::spawn_blocking(|| Portal::open(options)).await;
    let state = Shared::new(opened.map_err(|_| Error::Opening)??);
    let task = tokio::spawn(server::serve(listener, server::router(&state), state.drain.clone()));
    Ok(Running { address, state, task })
}

/// Starts a portal, tells `ready`, and serves until Ctrl-C or SIGTERM; then drains.
///
/// # Errors
/// As [`serve`]; or the system gives no threads or signals.
pub fn run(options: Options, ready: impl FnOnce(&Running)) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Error::Runtime)?;
    runtime.block_on(async {
        let running = serve(options).await?;
        ready(&running);
        server::told_to_stop().await.map_err(Error::Runtime)?;
        running.stop().await;
        Ok(())
    })
}
