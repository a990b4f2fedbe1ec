//! Scalars and keys of nodes as go-yaml v2 and then JSON make them.

use super::number::{display_32, integral_json};
use super::resolve::{Resolved, resolve, resolve_number};
use super::{Numbers, fault, gosyntax, is_implicit};
use crate::{Error, Node, Str, Value, strings};

/// What a scalar node is.
///
/// # Errors
/// A tag that the text does not fit.
pub(super) fn scalar(node: Node<'_>) -> Result<Resolved, Error> {
    let bytes = node.text();
    let tag = node.tag();
    if tag.is_empty() {
        if !is_implicit(node) {
            return Ok(Resolved::Str);
        }
        return Ok(match resolve(bytes) {
            Resolved::Timestamp => Resolved::Str,
            resolved => resolved,
        });
    }
    tagged(node, tag, bytes)
}

fn tagged(node: Node<'_>, tag: &[u8], bytes: &[u8]) -> Result<Resolved, Error> {
    let short = match tag.strip_prefix(b"tag:yaml.org,2002:") {
        Some(short @ (b"bool" | b"int" | b"float" | b"null" | b"timestamp")) => short,
        Some(b"binary") => return binary(node, bytes),
        _ => return Ok(Resolved::Str),
    };
    let resolved = match resolve(bytes) {
        // Only an explicit tag makes a timestamp of what has another tag's hint.
        Resolved::Timestamp if short != b"timestamp" => resolve_number(bytes),
        resolved => resolved,
    };
    match (short, resolved) {
        (b"float", Resolved::Int(number)) => Ok(Resolved::Float(number as f64)),
        (b"timestamp", Resolved::Timestamp) => Ok(Resolved::Str),
        (_, resolved) if resolved.tag().as_bytes()[2..] == *short => Ok(resolved),
        (_, resolved) => {
            let (is, wanted) = (resolved.tag(), String::from_utf8_lossy(short));
            let shown = String::from_utf8_lossy(bytes);
            Err(fault(format!("cannot decode {is} `{shown}` as a !!{wanted}"), node))
        }
    }
}

fn binary(node: Node<'_>, bytes: &[u8]) -> Result<Resolved, Error> {
    strings::decode_base64(bytes)
        .map(|bytes| Resolved::Binary(bytes.into()))
        .ok_or_else(|| fault("!!binary value contains invalid base64 data", node))
}

/// The value of a scalar after the way through JSON; `text` is the node's.
pub(super) fn value(resolved: Resolved, text: &[u8], numbers: Numbers) -> Value {
    match (resolved, numbers) {
        (Resolved::Null, _) => Value::Null,
        (Resolved::Bool(truth), _) => Value::Bool(truth),
        (Resolved::Int(number), Numbers::Float) => Value::Float(number as f64),
        (Resolved::Int(number), _) => Value::Int(number),
        (Resolved::Uint(number), Numbers::Written) => Value::from(number.to_string()),
        (Resolved::Uint(number), _) => Value::Float(number as f64),
        (Resolved::Float(number), Numbers::Float | Numbers::Written) => Value::Float(number),
        (Resolved::Float(number), Numbers::Kept) => kept(number),
        (Resolved::Str | Resolved::Timestamp, _) => Value::Str(text.into()),
        (Resolved::Binary(bytes), _) => Value::Str(strings::replace_invalid(&bytes)),
    }
}

/// JSON writes `1.0` as `1`, and Kubernetes reads that as an int64.
pub(super) fn kept(number: f64) -> Value {
    let integer = integral_json(number).and_then(|digits| digits.parse().ok());
    integer.map_or(Value::Float(number), Value::Int)
}

/// The name of a key that is no string, as `sigs.k8s.io/yaml` makes it; `value` is what stands at it, for the message.
///
/// # Errors
/// Null and what is past an int64 have no name.
pub(super) fn key(resolved: &Resolved, text: &[u8], value: Node<'_>) -> Result<Str, String> {
    let (kind, shown) = match resolved {
        Resolved::Bool(true) => return Ok("true".into()),
        Resolved::Bool(false) => return Ok("false".into()),
        Resolved::Int(number) => return Ok(number.to_string().into()),
        Resolved::Float(number) => {
            return Ok(match display_32(*number).as_str() {
                "+Inf" => ".inf".into(),
                "-Inf" => "-.inf".into(),
                "NaN" => ".nan".into(),
                text => text.into(),
            });
        }
        Resolved::Str | Resolved::Timestamp => return Ok(text.into()),
        Resolved::Binary(bytes) => return Ok(strings::replace_invalid(bytes)),
        Resolved::Uint(number) => ("uint64", format!("{number:#x}")),
        Resolved::Null => ("%!s(<nil>)", "<nil>".to_owned()),
    };
    let value = gosyntax::node(value);
    Err(format!("unsupported map key of type: {kind}, key: {shown}, value: {value}"))
}
