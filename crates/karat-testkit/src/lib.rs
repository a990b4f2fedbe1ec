//! What the tests of every crate stand on: case folders, hermetic command runs, oracles.
//!
//! Development only: nothing that ships depends on it.
//!
//! - [`cases`]: a folder of cases, one runner, goldens beside the input.
//!   `KARAT_UPDATE=1` rewrites the goldens, `KARAT_CASE=word` runs only the cases whose name holds the word.
//! - [`sandbox`]: a temporary folder and commands run in it without the caller's environment.
//! - [`peers`]: the real tools, built by `cargo xtask test --peers`; a test asks with [`peer`] and returns when there
//!   is none.
//! - [`oracle`]: a peer that answers JSON lines; [`goldens`]: its answers in a file.
//! - [`cluster`]: a real Kubernetes API server.
//! - [`diff`]: what a failed comparison prints.
#![forbid(unsafe_code)]

pub mod cases;
pub mod cluster;
pub mod diff;
mod environment;
pub mod goldens;
pub mod oracle;
pub mod peers;
pub mod sandbox;

pub use cases::{Case, Cases};
pub use cluster::Cluster;
pub use goldens::Goldens;
pub use oracle::Oracle;
pub use peers::peer;
pub use sandbox::{Output, Sandbox};
