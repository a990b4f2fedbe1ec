//! For a person at a terminal: as rustc shows diagnostics, with the reason and the fix below.

use std::fmt::Write;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Element, Level, Renderer, Snippet};

use crate::text::{excerpt, fold, printable};
use crate::{Diagnostic, Place, Report, Severity, Sources};

/// How a terminal is written to.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// With ANSI colours.
    pub colour: bool,
    /// The width in columns.
    pub width: usize,
}

impl Default for Style {
    fn default() -> Self {
        Self { colour: false, width: 80 }
    }
}

/// An excerpt longer than this is shown without its lines: a place is a place, not a page.
const EXCERPT_LINES: usize = 12;

pub(crate) fn render(report: &Report, style: Style, sources: &dyn Sources) -> String {
    let renderer = if style.colour { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.term_width(style.width).decor_style(DecorStyle::Ascii);
    let mut out = String::new();
    for diagnostic in report.diagnostics.iter().filter(|one| one.waiver.is_none()) {
        one(&mut out, diagnostic, &renderer, style, sources);
    }
    if !report.summary.is_empty() {
        out.push_str(&report.summary);
        out.push('\n');
    }
    for line in &report.footer {
        out.push_str(line);
        out.push('\n');
    }
    out
}

fn one(out: &mut String, diagnostic: &Diagnostic, renderer: &Renderer, style: Style, sources: &dyn Sources) {
    let texts: Vec<_> = diagnostic.places.iter().map(|place| sources.text(&place.file)).collect();
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let mut title = level.primary_title(printable(&diagnostic.message));
    if let Some(code) = &diagnostic.code {
        title = title.id(printable(code));
    }
    let mut group = title.elements(std::iter::empty::<Element<'_>>());
    // The renderer aligns a place without lines to the margin of those with lines; where none has lines, so do we.
    let mut plain = Vec::new();
    for (place, text) in diagnostic.places.iter().zip(&texts) {
        match lines_of(place, text.as_deref()) {
            Some(snippet) => group = group.element(snippet),
            None => plain.push(place),
        }
    }
    let _ = writeln!(out, "{}", renderer.render(&[group]));
    for place in plain {
        let arrow = if style.colour { "\x1b[1m\x1b[94m-->\x1b[0m" } else { "-->" };
        let label = place.label.as_ref().map(|label| format!(" ({})", printable(label))).unwrap_or_default();
        let _ = writeln!(out, " {arrow} {}{label}", printable(&place.to_string()));
    }

    // The reason, the fix and the notes hang below the snippet. The renderer's own footnotes are not folded, and a
    // reason is a paragraph.
    let deepest = diagnostic.places.iter().filter_map(|place| place.span).map(|span| span.end.line).max().unwrap_or(1);
    let indent = deepest.to_string().len() + 1;
    let why = diagnostic.why.as_ref().map(|why| ("why", why.clone()));
    let fix = diagnostic.fix.as_ref().map(|fix| ("fix", fix.line()));
    let notes = diagnostic.notes.iter().map(|note| ("note", note.clone()));
    for (name, text) in why.into_iter().chain(fix).chain(notes) {
        let hang = indent + 2 + name.len() + 2;
        let lines = fold(&printable(&text), style.width.saturating_sub(hang).max(20));
        let sign = if style.colour { "\x1b[1m\x1b[94m=\x1b[0m" } else { "=" };
        let strong = if style.colour { format!("\x1b[1m{name}\x1b[0m") } else { name.to_owned() };
        for (index, line) in lines.iter().enumerate() {
            let _ = match index {
                0 => writeln!(out, "{:indent$}{sign} {strong}: {line}", ""),
                _ => writeln!(out, "{:hang$}{line}", ""),
            };
        }
    }
    out.push('\n');
}

/// The place's lines with the place marked, if its text is at hand.
fn lines_of<'a>(place: &'a Place, text: Option<&'a str>) -> Option<Snippet<'a, Annotation<'a>>> {
    let span = place.span.filter(|span| span.end.line.saturating_sub(span.start.line) < EXCERPT_LINES)?;
    let (lines, range) = excerpt(text?, span)?;
    let mut annotation = AnnotationKind::Primary.span(range);
    if let Some(label) = &place.label {
        annotation = annotation.label(printable(label));
    }
    // The renderer makes C0 controls visible and passes the C1 range on, which a terminal obeys as well. A no-break
    // space is as many bytes, so that the range stays right.
    let lines = lines.replace(|c| ('\u{80}'..='\u{9f}').contains(&c), "\u{a0}");
    let snippet = Snippet::source(lines).line_start(span.start.line).path(printable(&place.file));
    Some(snippet.annotation(annotation))
}
