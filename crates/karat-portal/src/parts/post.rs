//! What changes something: a form for who may send it, and for others why there is none. The door's own rule decides which, so that no
//! page offers what would be refused.

use axum::http::Method;
use maud::{Markup, html};

use crate::identity::{Person, needs};
use crate::look::Icon;

/// Who reads.
#[derive(Clone, Debug, Default)]
pub struct Viewer {
    /// Who they are; without a name where nobody signs in.
    pub person: Person,
    /// Whether they can sign out.
    pub signs_out: bool,
    /// What a form of theirs must send back.
    pub csrf: String,
}

impl Viewer {
    /// Why a form of theirs would be refused at a path; `None` if it would not.
    pub fn refused(&self, to: &str) -> Option<String> {
        needs(&Method::POST, to).and_then(|needed| self.person.lacks(needed))
    }
}

/// A form that posts to a path.
#[derive(Clone, Copy, Debug, Default)]
pub struct Post<'p> {
    /// Where to.
    pub to: &'p str,
    /// How it is laid out.
    pub class: &'p str,
    /// Why they may not send it, beyond what the door says of their role.
    pub refused: Option<&'p str>,
}

/// The form with its content, or why it is not there.
pub fn post(viewer: &Viewer, form: Post<'_>, content: &Markup) -> Markup {
    match viewer.refused(form.to).as_deref().or(form.refused) {
        Some(why) => refusal(why),
        None => html! {
            form class=[(!form.class.is_empty()).then_some(form.class)] method="post" action=(form.to) {
                input type="hidden" name="csrf" value=(viewer.csrf);
                (content)
            }
        },
    }
}

/// Why something is not offered.
pub fn refusal(why: &str) -> Markup {
    html! { p class="refusal small muted" { (Icon::Lock.draw()) " Not offered: " (why) "." } }
}
