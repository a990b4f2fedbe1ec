//! `json.Marshal`: sorted keys, `<`, `>`, `&` escaped, floats as JavaScript writes them.

use crate::limits::{MAX_DEPTH, TOO_DEEP};
use crate::{Error, Value, decode::number};

/// Which characters are escaped beside those that JSON demands and U+2028, U+2029.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escape {
    /// `<`, `>` and `&`: `json.Marshal`, Helm's and Sprig's `toJson`.
    Html,
    /// No others: an encoder with `SetEscapeHTML(false)`, `toRawJson`.
    Raw,
}

/// A value as `json.Marshal` writes it, without a final line break.
///
/// # Errors
/// [`Error::Convert`] for NaN and the infinities; [`Error::Limit`] for what nests too deep.
pub fn to_json(value: &Value, escape: Escape) -> Result<String, Error> {
    write(value, escape, None)
}

/// A value as `json.MarshalIndent(value, "", indent)` writes it: `toPrettyJson` has two spaces.
///
/// # Errors
/// As [`to_json`].
pub fn to_json_indented(value: &Value, escape: Escape, indent: &str) -> Result<String, Error> {
    write(value, escape, Some(indent))
}

fn write(value: &Value, escape: Escape, indent: Option<&str>) -> Result<String, Error> {
    let mut writer = Writer { out: Vec::with_capacity(128), escape, indent, depth: 0 };
    writer.value(value)?;
    Ok(String::from_utf8(writer.out).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

struct Writer<'i> {
    out: Vec<u8>,
    escape: Escape,
    indent: Option<&'i str>,
    depth: usize,
}

impl Writer<'_> {
    fn value(&mut self, value: &Value) -> Result<(), Error> {
        match value {
            Value::Null => self.out.extend_from_slice(b"null"),
            Value::Bool(truth) => self.out.extend_from_slice(if *truth { b"true" } else { b"false" }),
            Value::Int(number) => self.out.extend_from_slice(number.to_string().as_bytes()),
            Value::Float(number) => self.float(*number)?,
            Value::Str(text) => self.string(text),
            Value::Seq(items) => {
                self.open(b'[')?;
                for (index, item) in items.iter().enumerate() {
                    self.next(index);
                    self.value(item)?;
                }
                self.close(b']', items.is_empty());
            }
            Value::Map(map) => {
                self.open(b'{')?;
                for (index, (key, item)) in map.iter().enumerate() {
                    self.next(index);
                    self.string(key);
                    self.out.extend_from_slice(if self.indent.is_some() { b": " } else { b":" });
                    self.value(item)?;
                }
                self.close(b'}', map.is_empty());
            }
        }
        Ok(())
    }

    fn open(&mut self, bracket: u8) -> Result<(), Error> {
        if self.depth >= MAX_DEPTH {
            return Err(Error::Limit { message: TOO_DEEP.into(), position: None });
        }
        self.depth += 1;
        self.out.push(bracket);
        Ok(())
    }

    fn next(&mut self, index: usize) {
        if index > 0 {
            self.out.push(b',');
        }
        self.line();
    }

    fn close(&mut self, bracket: u8, empty: bool) {
        self.depth -= 1;
        if !empty {
            self.line();
        }
        self.out.push(bracket);
    }

    fn line(&mut self) {
        if let Some(indent) = self.indent {
            self.out.push(b'\n');
            for _ in 0..self.depth {
                self.out.extend_from_slice(indent.as_bytes());
            }
        }
    }

    fn float(&mut self, number: f64) -> Result<(), Error> {
        if !number.is_finite() {
            let message = format!("json: unsupported value: {}", number::display(number));
            return Err(Error::Convert { message, position: None, unmarshaling: false });
        }
        self.out.extend_from_slice(number::display_json(number).as_bytes());
        Ok(())
    }

    fn string(&mut self, text: &[u8]) {
        self.out.push(b'"');
        let mut rest = text;
        while !rest.is_empty() {
            let plain = rest.iter().take_while(|&&byte| self.is_plain(byte)).count();
            self.out.extend_from_slice(&rest[..plain]);
            rest = &rest[plain..];
            let Some(&byte) = rest.first() else { break };
            rest = &rest[self.special(byte, rest)..];
        }
        self.out.push(b'"');
    }

    fn is_plain(&self, byte: u8) -> bool {
        match byte {
            b'"' | b'\\' | 0..0x20 | 0x80.. => false,
            b'<' | b'>' | b'&' => self.escape == Escape::Raw,
            _ => true,
        }
    }

    /// Writes the first character of `rest`, which is not plain; gives its length.
    fn special(&mut self, byte: u8, rest: &[u8]) -> usize {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let short = match byte {
            b'"' | b'\\' => byte,
            0x08 => b'b',
            0x0C => b'f',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            0..0x80 => {
                let digits = [HEX[(byte >> 4) as usize], HEX[(byte & 15) as usize]];
                self.out.extend_from_slice(b"\\u00");
                self.out.extend_from_slice(&digits);
                return 1;
            }
            _ => return self.wide(rest),
        };
        self.out.extend_from_slice(&[b'\\', short]);
        1
    }

    /// A character beyond ASCII, or a byte that is none.
    fn wide(&mut self, rest: &[u8]) -> usize {
        let longest = &rest[..rest.len().min(4)];
        let valid = longest.utf8_chunks().next().map_or("", |chunk| chunk.valid());
        match valid.chars().next() {
            None => {
                self.out.extend_from_slice(b"\\ufffd");
                1
            }
            Some('\u{2028}') => {
                self.out.extend_from_slice(b"\\u2028");
                3
            }
            Some('\u{2029}') => {
                self.out.extend_from_slice(b"\\u2029");
                3
            }
            Some(character) => {
                self.out.extend_from_slice(&rest[..character.len_utf8()]);
                character.len_utf8()
            }
        }
    }
}
