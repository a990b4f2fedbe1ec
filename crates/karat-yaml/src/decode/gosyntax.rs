//! Go's `%#v` of decoded nodes: go-yaml puts it into messages, and charts print those.

use std::collections::BTreeMap;

use super::go;
use super::number::display;
use super::resolve::Resolved;
use crate::{Kind, Node, strings};

/// Messages are cut here, in bytes and in nodes looked at: they are to be read, and nodes may be large.
const LIMIT: usize = 2000;

/// A node as `%#v` shows it on its own.
pub(super) fn node(node: Node<'_>) -> String {
    let mut text = String::new();
    Printer { left: LIMIT }.write(&mut text, node, true);
    if text.len() > LIMIT {
        let end = (0..=LIMIT).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
        text.truncate(end);
        text.push_str("...");
    }
    text
}

struct Printer {
    left: usize,
}

impl Printer {
    fn write(&mut self, text: &mut String, node: Node<'_>, top: bool) {
        if text.len() > LIMIT || self.left == 0 {
            return;
        }
        self.left -= 1;
        let node = node.resolved();
        match node.kind() {
            Kind::Seq => {
                text.push_str("[]interface {}{");
                for (index, item) in node.items().take(self.left).enumerate() {
                    text.push_str(if index > 0 { ", " } else { "" });
                    self.write(text, item, false);
                }
                text.push('}');
            }
            Kind::Map => self.write_map(text, node),
            Kind::Scalar(_) | Kind::Alias => scalar(text, node, top),
        }
    }

    fn write_map(&mut self, text: &mut String, node: Node<'_>) {
        // Sorted; of repeated keys the last one counts.
        let mut entries = BTreeMap::new();
        for (key, value) in node.entries().take(self.left) {
            let mut shown = String::new();
            self.write(&mut shown, key, false);
            entries.insert(shown, value);
        }
        text.push_str("map[interface {}]interface {}{");
        for (index, (key, value)) in entries.into_iter().enumerate() {
            text.push_str(if index > 0 { ", " } else { "" });
            text.push_str(&key);
            text.push(':');
            self.write(text, value, false);
        }
        text.push('}');
    }
}

fn scalar(text: &mut String, node: Node<'_>, top: bool) {
    match go::scalar(node) {
        Ok(Resolved::Bool(truth)) => text.push_str(if truth { "true" } else { "false" }),
        Ok(Resolved::Int(number)) => text.push_str(&number.to_string()),
        Ok(Resolved::Uint(number)) => text.push_str(&format!("{number:#x}")),
        Ok(Resolved::Float(number)) => text.push_str(&display(number)),
        Ok(Resolved::Str) => text.push_str(&strings::go_quote(node.text())),
        Ok(Resolved::Binary(value)) => text.push_str(&strings::go_quote(&value)),
        _ => text.push_str(if top { "<nil>" } else { "interface {}(nil)" }),
    }
}
