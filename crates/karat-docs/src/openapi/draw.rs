//! The page of an API, from top to bottom.

use std::collections::{BTreeMap, BTreeSet};

use karat_yaml::{Kind as NodeKind, Node};

use super::reference::References;
use super::{Api, METHODS, Operation};
use crate::markdown::slug::{Ids, slugify};
use crate::markdown::{self, escape};
use crate::page::Heading;
use crate::problem::{Kind, Problem};
use crate::yaml;

/// The most operations, and the most schemas, that are drawn.
const LIMIT: usize = 10_000;

pub(super) struct Drawing<'d> {
    pub(super) file: &'d str,
    pub(super) root: Node<'d>,
    pub(super) api: Api,
    pub(super) out: String,
    pub(super) problems: Vec<Problem>,
    /// Nodes of schemas that may still be drawn.
    pub(super) budget: usize,
    pub(super) references: References<'d>,
    ids: Ids,
}

/// An operation and what its path says for all of its operations.
struct Call<'d> {
    operation: Operation,
    node: Node<'d>,
    item: Node<'d>,
    tag: String,
}

impl<'d> Drawing<'d> {
    pub(super) fn new(file: &'d str, root: Node<'d>) -> Self {
        Self {
            file,
            root,
            api: Api::default(),
            out: String::new(),
            problems: Vec::new(),
            budget: 500_000,
            references: References::new(root),
            ids: Ids::default(),
        }
    }

    pub(super) fn tell(&mut self, node: Node<'_>, message: String, fix: &str) {
        if self.problems.len() < 1_000 {
            self.problems.push(Problem::error(Kind::Api, self.file, yaml::at(node), message).fix(fix));
        }
    }

    pub(super) fn document(&mut self) {
        let info = self.root.get("info");
        let say = |key: &str| info.and_then(|info| info.get(key)).and_then(yaml::text).unwrap_or_default();
        (self.api.title, self.api.version) = (say("title"), say("version"));
        if self.api.title.is_empty() || self.api.version.is_empty() {
            self.tell(info.unwrap_or(self.root), "`info` lacks `title` or `version`".to_owned(), "say both");
        }
        let title = self.api.title.clone();
        self.heading(1, &title, None, yaml::at(self.root).0);
        self.out.push_str("<p class=\"api-version\">Version ");
        let version = self.api.version.clone();
        escape(&mut self.out, &version);
        self.out.push_str("</p>");
        self.text(info.and_then(|info| info.get("description")));
        self.servers();
        self.operations();
        self.schemas();
    }

    fn servers(&mut self) {
        let servers: Vec<Node<'d>> =
            self.root.get("servers").map(|list| list.resolved().items().collect()).unwrap_or_default();
        if servers.is_empty() {
            return;
        }
        self.out.push_str("<ul class=\"servers\">");
        for server in servers {
            self.out.push_str("<li><code>");
            escape(&mut self.out, &server.get("url").and_then(yaml::text).unwrap_or_default());
            self.out.push_str("</code> ");
            escape(&mut self.out, &server.get("description").and_then(yaml::text).unwrap_or_default());
            self.out.push_str("</li>");
        }
        self.out.push_str("</ul>");
    }

    fn heading(&mut self, level: u8, text: &str, id: Option<String>, line: u32) {
        let id = self.ids.unique(id.unwrap_or_else(|| slugify(text)));
        self.open_heading(level, &id);
        escape(&mut self.out, text);
        self.end_heading(level, id, text.to_owned(), line);
    }

    fn open_heading(&mut self, level: u8, id: &str) {
        self.out.push_str(&format!("<h{level} id=\""));
        escape(&mut self.out, id);
        self.out.push_str("\">");
    }

    fn end_heading(&mut self, level: u8, id: String, text: String, line: u32) {
        self.out.push_str("<a class=\"headerlink\" href=\"#");
        escape(&mut self.out, &id);
        self.out.push_str(&format!("\" aria-label=\"Link to this section\">\u{b6}</a></h{level}>\n"));
        self.api.toc.push(Heading { level, id, text, line });
    }

    /// A description: Markdown, as OpenAPI has it.
    pub(super) fn text(&mut self, node: Option<Node<'_>>) {
        if let Some(text) = node.and_then(yaml::text).filter(|text| !text.trim().is_empty()) {
            let html = markdown::fragment(self.file, &text);
            self.out.push_str(&html);
        }
    }

