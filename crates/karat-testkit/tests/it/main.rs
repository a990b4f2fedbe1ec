//! The kit's own tests.

mod cases;
mod cluster;
mod forgotten;
mod sandbox;
