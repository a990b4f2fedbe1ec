//! Metrics: the instruments of the conventions, made once, and the view that holds the allow list.

use super::allow_list;
use opentelemetry::{
    Key, KeyValue, global,
    metrics::{Counter, Histogram, Meter},
};
use opentelemetry_sdk::metrics::{Aggregation, Instrument, InstrumentKind, Stream};

/// The conventions' buckets for durations in seconds.
const SECONDS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// The view of every instrument: allowed attributes only, and for seconds the conventions' buckets.
pub(super) fn view(instrument: &Instrument) -> Option<Stream> {
    let keys = allow_list::ALLOWED.iter().map(|name| Key::from_static_str(name));
    let mut stream = Stream::builder().with_allowed_attribute_keys(keys);
    if instrument.kind() == InstrumentKind::Histogram && instrument.unit() == "s" {
        stream = stream.with_aggregation(Aggregation::ExplicitBucketHistogram {
            boundaries: SECONDS.to_vec(),
            record_min_max: true,
        });
    }
    stream.build().ok()
}

/// The service's meter.
#[must_use]
pub fn meter() -> Meter {
    global::meter_with_scope(super::scope())
}

/// A histogram of durations, in seconds. Made at first use, which has to be after the telemetry's start: a `LazyLock` does.
#[must_use]
pub fn duration(name: &'static str) -> Histogram<f64> {
    meter().f64_histogram(name).with_unit("s").build()
}

/// A counter of things, such as `{message}`.
#[must_use]
pub fn counter(name: &'static str, unit: &'static str) -> Counter<u64> {
    meter().u64_counter(name).with_unit(unit).build()
}

/// What the runtime and the process say of their saturation, read at each export.
pub(super) fn observe_runtime() {
    let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
    let metrics = runtime.metrics();
    let (workers, tasks) = (metrics.clone(), metrics.clone());
    observe_gauge("tokio.workers", "{thread}", move || Some(workers.num_workers() as f64));
    observe_gauge("tokio.tasks.alive", "{task}", move || Some(tasks.num_alive_tasks() as f64));
    observe_gauge("tokio.global_queue.depth", "{task}", move || Some(metrics.global_queue_depth() as f64));
    // Linux says it in pages of /proc/self/statm; elsewhere there is no such file, and no value.
    meter()
        .i64_observable_up_down_counter("process.memory.usage")
        .with_unit("By")
        .with_callback(|gauge| {
            let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
            if let Some(pages) = statm.split(' ').nth(1).and_then(|pages| pages.parse::<i64>().ok()) {
                gauge.observe(pages * 4096, &[]);
            }
        })
        .build();
}

/// Reports a pool's saturation: connections in use and idle, and how many there may be.
pub fn observe_pool(system: &'static str, max: u32, read: impl Fn() -> (u32, usize) + Send + Sync + 'static) {
    let pool = KeyValue::new("db.client.connection.pool.name", system);
    let of = |state: &'static str| [pool.clone(), KeyValue::new("db.client.connection.state", state)];
    let (used, idle) = (of("used"), of("idle"));
    meter()
        .i64_observable_up_down_counter("db.client.connection.count")
        .with_unit("{connection}")
        .with_callback(move |count| {
            let (size, free) = read();
            let free = i64::try_from(free).unwrap_or(i64::MAX);
            count.observe(i64::from(size).saturating_sub(free).max(0), &used);
            count.observe(free, &idle);
        })
        .build();
    let pool = [pool];
    meter()
        .i64_observable_up_down_counter("db.client.connection.max")
        .with_unit("{connection}")
        .with_callback(move |count| count.observe(i64::from(max), &pool))
        .build();
}

/// A gauge in `unit` that `read` answers at each export; `None` says nothing this time.
pub fn observe_gauge(name: &'static str, unit: &'static str, read: impl Fn() -> Option<f64> + Send + Sync + 'static) {
    meter()
        .f64_observable_gauge(name)
        .with_unit(unit)
        .with_callback(move |gauge| {
            if let Some(value) = read() {
                gauge.observe(value, &[]);
            }
        })
        .build();
}
