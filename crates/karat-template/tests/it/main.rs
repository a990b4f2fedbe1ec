//! What text/template does, as goldens that Go made, and what it does not: limits, threads, positions.
#![forbid(unsafe_code)]

mod goldens;
mod host;
