//! From the parser's tree to HTML: one walk, without recursion.

use std::collections::BTreeMap;

use comrak::arena_tree::NodeEdge;
use comrak::nodes::{
    AlertType, AstNode, ListType, NodeCode, NodeCodeBlock, NodeLink, NodeList, NodeValue, TableAlignment,
};
use regex::Regex;

use super::attributes::{self, Attributes, attribute};
use super::prepare::{Container, Prepared};
use super::raw::{self, Part};
use super::slug::{Ids, slugify};
use super::text::words;
use super::{Rendered, escape, plain, smart};
use crate::highlight;
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

    fn code<'a>(&mut self, code: &NodeCode, node: &'a AstNode<'a>) {
        let attributes = after(node);
        // `#!python x` names the language of inline code.
        let (language, text) = match code.literal.strip_prefix("#!").and_then(|rest| rest.split_once(' ')) {
            Some((language, text)) => (language, text),
            None => ("", code.literal.as_str()),
        };
        self.enter("code", &[], &attributes);
        highlight::write(&mut self.out, language, text);
        self.leave("code");
    }

    fn block(&mut self, block: &NodeCodeBlock) {
        let (language, title) = info(&block.info);
        self.out.push_str("<div class=\"code\">");
        if let Some(title) = title {
            self.out.push_str("<div class=\"code-title\">");
            escape(&mut self.out, &title);
            self.out.push_str("</div>");
        }
        self.out.push_str("<pre><code");
        if !language.is_empty() {
            attribute(&mut self.out, "class", &format!("language-{language}"));
        }
        self.out.push('>');
        highlight::write(&mut self.out, &language, &block.literal);
        self.out.push_str("</code></pre></div>\n");
    }

    fn list<'a>(&mut self, list: &NodeList, node: &'a AstNode<'a>) {
        let tag = if list.list_type == ListType::Ordered { "ol" } else { "ul" };
        let is_task = |item: &&'a AstNode<'a>| matches!(item.data().value, NodeValue::TaskItem(_));
        let tasks = node.first_child().as_ref().is_some_and(is_task);
        let mut attributes = Attributes::default();
        if list.list_type == ListType::Ordered && list.start != 1 {
            attributes.others.push(("start".to_owned(), list.start.to_string()));
        }
        self.open.push(Open::Own);
        self.out.push('<');
        self.out.push_str(tag);
        if tasks {
            self.out.push_str(" class=\"tasks\"");
        }
        for (name, value) in &attributes.others {
            attribute(&mut self.out, name, value);
        }
        self.out.push_str(">\n");
    }

    fn table_cell<'a>(&mut self, node: &'a AstNode<'a>) {
        let (header, column) = self.cell;
        let table = node.parent().and_then(AstNode::parent);
        let alignment = table.and_then(|table| match &table.data().value {
            NodeValue::Table(table) => table.alignments.get(column).copied(),
            _ => None,
        });
        let class: &[&str] = match alignment {
            Some(TableAlignment::Left) => &["left"],
            Some(TableAlignment::Center) => &["center"],
            Some(TableAlignment::Right) => &["right"],
            _ => &[],
        };
        let attributes = at_end(node);
        self.enter(if header { "th" } else { "td" }, class, &attributes);
    }

    fn link<'a>(&mut self, link: &NodeLink, node: &'a AstNode<'a>) {
        let at = self.at(node);
        let attributes = after(node);
        let resolved = self.links.resolve(self.file, &link.url, at);
        self.tell_link(resolved.problem);
        if self.done.links.len() < 10 * DEAD {
            self.done.links.extend(resolved.link);
        }
        self.open.push(Open::Own);
        self.out.push_str("<a");
        if let Some(id) = attributes.id.clone() {
            let id = self.ids.unique(id);
            attribute(&mut self.out, "id", &id);
        }
        attributes.write(&mut self.out, if resolved.external { &["external"] } else { &[] });
        if let Some(href) = resolved.href {
            attribute(&mut self.out, "href", &href);
        }
        if !link.title.is_empty() {
            attribute(&mut self.out, "title", &link.title);
        }
        self.out.push('>');
    }

    fn image<'a>(&mut self, image: &NodeLink, node: &'a AstNode<'a>) {
        let at = self.at(node);
        let attributes = after(node);
        let resolved = self.links.resolve(self.file, &image.url, at);
        self.tell_link(resolved.problem);
        let alternative: String = node
            .descendants()
            .filter_map(|child| match &child.data().value {
                NodeValue::Text(text) => Some(text.to_string()),
                NodeValue::Code(code) => Some(code.literal.clone()),
                NodeValue::SoftBreak => Some(" ".to_owned()),
                _ => None,
            })
            .collect();
        let Some(href) = resolved.href else { return smart::write(&mut self.out, &alternative) };
        if resolved.external {
            // No page asks another server for anything: what is elsewhere is a link.
            self.out.push_str("<a class=\"external image\"");
            attribute(&mut self.out, "href", &href);
            self.out.push('>');
            escape(&mut self.out, if alternative.is_empty() { &href } else { &alternative });
            return self.out.push_str("</a>");
        }
        self.out.push_str("<img");
        if let Some(id) = attributes.id.clone() {
            let id = self.ids.unique(id);
            attribute(&mut self.out, "id", &id);
        }
        attributes.write(&mut self.out, &[]);
        for (name, value) in attributes.others.iter().filter(|(name, _)| matches!(name.as_str(), "width" | "height")) {
            attribute(&mut self.out, name, value);
        }
        attribute(&mut self.out, "src", &href);
        attribute(&mut self.out, "alt", &alternative);
        if !image.title.is_empty() {
            attribute(&mut self.out, "title", &image.title);
        }
        self.out.push('>');
    }

    fn container<'a>(&mut self, info: &str, node: &'a AstNode<'a>) {
        let Some(container) = self.of(info) else { return self.plain_enter("div") };
        match container {
            Container::Admonition { classes, title } => {
                let classes: Vec<&str> = ["admonition"].into_iter().chain(classes.iter().map(String::as_str)).collect();
                self.enter("div", &classes, &Attributes::default());
                if let Some(title) = title {
                    self.out.push_str("<p class=\"admonition-title\">");
                    self.inline(title);
                    self.out.push_str("</p>\n");
                }
            }
            Container::Details { classes, title, open } => {
                let classes: Vec<&str> = ["admonition"].into_iter().chain(classes.iter().map(String::as_str)).collect();
                self.open.push(Open::Own);
                self.out.push_str("<details");
                attribute(&mut self.out, "class", &classes.join(" "));
                self.summary(title, *open);
            }
            Container::Tab { title, fresh, .. } => {
                let first = *fresh || !node.previous_sibling().is_some_and(|before| self.is_tab(before));
                if first {
                    self.tabs += 1;
                    self.sets.push((self.tabs, self.shown_first(node, info)));
                    self.enter("div", &["tabs"], &Attributes::default());
                }
                let Some((number, shown)) = self.sets.last() else { return };
                let (name, shown) = (format!("tabs-{number}"), shown == info);
                self.open.push(Open::Own);
                self.out.push_str("<details class=\"tab\"");
                attribute(&mut self.out, "name", &name);
                self.summary(title, shown);
            }
        }
    }

    fn summary(&mut self, title: &str, open: bool) {
        self.out.push_str(if open { " open><summary>" } else { "><summary>" });
        self.inline(title);
        self.out.push_str("</summary>\n");
    }

    fn end_container<'a>(&mut self, info: &str, node: &'a AstNode<'a>) {
        match self.of(info) {
            Some(Container::Admonition { .. }) | None => self.leave("div"),
            Some(Container::Details { .. }) => self.leave("details"),
            Some(Container::Tab { .. }) => {
                self.leave("details");
                let goes_on = node
                    .next_sibling()
                    .is_some_and(|next| matches!(self.container_of(next), Some(Container::Tab { fresh: false, .. })));
                if !goes_on {
                    self.sets.pop();
                    self.leave("div");
                }
            }
        }
        self.out.push('\n');
    }

    fn of(&self, info: &str) -> Option<&'w Container> {
        self.prepared.containers.get(info.parse::<usize>().ok()?)
    }

    fn container_of<'a>(&self, node: &'a AstNode<'a>) -> Option<&'w Container> {
        match &node.data().value {
            NodeValue::BlockDirective(directive) => self.of(&directive.info),
            _ => None,
        }
    }

    fn is_tab<'a>(&self, node: &'a AstNode<'a>) -> bool {
        matches!(self.container_of(node), Some(Container::Tab { .. }))
    }

    /// Which tab of the set that starts here is shown first: the last one that asks for it, or the first.
    fn shown_first<'a>(&self, first: &'a AstNode<'a>, info: &str) -> String {
        let mut shown = info.to_owned();
        let mut here = Some(first);
        while let Some(tab) = here {
            if let (Some(Container::Tab { chosen: true, .. }), NodeValue::BlockDirective(directive)) =
                (self.container_of(tab), &tab.data().value)
            {
                shown.clone_from(&directive.info);
            }
            here = tab
                .next_sibling()
                .filter(|next| matches!(self.container_of(next), Some(Container::Tab { fresh: false, .. })));
        }
        shown
    }

    /// Markdown of one line, within what is open.
    fn inline(&mut self, text: &str) {
        let arena = comrak::Arena::new();
        let root = comrak::parse_document(&arena, text, &super::options());
        match root.first_child() {
            Some(paragraph) if matches!(paragraph.data().value, NodeValue::Paragraph) => {
                for child in paragraph.children() {
                    self.walk(child);
                }
            }
            _ => self.text(text),
        }
    }

    fn raw(&mut self, html: &str, at: (u32, u32)) {
        for part in raw::parts(html) {
            match part {
                Part::Text(text) => self.raw_text(text),
                Part::Refused { what } => {
                    let message = format!("{what} is refused");
                    self.tell(Kind::Refused, at, &message, "write it as Markdown");
                }
                Part::Open { name, attributes, void } => {
                    self.raw += 1;
                    if self.raw > RAW {
                        if self.raw == RAW + 1 {
                            let message = format!("more than {RAW} raw tags: the others are left out");
                            self.tell(Kind::Size, at, &message, "write it as Markdown");
                        }
                        continue;
                    }
                    let own = self.raw_link(&name, attributes, at);
                    self.out.push('<');
                    self.out.push_str(&name);
                    self.out.push_str(&own);
                    self.out.push('>');
                    let void = VOID.contains(&name.as_str()) || (void && name == "a");
                    if !VOID.contains(&name.as_str()) {
                        if void || self.open.len() > DEPTH * 2 {
                            self.close(&name);
                        } else {
                            self.open.push(Open::Raw(name));
                        }
                    }
                }
                Part::Close { name } => self.raw_close(&name),
            }
        }
    }

    /// An image of raw HTML does not ask another server either.
    fn raw_link(&mut self, name: &str, attributes: String, at: (u32, u32)) -> String {
        let source = attributes.split(" src=\"").nth(1).and_then(|rest| rest.split('"').next()).map(plain);
        match source {
            Some(source)
                if name == "img" && matches!(crate::sanitise::scheme(&source), crate::sanitise::Scheme::Allowed) =>
            {
                self.tell(Kind::Refused, at, "an image of another server is refused", "keep the image beside the page");
                attributes.split(" src=\"").next().unwrap_or_default().to_owned()
            }
            _ => attributes,
        }
    }

    /// Text of raw HTML: entities stay, everything else is text.
    fn raw_text(&mut self, text: &str) {
        for (index, piece) in text.split('&').enumerate() {
            if index > 0 {
                let name = piece.split(';').next().unwrap_or_default();
                let is_name = piece.len() > name.len()
                    && !name.is_empty()
                    && name.len() < 32
                    && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'#');
                self.out.push_str(if is_name { "&" } else { "&amp;" });
            }
            escape(&mut self.out, piece);
        }
    }

    /// Closes the nearest raw element of that name, unless one of ours is nearer.
    fn raw_close(&mut self, name: &str) {
        let ours = self.open.iter().rposition(|open| matches!(open, Open::Own)).map_or(0, |at| at + 1);
        let found = self.open[ours..].iter().rposition(|open| matches!(open, Open::Raw(raw) if raw == name));
        let Some(found) = found else { return };
        while self.open.len() > ours + found {
            if let Some(Open::Raw(raw)) = self.open.pop() {
                self.close(&raw);
            }
        }
    }
}

