//! The portal: pages that are rendered on the server and need no script.
#![forbid(unsafe_code)]

pub mod look;
pub mod parts;
