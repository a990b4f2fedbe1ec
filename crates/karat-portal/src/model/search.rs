//! Search over everything, ranked: what is called so before what begins so, before what holds it, before what speaks of it.

use karat_catalog::EntityRef;

use super::{Entities, Model};
use crate::pages::paths;
use crate::parts::segment;

/// Something found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// What it is called.
    pub title: String,
    /// What it is, in a word or two.
    pub kind: String,
    /// A line about it.
    pub about: String,
    /// Where it is.
    pub href: String,
    /// How well it fits; more is better.
    rank: u32,
}

/// Longer questions are cut.
const LONGEST: usize = 120;
/// So many entities that have the words are ranked.
const ENTITIES: usize = 2_000;

/// The best `most` hits for some words.
pub fn search(model: &Model, entities: &dyn Entities, words: &str, most: usize) -> Vec<Hit> {
    let asked: String = words.chars().take(LONGEST).collect::<String>().to_lowercase();
    let words: Vec<&str> = asked.split_whitespace().collect();
    if words.is_empty() {
        return Vec::new();
    }
    let mut hits = Hits { words: &words, whole: asked.trim(), found: Vec::new() };
    hits.entities(entities);
    for standard in model.verdict.standards.all() {
        hits.add(30, &standard.id, &format!("standard {}", standard.title), "standard", &standard.title, || {
            paths::standard(&standard.id)
        });
    }
    for application in &model.verdict.fleet.applications {
        let place = application.cluster.as_deref().unwrap_or_default();
        hits.add(10, application.name(), place, "application", place, || paths::application(application.name()));
    }
    for scored in model.scored() {
        let kind = format!("scorecard of a {}", scored.entity.kind.word());
        hits.add(5, &scored.entity.name, "scorecard karats", &kind, scored.team, || paths::scorecard(scored.entity));
    }
    for site in model.docs.all() {
        hits.add(25, &site.title, &site.about, "docs", &site.about, || site.href());
        for entry in site.site().search_entries() {
            let about = if entry.title == entry.page {
                site.title.clone()
            } else {
                format!("{} · {}", site.title, entry.page)
            };
            hits.add(15, &entry.title, &entry.text, "page of docs", &about, || {
                format!("{}{}", site.href(), entry.location)
            });
        }
    }
    hits.best(most)
}

struct Hits<'w> {
    words: &'w [&'w str],
    whole: &'w str,
    found: Vec<Hit>,
}

impl Hits<'_> {
    fn entities(&mut self, entities: &dyn Entities) {
        for reference in entities.find(self.words, ENTITIES) {
            let Some(entity) = entities.get(&reference) else { continue };
            let about = entity.text(&["metadata", "description"]).unwrap_or_default();
            let title = entity.title();
            let also = format!("{} {} {about}", entity.name(), reference.kind());
            self.add(40, title, &also, reference.kind(), about, || of(&reference));
        }
    }

    /// Adds something if it has every word: in its title, or in the text about it.
    fn add(&mut self, weight: u32, title: &str, text: &str, kind: &str, about: &str, href: impl FnOnce() -> String) {
        let low = title.to_lowercase();
        let mut rank = weight;
        let mut rest: Option<String> = None;
        if low == self.whole {
            rank += 1000;
        } else if low.starts_with(self.whole) {
            rank += 600;
        }
        for word in self.words {
            rank += match low.find(word) {
                Some(0) => 200,
                // At the beginning of a word.
                Some(at) if !low[..at].ends_with(char::is_alphanumeric) => 150,
                Some(_) => 80,
                None if rest.get_or_insert_with(|| text.to_lowercase()).contains(word) => 20,
                None => return,
            };
        }
        // Of two that fit alike, the shorter says less besides.
        rank += 40_u32.saturating_sub(u32::try_from(title.chars().count()).unwrap_or(40));
        self.found.push(Hit {
            title: title.to_owned(),
            kind: kind.to_owned(),
            about: about.chars().take(160).collect(),
            href: href(),
            rank,
        });
    }

    fn best(mut self, most: usize) -> Vec<Hit> {
        self.found.sort_by(|a, b| b.rank.cmp(&a.rank).then_with(|| (&a.title, &a.href).cmp(&(&b.title, &b.href))));
        self.found.truncate(most);
        self.found
    }
}

/// The page of an entity.
fn of(reference: &EntityRef) -> String {
    format!("/catalog/{}/{}/{}", segment(reference.namespace()), segment(reference.kind()), segment(reference.name()))
}
