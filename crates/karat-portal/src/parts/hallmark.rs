//! The hallmark: the karats of a thing as a small stamped frame, as on gold.

use maud::{Markup, html};

use super::link::segment;

/// The stamp: `24K`. With an address it leads to the findings that cost the karats.
pub fn hallmark(karats: u8, href: Option<&str>) -> Markup {
    let class = if karats == 24 { "hallmark fine" } else { "hallmark" };
    let said = format!("{karats} of 24 karats");
    html! {
        @match href {
            Some(href) => a class=(class) href=(href) title=(said) { (karats) "K" },
            None => span class=(class) title=(said) { (karats) "K" },
        }
    }
}

/// The large stamp of a page header. Under 24 it opens to what cost the karats: standards by id, with the cost of each.
pub fn stamp<'s>(karats: u8, unmet: impl IntoIterator<Item = (&'s str, u8)>, href: &str) -> Markup {
    if karats == 24 {
        return html! {
            a class="hallmark fine big" href=(href) title="24 of 24 karats: every standard that applies is met" { "24K" }
        };
    }
    html! {
        details class="stamp" {
            summary title={ (karats) " of 24 karats: show what cost the others" } {
                span class="hallmark big" { (karats) "K" }
            }
            div class="opens" {
                ul {
                    @for (standard, cost) in unmet {
                        li { a href={ (href) "#" (anchor(standard)) } { (standard) } span class="muted" { "−" (cost) "K" } }
                    }
                }
                p { a href=(href) { "Show the findings" } }
            }
        }
    }
}

/// The place of a standard on a page.
pub(crate) fn anchor(standard: &str) -> String {
    segment(&standard.replace('/', "-"))
}
