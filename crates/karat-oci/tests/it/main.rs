//! The registry over real connections and the layout under it, and the official suite of the distribution specification.

mod access;
mod collect;
mod conformance;
mod hostile;
mod killed;
mod layout;
mod pages;
mod support;
