//! Icons of our own: 16 px, strokes of 1.5 px, in the colour of the words beside them.

use maud::{Markup, html};

/// An icon. It always stands beside the word that says the same, so that readers of the screen pass over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Icon {
    Home,
    Catalog,
    Docs,
    Standards,
    Fleet,
    Scores,
    Create,
    Search,
    Good,
    Attention,
    Bad,
    Quiet,
    Waiting,
    Busy,
    Theme,
    Lock,
    Out,
    Component,
    Api,
    Resource,
    System,
    Group,
    User,
    Other,
}

impl Icon {
    /// What is drawn: the data of one path.
    const fn path(self) -> &'static str {
        match self {
            Self::Home => "M2.5 7.5 8 2.75l5.5 4.75M4 6.5v6.75h8V6.5M6.75 13.25v-3.5h2.5v3.5",
            Self::Catalog => "M2.75 3.25h4v4h-4zM9.25 3.25h4v4h-4zM2.75 9.25h4v4h-4zM9.25 9.25h4v4h-4z",
            Self::Docs => "M3.25 2.75h6.5l3 3v7.5h-9.5zM9.5 2.75v3.25h3.25M5.5 8.5h5M5.5 10.75h5",
            Self::Standards => "M8 2.25 13 4v4c0 3-2 5-5 5.9C5 13 3 11 3 8V4zM5.75 8l1.75 1.75 3-3.25",
            Self::Fleet => {
                "M2.75 2.75h10.5v4H2.75zM2.75 9.25h10.5v4H2.75zM5 4.75h.01M5 11.25h.01M7.5 4.75H11M7.5 11.25H11"
            }
            Self::Scores => "M3 13V9.5M6.3 13V6.5M9.7 13V8M13 13V3",
            Self::Create => "M8 3v10M3 8h10",
            Self::Search => "M7 2.75a4.25 4.25 0 1 0 0 8.5 4.25 4.25 0 0 0 0-8.5M10.25 10.25 13.5 13.5",
            Self::Good => "M8 2.25a5.75 5.75 0 1 0 0 11.5 5.75 5.75 0 0 0 0-11.5M5.5 8.25l1.75 1.75L10.75 6.25",
            Self::Attention => "M8 2.5 14 13.25H2zM8 6.5v3.25M8 11.5v.01",
            Self::Bad => "M5.5 2.5h5l3 3v5l-3 3h-5l-3-3v-5zM6 6l4 4M10 6l-4 4",
            Self::Quiet => "M8 2.25a5.75 5.75 0 1 0 0 11.5 5.75 5.75 0 0 0 0-11.5M5.25 8h5.5",
            Self::Waiting => "M8 2.25a5.75 5.75 0 1 0 0 11.5 5.75 5.75 0 0 0 0-11.5M8 5v3.25l2.25 1.5",
            Self::Busy => "M8 2.25a5.75 5.75 0 1 0 0 11.5 5.75 5.75 0 0 0 0-11.5M6.75 5.75 10.25 8l-3.5 2.25z",
            Self::Theme => "M8 2.5a5.5 5.5 0 1 0 0 11zM8 2.5a5.5 5.5 0 0 1 0 11",
            Self::Lock => "M4 7.25h8v6H4zM5.75 7.25V5a2.25 2.25 0 0 1 4.5 0v2.25",
            Self::Out => "M9 3h4v4M13 3 7.5 8.5M11 9.5V13H3V5h3.5",
            Self::Component => "M8 2.25 13.25 5v6L8 13.75 2.75 11V5zM2.75 5 8 7.75 13.25 5M8 7.75v6",
            Self::Api => "M5.5 4 2 8l3.5 4M10.5 4 14 8l-3.5 4",
            Self::Resource => {
                "M3 4.5C3 3.4 5.2 2.5 8 2.5s5 .9 5 2-2.2 2-5 2-5-.9-5-2v7c0 1.1 2.2 2 5 2s5-.9 5-2v-7M3 8c0 1.1 2.2 2 5 2s5-.9 5-2"
            }
            Self::System => "M6 2.75h4v3.5H6zM2.5 9.75h4v3.5h-4zM9.5 9.75h4v3.5h-4zM8 6.25V8M4.5 9.75V8h7v1.75",
            Self::Group => {
                "M6 3.25a2.25 2.25 0 1 0 0 4.5 2.25 2.25 0 0 0 0-4.5M2 13c0-2.2 1.8-3.5 4-3.5s4 1.3 4 3.5M10.5 3.5a2.1 2.1 0 0 1 0 4M11.75 9.75c1.4.4 2.25 1.5 2.25 3.25"
            }
            Self::User => "M8 2.75a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5M3 13.25c0-2.5 2.2-4 5-4s5 1.5 5 4",
            Self::Other => "M8 2.5 13.5 8 8 13.5 2.5 8z",
        }
    }

    /// The drawing.
    pub fn draw(self) -> Markup {
        html! { svg.i viewBox="0 0 16 16" aria-hidden="true" { path d=(self.path()); } }
    }

    /// The icon of a kind of the catalog.
    pub fn of_kind(kind: &str) -> Self {
        match kind.to_ascii_lowercase().as_str() {
            "component" | "service" => Self::Component,
            "api" => Self::Api,
            "resource" | "addon" => Self::Resource,
            "system" | "domain" => Self::System,
            "group" | "tenant" => Self::Group,
            "user" => Self::User,
            "template" => Self::Create,
            "cluster" => Self::Fleet,
            "repository" => Self::Docs,
            "standard" => Self::Standards,
            _ => Self::Other,
        }
    }
}
