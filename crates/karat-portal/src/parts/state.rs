//! States: an icon and a word, and a colour for who sees it.

use maud::{Markup, html};

use crate::look::Icon;

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Something must be done.
    Bad,
    /// Something should be looked at.
    Attention,
    /// Nothing is known, or nothing applies.
    Quiet,
    /// It has not begun.
    Waiting,
    /// It goes on.
    Busy,
    /// All is well.
    Good,
}

impl State {
    /// The class of its colour.
    pub fn class(self) -> &'static str {
        match self {
            Self::Bad => "bad",
            Self::Attention => "attention",
            Self::Quiet | Self::Waiting | Self::Busy => "quiet",
            Self::Good => "good",
        }
    }

    /// Its icon.
    pub fn icon(self) -> Icon {
        match self {
            Self::Bad => Icon::Bad,
            Self::Attention => Icon::Attention,
            Self::Quiet => Icon::Quiet,
            Self::Waiting => Icon::Waiting,
            Self::Busy => Icon::Busy,
            Self::Good => Icon::Good,
        }
    }

    /// The state with its word.
    pub fn word(self, word: &str) -> Markup {
        html! { span class={ "state " (self.class()) } { (self.icon().draw()) span { (word) } } }
    }
}

/// What a page has to say before anything else.
pub fn notice(state: State, what: &Markup) -> Markup {
    html! {
        div class={ "notice " (state.class()) } role=[(state == State::Bad).then_some("alert")] {
            (state.icon().draw())
            div { (what) }
        }
    }
}
