//! The catalog: what Backstage makes of catalog files, as functions of texts.
//!
//! - [`read`]: a file to [`Descriptor`]s, each an entity or a problem, each field with its place.
//! - [`process`]: an entity with what its file and its kind say: placeholders, annotations, validation, [`Relation`]s, the
//!   [`Target`]s of a Location. Files come through a [`Reader`].
//! - [`Graph`]: who is related to whom, and what must be stitched anew after a change; [`stitch`]: the entity that people see.
//! - [`walk`]: from registered locations to all that they lead to, for a folder.
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
mod failure;
mod fields;
mod files;
mod graph;
mod index;
mod json;
mod location;
mod matching;
mod placeholders;
mod predicate;
mod process;
mod query;
mod read;
mod refs;
mod relations;
mod search;
mod stitch;
mod uid;
mod validate;
mod walk;

pub use cursor::Cursor;
pub use entity::Entity;
pub use error::QueryError;
pub use failure::Failure;
pub use fields::Fields;
pub use files::{Files, PatternError, WorldFiles, expand};
pub use graph::Graph;
pub use index::{DEFAULT_LIMIT, Facet, Index, Listing, Page};
pub use json::stable;
pub use location::{LocationError, LocationRef, is_script};
pub use placeholders::{MAX_PLACEHOLDER, Reader};
pub use predicate::{Condition, Predicate, Scalar};
pub use process::{LOCATION, Located, ORIGIN_LOCATION, Processed, Target, check_kind, location_entity, process};
pub use query::{FullText, List, OrderField, Params, Query, facets_from_body, facets_from_params, filter_from_params};
pub use read::{Descriptor, MAX_BYTES, MAX_DOCUMENTS, Place, Problem, read};
pub use refs::{DEFAULT_NAMESPACE, Defaults, EntityRef, RefError};
pub use relations::{Reference, Relation, Unreadable, references};
pub use search::{MAX_ROWS, Row, SearchError, search_rows};
pub use stitch::{Final, Stitching, stitch, unstitch};
pub use uid::Uid;
pub use validate::{kind_schema, known_kinds, policy};
pub use walk::{Met, walk};
