//! One binary, a module per theme.

mod hostile;
