//! How much is read and written.

/// The largest text that is parsed, in bytes (a file may have 8 MiB; what a template prints may be more).
pub const MAX_BYTES: usize = 64 << 20;

/// How deep collections may nest, aliases followed. go-yaml stops at 10,000; a stack of 2 MiB does not hold that.
pub const MAX_DEPTH: usize = 500;

pub(crate) const TOO_DEEP: &str = "exceeded max depth of 500";
