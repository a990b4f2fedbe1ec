//! Fields of forms: a label, what it is for, the control, and what is wrong with the answer.

use maud::{Markup, html};

/// One question of a form.
#[derive(Debug)]
pub struct Field<'f> {
    /// The name that the answer is sent under.
    pub name: &'f str,
    /// The question.
    pub label: &'f str,
    /// More about it.
    pub help: Option<&'f str>,
    /// Whether there must be an answer.
    pub required: bool,
    /// What is wrong with the answer that was given.
    pub wrong: Option<&'f str>,
    /// How it is answered.
    pub control: Control<'f>,
}

/// How a question is answered.
#[derive(Debug)]
pub enum Control<'f> {
    /// A line of text, of that type: `text`, `number`, `password`, `url`, `email`.
    Line {
        /// The input's type.
        kind: &'static str,
        /// The answer so far.
        value: &'f str,
        /// What it must look like, as browsers and JSON Schema write it.
        pattern: Option<&'f str>,
    },
    /// Several lines.
    Text(&'f str),
    /// Yes or no.
    Check(bool),
    /// One of several.
    One(Vec<Choice>),
    /// Any of several.
    Many(Vec<Choice>),
}

/// One of the answers to choose from.
#[derive(Clone, Debug)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is shown.
    pub label: String,
    /// Whether it is chosen.
    pub chosen: bool,
}

/// The field.
pub fn field(field: &Field<'_>) -> Markup {
    let id = format!("f-{}", field.name);
    let (help, wrong) = (format!("{id}-help"), format!("{id}-wrong"));
    let says = [field.help.map(|_| help.as_str()), field.wrong.map(|_| wrong.as_str())];
    let says = says.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let says = (!says.is_empty()).then_some(says.as_str());
    let invalid = field.wrong.map(|_| "true");
    let label = html! { (field.label) @if !field.required && !matches!(field.control, Control::Check(_)) { span class="muted small" { " optional" } } };
    let below = html! {
        @if let Some(text) = field.help { p class="help" id=(help) { (text) } }
        @if let Some(text) = field.wrong { p class="wrong" id=(wrong) { "Change this: " (text) } }
    };
    match &field.control {
        Control::Check(on) => html! {
            div class="field" {
                label class="choice" for=(id) {
                    input type="checkbox" id=(id) name=(field.name) value="true" checked[*on] aria-describedby=[says] aria-invalid=[invalid];
                    span { (label) }
                }
                // Tells "no" from "not asked yet".
                input type="hidden" name=(field.name) value="false";
                (below)
            }
        },
        Control::Many(choices) => html! {
            fieldset class="field" aria-describedby=[says] {
                legend { (label) }
                @for (index, choice) in choices.iter().enumerate() {
                    label class="choice" for={ (id) "-" (index) } {
                        input type="checkbox" id={ (id) "-" (index) } name=(field.name) value=(choice.value) checked[choice.chosen];
                        span { (choice.label) }
                    }
                }
                (below)
            }
        },
        control => html! {
            div class="field" {
                label for=(id) { (label) }
                @match control {
                    Control::Line { kind, value, pattern } => {
                        input type=(kind) id=(id) name=(field.name) value=(value) required[field.required] pattern=[*pattern]
                            autocomplete=(if *kind == "password" { "current-password" } else { "off" })
                            aria-describedby=[says] aria-invalid=[invalid];
                    },
                    Control::Text(value) => {
                        textarea id=(id) name=(field.name) required[field.required] aria-describedby=[says] aria-invalid=[invalid] { (value) }
                    },
                    Control::One(choices) => {
                        select id=(id) name=(field.name) required[field.required] aria-describedby=[says] aria-invalid=[invalid] {
                            @if !choices.iter().any(|choice| choice.chosen) { option value="" { "Choose" } }
                            @for choice in choices { option value=(choice.value) selected[choice.chosen] { (choice.label) } }
                        }
                    },
                    Control::Check(_) | Control::Many(_) => {},
                }
                (below)
            }
        },
    }
}