    /// What a node refers to, or itself; a reference that leads nowhere is told.
    pub(super) fn follow(&mut self, node: Node<'d>) -> Option<Node<'d>> {
        match self.references.follow(node) {
            Ok(node) => Some(node),
            Err(target) => {
                let message = format!("the reference `{target}` leads to nothing in this document");
                self.tell(node, message, "define it under `components`");
                None
            }
        }
    }

    fn calls(&mut self) -> Vec<Call<'d>> {
        let mut calls = Vec::new();
        let mut names: BTreeMap<String, u32> = BTreeMap::new();
        let Some(paths) = self.root.get("paths") else { return calls };
        for (key, item) in paths.resolved().entries() {
            let Some(path) = yaml::text(key) else { continue };
            let Some(item) = self.follow(item) else { continue };
            if !path.starts_with('/') && !path.starts_with("x-") {
                self.tell(key, format!("the path `{path}` does not begin with a slash"), "write `/path`");
            }
            for method in METHODS {
                let Some((name, node)) = item.entry(method) else { continue };
                if calls.len() >= LIMIT {
                    self.tell(
                        name,
                        format!("more than {LIMIT} operations: the others are not drawn"),
                        "split the document",
                    );
                    return calls;
                }
                let node = node.resolved();
                let say = |key: &str| node.get(key).and_then(yaml::text).unwrap_or_default();
                let own = say("operationId");
                let line = yaml::at(name).0;
                if !own.is_empty()
                    && let Some(first) = names.insert(own.clone(), line)
                {
                    let message = format!("the operationId `{own}` is also that of line {first}");
                    self.tell(node.get("operationId").unwrap_or(node), message, "give each operation its own");
                }
                let id = if own.is_empty() { slugify(&format!("{method} {path}")) } else { slugify(&own) };
                let operation =
                    Operation { method: method.to_uppercase(), path: path.clone(), summary: say("summary"), id, line };
                let tag = node.get("tags").and_then(|tags| tags.resolved().items().next()).and_then(yaml::text);
                calls.push(Call { operation, node, item, tag: tag.unwrap_or_default() });
            }
        }
        calls
    }

    fn operations(&mut self) {
        let calls = self.calls();
        let mut tags: Vec<String> = Vec::new();
        let mut seen = BTreeSet::new();
        for call in &calls {
            if seen.insert(call.tag.clone()) {
                tags.push(call.tag.clone());
            }
        }
        let mut by_tag: BTreeMap<&str, Vec<&Call<'d>>> = BTreeMap::new();
        for call in &calls {
            by_tag.entry(call.tag.as_str()).or_default().push(call);
        }
        for tag in &tags {
            let title = if tag.is_empty() { "Operations" } else { tag };
            let group = by_tag.get(tag.as_str()).cloned().unwrap_or_default();
            let line = group.first().map_or(0, |call| call.operation.line);
            self.heading(2, title, None, line);
            for call in group {
                self.operation(call);
            }
        }
    }

    fn operation(&mut self, call: &Call<'d>) {
        let mut operation = call.operation.clone();
        operation.id = self.ids.unique(operation.id);
        self.out.push_str("<section class=\"operation\">");
        self.open_heading(3, &operation.id);
        let method = operation.method.to_lowercase();
        self.out.push_str(&format!("<span class=\"method {method}\">{}</span> <code>", operation.method));
        escape(&mut self.out, &operation.path);
        self.out.push_str("</code>");
        let text = format!("{} {}", operation.method, operation.path);
        self.end_heading(3, operation.id.clone(), text, operation.line);
        if call.node.get("deprecated").and_then(yaml::truth) == Some(true) {
            self.out.push_str("<p class=\"deprecated\">Deprecated</p>");
        }
        if !operation.summary.is_empty() {
            self.out.push_str("<p class=\"summary\">");
            escape(&mut self.out, &operation.summary);
            self.out.push_str("</p>");
        }
        self.text(call.node.get("description"));
        self.parameters(call);
        self.body(call.node);
        self.answers(call.node);
        self.out.push_str("</section>\n");
        self.api.operations.push(operation);
    }

