//! A log: lines as they were written.

use maud::{Markup, html};

/// The lines of a log, the last ones if there are many.
pub fn log<'l>(title: &str, lines: impl IntoIterator<Item = &'l str>) -> Markup {
    html! {
        figure class="code log" tabindex="0" aria-label=(title) {
            pre { @for line in lines { span class="l" { (line) } } }
        }
    }
}
