//! A difference, line by line: signs before the colours.

use maud::{Markup, html};

/// A line of a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// What is new.
    Added(String),
    /// What is there no longer.
    Removed(String),
    /// What both have.
    Both(String),
}

/// The lines under what they are about.
pub fn diff(title: &Markup, rows: &[Row]) -> Markup {
    html! {
        figure class="code diff" tabindex="0" {
            figcaption { (title) }
            @if !rows.is_empty() {
                pre {
                    @for row in rows {
                        @match row {
                            Row::Added(text) => span class="l add" data-s="+" { (text) "\n" },
                            Row::Removed(text) => span class="l del" data-s="−" { (text) "\n" },
                            Row::Both(text) => span class="l" data-s=" " { (text) "\n" },
                        }
                    }
                }
            }
        }
    }
}