    fn parameters(&mut self, call: &Call<'d>) {
        let mut rows = Vec::new();
        let mut named = BTreeSet::new();
        // What an operation says counts before what its path says for all.
        for list in [call.node.get("parameters"), call.item.get("parameters")].into_iter().flatten() {
            for item in list.resolved().items() {
                let Some(parameter) = self.follow(item) else { continue };
                let say = |key: &str| parameter.get(key).and_then(yaml::text).unwrap_or_default();
                let (name, place) = (say("name"), say("in"));
                if named.insert((name.clone(), place.clone())) {
                    rows.push((name, place, parameter));
                }
            }
        }
        for part in call.operation.path.split('{').skip(1).filter_map(|part| part.split_once('}')) {
            if !named.contains(&(part.0.to_owned(), "path".to_owned())) {
                let message = format!(
                    "`{}` of {} {} is no parameter in `path`",
                    part.0, call.operation.method, call.operation.path
                );
                self.tell(call.node, message, "declare it under `parameters`");
            }
        }
        if rows.is_empty() {
            return;
        }
        self.out.push_str("<h4>Parameters</h4>");
        self.table(&["Name", "In", "Type", "Description"], "parameters");
        for (name, place, parameter) in rows {
            self.out.push_str("<tr><td><code>");
            escape(&mut self.out, &name);
            self.out.push_str("</code>");
            let required = parameter.get("required").and_then(yaml::truth) == Some(true);
            self.out.push_str(if required { " <strong>required</strong></td><td>" } else { "</td><td>" });
            escape(&mut self.out, &place);
            self.out.push_str("</td><td>");
            match parameter.get("schema") {
                Some(schema) => self.schema_type(schema),
                None => self.content(parameter),
            }
            self.out.push_str("</td><td>");
            self.text(parameter.get("description"));
            self.out.push_str("</td></tr>");
        }
        self.end_table();
    }

    fn body(&mut self, operation: Node<'d>) {
        let Some(body) = operation.get("requestBody").and_then(|body| self.follow(body)) else { return };
        let required = body.get("required").and_then(yaml::truth) == Some(true);
        self.out.push_str(if required { "<h4>Body <strong>required</strong></h4>" } else { "<h4>Body</h4>" });
        self.text(body.get("description"));
        self.content(body);
    }

    fn answers(&mut self, operation: Node<'d>) {
        let Some(answers) = operation.get("responses") else {
            return self.tell(
                operation,
                "the operation says nothing about its answers".to_owned(),
                "write `responses`",
            );
        };
        self.out.push_str("<h4>Answers</h4>");
        self.table(&["Status", "Description", "Content"], "answers");
        for (status, answer) in answers.resolved().entries() {
            let Some(answer) = self.follow(answer) else { continue };
            self.out.push_str("<tr><td><code>");
            escape(&mut self.out, &yaml::text(status).unwrap_or_default());
            self.out.push_str("</code></td><td>");
            self.text(answer.get("description"));
            self.out.push_str("</td><td>");
            self.content(answer);
            self.out.push_str("</td></tr>");
        }
        self.end_table();
    }

    /// Media types and their schemas.
    fn content(&mut self, node: Node<'d>) {
        let Some(content) = node.get("content") else { return };
        for (media, of) in content.resolved().entries() {
            self.out.push_str("<p class=\"media\"><code>");
            escape(&mut self.out, &yaml::text(media).unwrap_or_default());
            self.out.push_str("</code> ");
            let Some(schema) = of.get("schema") else {
                self.out.push_str("</p>");
                continue;
            };
            self.schema_type(schema);
            self.out.push_str("</p>");
            if schema.resolved().get("$ref").is_none() {
                self.schema_body(schema, 0);
            }
        }
    }

    fn schemas(&mut self) {
        let Some(schemas) = self.root.find(["components", "schemas"]) else { return };
        let entries: Vec<(Node<'d>, Node<'d>)> = schemas.resolved().entries().collect();
        if entries.is_empty() || schemas.resolved().kind() != NodeKind::Map {
            return;
        }
        self.heading(2, "Schemas", None, yaml::at(schemas).0);
        for (index, (key, schema)) in entries.into_iter().enumerate() {
            if index >= LIMIT {
                self.tell(key, format!("more than {LIMIT} schemas: the others are not drawn"), "split the document");
                break;
            }
            let Some(name) = yaml::text(key) else { continue };
            self.out.push_str("<section class=\"schema\">");
            self.heading(3, &name, Some(format!("schema-{}", slugify(&name))), yaml::at(key).0);
            self.text(schema.get("description"));
            self.out.push_str("<p>");
            self.schema_type(schema);
            self.out.push_str("</p>");
            self.schema_body(schema, 0);
            self.out.push_str("</section>\n");
            self.api.schemas.push(name);
        }
        self.api.schemas.sort();
    }

    pub(super) fn table(&mut self, heads: &[&str], class: &str) {
        self.out.push_str(&format!("<div class=\"table\"><table class=\"{class}\"><thead><tr>"));
        for head in heads {
            self.out.push_str(&format!("<th>{head}</th>"));
        }
        self.out.push_str("</tr></thead><tbody>");
    }

    pub(super) fn end_table(&mut self) {
        self.out.push_str("</tbody></table></div>");
    }
}
