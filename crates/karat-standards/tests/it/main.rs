//! One binary, a module per theme.

mod apiserver;
mod breaks;
mod cases;
mod judge;
mod myhealth;
mod paths;
mod tree;
mod world;
