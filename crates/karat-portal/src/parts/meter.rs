//! A meter: so many of so many, as a bar beside the numbers.

use maud::{Markup, html};

use super::State;

/// How much of a whole, drawn over 96 px and said in numbers.
pub fn meter(part: usize, whole: usize, noun: &str) -> Markup {
    let width = (part.min(whole) * 96).checked_div(whole).unwrap_or_default();
    let state = match (part, whole) {
        (_, 0) => State::Quiet,
        (part, whole) if part >= whole => State::Good,
        (part, whole) if part * 2 >= whole => State::Attention,
        _ => State::Bad,
    };
    html! {
        span class={ "meter " (state.class()) } {
            svg viewBox="0 0 96 8" aria-hidden="true" {
                rect class="full" width="96" height="8" rx="2" {}
                @if width > 0 { rect class="part" width=(width) height="8" rx="2" {} }
            }
            span { (part) " of " (whole) @if !noun.is_empty() { " " (noun) } }
        }
    }
}
