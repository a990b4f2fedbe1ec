//! What the numbers were measured on, and with.

use std::path::PathBuf;
use std::time::{Duration, Instant};

/// What `cargo xtask bench` has built for every benchmark.
#[derive(clap::Args)]
pub(crate) struct Tools {
    /// Where the peers are
    #[arg(long, value_name = "FOLDER")]
    pub(crate) peers: PathBuf,
    /// The karat binary
    #[arg(long, value_name = "FILE")]
    pub(crate) karat: PathBuf,
}

/// One line on the machine: a number without it says nothing.
pub(crate) fn describe() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let info = fs_err::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ").map(|(_, name)| name));
    format!("{}, {cores} cores", model.unwrap_or("unknown processor"))
}

/// How long `work` takes.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
    let start = Instant::now();
    let value = work();
    (value, start.elapsed())
}

/// The one in the middle.
pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
