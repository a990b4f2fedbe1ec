//! The house rules that a machine can check.

mod copies;
mod edges;
mod governance;
mod house;
