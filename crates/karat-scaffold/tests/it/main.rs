//! Expressions as Backstage evaluates them, templates to trees, updates, and what others may feed us.

mod expressions;
mod merge;
