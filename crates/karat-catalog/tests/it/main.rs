//! The catalog, held against Backstage.

mod index;
mod organisation;
mod restitch;
