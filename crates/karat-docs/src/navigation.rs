//! The navigation: sections, pages and links, in the order in which they are read.

use std::collections::{BTreeMap, BTreeSet};

use karat_source::clean;

use crate::config::{Config, Ignored, Item, What};
use crate::problem::{Kind, Problem};

/// One entry of the navigation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A page, by its path from `docs_dir`. The title is the navigation's, if it gives one.
    Page {
        /// The title that the navigation gives.
        title: Option<String>,
        /// The path of its source: `how-to/release.md`.
        path: String,
    },
    /// A heading with entries below it.
    Section {
        /// The heading.
        title: String,
        /// What is below it.
        entries: Vec<Self>,
    },
    /// An address elsewhere.
    Link {
        /// What is shown.
        title: String,
        /// The address: http or https.
        url: String,
    },
}

/// The navigation of a site.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Nav {
    /// The entries at the top.
    pub entries: Vec<Entry>,
}

impl Nav {
    /// The pages in reading order: path, the navigation's title, and the sections around it, outermost first.
    pub fn pages(&self) -> Vec<(&str, Option<&str>, Vec<&str>)> {
        let mut found = Vec::new();
        let mut open: Vec<(&Entry, Vec<&str>)> = self.entries.iter().rev().map(|entry| (entry, Vec::new())).collect();
        while let Some((entry, sections)) = open.pop() {
            match entry {
                Entry::Page { title, path } => found.push((path.as_str(), title.as_deref(), sections)),
                Entry::Link { .. } => {}
                Entry::Section { title, entries } => {
                    let below: Vec<&str> = sections.iter().copied().chain([title.as_str()]).collect();
                    open.extend(entries.iter().rev().map(|entry| (entry, below.clone())));
                }
            }
        }
        found
    }

    /// The navigation that the configuration writes, or that the files make. `pages` are sorted paths from `docs_dir`,
    /// `assets` the other files.
    pub(crate) fn new(config: &Config, pages: &[String], assets: &BTreeSet<String>) -> (Self, Vec<Problem>) {
        let hidden = Ignored::new(&config.not_in_nav);
        let Some(items) = &config.nav else {
            let listed: Vec<&String> = pages.iter().filter(|page| !hidden.has(page, false)).collect();
            return (Self { entries: nested(&listed, "") }, Vec::new());
        };
        let file = config.file.clone().unwrap_or_default();
        let mut building = Building { file: &file, pages, assets, seen: BTreeSet::new(), problems: Vec::new() };
        let entries = building.entries(items);
        for page in pages {
            if !building.seen.contains(page) && !hidden.has(page, false) {
                let message = format!("the page {page} is not in `nav`, so no reader finds it");
                building.problems.push(
                    Problem::warning(Kind::Navigation, &file, config.nav_at, message)
                        .fix("add it to `nav`, or name it in `not_in_nav`"),
                );
            }
        }
        (Self { entries }, building.problems)
    }
}

struct Building<'b> {
    file: &'b str,
    pages: &'b [String],
    assets: &'b BTreeSet<String>,
    seen: BTreeSet<String>,
    problems: Vec<Problem>,
}

impl Building<'_> {
    fn entries(&mut self, items: &[Item]) -> Vec<Entry> {
        items.iter().filter_map(|item| self.entry(item)).collect()
    }

    fn entry(&mut self, item: &Item) -> Option<Entry> {
        let target = match &item.what {
            What::Section(items) => {
                let entries = self.entries(items);
                return Some(Entry::Section { title: item.title.clone().unwrap_or_default(), entries });
            }
            What::Target(target) => target,
        };
        if let Some((scheme, _)) = target.split_once("://") {
            if matches!(scheme, "http" | "https") {
                let title = item.title.clone().unwrap_or_else(|| target.clone());
                return Some(Entry::Link { title, url: target.clone() });
            }
            return self.refuse(item, format!("an address with the scheme `{scheme}` is refused"), "use https");
        }
        let Some(path) = clean(target) else {
            return self.refuse(
                item,
                format!("`{target}` leads out of the documentation"),
                "name a page below docs_dir",
            );
        };
        if self.pages.binary_search(&path).is_ok() {
            if !self.seen.insert(path.clone()) {
                return self.refuse(item, format!("the page {path} is in `nav` twice"), "keep one of them");
            }
            return Some(Entry::Page { title: item.title.clone(), path });
        }
        if self.assets.contains(&path) {
            let title = item.title.clone().unwrap_or_else(|| path.clone());
            return Some(Entry::Link { title, url: path });
        }
        self.refuse(item, format!("there is no page {path}"), "write the page, or take it out of `nav`")
    }

    fn refuse(&mut self, item: &Item, message: String, fix: &str) -> Option<Entry> {
        self.problems.push(Problem::error(Kind::Navigation, self.file, item.at, message).fix(fix));
        None
    }
}

/// The navigation that MkDocs makes of files: folders are sections, an index comes first.
fn nested(pages: &[&String], prefix: &str) -> Vec<Entry> {
    let mut here: Vec<&String> = pages.iter().copied().filter(|page| !page[prefix.len()..].contains('/')).collect();
    here.sort_by_key(|page| (!is_index(page), (*page).clone()));
    let mut entries: Vec<Entry> =
        here.into_iter().map(|page| Entry::Page { title: None, path: page.clone() }).collect();
    let mut folders: BTreeMap<&str, Vec<&String>> = BTreeMap::new();
    for page in pages {
        if let Some((folder, _)) = page[prefix.len()..].split_once('/') {
            folders.entry(folder).or_default().push(page);
        }
    }
    for (folder, inside) in folders {
        let below = format!("{prefix}{folder}/");
        entries.push(Entry::Section { title: title_of(folder), entries: nested(&inside, &below) });
    }
    entries
}

fn is_index(path: &str) -> bool {
    matches!(karat_source::split(path).1, "index.md" | "README.md")
}

/// A title made of the name of a file or folder, as MkDocs makes it.
pub(crate) fn title_of(name: &str) -> String {
    let title = name.replace(['-', '_'], " ");
    if title.to_lowercase() != title {
        return title;
    }
    let mut characters = title.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}
