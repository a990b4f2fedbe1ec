//! `json.Unmarshal` into `any`, with its verdicts and messages.

use crate::limits::{MAX_BYTES, MAX_DEPTH};
use crate::{Error, Map, Numbers, Str, Value, strings};

/// The value of a JSON text; nothing may follow it. Of repeated keys the last one counts.
///
/// # Errors
/// [`Error::Json`], as `encoding/json` says it; [`Error::Convert`] for a number that is no float64.
pub fn from_json(bytes: &[u8], numbers: Numbers) -> Result<Value, Error> {
    match unmarshal_json(bytes, numbers) {
        (value, None) => Ok(value),
        (_, Some(error)) => Err(error),
    }
}

/// [`from_json`] as Go's callers see it who look at the value in spite of an error: a number that is no float64 leaves a
/// null and all the rest, any other error leaves nothing.
pub fn unmarshal_json(bytes: &[u8], numbers: Numbers) -> (Value, Option<Error>) {
    if bytes.len() > MAX_BYTES {
        let message = format!("{} bytes of json, more than the limit of {MAX_BYTES}", bytes.len());
        return (Value::Null, Some(Error::Limit { message, position: None }));
    }
    let mut reader = Reader { bytes, at: 0, numbers, depth: 0, out_of_range: None };
    let value = match reader.document() {
        Ok(value) => value,
        Err(error) => return (Value::Null, Some(error)),
    };
    let error = reader.out_of_range.map(|number| {
        let message = format!("json: cannot unmarshal number {number} into Go value of type float64");
        Error::Convert { message, position: None, unmarshaling: true }
    });
    (value, error)
}

/// [`from_json`] into a `map[string]any`: null gives an empty mapping.
///
/// # Errors
/// As [`from_json`]; `json: cannot unmarshal array into Go value of type map[string]interface {}`.
pub fn from_json_map(bytes: &[u8], numbers: Numbers) -> Result<Map, Error> {
    match from_json(bytes, numbers)? {
        Value::Null => Ok(Map::new()),
        Value::Map(map) => Ok(map),
        other => Err(Error::mismatch(&other, "map[string]interface {}")),
    }
}

/// [`from_json`] into a `[]any`: null gives an empty list.
///
/// # Errors
/// As [`from_json`]; `json: cannot unmarshal object into Go value of type []interface {}`.
pub fn from_json_list(bytes: &[u8], numbers: Numbers) -> Result<Vec<Value>, Error> {
    match from_json(bytes, numbers)? {
        Value::Null => Ok(Vec::new()),
        Value::Seq(items) => Ok(items),
        other => Err(Error::mismatch(&other, "[]interface {}")),
    }
}

struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
    numbers: Numbers,
    depth: usize,
    /// The first number that is too large: Go reports it when all else is well.
    out_of_range: Option<String>,
}

