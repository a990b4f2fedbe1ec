//! The `karat` binary: one file per verb; nothing else prints.
fn main() {}
