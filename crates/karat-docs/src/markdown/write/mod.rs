//! From the parser's tree to HTML: one walk, without recursion.

mod containers;
mod nodes;
mod parts;
mod raw;

use std::collections::BTreeMap;

use comrak::arena_tree::NodeEdge;
use comrak::nodes::{AlertType, AstNode, ListType, NodeValue};
use regex::Regex;

use self::nodes::{abbreviations, after, at_end, is_frame, is_inline, is_tight, is_tight_item, own_line, simple};
use super::attributes::{Attributes, attribute};
use super::prepare::Prepared;
use super::slug::{Ids, slugify};
use super::text::words;
use super::{Rendered, escape, plain, smart};
use crate::links::Links;
use crate::page::{Heading, Section};
use crate::problem::{Kind, Problem};

/// The deepest nesting that is drawn; what is deeper is there, without its frames.
const DEPTH: usize = 200;
/// Things of one page that were refused and are told one by one.
const TOLD: usize = 100;
/// Links of one page that lead nowhere and are told one by one.
const DEAD: usize = 1_000;
/// Raw tags of one page.
const RAW: usize = 20_000;

/// Elements without content.
const VOID: [&str; 5] = ["br", "col", "hr", "img", "wbr"];

/// What is open, for balance: raw elements end with the element that we opened around them.
enum Open {
    /// An element of ours.
    Own,
    /// An element of raw HTML.
    Raw(String),
}

pub(super) struct Writer<'w> {
    file: &'w str,
    prepared: &'w Prepared,
    links: &'w Links<'w>,
    out: String,
    done: Rendered,
    ids: Ids,
    open: Vec<Open>,
    /// How deep the walk is in nodes.
    depth: usize,
    /// Where the content of the open heading starts in `out`, and its id if an attribute list gives one.
    heading: Option<(usize, Attributes)>,
    /// Where the text since the last heading starts in `out`.
    section: usize,
    /// Whether the next cell is one of the header, and its column.
    cell: (bool, usize),
    tabs: usize,
    /// The sets of tabs that are open: their number, and the tab that is shown first.
    sets: Vec<(usize, String)>,
    footnotes: bool,
    raw: usize,
    told: usize,
    abbreviations: Option<(Regex, BTreeMap<&'w str, &'w str>)>,
}

impl<'w> Writer<'w> {
    pub(super) fn new(file: &'w str, prepared: &'w Prepared, links: &'w Links<'w>) -> Self {
        Self {
            file,
            prepared,
            links,
            out: String::with_capacity(prepared.text.len() * 2),
            done: Rendered::default(),
            ids: Ids::default(),
            open: Vec::new(),
            depth: 0,
            heading: None,
            section: 0,
            cell: (false, 0),
            tabs: 0,
            sets: Vec::new(),
            footnotes: false,
            raw: 0,
            told: 0,
            abbreviations: abbreviations(prepared),
        }
    }

