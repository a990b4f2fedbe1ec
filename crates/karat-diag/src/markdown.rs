//! Markdown, for a comment on a pull request: the verdict first, then a table, details folded.

use std::fmt::Write;

use crate::text::printable;
use crate::{Diagnostic, Report};

pub(crate) fn render(report: &Report) -> String {
    let mut out = String::new();
    if !report.summary.is_empty() {
        let _ = writeln!(out, "**{}**\n", escape(&report.summary));
    }
    for line in &report.footer {
        let _ = writeln!(out, "{}  ", escape(line));
    }
    if !report.footer.is_empty() {
        out.push('\n');
    }
    let (open, waived): (Vec<_>, Vec<_>) = report.diagnostics.iter().partition(|one| one.waiver.is_none());
    if !open.is_empty() {
        out.push_str("| | Rule | What | Where |\n|---|---|---|---|\n");
        for one in &open {
            let _ = writeln!(
                out,
                "| {} | {} | {} | {} |",
                one.severity.word(),
                one.code.as_deref().map(code).unwrap_or_default(),
                what(one),
                place(one)
            );
        }
    }
    if !waived.is_empty() {
        let _ = writeln!(out, "\n<details><summary>{} waived</summary>\n", waived.len());
        for one in waived {
            let until = one.waiver.as_ref().map(|waiver| (&waiver.until, &waiver.owner));
            let (until, owner) = until.map_or((String::new(), String::new()), |(u, o)| (escape(u), escape(o)));
            let _ = writeln!(out, "- {} at {}: until {until}, {owner}", escape(&one.message), place(one));
        }
        out.push_str("\n</details>\n");
    }
    out
}

fn what(one: &Diagnostic) -> String {
    let mut cell = escape(&one.message);
    if let Some(fix) = &one.fix {
        let _ = write!(cell, "<br>{}", escape(&fix.line()));
    }
    cell
}

fn place(one: &Diagnostic) -> String {
    one.places.first().map(|place| code(&place.to_string())).unwrap_or_default()
}

/// Inline code that no content can leave: backticks become apostrophes, and a pipe would end the cell.
fn code(text: &str) -> String {
    format!("`{}`", printable(text).replace('`', "'").replace('|', "\\|"))
}

/// Text in which nothing is markup but the code spans that our messages use.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let balanced = text.matches('`').count().is_multiple_of(2);
    let mut in_code = false;
    for c in printable(text).chars() {
        match c {
            '`' if balanced => {
                in_code = !in_code;
                out.push('`');
            }
            '|' => out.push_str("\\|"),
            '<' if !in_code => out.push_str("&lt;"),
            '>' if !in_code => out.push_str("&gt;"),
            '&' if !in_code => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '~' | '@' if !in_code => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    out
}
