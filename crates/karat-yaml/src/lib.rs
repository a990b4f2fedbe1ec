//! YAML as go-yaml and as YAML 1.2 read it, and Go's emitters, byte for byte.
//!
//! The data model lives here because every other room of the compiler speaks it: [`Str`], a Go string (bytes, usually
//! UTF-8, cheap to clone), and [`Value`], a plain tree that is `Send` and never shared mutably.
#![forbid(unsafe_code)]

mod string;
mod value;

pub use string::Str;
pub use value::{Map, Value};
