//! The kit's own tests.

mod cases;
mod forgotten;
mod sandbox;
