//! What text/template does, as goldens that Go made, and what it does not: limits, threads, positions.
#![forbid(unsafe_code)]

mod api;
mod generated;
mod goldens;
mod host;
mod limits;
mod sprig;
mod tracing;
