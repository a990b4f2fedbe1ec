//! What two renderings must have in common: addresses, titles, neighbours, headings, links, text and counted elements.
//!
//! The same shape is taken from TechDocs' pages by `conformance/techdocs/main.py`.

use std::collections::BTreeMap;

use karat_docs::{Page, Site};
use serde_json::{Value, json};

/// Elements that are counted: those that both renderings draw alike.
const COUNTED: [&str; 18] = [
    "li",
    "dl",
    "dt",
    "dd",
    "table",
    "th",
    "td",
    "pre",
    "code",
    "blockquote",
    "em",
    "strong",
    "del",
    "mark",
    "sup",
    "sub",
    "abbr",
    "img",
];

/// The shape of a site.
pub(crate) fn site(site: &Site) -> Value {
    let mut pages: Vec<&Page> = site.pages().iter().collect();
    pages.sort_by(|a, b| a.path.cmp(&b.path));
    json!({ "pages": pages.into_iter().map(page).collect::<Vec<_>>() })
}

fn page(page: &Page) -> Value {
    let headings: Vec<Value> = page
        .toc
        .iter()
        .map(|heading| json!({ "level": heading.level, "id": heading.id, "text": heading.text }))
        .collect();
    let Content { text, tabs, counts } = Content::of(&page.html);
    json!({
        "path": page.path,
        "url": page.url,
        "title": page.title,
        "previous": page.previous.as_ref().map(|page| &page.url),
        "next": page.next.as_ref().map(|page| &page.url),
        "headings": headings,
        "links": page.hrefs(),
        "text": text,
        "tabs": tabs,
        "counts": counts,
    })
}

/// What clean HTML holds.
#[derive(Default)]
struct Content {
    /// Its letters, without permalinks and the titles of tabs.
    text: String,
    tabs: Vec<String>,
    counts: BTreeMap<String, usize>,
}

impl Content {
    fn of(html: &str) -> Self {
        let mut content = Self::default();
        // Which end tag ends what is not part of the text.
        let mut hidden: Option<&str> = None;
        let mut tab = false;
        for piece in html.split('<') {
            let (tag, after) = piece.split_once('>').unwrap_or(("", piece));
            let name = tag.split([' ', '/']).next().unwrap_or_default();
            if COUNTED.contains(&name) {
                *content.counts.entry(name.to_owned()).or_default() += 1;
            }
            if tag.contains("class=\"headerlink\"") {
                hidden = Some("/a");
            } else if tag.starts_with("details") {
                tab = tag.contains("class=\"tab\"");
            } else if name == "summary" && tab {
                content.tabs.push(after.to_owned());
                hidden = Some("/summary");
            } else if hidden == Some(tag) {
                hidden = None;
                tab = false;
            }
            if hidden.is_none() {
                content.text.push_str(after);
            }
        }
        let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&nbsp;", ""), ("&amp;", "&")];
        let text = entities.into_iter().fold(content.text, |text, (entity, character)| text.replace(entity, character));
        content.text = text.split_whitespace().collect();
        content
    }
}

/// Where two shapes differ, one line each.
pub(crate) fn differences(ours: &Value, theirs: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let pages = |shape: &Value| -> BTreeMap<String, Value> {
        let pages = shape["pages"].as_array().cloned().unwrap_or_default();
        pages.into_iter().map(|page| (page["path"].as_str().unwrap_or_default().to_owned(), page)).collect()
    };
    let (ours, theirs) = (pages(ours), pages(theirs));
    for path in ours.keys().chain(theirs.keys()).collect::<std::collections::BTreeSet<_>>() {
        let (Some(ours), Some(theirs)) = (ours.get(path), theirs.get(path)) else {
            found.push(format!("{path}: only one of them has it"));
            continue;
        };
        for field in ["url", "title", "previous", "next", "headings", "links", "tabs", "counts"] {
            if ours[field] != theirs[field] {
                found.push(format!("{path}: {field}\n    ours   {}\n    theirs {}", ours[field], theirs[field]));
            }
        }
        let (ours, theirs) = (ours["text"].as_str().unwrap_or_default(), theirs["text"].as_str().unwrap_or_default());
        if ours != theirs {
            let same = ours.chars().zip(theirs.chars()).take_while(|(a, b)| a == b).count();
            let from = same.saturating_sub(30);
            let part = |text: &str| text.chars().skip(from).take(100).collect::<String>();
            found.push(format!("{path}: text\n    ours   {}\n    theirs {}", part(ours), part(theirs)));
        }
    }
    found
}
