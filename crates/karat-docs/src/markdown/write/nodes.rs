//! What nodes of the tree are, and the attribute lists that stand in their texts.

use std::collections::BTreeMap;

use comrak::nodes::{AstNode, NodeValue};
use regex::Regex;

use crate::markdown::attributes::{self, Attributes};
use crate::markdown::prepare::Prepared;

/// Elements that need no more than their name.
pub(super) fn simple(value: &NodeValue) -> Option<&'static str> {
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

pub(super) fn is_inline(value: &NodeValue) -> bool {
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
pub(super) fn is_frame(value: &NodeValue) -> bool {
    matches!(value, NodeValue::List(_) | NodeValue::Item(_) | NodeValue::Alert(_) | NodeValue::Paragraph)
        || simple(value).is_some()
}

/// A paragraph of a tight list or definition has no frame of its own.
pub(super) fn is_tight<'a>(paragraph: &'a AstNode<'a>) -> bool {
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

pub(super) fn is_tight_item<'a>(item: &'a AstNode<'a>) -> bool {
    item.parent().is_some_and(|list| matches!(&list.data().value, NodeValue::List(list) if list.tight))
}

/// The attribute list directly after an inline element, taken from the text there.
pub(super) fn after<'a>(node: &'a AstNode<'a>) -> Attributes {
    let Some(next) = node.next_sibling() else { return Attributes::default() };
    let mut data = next.data_mut();
    let NodeValue::Text(text) = &mut data.value else { return Attributes::default() };
    let Some((attributes, length)) = attributes::leading(text) else { return Attributes::default() };
    text.to_mut().drain(..length);
    attributes
}

/// The attribute list that ends a heading or cell, taken from its last text.
pub(super) fn at_end<'a>(node: &'a AstNode<'a>) -> Attributes {
    let Some(last) = node.last_child() else { return Attributes::default() };
    let mut data = last.data_mut();
    let NodeValue::Text(text) = &mut data.value else { return Attributes::default() };
    let Some((attributes, start)) = attributes::trailing(text) else { return Attributes::default() };
    text.to_mut().truncate(start);
    attributes
}

/// The attribute list that is a paragraph's last line.
pub(super) fn own_line<'a>(node: &'a AstNode<'a>) -> Attributes {
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
pub(super) fn info(info: &str) -> (String, Option<String>) {
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
pub(super) fn abbreviations(prepared: &Prepared) -> Option<(Regex, BTreeMap<&str, &str>)> {
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
