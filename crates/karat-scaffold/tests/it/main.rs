//! Expressions as Backstage evaluates them, templates to trees, updates, and what others may feed us.

mod cases;
mod expressions;
mod hostile;
mod merge;
mod parameters;
mod updates;
