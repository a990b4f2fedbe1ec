//! Documentation, held against mkdocs-techdocs-core and against hostile input.

mod hostile;
mod shape;
mod sites;
mod techdocs;
