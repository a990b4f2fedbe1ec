//! One binary, a module per theme.

mod apiserver;
mod breaks;
mod cases;
mod judge;
mod myhealth;
mod tree;
mod world;
