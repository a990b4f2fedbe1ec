//! Admonitions, details, tabs.

use comrak::nodes::{AstNode, NodeValue};

use super::{Open, Writer};
use crate::markdown::attributes::{Attributes, attribute};
use crate::markdown::prepare::Container;

impl<'w> Writer<'w> {
    pub(super) fn container<'a>(&mut self, info: &str, node: &'a AstNode<'a>) {
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

    pub(super) fn summary(&mut self, title: &str, open: bool) {
        self.out.push_str(if open { " open><summary>" } else { "><summary>" });
        self.inline(title);
        self.out.push_str("</summary>\n");
    }

    pub(super) fn end_container<'a>(&mut self, info: &str, node: &'a AstNode<'a>) {
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

    pub(super) fn of(&self, info: &str) -> Option<&'w Container> {
        self.prepared.containers.get(info.parse::<usize>().ok()?)
    }

    pub(super) fn container_of<'a>(&self, node: &'a AstNode<'a>) -> Option<&'w Container> {
        match &node.data().value {
            NodeValue::BlockDirective(directive) => self.of(&directive.info),
            _ => None,
        }
    }

    pub(super) fn is_tab<'a>(&self, node: &'a AstNode<'a>) -> bool {
        matches!(self.container_of(node), Some(Container::Tab { .. }))
    }

    /// Which tab of the set that starts here is shown first: the last one that asks for it, or the first.
    pub(super) fn shown_first<'a>(&self, first: &'a AstNode<'a>, info: &str) -> String {
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
    pub(super) fn inline(&mut self, text: &str) {
        let arena = comrak::Arena::new();
        let root = comrak::parse_document(&arena, text, &crate::markdown::options());
        match root.first_child() {
            Some(paragraph) if matches!(paragraph.data().value, NodeValue::Paragraph) => {
                for child in paragraph.children() {
                    self.walk(child);
                }
            }
            _ => self.text(text),
        }
    }
}
