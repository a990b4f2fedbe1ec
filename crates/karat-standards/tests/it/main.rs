//! One binary, a module per theme.

mod apiserver;
mod cases;
mod judge;
mod myhealth;
mod tree;
mod world;
