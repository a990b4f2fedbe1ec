//! The listener: one port for HTTP/1.1, h2c and the probes.

use crate::{health::Health, problem::Problem};
use axum::Router;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
};
use std::{
    convert::Infallible,
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::{
    net::TcpListener,
    sync::{Semaphore, watch},
};
use tower::ServiceExt as _;

/// Connections at once; further ones wait to be accepted.
const CONNECTIONS: usize = 4096;
/// A client that sends nothing, or a head too slowly, is not waited for longer.
const HEAD: Duration = Duration::from_secs(10);

/// Accepts connections, HTTP/1.1 and h2c, and answers probes from the first moment on.
pub(super) struct Server {
    listener: TcpListener,
    health: Health,
    /// Set once the service has started; until then requests are answered 503.
    pub(super) routes: Arc<OnceLock<Router>>,
}

impl Server {
    pub(super) fn new(listener: TcpListener, health: Health) -> Self {
        Self { listener, health, routes: Arc::default() }
    }

    /// Until `stopped`; then finishes what is in flight.
    pub(super) async fn run(self, mut stopped: watch::Receiver<bool>) {
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
