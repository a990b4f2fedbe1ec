//! Karat against Helm: every case folder of `tests/cases`, and more under `cargo xtask test --peers`.

mod cases;
mod functions;
mod helm;
mod hostile;
mod istio;
mod karat;
mod origins;
mod peers;
