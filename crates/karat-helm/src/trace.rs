//! A second render that remembers where everything comes from: for the few documents that somebody asks about.

use std::sync::Arc;

use karat_template::{Str, TemplatePlace, Trace, without_no_value};
use karat_yaml::{Dialect, Kind, Node, Numbers, Step, Value};

pub use karat_template::Step as ValueStep;

use crate::chart::Chart;
use crate::engine::{self, Failure};
use crate::profile::SplitRule;
use crate::render::{RenderInput, on_any_stack, prepare};
use crate::resolved::Resolved;
use crate::{Error, manifest};

/// A render that knows where its text comes from.
#[derive(Debug)]
pub struct Traced {
    trace: Trace,
    /// The templates that ran, in the order of the trace.
    templates: Vec<String>,
    /// Charts by the path that templates are named by, the longest first, and where they are within the chart.
    folders: Vec<(String, String)>,
    split: SplitRule,
}

/// Where a part of a document comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The places in templates that printed it: in the document's own template first, then in those that it includes.
    /// Files are paths within the chart.
    pub templates: Vec<TemplatePlace>,
    /// The paths of the values that it is made of, the one that says most of it last; empty if templates say it all.
    /// See [`ValueSources::place`](crate::ValueSources::place).
    pub values: Vec<Vec<ValueStep>>,
}

/// Renders a chart again, as [`render`](crate::render()) does, to answer where the parts of its documents come from.
pub fn trace(chart: &Arc<Chart>, input: &RenderInput<'_>) -> Result<Traced, Error> {
    on_any_stack(|stack| trace_within(chart, input, stack))
}

fn trace_within(chart: &Arc<Chart>, input: &RenderInput<'_>, stack: usize) -> Result<Traced, Failure> {
    let mut warnings = Vec::new();
    let (resolved, values) = prepare(chart, input, &mut warnings)?;
    let mut trace = Trace::default();
    engine::run(&resolved, &values, input, stack, &mut warnings, Some(&mut trace))?;
    Ok(Traced {
        trace,
        templates: resolved.templates.iter().map(|template| template.name.clone()).collect(),
        folders: folders(&resolved),
        split: chart.settings.profile.split_rule(),
    })
}

/// Templates are named by the names that charts have where they are, folders by the names that charts give themselves.
fn folders(resolved: &Resolved) -> Vec<(String, String)> {
    let mut folders: Vec<(String, String)> = Vec::new();
    for place in &resolved.places {
        let folder = match place.parent.and_then(|parent| folders.get(parent)) {
            Some((_, above)) => format!("{above}charts/{}/", place.chart.metadata.name),
            None => String::new(),
        };
        folders.push((format!("{}/", place.path), folder));
    }
    folders.sort_by_key(|(path, _)| std::cmp::Reverse(path.len()));
    folders
}

impl Traced {
    /// Where what is at `path` of a document comes from, or the nearest thing around it that exists. The document is
    /// known by its template ([`Document::path`](crate::Document::path)) and its text; an item of a `List` by its own.
    pub fn origin(&self, template: &str, text: &[u8], path: &[Step<'_>]) -> Option<Origin> {
        let root = self.templates.iter().position(|name| name == template)?;
        let printed = self.trace.text(root)?;
        let shown = without_no_value(printed).map_or_else(|| printed.clone(), Str::from);
        let (start, part, item) = self.part(&shown, text)?;
        let document = karat_yaml::parse_document(part, Dialect::GoYaml).ok()??;
        let steps = item.iter().chain(path).copied();
        let (key, value, whole) = nearest(document.root(), steps);
        let range = |from: usize, to: usize| {
            let at = |offset: usize| raw_offset(printed, start + offset);
            at(from)..at(to.max(from))
        };
        let line = |from: usize| {
            let rest = part.get(from..).unwrap_or_default();
            from + rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len())
        };
        let from = key.span().start.offset;
        let from = if key == value { dash(part, from) } else { from };
        let mut templates = self.trace.places(root, range(from, line(from)));
        templates.iter_mut().for_each(|place| place.file = self.file(&place.file.lossy()).into());
        let span = value.span();
        let scalar = matches!(value.kind(), Kind::Scalar(_) | Kind::Alias);
        let values = match (scalar, span.range().is_empty()) {
            // What is missing is not said by what is around it, unless that is one value.
            (true, _) if !whole => Vec::new(),
            (true, true) => self.trace.values(root, range(from, line(from)), true),
            _ => self.trace.values(root, range(span.start.offset, span.end), scalar),
        };
        Some(Origin { templates, values: values.into_iter().map(|read| read.path).collect() })
    }

