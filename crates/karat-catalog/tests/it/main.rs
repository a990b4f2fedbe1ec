//! The catalog, held against Backstage.

mod backstage;
mod index;
mod organisation;
mod restitch;
