//! Code, lists, cells, links and images.

use comrak::nodes::{AstNode, ListType, NodeCode, NodeCodeBlock, NodeLink, NodeList, NodeValue, TableAlignment};

use super::nodes::{after, at_end, info};
use super::{DEAD, Open, Writer};
use crate::highlight;
use crate::markdown::attributes::{Attributes, attribute};
use crate::markdown::{escape, smart};

impl Writer<'_> {
    pub(super) fn code<'a>(&mut self, code: &NodeCode, node: &'a AstNode<'a>) {
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

    pub(super) fn block(&mut self, block: &NodeCodeBlock) {
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

    pub(super) fn list<'a>(&mut self, list: &NodeList, node: &'a AstNode<'a>) {
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

    pub(super) fn table_cell<'a>(&mut self, node: &'a AstNode<'a>) {
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

    pub(super) fn link<'a>(&mut self, link: &NodeLink, node: &'a AstNode<'a>) {
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

    pub(super) fn image<'a>(&mut self, image: &NodeLink, node: &'a AstNode<'a>) {
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
}
