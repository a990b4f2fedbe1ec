//! The verbs, one file each: its arguments (whose doc comments are the help) and what it does.

pub(crate) mod account;
pub(crate) mod check;
pub(crate) mod diff;
pub(crate) mod docs;
pub(crate) mod new;
pub(crate) mod render;
pub(crate) mod standards;
pub(crate) mod up;
pub(crate) mod update;
