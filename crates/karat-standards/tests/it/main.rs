//! One binary, a module per theme.

mod cases;
mod judge;
mod myhealth;
mod world;
