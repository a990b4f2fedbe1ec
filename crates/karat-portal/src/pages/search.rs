//! Search, as a page: what the palette shows, without a script.

use maud::html;

use super::Page;
use crate::model::Hit;
use crate::parts::{Active, Header, empty, header};

/// What was found for `words`.
pub fn search(words: &str, hits: &[Hit]) -> Page {
    let head = Header { title: "Search", question: "Where is what I am looking for?", ..Header::default() };
    let content = html! {
        (header(&head))
        form class="filters" action="/search" {
            div class="grow" { label for="words" { "Words" } input id="words" type="search" name="q" value=(words); }
            button class="main" { "Search" }
            @if !hits.is_empty() { span class="of" role="status" { (karat_diag::count(hits.len(), "result")) } }
        }
        @if words.trim().is_empty() {
            (empty("Nothing is asked yet.", "Search finds entities, standards, pages of the docs, Applications and scorecards.", &html! { "Type a name, a standard or a word of a page. " kbd { "/" } " asks from anywhere." }))
        } @else if hits.is_empty() {
            (empty("Nothing is called that.", "Every word must be in its name or in what is said about it.", &html! { "Try one word of it, or look through the " a href="/catalog" { "catalog" } "." }))
        } @else {
            ol class="rows" {
                @for hit in hits {
                    li {
                        div { a href=(hit.href) { (hit.title) } @if !hit.about.is_empty() { p class="small muted" { (hit.about) } } }
                        span class="small muted" { (hit.kind) }
                    }
                }
            }
        }
    };
    Page::new(Active::None, "Search", content)
}
