//! The microservice chassis: what every Rust service of myHealth needs and none should write again.
//!
//! A service implements [`Service`] and its `main` is one line, `chassis::main::<Appointments>()`. It is given
//! configuration ([`config`]), secrets as files ([`secrets`]), a store on Postgres or SQLite ([`store`]), a queue
//! ([`messaging`]), clients for gRPC ([`grpc`]) and HTTP ([`client`]), and it gives a router and background tasks, which the
//! chassis serves, observes ([`telemetry`]), probes ([`health`]) and drains ([`serve`]).
//!
//! Two rules shape it:
//! - *Health data stays in.* Spans, metrics and log lines carry only attributes that are on one list
//!   ([`telemetry::allow_list`]), wherever they were set.
//! - *Spans are OpenTelemetry's, log lines are `tracing`'s.* A span is started where its kind and its conventions are known;
//!   a log line finds the span that is current. One bridge fewer, and no attribute that nobody wrote.
#![forbid(unsafe_code)]

pub mod client;
pub mod config;
pub mod grpc;
pub mod health;
pub mod http;
#[cfg(feature = "queue")]
pub mod messaging;
pub mod problem;
pub mod secrets;
pub mod serve;
#[cfg(feature = "store")]
pub mod store;
pub mod telemetry;
#[cfg(feature = "testing")]
pub mod testing;

pub use config::{ConfigError, Reader};
pub use problem::Problem;
pub use serve::{About, Chassis, Service, Settings, StartError, main};
