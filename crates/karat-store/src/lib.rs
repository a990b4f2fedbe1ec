//! What the local engine keeps: one SQLite database, behind one trait for each kind of thing, so that another database can follow.
//!
//! Writes go through one thread, each a transaction: killed at any point, all of it or nothing is there. Reads have connections
//! of their own and never wait for a write.
#![forbid(unsafe_code)]

mod database;
mod entities;
mod error;
mod locations;
mod migrations;
mod tasks;

pub use database::Database;
pub use entities::{Change, Entities, Record};
pub use error::Error;
pub use locations::{Location, Locations};
pub use tasks::Tasks;
