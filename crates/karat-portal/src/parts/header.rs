//! The head of a page: where it is, what it is about, whose it is, how well it is, what can be done.

use maud::{Markup, html};

/// A step on the way to a page.
#[derive(Clone, Debug)]
pub struct Crumb<'c> {
    /// What it is called.
    pub title: &'c str,
    /// Where it is.
    pub href: String,
}

/// The head of a page.
#[derive(Debug, Default)]
pub struct Header<'h> {
    /// The pages above it.
    pub crumbs: Vec<Crumb<'h>>,
    /// Its title.
    pub title: &'h str,
    /// The one question that it answers, in its own words.
    pub question: &'h str,
    /// Short facts: the owner first.
    pub facts: Vec<Markup>,
    /// The hallmark and the actions.
    pub actions: Vec<Markup>,
}

/// The head of a page.
pub fn header(head: &Header<'_>) -> Markup {
    html! {
        div class="top" {
            div {
                @if !head.crumbs.is_empty() {
                    nav aria-label="Breadcrumbs" {
                        ol class="crumbs" { @for crumb in &head.crumbs { li { a href=(crumb.href) { (crumb.title) } } } }
                    }
                }
                h1 { (head.title) }
                @if !head.question.is_empty() { p class="question" { (head.question) } }
                @if !head.facts.is_empty() {
                    ul class="facts" { @for fact in &head.facts { li { (fact) } } }
                }
            }
            @if !head.actions.is_empty() {
                div class="actions" { @for action in &head.actions { (action) } }
            }
        }
    }
}

/// One of the pages about one thing.
#[derive(Clone, Debug)]
pub struct Tab<'t> {
    /// What it shows.
    pub title: &'t str,
    /// Where it is.
    pub href: String,
    /// Whether it is this page.
    pub active: bool,
}

/// The pages about one thing.
pub fn tabs(label: &str, list: &[Tab<'_>]) -> Markup {
    html! {
        nav class="tabs" aria-label=(label) {
            @for tab in list {
                a href=(tab.href) aria-current=[tab.active.then_some("page")] { (tab.title) }
            }
        }
    }
}
