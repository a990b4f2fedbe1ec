//! One binary, a module per theme.

mod hostile;
mod mutations;
mod unreadable;
