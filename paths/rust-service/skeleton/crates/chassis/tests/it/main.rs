//! The chassis around a small service, run as a process: signals, exit codes, what leaves by OTLP, what goes downstream.

mod errors;
mod grpc;
mod life;
mod messaging;
mod service;
mod store;
mod telemetry;
mod trace_context;
