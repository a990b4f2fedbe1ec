//! Argo CD's types and what it does with them.

pub(crate) mod fill;
pub(crate) mod patch;
pub(crate) mod shape;
pub(crate) mod types;