    /// Where a document is in a template's text, its text there, and the way to it if it is an item of a list.
    fn part<'t>(&self, shown: &'t [u8], text: &[u8]) -> Option<(usize, &'t [u8], Vec<Step<'static>>)> {
        let parts = manifest::split(shown, self.split);
        let start = |part: &[u8]| part.as_ptr().addr() - shown.as_ptr().addr();
        if let Some(part) = parts.iter().find(|part| **part == text) {
            return Some((start(part), part, Vec::new()));
        }
        parts.into_iter().find_map(|part| {
            let value = karat_yaml::from_yaml(part, Dialect::GoYaml, Numbers::Kept).ok()?;
            let items = value.get("items").and_then(Value::as_seq)?;
            let index =
                items.iter().position(|item| karat_yaml::to_yaml(item).is_ok_and(|item| item.as_bytes() == text))?;
            Some((start(part), part, vec![Step::Key("items"), Step::Index(index)]))
        })
    }

    /// The path of a template within the chart.
    fn file(&self, name: &str) -> String {
        let found = self.folders.iter().find_map(|(path, folder)| Some((name.strip_prefix(path.as_str())?, folder)));
        found.map_or_else(|| name.to_owned(), |(within, folder)| format!("{folder}{within}"))
    }
}

/// The key and the value at a path, as far as there is something, and whether that was all of it.
fn nearest<'d, 'p>(root: Node<'d>, path: impl Iterator<Item = Step<'p>>) -> (Node<'d>, Node<'d>, bool) {
    let (mut key, mut value) = (root, root);
    for step in path {
        let next = match step {
            Step::Key(name) => value.entry(name),
            Step::Index(index) => value.resolved().items().nth(index).map(|item| (item, item)),
        };
        let Some(next) = next else { return (key, value, false) };
        (key, value) = next;
    }
    (key, value, true)
}

/// Where the item of a list that starts at an offset begins with its dash; else the offset.
fn dash(text: &[u8], offset: usize) -> usize {
    let before = text.get(..offset).unwrap_or_default().trim_ascii_end();
    let between = text.get(before.len()..offset).unwrap_or_default();
    if before.ends_with(b"-") && !between.contains(&b'\n') { before.len() - 1 } else { offset }
}

/// An offset of a text without `<no value>` as an offset of the text with it.
fn raw_offset(raw: &[u8], offset: usize) -> usize {
    const NO_VALUE: &[u8] = b"<no value>";
    let (mut at, mut left) = (0, offset);
    loop {
        while raw[at.min(raw.len())..].starts_with(NO_VALUE) {
            at += NO_VALUE.len();
        }
        let rest = &raw[at.min(raw.len())..];
        let next = rest.iter().skip(1).position(|byte| *byte == b'<').map_or(rest.len(), |next| next + 1);
        if left < next || rest.is_empty() {
            return at + left;
        }
        at += next;
        left -= next;
    }
}

#[cfg(test)]
mod tests {
    use super::raw_offset;

    #[test]
    fn offsets_skip_what_is_removed() {
        let raw = b"a: <no value>b<c\n<no value><no value>d";
        let offsets: Vec<_> = (0..8).map(|offset| raw_offset(raw, offset)).collect();
        assert_eq!(offsets, [0, 1, 2, 13, 14, 15, 16, 37]);
        assert_eq!(raw_offset(b"ab", 2), 2);
    }
}
