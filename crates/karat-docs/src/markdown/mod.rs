//! Markdown as TechDocs renders it: Python-Markdown with the extensions that `mkdocs-techdocs-core` turns on.
//!
//! A page goes three steps. [`prepare`] reads it line by line and rewrites what CommonMark does not have (admonitions, details,
//! tabs, abbreviations) into fenced containers; comrak parses that; [`write`] walks the tree once, without recursion, and
//! writes HTML. Known differences are in `docs/reference/techdocs-compatibility.md`.

mod attributes;
mod prepare;
mod raw;
pub mod slug;
mod smart;
mod tables;
mod text;
mod write;

use comrak::options::Extension;
use comrak::{Arena, Options, parse_document};

use crate::links::Links;
use crate::page::{Heading, Link, Section};
use crate::problem::Problem;
use crate::sanitise;

pub(crate) use text::{escape, plain};

/// The most lines of a page that are rendered in full; more are shown as text.
pub(crate) const LINES_LIMIT: usize = 100_000;

/// A page that is rendered.
#[derive(Debug, Default)]
pub(crate) struct Rendered {
    pub(crate) html: String,
    /// The title and description of its front matter.
    pub(crate) meta_title: Option<String>,
    pub(crate) description: Option<String>,
    /// The text of its first heading, if it starts with one of level 1.
    pub(crate) title: Option<String>,
    pub(crate) headings: Vec<Heading>,
    pub(crate) sections: Vec<Section>,
    pub(crate) links: Vec<Link>,
    /// All ids, sorted.
    pub(crate) ids: Vec<String>,
    pub(crate) problems: Vec<Problem>,
}

/// Renders the page in `file` (as the world calls it) to clean HTML.
pub(crate) fn render(file: &str, source: &str, links: &Links<'_>) -> Rendered {
    let mut rendered = draft(file, source, links);
    rendered.html = sanitise::clean(&rendered.html);
    rendered.problems.sort();
    rendered.problems.dedup();
    rendered
}

/// Renders Markdown that is part of something else, such as a description in an OpenAPI document. The whole is cleaned by
/// who puts it together.
pub(crate) fn fragment(file: &str, source: &str) -> String {
    draft(file, source, &Links::none()).html
}

fn draft(file: &str, source: &str, links: &Links<'_>) -> Rendered {
    let prepared = prepare::prepare(file, source);
    let arena = Arena::new();
    let root = parse_document(&arena, &prepared.text, &options());
    let mut rendered = write::Writer::new(file, &prepared, links).page(root);
    rendered.problems.extend(prepared.problems);
    rendered.meta_title = prepared.title;
    rendered.description = prepared.description;
    rendered
}

fn options() -> Options<'static> {
    let extension = Extension {
        strikethrough: true,
        table: true,
        autolink: true,
        tasklist: true,
        superscript: true,
        subscript: true,
        highlight: true,
        footnotes: true,
        description_lists: true,
        alerts: true,
        block_directive: true,
        ..Extension::default()
    };
    Options { extension, ..Options::default() }
}
