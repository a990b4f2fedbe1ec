//! Documentation beside the code: `mkdocs.yml` and Markdown, rendered as Backstage's TechDocs renders them.
//!
//! [`Site::read`] reads a repository's documentation from a [`karat_source::World`] and gives its [`Page`]s, its
//! navigation, and every [`Problem`]: what the configuration may not say, links that lead nowhere, pages that no reader
//! finds. [`openapi::read`] draws an OpenAPI document as a page.
//!
//! The HTML that comes out is safe to show: whatever a page holds, it is cleaned by an allow-list (see [`sanitise`]), and
//! nothing in it runs. Classes are stable; they are listed in `docs/reference/techdocs-compatibility.md`.
#![forbid(unsafe_code)]

mod config;
mod highlight;
mod history;
mod links;
mod markdown;
mod navigation;
mod page;
mod problem;
mod quadrant;
mod search;
mod site;
mod structure;
mod yaml;

pub mod openapi;
pub mod sanitise;

pub use config::{CONFIG_FILES, Config};
pub use history::{Change, History, NoHistory};
pub use markdown::slug;
pub use navigation::{Entry, Nav};
pub use page::{Heading, Page, PageRef};
pub use problem::{Kind, Problem, Severity};
pub use quadrant::Quadrant;
pub use search::SearchEntry;
pub use site::{Asset, LINES_LIMIT, PAGES_LIMIT, Site};
pub use structure::{Structure, Table};
