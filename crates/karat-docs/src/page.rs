//! A page: what a reader sees, and what is around it.

use crate::quadrant::Quadrant;

/// A rendered page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The path of its source from `docs_dir`: `how-to/release.md`.
    pub path: String,
    /// Its source, as the site's world calls it: `apps/records/docs/how-to/release.md`.
    pub source: String,
    /// Where it is served, from the site's root: `how-to/release/`, empty for the home page.
    pub url: String,
    /// The title that navigation and search show.
    pub title: String,
    /// What it is about, if its front matter says so.
    pub description: Option<String>,
    /// The content as clean HTML, to be put in an `article`.
    pub html: String,
    /// The headings in reading order, the page's own included.
    pub toc: Vec<Heading>,
    /// What it is for.
    pub quadrant: Option<Quadrant>,
    /// The sections of the navigation around it, outermost first.
    pub sections: Vec<String>,
    /// The page before it in reading order.
    pub previous: Option<PageRef>,
    /// The page after it.
    pub next: Option<PageRef>,
    /// Where its source is edited, if `mkdocs.yml` says so.
    pub edit_url: Option<String>,
    pub(crate) text: Vec<Section>,
    pub(crate) links: Vec<Link>,
    pub(crate) ids: Vec<String>,
}

/// A heading of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heading {
    /// 1 to 6.
    pub level: u8,
    /// Its id, unique on the page.
    pub id: String,
    /// Its text, without markup.
    pub text: String,
    /// The line of the source, from 1.
    pub line: u32,
}

/// Another page of the site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRef {
    /// Its path from `docs_dir`.
    pub path: String,
    /// Where it is served, from the site's root.
    pub url: String,
    /// Its title.
    pub title: String,
}

/// The text from one heading to the next; the first one has no heading.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Section {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) text: String,
}

/// A link to a part of a page of this site, to be checked when all pages are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    /// The page's path.
    pub(crate) page: String,
    pub(crate) anchor: String,
    /// As it is written.
    pub(crate) written: String,
    /// Line and column in the source.
    pub(crate) at: (u32, u32),
}

impl Page {
    /// The targets of the links of its HTML, as they stand there, in order.
    pub fn hrefs(&self) -> Vec<String> {
        let mut found = Vec::new();
        for tag in self.html.split("<a ").skip(1) {
            let tag = tag.split('>').next().unwrap_or_default();
            if tag.contains("class=\"headerlink\"") {
                continue;
            }
            if let Some(href) = tag.split("href=\"").nth(1).and_then(|rest| rest.split('"').next()) {
                found.push(crate::markdown::plain(href));
            }
        }
        found
    }

    /// Its text, headings included, without markup.
    pub fn text(&self) -> String {
        crate::markdown::plain(&self.html)
    }
}
