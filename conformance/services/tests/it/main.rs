//! `records`, `appointments` and `notifications` as processes, as a platform would run them: by their environment and their
//! signals, with a real SQS and an OTLP collector that remembers.
//!
//! `KARAT_SERVICES` names the folder of their binaries, `KARAT_PEERS_SQS` the queue's endpoint; `cargo xtask test --peers`
//! sets both.

mod collector;
mod hospital;
mod http;
mod kill;
mod poison;
mod privacy;
mod process;
mod queue;
mod trace;

use std::io::Write as _;

/// A variable that names a peer; `None` (after saying `skipped: ...`) where it is not set.
fn peer(name: &str) -> Option<String> {
    let found = std::env::var(name).ok().filter(|value| !value.is_empty());
    if found.is_none() {
        assert!(std::env::var("CI").is_err(), "{name} is not set, and in CI nothing is skipped");
        let _ = writeln!(std::io::stderr(), "skipped: needs {name}: run `cargo xtask test --peers`");
    }
    found
}