/// Elements that need no more than their name.
fn simple(value: &NodeValue) -> Option<&'static str> {
    Some(match value {
        NodeValue::BlockQuote | NodeValue::MultilineBlockQuote(_) => "blockquote",
        NodeValue::DescriptionList => "dl",
        NodeValue::DescriptionTerm => "dt",
        NodeValue::DescriptionDetails => "dd",
        NodeValue::Emph => "em",
        NodeValue::Strong => "strong",
        NodeValue::Strikethrough => "del",
        NodeValue::Highlight => "mark",
        NodeValue::Insert => "ins",
        NodeValue::Superscript => "sup",
        NodeValue::Subscript => "sub",
        NodeValue::Underline => "u",
        _ => return None,
    })
}

fn is_inline(value: &NodeValue) -> bool {
    !matches!(
        value,
        NodeValue::BlockQuote
            | NodeValue::MultilineBlockQuote(_)
            | NodeValue::DescriptionList
            | NodeValue::DescriptionTerm
            | NodeValue::DescriptionDetails
    )
}

/// What draws a frame around its content, and can be left out without losing any.
fn is_frame(value: &NodeValue) -> bool {
    matches!(value, NodeValue::List(_) | NodeValue::Item(_) | NodeValue::Alert(_) | NodeValue::Paragraph)
        || simple(value).is_some()
}

