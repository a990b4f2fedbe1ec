//! Signing in, tokens, and the log of writes.

use maud::{Markup, html};

use super::Page;
use crate::identity::{Entry, Token};
use crate::parts::{
    Active, Column, Control, Field, Header, Post, State, Table, Viewer, ago, empty, field, header, notice, post,
    relative, table,
};

/// Signing in. `back` is where it leads.
pub fn login(viewer: &Viewer, back: &str, wrong: Option<&str>) -> Page {
    let head = Header { title: "Sign in", question: "Who are you?", ..Header::default() };
    let line = |kind, name, label| Field {
        name,
        label,
        help: None,
        required: true,
        wrong: None,
        control: Control::Line { kind, value: "", pattern: None },
    };
    let content = html! {
        (header(&head))
        @if let Some(wrong) = wrong { (notice(State::Bad, &html! { (wrong) })) }
        (post(viewer, Post { to: "/login", class: "stacked", ..Post::default() }, &html! {
            input type="hidden" name="back" value=(back);
            (field(&line("text", "name", "Name")))
            (field(&line("password", "password", "Password")))
            div { button class="main" { "Sign in" } }
        }))
        p class="muted prose" { "Who administers the portal makes accounts: " code { "karat account add NAME --role developer" } "." }
    };
    Page::new(Active::None, "Sign in", content)
}

/// The tokens of somebody. `made` is the secret of a new one, shown this once, or why there is none.
pub fn tokens(
    viewer: &Viewer,
    guarded: bool,
    tokens: &[Token],
    now: i64,
    made: Option<&Result<String, String>>,
) -> Page {
    const COLUMNS: [Column; 3] = [Column::other("What for"), Column::other("Made"), Column::other("")];
    let head = Header { title: "Tokens", question: "Which programs may ask in my name?", ..Header::default() };
    let rows = tokens.iter().map(|token| {
        vec![
            html! { (token.title) },
            when(now, token.made),
            post(
                viewer,
                Post { to: "/tokens/revoke", ..Post::default() },
                &html! {
                    input type="hidden" name="id" value=(token.id);
                    button { "Revoke" span class="hide" { " " (token.title) } }
                },
            ),
        ]
    });
    let content = html! {
        (header(&head))
        @match made {
            None => {},
            Some(Ok(secret)) => (notice(State::Good, &html! {
                p { "This is the token. It is shown once; keep it where secrets are kept." }
                p { code { (secret) } }
                p class="small muted" { "A program sends it as " code { "Authorization: Bearer …" } "." }
            })),
            Some(Err(error)) => (notice(State::Bad, &html! { (error) })),
        }
        @if !guarded {
            (empty("Nobody signs in here.", "The portal listens on this machine alone, so programs need no token.", &html! { a href="/" { "Go home" } }))
        } @else {
            @if !tokens.is_empty() { (table(&Table { caption: "Tokens", columns: &COLUMNS, rows: rows.collect(), sort: None })) }
            (post(viewer, Post { to: "/tokens", class: "filters", ..Post::default() }, &html! {
                div { label for="title" { "What it is for" } input id="title" name="title" required maxlength="80"; }
                button class="main" { "Make a token" }
            }))
        }
    };
    Page::new(Active::None, "Tokens", content)
}

/// Who changed what.
pub fn audit(entries: &[Entry], now: i64) -> Page {
    const COLUMNS: [Column; 4] =
        [Column::other("What"), Column::other("Who"), Column::other("When"), Column::other("How it went")];
    let head = Header { title: "Audit log", question: "Who changed what, and when?", ..Header::default() };
    let rows = entries.iter().map(|entry| {
        let (state, word) = match entry.status {
            ..=399 => (State::Good, "done"),
            401 | 403 => (State::Attention, "refused"),
            _ => (State::Bad, "failed"),
        };
        vec![
            html! { span class="mono" { (entry.method) " " (entry.path) } },
            html! { @if entry.who.is_empty() { span class="muted" { "this machine" } } @else { (entry.who) } },
            when(now, entry.at),
            state.word(&format!("{word} ({})", entry.status)),
        ]
    });
    let content = html! {
        (header(&head))
        @if entries.is_empty() {
            (empty("Nothing was changed yet.", "Each request that changes something leaves a line here, also if it is refused.", &html! { a href="/create" { "Make a service" } }))
        } @else {
            (table(&Table { caption: "Writes, the newest first", columns: &COLUMNS, rows: rows.collect(), sort: None }))
        }
    };
    Page::new(Active::None, "Audit log", content)
}

fn when(now: i64, then: i64) -> Markup {
    let absolute = jiff::Timestamp::from_second(then).map_or_else(|_| String::new(), |at| at.to_string());
    relative(&ago(now, then), &absolute)
}
