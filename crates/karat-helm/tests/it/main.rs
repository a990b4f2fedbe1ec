//! Karat against Helm: every case folder of `tests/cases`, and more under `cargo xtask test --peers`.

mod functions;
mod helm;
mod peers;
