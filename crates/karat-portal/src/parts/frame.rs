//! What every page has: the rail, the search, the way past them, the place for the page.

use maud::{DOCTYPE, Markup, html};

use super::{Post, State, Viewer, notice, post};
use crate::identity::Role;
use crate::look::{Icon, MARK, SCRIPT, STYLE};

/// The part of the portal that a page belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Active {
    Home,
    Catalog,
    Docs,
    Standards,
    Scorecards,
    Fleet,
    Create,
    None,
}

/// The theme that a reader chose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// What the reader's system has.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// What pages share.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The organisation's title.
    pub organisation: String,
    /// The theme.
    pub theme: Theme,
    /// Who reads.
    pub viewer: Viewer,
    /// Where this page is, as a path with its query: where a form of the frame comes back to.
    pub here: String,
    /// What went wrong when the organisation was last read; the page shows what was last good.
    pub stale: Option<String>,
    /// Why what the catalog reads is not kept.
    pub unkept: Option<String>,
}

const PLACES: [(Active, &str, &str, Icon); 7] = [
    (Active::Home, "/", "Home", Icon::Home),
    (Active::Catalog, "/catalog", "Catalog", Icon::Catalog),
    (Active::Docs, "/docs", "Docs", Icon::Docs),
    (Active::Standards, "/standards", "Standards", Icon::Standards),
    (Active::Scorecards, "/scorecards", "Scorecards", Icon::Scores),
    (Active::Fleet, "/fleet", "Fleet", Icon::Fleet),
    (Active::Create, "/create", "Create", Icon::Create),
];

const KEYS: [(&str, &str); 6] = [
    ("/", "find anything (also Ctrl K)"),
    ("j k", "next row, row before"),
    ("g h", "home"),
    ("g c, d, s, f", "catalog, docs, standards, fleet"),
    ("g k, n", "scorecards, create"),
    ("?", "this list"),
];

/// The whole page.
pub fn page(frame: &Frame, active: Active, title: &str, content: &Markup) -> Markup {
    let theme = match frame.theme {
        Theme::System => None,
        Theme::Light => Some("light"),
        Theme::Dark => Some("dark"),
    };
    html! {
        (DOCTYPE)
        html lang="en" data-theme=[theme] {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · " (frame.organisation) }
                link rel="stylesheet" href=(STYLE.path());
                link rel="icon" href=(MARK.path()) type="image/svg+xml";
                script src=(SCRIPT.path()) defer {}
            }
            body {
                a class="skip" href="#main" { "Skip to content" }
                (rail(frame, active))
                main id="main" tabindex="-1" {
                    @if let Some(error) = &frame.stale {
                        (notice(State::Bad, &html! {
                            p { strong { "The organisation cannot be read as it is now." } " This page shows what was last good." }
                            p class="mono" { (error) }
                        }))
                    }
                    @if let Some(error) = &frame.unkept {
                        (notice(State::Attention, &html! {
                            p { strong { "The catalog is current, but cannot be kept." } " After a restart, what was last good may be missing." }
                            p class="mono" { (error) }
                        }))
                    }
                    (content)
                }
                (dialogs())
            }
        }
    }
}

fn rail(frame: &Frame, active: Active) -> Markup {
    html! {
        header class="rail" {
            a class="brand" href="/" { span class="hallmark fine" aria-hidden="true" { "24K" } span { (frame.organisation) } }
            form class="find" role="search" action="/search" {
                (Icon::Search.draw())
                input type="search" name="q" placeholder="Find anything" aria-label="Find anything" aria-keyshortcuts="/";
            }
            nav aria-label="Main" {
                ul {
                    @for (place, href, title, icon) in PLACES {
                        li { a href=(href) aria-current=[(place == active).then_some("true")] { (icon.draw()) (title) } }
                    }
                }
            }
            div class="foot" {
                @if frame.viewer.signs_out {
                    a class="who small" href="/tokens" { (frame.viewer.person.name) span class="hide" { ": tokens" } }
                    @if frame.viewer.person.role == Role::Platform { a class="small" href="/audit" { "Audit" } }
                }
                (post(&frame.viewer, Post { to: "/theme", class: "theme", ..Post::default() }, &html! {
                    input type="hidden" name="back" value=(frame.here);
                    @let to = if frame.theme == Theme::Dark { "light" } else { "dark" };
                    button class="plain" name="to" value=(to) title="Change between light and dark" {
                        (Icon::Theme.draw()) span class="hide" { "Change between light and dark" }
                    }
                }))
                @if frame.viewer.signs_out {
                    (post(&frame.viewer, Post { to: "/logout", ..Post::default() }, &html! {
                        button class="plain small" { "Sign out" }
                    }))
                }
            }
        }
    }
}

fn dialogs() -> Markup {
    html! {
        dialog class="palette" id="palette" aria-label="Find anything" {
            input type="text" role="combobox" aria-expanded="false" aria-controls="found" aria-autocomplete="list"
                aria-label="Find anything" placeholder="Find anything" autocomplete="off" spellcheck="false";
            ul id="found" role="listbox" aria-label="Results" hidden {}
            p role="status" {}
        }
        dialog id="keys" aria-labelledby="keys-title" {
            form method="dialog" class="in" {
                h2 id="keys-title" { "Keys" }
                dl class="facts" { @for (keys, what) in KEYS { dt { kbd { (keys) } } dd { (what) } } }
                p { button autofocus { "Close" } }
            }
        }
    }
}
