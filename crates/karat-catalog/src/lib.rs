//! The catalog: what Backstage makes of catalog files, as functions of texts.
//!
//! - [`read`]: a file to [`Descriptor`]s, each an entity or a problem, each field with its place.
//! - [`policy`], [`kind_schema`]: whether an entity is one.
//! - [`search_rows`]: what an entity is found by.
//! - [`Index`]: which entities a [`Query`] means, page by page; [`Index::facets`], [`Index::list`].
//! - [`Fields`]: parts of entities.
//!
//! What is as in Backstage, and what is not, is in `docs/reference/catalog.md`.
#![forbid(unsafe_code)]

mod cursor;
mod entity;
mod error;
mod fields;
mod index;
mod json;
mod location;
mod predicate;
mod query;
mod read;
mod refs;
mod search;
mod uid;
mod validate;

pub use cursor::Cursor;
pub use entity::Entity;
pub use error::QueryError;
pub use fields::Fields;
pub use index::{DEFAULT_LIMIT, Facet, Index, Listing, Page};
pub use json::stable;
pub use location::{LocationError, LocationRef, is_script};
pub use predicate::{Condition, Predicate, Scalar};
pub use query::{FullText, List, OrderField, Params, Query, facets_from_body, facets_from_params, filter_from_params};
pub use read::{Descriptor, MAX_BYTES, MAX_DOCUMENTS, Place, Problem, read};
pub use refs::{DEFAULT_NAMESPACE, Defaults, EntityRef, RefError};
pub use search::{MAX_ROWS, Row, SearchError, search_rows};
pub use uid::Uid;
pub use validate::{kind_schema, known_kinds, policy};
