//! Documentation: all sites, and one page of one.

use karat_docs::{Entry, Page as DocPage, Quadrant};
use karat_git::Change;
use maud::{Markup, PreEscaped, html};

use super::{Page, paths, words};
use crate::look::Icon;
use crate::model::{DocSite, Model};
use crate::parts::{Active, Crumb, Header, ago, empty, header, relative};

/// All sites.
pub fn docs(model: &Model) -> Page {
    let head = Header { title: "Docs", question: "Where is it written how this works?", ..Header::default() };
    let content = html! {
        (header(&head))
        ul class="rows" {
            @for site in model.docs.all() {
                li {
                    div {
                        a href=(site.href()) { strong { (site.title) } }
                        p class="muted" { (site.about) }
                    }
                    span class="small muted" {
                        @if site.owner.is_empty() { "Karat's own" } @else { (words::team(model, &site.owner)) }
                    }
                }
            }
        }
    };
    Page::new(Active::Docs, "Docs", content)
}

/// A page of a site, with its last change if somebody knows it.
pub fn doc(model: &Model, site: &DocSite, page: &DocPage, change: Option<&Change>, now: i64) -> Page {
    let base = site.href();
    let title = format!("{} · {}", page.title, site.title);
    let crumbs = [Crumb { title: "Docs", href: "/docs".into() }, Crumb { title: &site.title, href: base.clone() }];
    let content = html! {
        div class="top" {
            div {
                nav aria-label="Breadcrumbs" {
                    ol class="crumbs" {
                        @for crumb in &crumbs { li { a href=(crumb.href) { (crumb.title) } } }
                        @for section in &page.sections { li { (section) } }
                    }
                }
            }
        }
        div class="docs" {
            nav aria-label="Pages of this documentation" { ul { (entries(site, &site.site().nav().entries, page, &base)) } }
            article class="doc" {
                @if !page.toc.iter().any(|heading| heading.level == 1) { h1 { (page.title) } }
                @if let Some(quadrant) = page.quadrant { p class="small muted" { (purpose(quadrant)) } }
                // Cleaned by an allow-list in `karat-docs`: nothing in it runs.
                (PreEscaped(reachable(&page.html)))
                p class="small muted" {
                    @if let Some(change) = change {
                        "Changed " (relative(&ago(now, change.seconds), &moment(change.seconds))) " by " (change.author)
                        " (" span class="mono" title=(change.commit) { (change.commit.get(..8).unwrap_or_default()) } ") · "
                    }
                    @if !site.owner.is_empty() { (Icon::Group.draw()) " Kept by " (words::team(model, &site.owner)) " · " }
                    @if model.holds(&page.source) { a href=(paths::source(&page.source, 0)) { (page.source) } } @else { (page.source) }
                    @if let Some(edit) = page.edit_url.as_deref().and_then(crate::parts::safe) { " · " a href=(edit) { "Edit this page" } }
                }
                @if page.previous.is_some() || page.next.is_some() {
                    nav class="next" aria-label="Page before and page after" {
                        @match &page.previous { Some(before) => a rel="prev" href={ (base) (before.url) } { "← " (before.title) }, None => span {} }
                        @if let Some(after) = &page.next { a rel="next" href={ (base) (after.url) } { (after.title) " →" } }
                    }
                }
            }
            @if page.toc.len() > 2 {
                nav class="toc" aria-label="On this page" {
                    h2 { "On this page" }
                    ul { @for heading in page.toc.iter().filter(|heading| matches!(heading.level, 2 | 3)) { li { a href={ "#" (heading.id) } { (heading.text) } } } }
                }
            }
        }
    };
    Page::new(Active::Docs, title, content)
}

/// What is said where a site has no such page.
pub fn no_doc(site: &DocSite) -> Page {
    let head = Header {
        crumbs: vec![Crumb { title: "Docs", href: "/docs".into() }],
        title: &site.title,
        question: "Where is the page that I was looking for?",
        ..Header::default()
    };
    let content = html! {
        (header(&head))
        @if site.site().pages().is_empty() {
            (empty("There is no page yet.", "A site is a folder docs/ with an index.md, and a mkdocs.yml beside it.",
                &html! { "Write " code { "docs/index.md" } "; it is here as soon as it is saved." }))
        } @else {
            (empty("There is no such page.", "It may have been renamed since the link was made.", &html! { a href=(site.href()) { "Begin at the first page" } }))
        }
    };
    Page::new(Active::Docs, site.title.clone(), content)
}

fn entries(site: &DocSite, list: &[Entry], here: &DocPage, base: &str) -> Markup {
    html! {
        @for entry in list {
            @match entry {
                Entry::Page { title, path } => {
                    @if let Some(page) = site.site().page(path) {
                        li { a href={ (base) (page.url) } aria-current=[(page.path == here.path).then_some("page")] { (title.as_deref().unwrap_or(&page.title)) } }
                    }
                },
                Entry::Section { title, entries: below } => li { p class="heading" { (title) } ul { (entries(site, below, here, base)) } },
                Entry::Link { title, url } => {
                    @match crate::parts::safe(url) {
                        Some(url) => li { a href=(url) { (title) } },
                        None => li { a href={ (base) (url) } { (title) } },
                    }
                },
            }
        }
    }
}

/// What scrolls by itself can be reached by keys. The tags are those that `karat-docs` writes; text has no `<`.
pub(super) fn reachable(html: &str) -> String {
    html.replace("<pre>", "<pre tabindex=\"0\">")
        .replace("<div class=\"table\">", "<div class=\"table\" tabindex=\"0\">")
}

fn moment(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map_or_else(|_| String::new(), |at| at.to_string())
}

fn purpose(quadrant: Quadrant) -> &'static str {
    match quadrant {
        Quadrant::Tutorial => "Tutorial: learn it step by step",
        Quadrant::HowTo => "How-to: get one thing done",
        Quadrant::Reference => "Reference: look it up",
        Quadrant::Explanation => "Explanation: why it is so",
    }
}
