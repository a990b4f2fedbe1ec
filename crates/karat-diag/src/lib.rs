//! Diagnostics as values, and their renderings
#![forbid(unsafe_code)]
