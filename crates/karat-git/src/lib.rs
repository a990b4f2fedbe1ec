//! Git trees as a World
#![forbid(unsafe_code)]