impl Reader<'_> {
    fn document(&mut self) -> Result<Value, Error> {
        let value = self.value()?;
        self.skip_space();
        if self.at < self.bytes.len() {
            return Err(self.unexpected("after top-level value"));
        }
        Ok(value)
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// What stands here does not belong here, or the text ends.
    fn unexpected(&self, context: &str) -> Error {
        let message = match self.peek() {
            None => "unexpected end of JSON input".to_owned(),
            Some(byte) => format!("invalid character {} {context}", quote(byte)),
        };
        Error::Json { message, offset: self.at }
    }

    /// The same within a number, a word or an escape: there Go takes the end of the text for a space.
    fn unexpected_within(&self, context: &str) -> Error {
        let message = format!("invalid character {} {context}", quote(self.peek().unwrap_or(b' ')));
        Error::Json { message, offset: self.at }
    }

    fn value(&mut self) -> Result<Value, Error> {
        self.skip_space();
        match self.peek() {
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'"') => self.string().map(Value::Str),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            _ => Err(self.unexpected("looking for beginning of value")),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Value, Error>) -> Result<Value, Error> {
        if self.depth >= MAX_DEPTH {
            return Err(Error::Json { message: "exceeded max depth".to_owned(), offset: self.at });
        }
        self.depth += 1;
        self.at += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn object(&mut self) -> Result<Value, Error> {
        let mut map = Map::new();
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
            let value = self.value()?;
            map.insert(key, value);
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

    fn array(&mut self) -> Result<Value, Error> {
        let mut items = Vec::new();
        self.skip_space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::Seq(items));
        }
        loop {
            items.push(self.value()?);
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Value::Seq(items));
                }
                _ => return Err(self.unexpected("after array element")),
            }
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, Error> {
        for expected in word.chars() {
            if self.peek().map(char::from) != Some(expected) {
                return Err(self.unexpected_within(&format!("in literal {word} (expecting '{expected}')")));
            }
            self.at += 1;
        }
        Ok(value)
    }

    fn digits(&mut self) -> bool {
        let from = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at > from
    }

    fn number(&mut self) -> Result<Value, Error> {
        let from = self.at;
        let mut integral = true;
        self.at += usize::from(self.peek() == Some(b'-'));
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else if !self.digits() {
            return Err(self.unexpected_within("in numeric literal"));
        }
        if self.peek() == Some(b'.') {
            integral = false;
            self.at += 1;
            if !self.digits() {
                return Err(self.unexpected_within("after decimal point in numeric literal"));
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            integral = false;
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            if !self.digits() {
                return Err(self.unexpected_within("in exponent of numeric literal"));
            }
        }
        let text = std::str::from_utf8(&self.bytes[from..self.at]).unwrap_or_default();
        if self.numbers == Numbers::Kept
            && integral
            && let Ok(number) = text.parse()
        {
            return Ok(Value::Int(number));
        }
        match text.parse() {
            Ok(number) if f64::is_finite(number) => Ok(Value::Float(number)),
            _ => {
                self.out_of_range.get_or_insert_with(|| text.to_owned());
                Ok(Value::Null)
            }
        }
    }

    fn string(&mut self) -> Result<Str, Error> {
        self.at += 1;
        let from = self.at;
        while self.peek().is_some_and(|byte| byte != b'"' && byte != b'\\' && byte >= 0x20) {
            self.at += 1;
        }
        let plain = &self.bytes[from..self.at];
        if self.peek() == Some(b'"') {
            self.at += 1;
            return Ok(strings::replace_invalid(plain));
        }
        let mut text = plain.to_vec();
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(strings::replace_invalid(&text));
                }
                Some(b'\\') => self.escape(&mut text)?,
                Some(byte) if byte >= 0x20 => {
                    text.push(byte);
                    self.at += 1;
                }
                _ => return Err(self.unexpected("in string literal")),
            }
        }
    }

    fn escape(&mut self, text: &mut Vec<u8>) -> Result<(), Error> {
        self.at += 1;
        let byte = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => byte,
            Some(b'b') => 0x08,
            Some(b'f') => 0x0C,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => return self.unicode(text),
            _ => return Err(self.unexpected_within("in string escape code")),
        };
        text.push(byte);
        self.at += 1;
        Ok(())
    }

    /// `\uXXXX`; half a pair of surrogates is U+FFFD.
    fn unicode(&mut self, text: &mut Vec<u8>) -> Result<(), Error> {
        self.at += 1;
        let unit = self.hex()?;
        let mut value = unit;
        if (0xD800..0xDC00).contains(&unit) && self.bytes[self.at..].starts_with(b"\\u") {
            let back = self.at;
            self.at += 2;
            let low = self.hex()?;
            if (0xDC00..0xE000).contains(&low) {
                value = 0x1_0000 + ((unit & 0x3FF) << 10) + (low & 0x3FF);
            } else {
                self.at = back;
            }
        }
        let character = char::from_u32(value).unwrap_or('\u{FFFD}');
        text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        Ok(())
    }

    fn hex(&mut self) -> Result<u32, Error> {
        let mut value = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            let Some(digit) = digit else {
                return Err(self.unexpected_within("in \\u hexadecimal character escape"));
            };
            value = value << 4 | digit;
            self.at += 1;
        }
        Ok(value)
    }
}

/// A byte as Go's scanner shows it.
fn quote(byte: u8) -> String {
    match byte {
        b'\'' => r"'\''".to_owned(),
        b'"' => "'\"'".to_owned(),
        _ => {
            let quoted = strings::go_quote(char::from(byte).encode_utf8(&mut [0; 4]).as_bytes());
            format!("'{}'", &quoted[1..quoted.len() - 1])
        }
    }
}
