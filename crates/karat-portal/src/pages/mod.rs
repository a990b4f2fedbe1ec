//! The pages, each a function of data that gives markup: nothing here waits, writes or asks the clock.

mod application;
mod catalog;
mod create;
mod difference;
mod docs;
mod entity;
mod excerpt;
mod fleet;
mod home;
mod identity;
pub mod paths;
mod relations;
mod scorecard;
mod scorecards;
mod search;
mod source;
mod standard;
mod standards;
mod waivers;
mod words;

use maud::{Markup, html};

use crate::parts::{Active, Frame, Header, empty, header, page};

pub use application::{application, object, object_text};
pub use catalog::catalog;
pub use create::{create, failed, form, review, task};
pub use difference::{Sides, difference};
pub use docs::{doc, docs, no_doc};
pub use entity::{View, entity};
pub use fleet::fleet;
pub use home::home;
pub use identity::{audit, login, tokens};
pub use scorecard::scorecard;
pub use scorecards::scorecards;
pub use search::search;
pub use source::source;
pub use standard::standard;
pub use standards::standards;
pub use waivers::waivers;

/// A page without what all pages have.
#[derive(Debug)]
pub struct Page {
    /// The part of the portal that it belongs to.
    pub active: Active,
    /// Its title.
    pub title: String,
    /// What it shows.
    pub content: Markup,
}

impl Page {
    /// A page.
    pub fn new(active: Active, title: impl Into<String>, content: Markup) -> Self {
        Self { active, title: title.into(), content }
    }

    /// The whole page.
    pub fn within(&self, frame: &Frame) -> Markup {
        page(frame, self.active, &self.title, &self.content)
    }
}

/// What is said where there is no such page.
pub fn missing(what: &str, next: &Markup) -> Page {
    let head = Header { title: "Not found", question: "Where is what I was looking for?", ..Header::default() };
    let content = html! {
        (header(&head))
        (empty(&format!("There is no {what}."), "It may have been renamed or removed since the link was made.", next))
    };
    Page::new(Active::None, "Not found", content)
}
