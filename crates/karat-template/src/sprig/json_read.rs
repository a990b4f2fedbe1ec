//! Reading JSON, as Go's `encoding/json` does into `interface {}`.

use crate::quote::quote;
use crate::{Map, Str, Value};

use super::limits::MAX_DEPTH;
use super::runes::runes;
use super::strconv;

/// Go's `json.Unmarshal` into `interface {}`: what was read, and the error. A number that is out of range is an error
/// that leaves a nil and the rest; any other error leaves nothing.
pub(super) fn decode(text: &[u8]) -> (Value, Option<String>) {
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