    pub(super) fn page<'a>(mut self, root: &'a AstNode<'a>) -> Rendered {
        self.done.sections.push(Section::default());
        let first = root.first_child().map(|first| first.data().value.clone());
        self.walk(root);
        if self.footnotes {
            self.out.push_str("</ol></section>");
        }
        self.end_section();
        if matches!(first, Some(NodeValue::Heading(heading)) if heading.level == 1) {
            self.done.title = self.done.headings.first().map(|heading| heading.text.clone());
        }
        self.done.html = self.out;
        self.done.ids = self.ids.into_sorted();
        self.done
    }

    fn walk<'a>(&mut self, root: &'a AstNode<'a>) {
        let mut edges = root.traverse();
        while let Some(edge) = edges.next() {
            match edge {
                NodeEdge::Start(node) => {
                    self.depth += 1;
                    if self.start(node) {
                        continue;
                    }
                    // The node was written whole: its inside is passed over.
                    for edge in edges.by_ref() {
                        if matches!(edge, NodeEdge::End(end) if std::ptr::eq(end, node)) {
                            break;
                        }
                    }
                    self.depth -= 1;
                }
                NodeEdge::End(node) => {
                    self.end(node);
                    self.depth -= 1;
                }
            }
        }
    }

    fn at<'a>(&self, node: &'a AstNode<'a>) -> (u32, u32) {
        let start = node.data().sourcepos.start;
        (self.prepared.line(start.line), u32::try_from(start.column).unwrap_or(1).max(1))
    }

    fn tell(&mut self, kind: Kind, at: (u32, u32), what: &str, fix: &str) {
        self.told += 1;
        if self.told <= TOLD {
            self.done.problems.push(Problem::error(kind, self.file, at, what).fix(fix));
        }
    }

    fn tell_link(&mut self, problem: Option<Problem>) {
        if let Some(problem) = problem.filter(|_| self.done.problems.len() < DEAD) {
            self.done.problems.push(problem);
        }
    }

    /// Opens an element of ours.
    fn enter(&mut self, tag: &str, classes: &[&str], attributes: &Attributes) {
        self.open.push(Open::Own);
        self.out.push('<');
        self.out.push_str(tag);
        if let Some(id) = &attributes.id {
            let id = self.ids.unique(id.clone());
            attribute(&mut self.out, "id", &id);
        }
        attributes.write(&mut self.out, classes);
        self.out.push('>');
    }

    fn plain_enter(&mut self, tag: &str) {
        self.enter(tag, &[], &Attributes::default());
    }

    /// Closes an element of ours, and what raw HTML left open in it.
    fn leave(&mut self, tag: &str) {
        while let Some(open) = self.open.pop() {
            match open {
                Open::Raw(name) => self.close(&name),
                Open::Own => break,
            }
        }
        self.close(tag);
    }

    fn close(&mut self, tag: &str) {
        self.out.push_str("</");
        self.out.push_str(tag);
        self.out.push('>');
    }

    fn end_section(&mut self) {
        let text = words(&plain(self.out.get(self.section..).unwrap_or_default()));
        if let Some(section) = self.done.sections.last_mut() {
            section.text = text;
        }
        self.section = self.out.len();
    }

    /// Writes the start of a node; whether its children are to be walked.
    fn start<'a>(&mut self, node: &'a AstNode<'a>) -> bool {
        let value = node.data().value.clone();
        if self.depth > DEPTH && is_frame(&value) {
            if self.depth == DEPTH + 1 {
                let at = self.at(node);
                self.tell(Kind::Size, at, &format!("nested deeper than {DEPTH}"), "make it flatter");
            }
            return true;
        }
        match value {
            NodeValue::Document => {}
            NodeValue::Paragraph => {
                if !is_tight(node) {
                    let attributes = own_line(node);
                    self.enter("p", &[], &attributes);
                }
            }
            NodeValue::Heading(_) => {
                self.end_section();
                let attributes = at_end(node);
                self.open.push(Open::Own);
                self.heading = Some((self.out.len(), attributes));
            }
            NodeValue::Text(text) => self.text(&text),
            NodeValue::SoftBreak => self.out.push('\n'),
            NodeValue::LineBreak => self.out.push_str("<br>\n"),
            NodeValue::Code(code) => self.code(&code, node),
            NodeValue::CodeBlock(block) => self.block(&block),
            NodeValue::HtmlBlock(html) => self.raw(&html.literal, self.at(node)),
            NodeValue::HtmlInline(html) | NodeValue::Raw(html) => self.raw(&html, self.at(node)),
            NodeValue::Link(link) => self.link(&link, node),
            NodeValue::Image(image) => {
                self.image(&image, node);
                return false;
            }
            NodeValue::List(list) => self.list(&list, node),
            NodeValue::TaskItem(task) => {
                self.enter("li", &["task"], &Attributes::default());
                let checked = if task.symbol.is_some() { " checked" } else { "" };
                self.out.push_str(&format!("<input type=\"checkbox\" disabled{checked}>"));
            }
            NodeValue::Item(_) => {
                let attributes = if is_tight_item(node) { node.first_child().map(own_line) } else { None };
                self.enter("li", &[], &attributes.unwrap_or_default());
            }
            NodeValue::Table(_) => {
                self.enter("div", &["table"], &Attributes::default());
                self.plain_enter("table");
            }
            NodeValue::TableRow(header) => {
                self.cell = (header, 0);
                let first = node
                    .previous_sibling()
                    .is_none_or(|before| matches!(before.data().value, NodeValue::TableRow(true)) && !header);
                if first {
                    self.plain_enter(if header { "thead" } else { "tbody" });
                }
                self.plain_enter("tr");
            }
            NodeValue::TableCell => self.table_cell(node),
            NodeValue::FootnoteDefinition(note) => {
                if !self.footnotes {
                    self.footnotes = true;
                    self.out.push_str("<section class=\"footnotes\"><ol>");
                }
                let attributes = Attributes { id: Some(format!("fn:{}", note.name)), ..Attributes::default() };
                self.enter("li", &[], &attributes);
            }
            NodeValue::FootnoteReference(note) => {
                let count = if note.ref_num > 1 { note.ref_num.to_string() } else { String::new() };
                let id = format!("fnref{count}:{}", note.name);
                let attributes = Attributes { id: Some(id), ..Attributes::default() };
                self.enter("sup", &["footnote-ref"], &attributes);
                self.out.push_str("<a");
                attribute(&mut self.out, "href", &format!("#fn:{}", note.name));
                self.out.push_str(&format!(">{}</a>", note.ix));
                self.leave("sup");
            }
            NodeValue::ThematicBreak => self.out.push_str("<hr>\n"),
            NodeValue::Alert(alert) => {
                let (class, title) = match alert.alert_type {
                    AlertType::Note => ("note", "Note"),
                    AlertType::Tip => ("tip", "Tip"),
                    AlertType::Important => ("warning", "Important"),
                    AlertType::Warning => ("warning", "Warning"),
                    AlertType::Caution => ("danger", "Caution"),
                };
                self.enter("div", &["admonition", class], &Attributes::default());
                self.out.push_str("<p class=\"admonition-title\">");
                self.text(alert.title.as_deref().unwrap_or(title));
                self.out.push_str("</p>\n");
            }
            NodeValue::BlockDirective(directive) => self.container(&directive.info, node),
            other => {
                if let Some(tag) = simple(&other) {
                    let attributes = if is_inline(&other) { after(node) } else { Attributes::default() };
                    self.enter(tag, &[], &attributes);
                }
            }
        }
        true
    }

    fn end<'a>(&mut self, node: &'a AstNode<'a>) {
        let value = node.data().value.clone();
        if self.depth > DEPTH && is_frame(&value) {
            return;
        }
        match value {
            NodeValue::Paragraph => {
                if !is_tight(node) {
                    self.leave("p");
                    self.out.push('\n');
                }
            }
            NodeValue::Heading(heading) => self.end_heading(heading.level, self.at(node).0),
            NodeValue::Link(_) => self.leave("a"),
            NodeValue::List(list) => {
                self.leave(if list.list_type == ListType::Ordered { "ol" } else { "ul" });
                self.out.push('\n');
            }
            NodeValue::Item(_) | NodeValue::TaskItem(_) => {
                self.leave("li");
                self.out.push('\n');
            }
            NodeValue::Table(_) => {
                self.leave("table");
                self.leave("div");
                self.out.push('\n');
            }
            NodeValue::TableRow(header) => {
                self.leave("tr");
                self.out.push('\n');
                if header || node.next_sibling().is_none() {
                    self.leave(if header { "thead" } else { "tbody" });
                }
            }
            NodeValue::TableCell => {
                self.leave(if self.cell.0 { "th" } else { "td" });
                self.cell.1 += 1;
            }
            NodeValue::FootnoteDefinition(note) => {
                self.out.push_str("<a class=\"footnote-back\"");
                attribute(&mut self.out, "href", &format!("#fnref:{}", note.name));
                self.out.push_str(" aria-label=\"Back to the text\">\u{21a9}</a>");
                self.leave("li");
                self.out.push('\n');
            }
            NodeValue::Alert(_) => {
                self.leave("div");
                self.out.push('\n');
            }
            NodeValue::BlockDirective(directive) => self.end_container(&directive.info, node),
            other => {
                if let Some(tag) = simple(&other) {
                    self.leave(tag);
                    if !is_inline(&other) {
                        self.out.push('\n');
                    }
                }
            }
        }
    }

    fn end_heading(&mut self, level: u8, line: u32) {
        let Some((start, attributes)) = self.heading.take() else { return };
        while let Some(Open::Raw(name)) = self.open.pop() {
            self.close(&name);
        }
        let inner = self.out.split_off(start);
        let text = words(&plain(&inner));
        let id = attributes.id.clone().unwrap_or_else(|| slugify(&text));
        let id = self.ids.unique(id);
        self.out.push_str(&format!("<h{level}"));
        attribute(&mut self.out, "id", &id);
        attributes.write(&mut self.out, &[]);
        self.out.push('>');
        self.out.push_str(&inner);
        self.out.push_str("<a class=\"headerlink\"");
        attribute(&mut self.out, "href", &format!("#{id}"));
        self.out.push_str(&format!(" aria-label=\"Link to this section\">\u{b6}</a></h{level}>\n"));
        self.done.headings.push(Heading { level, id: id.clone(), text: text.clone(), line });
        self.done.sections.push(Section { id, title: text, text: String::new() });
        self.section = self.out.len();
    }

    fn text(&mut self, text: &str) {
        let Some((pattern, meanings)) = &self.abbreviations else { return smart::write(&mut self.out, text) };
        let mut from = 0;
        for found in pattern.find_iter(text) {
            smart::write(&mut self.out, &text[from..found.start()]);
            self.out.push_str("<abbr");
            attribute(&mut self.out, "title", meanings.get(found.as_str()).copied().unwrap_or_default());
            self.out.push('>');
            escape(&mut self.out, found.as_str());
            self.out.push_str("</abbr>");
            from = found.end();
        }
        smart::write(&mut self.out, &text[from..]);
    }
}
