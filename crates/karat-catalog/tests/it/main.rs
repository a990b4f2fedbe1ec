//! The catalog, held against Backstage.

mod index;
