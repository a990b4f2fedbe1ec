//! Go's `%#v` of decoded nodes: go-yaml puts it into messages, and charts print those.

use std::collections::BTreeMap;

use super::go;
use super::number::display;
use super::resolve::Resolved;
use crate::{Kind, Node, strings};

/// Messages are cut here: they are to be read, and nodes may be large.
const LIMIT: usize = 2000;

/// A node as `%#v` shows it on its own.
pub(super) fn node(node: Node<'_>) -> String {
    let mut text = String::new();
    write(&mut text, node, true, 0);
    if text.len() > LIMIT {
        let end = (0..=LIMIT).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
        text.truncate(end);
        text.push_str("...");
    }
    text
}

fn write(text: &mut String, node: Node<'_>, top: bool, depth: usize) {
    if text.len() > LIMIT || depth > 50 {
        return;
    }
    let node = node.resolved();
    match node.kind() {
        Kind::Seq => {
            text.push_str("[]interface {}{");
            for (index, item) in node.items().take(LIMIT).enumerate() {
                text.push_str(if index > 0 { ", " } else { "" });
                write(text, item, false, depth + 1);
            }
            text.push('}');
        }
        Kind::Map => {
            text.push_str("map[interface {}]interface {}{");
            // Sorted; of repeated keys the last one counts.
            let entries: BTreeMap<_, _> = node
                .entries()
                .take(LIMIT)
                .map(|(key, value)| {
                    let mut shown = String::new();
                    write(&mut shown, key, false, depth + 1);
                    (shown, value)
                })
                .collect();
            for (index, (key, value)) in entries.into_iter().enumerate() {
                text.push_str(if index > 0 { ", " } else { "" });
                text.push_str(&key);
                text.push(':');
                write(text, value, false, depth + 1);
            }
            text.push('}');
        }
        Kind::Scalar(_) | Kind::Alias => scalar(text, node, top),
    }
}

fn scalar(text: &mut String, node: Node<'_>, top: bool) {
    match go::scalar(node) {
        Ok(Resolved::Bool(truth)) => text.push_str(if truth { "true" } else { "false" }),
        Ok(Resolved::Int(number)) => text.push_str(&number.to_string()),
        Ok(Resolved::Uint(number)) => text.push_str(&format!("{number:#x}")),
        Ok(Resolved::Float(number)) => text.push_str(&display(number)),
        Ok(Resolved::Text(value) | Resolved::Binary(value)) => text.push_str(&strings::go_quote(&value)),
        _ => text.push_str(if top { "<nil>" } else { "interface {}(nil)" }),
    }
}
