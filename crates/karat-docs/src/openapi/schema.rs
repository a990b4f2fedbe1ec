//! JSON Schemas: a type in one line, properties in a table.

use std::collections::BTreeSet;

use karat_yaml::Node;

use super::draw::Drawing;
use crate::markdown::escape;
use crate::markdown::slug::slugify;
use crate::yaml;

/// Objects within objects that are drawn.
const DEPTH: usize = 6;

/// What narrows a type, in the order in which it is shown.
const LIMITS: [&str; 11] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "pattern",
    "default",
    "const",
];

impl<'d> Drawing<'d> {
    /// A schema in one line: `array of Patient`, `string (date-time)`, `one of A, B`.
    pub(super) fn schema_type(&mut self, schema: Node<'d>) {
        self.type_within(schema, 0);
    }

    fn type_within(&mut self, schema: Node<'d>, depth: usize) {
        let schema = schema.resolved();
        if self.budget == 0 || depth > DEPTH {
            return self.out.push('\u{2026}');
        }
        self.budget -= 1;
        if let Some(target) = schema.get("$ref").and_then(yaml::text) {
            return self.reference(schema, &target);
        }
        for (key, word) in [("allOf", "all of"), ("oneOf", "one of"), ("anyOf", "any of")] {
            if let Some(parts) = schema.get(key) {
                self.out.push_str(word);
                for (index, part) in parts.resolved().items().enumerate() {
                    self.out.push_str(if index == 0 { " " } else { ", " });
                    self.type_within(part, depth + 1);
                }
                return;
            }
        }
        let kinds: Vec<String> = match schema.get("type") {
            Some(list) if list.resolved().items().next().is_some() => {
                list.resolved().items().filter_map(yaml::text).collect()
            }
            Some(kind) => yaml::text(kind).into_iter().collect(),
            None if schema.get("properties").is_some() => vec!["object".to_owned()],
            None => vec!["any".to_owned()],
        };
        let kind = kinds.join(" or ");
        self.out.push_str("<span class=\"type\">");
        escape(&mut self.out, &kind);
        self.out.push_str("</span>");
        if let Some(items) = schema.get("items") {
            self.out.push_str(" of ");
            self.type_within(items, depth + 1);
        }
        if let Some(format) = schema.get("format").and_then(yaml::text) {
            self.out.push_str(" (");
            escape(&mut self.out, &format);
            self.out.push(')');
        }
        if schema.get("nullable").and_then(yaml::truth) == Some(true) {
            self.out.push_str(" or null");
        }
        self.limits(schema);
    }

    fn limits(&mut self, schema: Node<'d>) {
        if let Some(values) = schema.get("enum") {
            self.out.push_str(": ");
            for (index, value) in values.resolved().items().enumerate().take(100) {
                self.out.push_str(if index == 0 { "<code>" } else { ", <code>" });
                escape(&mut self.out, &yaml::text(value).unwrap_or_default());
                self.out.push_str("</code>");
            }
        }
        for name in LIMITS {
            if let Some(value) = schema.get(name).and_then(yaml::text) {
                self.out.push_str(&format!(", {name} <code>"));
                escape(&mut self.out, &value);
                self.out.push_str("</code>");
            }
        }
    }

    /// A link to where a schema is drawn. A reference out of the document is never followed.
    fn reference(&mut self, schema: Node<'d>, target: &str) {
        if self.references.find(target).is_none() {
            let elsewhere = !target.starts_with('#');
            let message = match elsewhere {
                true => format!("the reference `{target}` leads out of this document, and is not followed"),
                false => format!("the reference `{target}` leads to nothing in this document"),
            };
            self.tell(schema, message, "define it under `components/schemas`");
            self.out.push_str("<code>");
            escape(&mut self.out, target);
            return self.out.push_str("</code>");
        }
        let name = target.rsplit('/').next().unwrap_or_default();
        if target.starts_with("#/components/schemas/") {
            self.out.push_str("<a class=\"schema\" href=\"#schema-");
            escape(&mut self.out, &slugify(name));
            self.out.push_str("\">");
            escape(&mut self.out, name);
            self.out.push_str("</a>");
        } else {
            escape(&mut self.out, name);
        }
    }

    /// The properties of an object, or of an array's items, or of what is combined.
    pub(super) fn schema_body(&mut self, schema: Node<'d>, depth: usize) {
        let schema = schema.resolved();
        if self.budget == 0 || depth > DEPTH || schema.get("$ref").is_some() {
            return;
        }
        self.budget -= 1;
        for key in ["allOf", "oneOf", "anyOf"] {
            let parts: Vec<Node<'d>> =
                schema.get(key).map(|parts| parts.resolved().items().collect()).unwrap_or_default();
            for part in parts {
                self.schema_body(part, depth + 1);
            }
        }
        if let Some(items) = schema.get("items") {
            self.schema_body(items, depth + 1);
        }
        let Some(properties) = schema.get("properties") else { return };
        let required: BTreeSet<String> = schema
            .get("required")
            .map(|list| list.resolved().items().filter_map(yaml::text).collect())
            .unwrap_or_default();
        self.table(&["Property", "Type", "Description"], "properties");
        for (key, property) in properties.resolved().entries() {
            if self.budget == 0 {
                break;
            }
            let name = yaml::text(key).unwrap_or_default();
            self.out.push_str("<tr><td><code>");
            escape(&mut self.out, &name);
            self.out.push_str("</code>");
            self.out.push_str(if required.contains(&name) {
                " <strong>required</strong></td><td>"
            } else {
                "</td><td>"
            });
            self.schema_type(property);
            self.out.push_str("</td><td>");
            self.text(property.resolved().get("description"));
            self.schema_body(property, depth + 1);
            self.out.push_str("</td></tr>");
        }
        self.end_table();
    }
}
