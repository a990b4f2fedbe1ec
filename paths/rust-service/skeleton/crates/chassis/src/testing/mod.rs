//! For tests: a service as a process, and what stands around it. Behind the feature `testing`; it panics where a test should fail.

mod collector;
#[cfg(feature = "store")]
mod database;
mod process;
mod recorder;
mod sqs;

pub use collector::{Collector, Received};
#[cfg(feature = "store")]
pub use database::{TestDatabase, databases};
pub use process::{Answer, Process};
pub use recorder::{Headers, Recorded, Recorder};
pub use sqs::{Sqs, queue_of_peers, send_to_peers};

use axum::Router;
use std::{
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

/// How long a test waits for what must happen.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until `probe` has an answer.
pub fn eventually<T>(what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(answer) = probe() {
            return answer;
        }
        assert!(started.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Serves routes on a free port, on a thread of their own, and gives their address.
fn serve(routes: Router) -> String {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            sender.send(listener.local_addr().expect("bound")).expect("is awaited");
            axum::serve(listener, routes).await.expect("serves");
        });
    });
    format!("http://{}", receiver.recv().expect("it listens"))
}