/// A paragraph of a tight list or definition has no frame of its own.
fn is_tight<'a>(paragraph: &'a AstNode<'a>) -> bool {
    let Some(item) = paragraph.parent() else { return false };
    match &item.data().value {
        NodeValue::Item(_) | NodeValue::TaskItem(_) => is_tight_item(item),
        NodeValue::DescriptionDetails => item.parent().is_some_and(|item| match &item.data().value {
            NodeValue::DescriptionItem(item) => item.tight,
            _ => false,
        }),
        NodeValue::DescriptionTerm => true,
        _ => false,
    }
}

fn is_tight_item<'a>(item: &'a AstNode<'a>) -> bool {
    item.parent().is_some_and(|list| matches!(&list.data().value, NodeValue::List(list) if list.tight))
}

/// The attribute list directly after an inline element, taken from the text there.
fn after<'a>(node: &'a AstNode<'a>) -> Attributes {
    let Some(next) = node.next_sibling() else { return Attributes::default() };
    let mut data = next.data_mut();
    let NodeValue::Text(text) = &mut data.value else { return Attributes::default() };
    let Some((attributes, length)) = attributes::leading(text) else { return Attributes::default() };
    text.to_mut().drain(..length);
    attributes
}

/// The attribute list that ends a heading or cell, taken from its last text.
fn at_end<'a>(node: &'a AstNode<'a>) -> Attributes {
    let Some(last) = node.last_child() else { return Attributes::default() };
    let mut data = last.data_mut();
    let NodeValue::Text(text) = &mut data.value else { return Attributes::default() };
    let Some((attributes, start)) = attributes::trailing(text) else { return Attributes::default() };
    text.to_mut().truncate(start);
    attributes
}

