//! The verbs, one file each: its arguments (whose doc comments are the help) and what it does.

pub(crate) mod render;
