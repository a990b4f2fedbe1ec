//! OpenAPI documents as pages: operations, parameters, bodies, answers and schemas, drawn on the server.
//!
//! A reference to a schema becomes a link to where that schema is drawn, so that a document of any shape (circles included) is
//! drawn in time and space in proportion to its length.

mod draw;
mod reference;
mod schema;

use karat_yaml::Kind as NodeKind;

use crate::page::Heading;
use crate::problem::{Kind, Problem};
use crate::{sanitise, yaml};

/// An API, drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Api {
    /// Its title.
    pub title: String,
    /// Its version, as the document says it.
    pub version: String,
    /// The page as clean HTML, to be put in an `article`.
    pub html: String,
    /// The headings in reading order.
    pub toc: Vec<Heading>,
    /// What can be called, in the document's order.
    pub operations: Vec<Operation>,
    /// The names of its schemas, sorted.
    pub schemas: Vec<String>,
}

/// Something that can be called.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Operation {
    /// In capitals: `GET`.
    pub method: String,
    /// The path as a template: `/v1/patients/{id}`.
    pub path: String,
    /// What it does, in one line.
    pub summary: String,
    /// Its id on the page.
    pub id: String,
    /// The line of the document, from 1.
    pub line: u32,
}

/// The methods of a path item, in the order in which they are drawn.
pub(crate) const METHODS: [&str; 8] = ["get", "post", "put", "patch", "delete", "head", "options", "trace"];

/// Reads an OpenAPI 3 document (YAML or JSON) and draws it. `file` is what problems call it. Something that is no such
/// document gives an empty page and a problem.
pub fn read(file: &str, bytes: &[u8]) -> (Api, Vec<Problem>) {
    let refuse = |at: (u32, u32), message: String, fix: &str| {
        (Api::default(), vec![Problem::error(Kind::Api, file, at, message).fix(fix)])
    };
    let document = match yaml::read(bytes) {
        Ok(Some(document)) => document,
        Ok(None) => return refuse((0, 0), "the API document is empty".to_owned(), "write it"),
        Err((line, column, message)) => return refuse((line, column), message, "mend the YAML"),
    };
    let root = document.root();
    let version = root.get("openapi").and_then(yaml::text).unwrap_or_default();
    if root.kind() != NodeKind::Map || !version.starts_with("3.") {
        let said = if root.get("swagger").is_some() { "it is Swagger 2" } else { "`openapi` does not say 3" };
        let message = format!("this is no OpenAPI 3 document: {said}");
        return refuse(yaml::at(root), message, "write `openapi: 3.1.0`, and what belongs to it");
    }
    let mut drawing = draw::Drawing::new(file, root);
    drawing.document();
    let draw::Drawing { mut api, out, mut problems, .. } = drawing;
    api.html = sanitise::clean(&out);
    problems.sort();
    problems.dedup();
    (api, problems)
}
