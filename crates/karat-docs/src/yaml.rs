//! Reading YAML's nodes as PyYAML's users expect them.

use karat_yaml::{Dialect, Document, Kind, Node, Numbers, Value, parse_document};

/// A document that is read, or where and why it is not.
pub(crate) fn read(bytes: &[u8]) -> Result<Option<Document>, (u32, u32, String)> {
    parse_document(bytes, Dialect::Core12).map_err(|error| {
        let (line, column) = error.position().map_or((0, 0), |position| (position.line, position.column));
        (line, column, error.message().to_owned())
    })
}

/// Where a node is.
pub(crate) fn at(node: Node<'_>) -> (u32, u32) {
    let position = node.position();
    (position.line, position.column)
}

/// A scalar's text, whatever its type would be.
pub(crate) fn text(node: Node<'_>) -> Option<String> {
    match node.resolved().kind() {
        Kind::Scalar(_) => node.resolved().as_str().map(str::to_owned),
        _ => None,
    }
}

/// A scalar that is true or false.
pub(crate) fn truth(node: Node<'_>) -> Option<bool> {
    match node.resolved().to_value(Dialect::Core12, Numbers::Kept) {
        Ok(Value::Bool(truth)) => Some(truth),
        _ => None,
    }
}