/// The attribute list that is a paragraph's last line.
fn own_line<'a>(node: &'a AstNode<'a>) -> Attributes {
    let Some(last) = node.last_child() else { return Attributes::default() };
    let Some(before) = last.previous_sibling() else { return Attributes::default() };
    if !matches!(before.data().value, NodeValue::SoftBreak) {
        return Attributes::default();
    }
    let found = match &last.data().value {
        NodeValue::Text(text) => attributes::trailing(text).filter(|(_, start)| *start == 0),
        _ => None,
    };
    let Some((attributes, _)) = found else { return Attributes::default() };
    last.detach();
    before.detach();
    attributes
}

/// The language and the title of a fence: `yaml title="a.yaml"`, `{ .yaml title="a.yaml" }`.
fn info(info: &str) -> (String, Option<String>) {
    let inner = info.trim();
    let inner = inner.strip_prefix('{').map_or(inner, |inner| inner.trim_end_matches('}')).trim();
    let title = inner.split("title=\"").nth(1).and_then(|rest| rest.split('"').next()).map(str::to_owned);
    let first = inner.split([' ', ',', '{']).next().unwrap_or_default().trim_start_matches('.');
    let language = if first.contains('=') { "" } else { first };
    let is_name =
        |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '+' | '#' | '.');
    (language.chars().filter(|character| is_name(*character)).take(32).collect::<String>().to_lowercase(), title)
}

/// What finds abbreviations in a text: the longest first, whole words.
fn abbreviations(prepared: &Prepared) -> Option<(Regex, BTreeMap<&str, &str>)> {
    let known = &prepared.abbreviations;
    if known.is_empty() {
        return None;
    }
    let mut shorts: Vec<&str> = known.iter().map(|(short, _)| short.as_str()).collect();
    shorts.sort_by_key(|short| std::cmp::Reverse(short.len()));
    let words: Vec<String> = shorts.iter().map(|short| regex::escape(short)).collect();
    // A pattern that is too large for the engine is one that nobody wrote by hand: then nothing is marked.
    let pattern = Regex::new(&format!(r"\b(?:{})\b", words.join("|"))).ok()?;
    Some((pattern, known.iter().map(|(short, long)| (short.as_str(), long.as_str())).collect()))
}
