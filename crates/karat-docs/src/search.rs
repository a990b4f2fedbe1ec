//! What a search finds: each part of each page.

use crate::page::Page;
use crate::quadrant::Quadrant;

/// The text under one heading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchEntry {
    /// Where it is, from the site's root: `how-to/release/#roll-back`.
    pub location: String,
    /// The page's title.
    pub page: String,
    /// The heading's text; the page's title for what comes before the first one.
    pub title: String,
    /// The text, without markup, one space between words.
    pub text: String,
    /// What the page is for.
    pub quadrant: Option<Quadrant>,
}

/// The entries of a page: what is before its first heading counts to the page.
pub(crate) fn entries(page: &Page) -> Vec<SearchEntry> {
    let mut found = Vec::new();
    for (index, section) in page.text.iter().enumerate() {
        let is_own_title = index == 1 && page.toc.first().is_some_and(|heading| heading.level == 1);
        if index == 0 && section.text.is_empty() && page.text.len() > 1 {
            continue;
        }
        let whole = index == 0 || is_own_title;
        let location = if whole { page.url.clone() } else { format!("{}#{}", page.url, section.id) };
        let title = if whole { page.title.clone() } else { section.title.clone() };
        found.push(SearchEntry {
            location,
            page: page.title.clone(),
            title,
            text: section.text.clone(),
            quadrant: page.quadrant,
        });
    }
    found
}
