//! An empty state: what would be here, why it is not, and the one thing to do.

use maud::{Markup, html};

/// What is said where there is nothing to show.
pub fn empty(what: &str, why: &str, todo: &Markup) -> Markup {
    html! {
        div class="empty" {
            p { strong { (what) } }
            p class="muted" { (why) }
            p { (todo) }
        }
    }
}
