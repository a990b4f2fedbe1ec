//! JSON, as Go's `encoding/json` writes and reads it.

use data_encoding::BASE64;

use crate::Type::{Any, String as Text};
use crate::fmt::format_float;
use crate::quote::quote;
use crate::{Builtin, CallError, Interpreter, Map, Str, Value};

use super::args::{any, fixed, string, text};
use super::limits::{MAX_DEPTH, Walk, check_text};
use super::print::shortest;
use super::runes::runes;
use super::strconv;

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
        for rune in runes(text) {
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

/// Go's `json.Unmarshal` into `interface {}`: what was read, and the error. A number that is out of range is an error
/// that leaves a nil and the rest; any other error leaves nothing.
fn decode(text: &[u8]) -> (Value, Option<String>) {
    let mut reader = Reader { text, at: 0, range_error: None };
    match reader.document() {
        Ok(value) => (value, reader.range_error),
        Err(error) => (Value::Nil, Some(error)),
    }
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    range_error: Option<String>,
}

impl Reader<'_> {
    fn document(&mut self) -> Result<Value, String> {
        let value = self.value(0)?;
        self.skip_space();
        match self.peek() {
            None => Ok(value),
            Some(_) => Err(self.unexpected("after top-level value")),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.peek() {
            self.at += 1;
        }
    }

    /// Go's complaint about the next byte.
    fn unexpected(&self, context: &str) -> String {
        match self.peek() {
            None => "unexpected end of JSON input".into(),
            Some(byte) => format!("invalid character {} {context}", quote_byte(byte)),
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value, String> {
        if depth > MAX_DEPTH {
            return Err("exceeded max depth".into());
        }
        self.skip_space();
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => Ok(Value::Str(self.string()?)),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Nil),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.unexpected("looking for beginning of value")),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, String> {
        self.at += 1;
        let map = Map::new(Default::default());
        self.skip_space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Map(map));
        }
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("looking for beginning of object key string"));
            }
            let key = self.string()?;
            self.skip_space();
            if self.peek() != Some(b':') {
                return Err(self.unexpected("after object key"));
            }
            self.at += 1;
            let value = self.value(depth + 1)?;
            map.set(key, value);
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Value::Map(map));
                }
                _ => return Err(self.unexpected("after object key:value pair")),
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, String> {
        self.at += 1;
        let mut items = Vec::new();
        self.skip_space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::list(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Value::list(items));
                }
                _ => return Err(self.unexpected("after array element")),
            }
        }
    }

    fn word(&mut self, word: &'static str, value: Value) -> Result<Value, String> {
        for (position, expected) in word.bytes().enumerate() {
            if self.peek() != Some(expected) {
                let context = format!("in literal {word} (expecting {})", quote_byte(expected));
                debug_assert!(position > 0, "the first byte chose the word");
                return Err(self.unexpected_in_scalar(&context));
            }
            self.at += 1;
        }
        Ok(value)
    }

    /// At the end of the text Go tries a space, so an unfinished scalar complains about that.
    fn unexpected_in_scalar(&self, context: &str) -> String {
        match self.peek() {
            None => format!("invalid character ' ' {context}"),
            Some(_) => self.unexpected(context),
        }
    }

    fn number(&mut self) -> Result<Value, String> {
        let start = self.at;
        self.at += usize::from(self.peek() == Some(b'-'));
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits(),
            _ => return Err(self.unexpected_in_scalar("in numeric literal")),
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
                return Err(self.unexpected_in_scalar("after decimal point in numeric literal"));
            }
            self.digits();
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
                return Err(self.unexpected_in_scalar("in exponent of numeric literal"));
            }
            self.digits();
        }
        let text = &self.text[start..self.at];
        match strconv::parse_float(text) {
            Ok(number) => Ok(Value::Float(number)),
            Err(_) => {
                let text = String::from_utf8_lossy(text);
                let error = format!("json: cannot unmarshal number {text} into Go value of type float64");
                self.range_error.get_or_insert(error);
                Ok(Value::Nil)
            }
        }
    }

    fn digits(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
    }

    fn string(&mut self) -> Result<Str, String> {
        self.at += 1;
        let mut out = Vec::new();
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    // Bytes that are not UTF-8 become U+FFFD.
                    return Ok(match String::from_utf8(out) {
                        Ok(text) => text.into(),
                        Err(error) => runes(error.as_bytes()).map(|rune| rune.char).collect::<String>().into(),
                    });
                }
                Some(b'\\') => {
                    self.at += 1;
                    self.escape(&mut out)?;
                }
                None | Some(..b' ') => return Err(self.unexpected("in string literal")),
                Some(byte) => {
                    out.push(byte);
                    self.at += 1;
                }
            }
        }
    }

    fn escape(&mut self, out: &mut Vec<u8>) -> Result<(), String> {
        let byte = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => byte,
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => {
                self.at += 1;
                let mut char = self.hex()?;
                if (0xD800..0xDC00).contains(&char) && self.text[self.at..].starts_with(b"\\u") {
                    let back = self.at;
                    self.at += 2;
                    match self.hex()? {
                        low @ 0xDC00..0xE000 => char = 0x10000 + ((char - 0xD800) << 10) + (low - 0xDC00),
                        _ => self.at = back,
                    }
                }
                let char = char::from_u32(char).unwrap_or('\u{FFFD}');
                out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
                return Ok(());
            }
            _ => return Err(self.unexpected("in string escape code")),
        };
        self.at += 1;
        out.push(byte);
        Ok(())
    }

    fn hex(&mut self) -> Result<u32, String> {
        let mut value = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            value = value << 4 | digit.ok_or_else(|| self.unexpected("in \\u hexadecimal character escape"))?;
            self.at += 1;
        }
        Ok(value)
    }
}

/// A byte as Go quotes it in these messages.
fn quote_byte(byte: u8) -> String {
    match byte {
        b'\'' => "'\\''".into(),
        b'"' => "'\"'".into(),
        _ => {
            let quoted = quote(char::from(byte).to_string().as_bytes());
            format!("'{}'", &quoted[1..quoted.len() - 1])
        }
    }
}
