//! A list of steps, each with how it went.

use maud::{Markup, html};

use super::State;

/// One step.
#[derive(Debug)]
pub struct Step {
    /// What is done.
    pub title: String,
    /// How it went.
    pub state: State,
    /// The word for that.
    pub word: String,
    /// More, such as its log.
    pub more: Option<Markup>,
}

/// The steps in their order.
pub fn steps(list: &[Step]) -> Markup {
    html! {
        ol class="steps" {
            @for step in list {
                li class=(step.state.class()) {
                    (step.state.icon().draw())
                    strong { (step.title) } " " span class="muted" { (step.word) }
                    @if let Some(more) = &step.more { (more) }
                }
            }
        }
    }
}
