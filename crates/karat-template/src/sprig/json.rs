//! JSON, as Go's `encoding/json` writes it from templates' values; `karat-yaml` reads it.

use data_encoding::BASE64;

use crate::Type::{Any, String as Text};
use crate::fmt::format_float;
use crate::{Builtin, CallError, Interpreter, Value};

use super::args::{any, fixed, string, text};
use super::limits::{Walk, check_text};
use super::print::shortest;
use super::runes::runes;

/// The family. Helm replaces `toJson`, `mustToJson` and `fromJson` by its own.
pub(super) const FUNCTIONS: &[Builtin] = &[
    fixed("toJson", &[Any], |i, a| string(swallow(encode(i, any(a, 0), Style::Html))?)),
    fixed("mustToJson", &[Any], |i, a| string(encode(i, any(a, 0), Style::Html)?)),
    fixed("toPrettyJson", &[Any], |i, a| string(swallow(encode(i, any(a, 0), Style::Pretty))?)),
    fixed("mustToPrettyJson", &[Any], |i, a| string(encode(i, any(a, 0), Style::Pretty)?)),
    fixed("toRawJson", &[Any], |i, a| string(encode(i, any(a, 0), Style::Raw)?)),
    fixed("mustToRawJson", &[Any], |i, a| string(encode(i, any(a, 0), Style::Raw)?)),
    fixed("fromJson", &[Text], |_, a| Ok(decode(text(a, 0)).0)),
    fixed("mustFromJson", &[Text], |_, a| match decode(text(a, 0)) {
        (value, None) => Ok(value),
        (_, Some(error)) => Err(error.into()),
    }),
];

/// Go's `json.Unmarshal` into `interface {}`: what was read, and the error.
fn decode(text: &[u8]) -> (Value, Option<String>) {
    let (value, error) = karat_yaml::unmarshal_json(text, karat_yaml::Numbers::Float);
    (Value::from(&value), error.map(|error| error.to_string()))
}

/// How JSON is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    /// On one line, with `<`, `>` and `&` escaped.
    Html,
    /// Indented by two spaces, with `<`, `>` and `&` escaped.
    Pretty,
    /// On one line, with `<`, `>` and `&` as they are.
    Raw,
}

/// Functions without `must` give nothing where a value cannot be written.
fn swallow(result: Result<Vec<u8>, CallError>) -> Result<Vec<u8>, CallError> {
    match result {
        Err(CallError::Failed(message)) if message.starts_with(UNSUPPORTED) => Ok(Vec::new()),
        other => other,
    }
}

const UNSUPPORTED: &[u8] = b"json: unsupported value: ";

fn encode(interpreter: &mut Interpreter<'_>, value: &Value, style: Style) -> Result<Vec<u8>, CallError> {
    let mut writer = Writer { out: Vec::new(), style, level: 0, walk: Walk::new() };
    writer.value(value)?;
    writer.walk.end(interpreter)?;
    Ok(writer.out)
}

struct Writer {
    out: Vec<u8>,
    style: Style,
    level: usize,
    walk: Walk,
}

impl Writer {
    fn value(&mut self, value: &Value) -> Result<(), CallError> {
        self.walk.enter()?;
        match value {
            Value::Nil => self.out.extend_from_slice(b"null"),
            Value::Bool(truth) => self.out.extend_from_slice(truth.to_string().as_bytes()),
            Value::Int(crate::IntKind::Uint64, number) => {
                self.out.extend_from_slice((*number as u64).to_string().as_bytes());
            }
            Value::Int(_, number) => self.out.extend_from_slice(number.to_string().as_bytes()),
            Value::Float(number) => self.out.extend_from_slice(number_text(*number)?.as_bytes()),
            Value::Str(text) => self.string(text),
            Value::Bytes(bytes) => self.string(BASE64.encode(bytes).as_bytes()),
            Value::List(list) if list.is_nil() => self.out.extend_from_slice(b"null"),
            Value::List(list) => self.items(b'[', b']', list.items().iter(), Self::value)?,
            Value::Map(map) if map.is_nil() => self.out.extend_from_slice(b"null"),
            Value::Map(map) => {
                let entries = map.borrow();
                self.items(b'{', b'}', entries.iter(), |writer, (key, item)| {
                    writer.string(key);
                    writer.out.extend_from_slice(if writer.style == Style::Pretty { b": " } else { b":" });
                    writer.value(item)
                })?;
            }
            Value::Object(object) => self.value(&object.data())?,
        }
        check_text(Some(self.out.len()))?;
        self.walk.leave();
        Ok(())
    }

    fn items<T>(
        &mut self,
        open: u8,
        close: u8,
        items: impl ExactSizeIterator<Item = T>,
        write: impl Fn(&mut Self, T) -> Result<(), CallError>,
    ) -> Result<(), CallError> {
        self.out.push(open);
        let empty = items.len() == 0;
        self.level += 1;
        for (position, item) in items.enumerate() {
            if position > 0 {
                self.out.push(b',');
            }
            self.line_break();
            write(self, item)?;
        }
        self.level -= 1;
        if !empty {
            self.line_break();
        }
        self.out.push(close);
        Ok(())
    }

    fn line_break(&mut self) {
        if self.style == Style::Pretty {
            self.out.push(b'\n');
            self.out.resize(self.out.len() + 2 * self.level, b' ');
        }
    }

    fn string(&mut self, text: &[u8]) {
        self.out.push(b'"');
        let plain = |byte: &u8| matches!(byte, b' '..=b'~') && !b"\"\\<>&".contains(byte);
        let start = text.iter().take_while(|byte| plain(byte)).count();
        self.out.extend_from_slice(&text[..start]);
        for rune in runes(&text[start..]) {
            match rune.char {
                _ if rune.is_invalid() => self.out.extend_from_slice(b"\\ufffd"),
                '"' => self.out.extend_from_slice(b"\\\""),
                '\\' => self.out.extend_from_slice(b"\\\\"),
                '\u{8}' => self.out.extend_from_slice(b"\\b"),
                '\u{C}' => self.out.extend_from_slice(b"\\f"),
                '\n' => self.out.extend_from_slice(b"\\n"),
                '\r' => self.out.extend_from_slice(b"\\r"),
                '\t' => self.out.extend_from_slice(b"\\t"),
                '<' | '>' | '&' if self.style == Style::Raw => self.out.push(rune.bytes[0]),
                char @ (..' ' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}') => {
                    self.out.extend_from_slice(format!("\\u{:04x}", char as u32).as_bytes());
                }
                _ => self.out.extend_from_slice(rune.bytes),
            }
        }
        self.out.push(b'"');
    }
}

/// A number as JavaScript prints it.
fn number_text(number: f64) -> Result<String, CallError> {
    if !number.is_finite() {
        let message = format!("json: unsupported value: {}", format_float(number, 'g', None));
        return Err(message.into());
    }
    if number == 0.0 || (1e-6..1e21).contains(&number.abs()) {
        return Ok(format_float(number, 'f', None));
    }
    let (digits, exponent) = shortest(number);
    let (first, rest) = digits.split_at(1);
    let point = if rest.is_empty() { "" } else { "." };
    let sign = if number < 0.0 { "-" } else { "" };
    Ok(format!("{sign}{first}{point}{rest}e{exponent:+}"))
}
