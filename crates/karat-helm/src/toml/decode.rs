//! TOML 1.1 to values. Dates and times become text in the form of RFC 3339.

use std::collections::BTreeMap;

use karat_template::{List, Map, Str, Value};

/// What is wrong, with the line.
pub(crate) type DecodeError = String;

const DEPTH_LIMIT: usize = 100;

/// `fromToml`.
pub(crate) fn decode(text: &str) -> Result<Map, DecodeError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut parser = Parser { text, at: 0, depth: 0, last_key: String::new() };
    let mut root = Table::default();
    let mut path: Vec<Str> = Vec::new();
    parser.blank_lines()?;
    while let Some(byte) = parser.peek() {
        if byte == b'[' {
            path = parser.header(&mut root)?;
        } else {
            let key = parser.key()?;
            parser.expect(b'=')?;
            parser.blanks();
            let value = parser.value()?;
            let Some(table) = root.open(&path) else { return Err(parser.error("table is not a table")) };
            table.insert(&key, value).map_err(|message| parser.error(&message))?;
        }
        parser.line_end()?;
        parser.blank_lines()?;
    }
    let Value::Map(map) = Item::Table(root).into_value() else { return Ok(Map::new(BTreeMap::new())) };
    Ok(map)
}

/// A table while it is read.
#[derive(Default)]
struct Table {
    entries: BTreeMap<Str, Item>,
    /// It had its own `[header]`.
    defined: bool,
    /// It came from dotted keys or from `{}` and may not be opened again.
    closed: bool,
}

enum Item {
    Value(Value),
    Table(Table),
    Tables(Vec<Table>),
}

impl Item {
    fn into_value(self) -> Value {
        match self {
            Self::Value(value) => value,
            Self::Table(table) => {
                Value::Map(Map::new(table.entries.into_iter().map(|(key, item)| (key, item.into_value())).collect()))
            }
            Self::Tables(tables) => Value::List(List::typed(
                "[]map[string]interface {}",
                tables.into_iter().map(|table| Self::Table(table).into_value()).collect(),
            )),
        }
    }
}

impl Table {
    /// The table at a path of headers, of an array of tables the last one.
    fn open(&mut self, path: &[Str]) -> Option<&mut Self> {
        let mut table = self;
        for key in path {
            table = match table.entries.entry(key.clone()).or_insert_with(|| Item::Table(Self::default())) {
                Item::Table(table) => table,
                Item::Tables(tables) => tables.last_mut()?,
                Item::Value(_) => return None,
            };
        }
        Some(table)
    }

    /// Sets a dotted key.
    fn insert(&mut self, key: &[Str], value: Value) -> Result<(), String> {
        let Some((last, tables)) = key.split_last() else { return Ok(()) };
        let mut table = self;
        for part in tables {
            let fresh = || Item::Table(Self { closed: true, ..Self::default() });
            table = match table.entries.entry(part.clone()).or_insert_with(fresh) {
                Item::Table(table) if !table.defined => table,
                _ => return Err(format!("key '{part}' has already been defined")),
            };
        }
        if table.entries.contains_key(last) {
            return Err(format!("Key '{last}' has already been defined."));
        }
        table.entries.insert(last.clone(), Item::Value(value));
        Ok(())
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    /// For messages.
    last_key: String,
}

impl<'a> Parser<'a> {
    fn error(&self, message: &str) -> DecodeError {
        let line = 1 + self.text.as_bytes()[..self.at.min(self.text.len())].iter().filter(|b| **b == b'\n').count();
        match self.last_key.as_str() {
            "" => format!("toml: line {line}: {message}"),
            key => format!("toml: line {line} (last key {key:?}): {message}"),
        }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    fn expect(&mut self, byte: u8) -> Result<(), DecodeError> {
        self.blanks();
        if self.peek() == Some(byte) {
            self.at += 1;
            return Ok(());
        }
        Err(self.error(&format!("expected '{}'", char::from(byte))))
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
    }

    fn comment(&mut self) -> Result<(), DecodeError> {
        self.blanks();
        if self.peek() == Some(b'#') {
            while let Some(byte) = self.peek().filter(|byte| *byte != b'\n') {
                let ends = byte == b'\r' && self.rest().starts_with("\r\n");
                if !ends && (byte < b' ' && byte != b'\t' || byte == 0x7f) {
                    return Err(self.error("control characters are not allowed in comments"));
                }
                self.at += 1;
            }
        }
        Ok(())
    }

    fn newline(&mut self) -> bool {
        self.eat("\n") || self.eat("\r\n")
    }

    fn line_end(&mut self) -> Result<(), DecodeError> {
        self.comment()?;
        if self.newline() || self.peek().is_none() {
            return Ok(());
        }
        Err(self.error("expected a top-level item to end with a newline, comment, or EOF"))
    }

    /// Blanks, comments and line ends.
    fn blank_lines(&mut self) -> Result<(), DecodeError> {
        loop {
            self.comment()?;
            if !self.newline() {
                return Ok(());
            }
        }
    }

    /// `[a.b]` or `[[a.b]]`: opens the table and returns its path.
    fn header(&mut self, root: &mut Table) -> Result<Vec<Str>, DecodeError> {
        let many = self.eat("[[");
        if !many {
            self.at += 1;
        }
        let path = self.key()?;
        self.expect(b']')?;
        if many && !self.eat("]") {
            return Err(self.error("expected end of table array name delimiter ']'"));
        }
        let Some((last, parents)) = path.split_last() else { return Err(self.error("empty table name")) };
        let taken = || format!("Key '{}' has already been defined.", join(&path));
        let Some(parent) = root.open(parents) else { return Err(self.error(&taken())) };
        let outcome = match (parent.entries.get_mut(last), many) {
            (None, true) => {
                parent.entries.insert(last.clone(), Item::Tables(vec![Table::default()]));
                Ok(())
            }
            (None, false) => {
                parent.entries.insert(last.clone(), Item::Table(Table { defined: true, ..Table::default() }));
                Ok(())
            }
            (Some(Item::Tables(tables)), true) => {
                tables.push(Table::default());
                Ok(())
            }
            (Some(Item::Table(table)), false) if !table.defined && !table.closed => {
                table.defined = true;
                Ok(())
            }
            _ => Err(taken()),
        };
        outcome.map_err(|message| self.error(&message))?;
        Ok(path)
    }

    fn key(&mut self) -> Result<Vec<Str>, DecodeError> {
        let mut parts = Vec::new();
        loop {
            self.blanks();
            parts.push(match self.peek() {
                Some(b'"') => self.basic()?.into(),
                Some(b'\'') => self.literal()?.into(),
                _ => {
                    let bare = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
                    let end = self.rest().find(bare).unwrap_or(self.rest().len());
                    if end == 0 {
                        return Err(self.error("expected a key"));
                    }
                    let part = &self.rest()[..end];
                    self.at += end;
                    Str::from(part)
                }
            });
            self.blanks();
            if !self.eat(".") {
                self.last_key = join(&parts);
                return Ok(parts);
            }
        }
    }

    fn value(&mut self) -> Result<Value, DecodeError> {
        if self.depth >= DEPTH_LIMIT {
            return Err(self.error("nested too deeply"));
        }
        self.depth += 1;
        let value = match self.peek() {
            Some(b'"') if self.eat("\"\"\"") => self.long("\"\"\"", true).map(Value::string),
            Some(b'"') => self.basic().map(Value::string),
            Some(b'\'') if self.eat("'''") => self.long("'''", false).map(Value::string),
            Some(b'\'') => self.literal().map(Value::string),
            Some(b'[') => self.array(),
            Some(b'{') => self.inline_table(),
            None => Err(self.error("unexpected EOF; expected value")),
            _ => self.scalar(),
        };
        self.depth -= 1;
        value
    }

    fn array(&mut self) -> Result<Value, DecodeError> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.blank_lines()?;
            if self.eat("]") {
                return Ok(Value::list(items));
            }
            items.push(self.value()?);
            self.blank_lines()?;
            if !self.eat(",") && self.peek() != Some(b']') {
                return Err(self.error("expected a comma (',') or array terminator (']')"));
            }
        }
    }

    fn inline_table(&mut self) -> Result<Value, DecodeError> {
        self.at += 1;
        let mut table = Table::default();
        loop {
            self.blank_lines()?;
            if self.eat("}") {
                return Ok(Item::Table(table).into_value());
            }
            let key = self.key()?;
            self.expect(b'=')?;
            self.blanks();
            let value = self.value()?;
            table.insert(&key, value).map_err(|message| self.error(&message))?;
            self.blank_lines()?;
            if !self.eat(",") && self.peek() != Some(b'}') {
                return Err(self.error("expected a comma or an inline table terminator '}'"));
            }
        }
    }

    fn literal(&mut self) -> Result<String, DecodeError> {
        self.at += 1;
        let Some(end) = self.rest().find(['\'', '\n']).filter(|end| self.rest().as_bytes()[*end] == b'\'') else {
            return Err(self.error("strings cannot contain newlines"));
        };
        let text = self.rest()[..end].to_owned();
        self.at += end + 1;
        Ok(text)
    }

    fn basic(&mut self) -> Result<String, DecodeError> {
        self.at += 1;
        let mut text = String::new();
        while let Some(c) = self.rest().chars().next() {
            self.at += c.len_utf8();
            match c {
                '"' => return Ok(text),
                '\\' => text.push(self.escape()?),
                '\n' | '\r' => return Err(self.error("strings cannot contain newlines")),
                c => text.push(c),
            }
        }
        Err(self.error("unexpected EOF; expected '\"'"))
    }

    /// After three quotes, up to three more; up to two may stand before those.
    fn long(&mut self, quotes: &str, escapes: bool) -> Result<String, DecodeError> {
        self.newline();
        let mut text = String::new();
        loop {
            if self.eat(quotes) {
                for _ in 0..2 {
                    if self.eat(&quotes[..1]) {
                        text.push_str(&quotes[..1]);
                    }
                }
                return Ok(text);
            }
            let Some(c) = self.rest().chars().next() else {
                return Err(self.error(&format!("unexpected EOF; expected {quotes:?}")));
            };
            self.at += c.len_utf8();
            if c != '\\' || !escapes {
                text.push(c);
                continue;
            }
            // A backslash at the end of a line takes the white space up to the next text.
            let after = self.rest().trim_start_matches([' ', '\t']);
            if after.starts_with('\n') || after.starts_with("\r\n") {
                self.at = self.text.len() - self.rest().trim_start().len();
            } else {
                text.push(self.escape()?);
            }
        }
    }

    fn escape(&mut self) -> Result<char, DecodeError> {
        let Some(c) = self.rest().chars().next() else { return Err(self.error("unexpected EOF")) };
        self.at += c.len_utf8();
        let digits = match c {
            'b' => return Ok('\u{8}'),
            't' => return Ok('\t'),
            'n' => return Ok('\n'),
            'f' => return Ok('\u{c}'),
            'r' => return Ok('\r'),
            'e' => return Ok('\u{1b}'),
            '"' => return Ok('"'),
            '\\' => return Ok('\\'),
            'x' => 2,
            'u' => 4,
            'U' => 8,
            other => return Err(self.error(&format!("invalid escape character {other:?}"))),
        };
        let code = self.rest().get(..digits).and_then(|hex| u32::from_str_radix(hex, 16).ok()).and_then(char::from_u32);
        self.at += digits;
        code.ok_or_else(|| self.error("escape sequence is not a valid Unicode code point"))
    }

    /// A number, truth value, date or time.
    fn scalar(&mut self) -> Result<Value, DecodeError> {
        let ends = |c: char| matches!(c, ',' | ']' | '}' | '#' | ' ' | '\t' | '\n' | '\r');
        let mut end = self.rest().find(ends).unwrap_or(self.rest().len());
        // A date and a time may have a space between them.
        if is_date(&self.rest()[..end]) && self.rest()[end..].strip_prefix(' ').is_some_and(starts_with_digit) {
            end += 1 + self.rest()[end + 1..].find(ends).unwrap_or(self.rest().len() - end - 1);
        }
        let word = &self.rest()[..end];
        let value = scalar(word).ok_or_else(|| self.error(&format!("expected value but found {word:?} instead")))?;
        self.at += end;
        Ok(value)
    }
}

fn join(path: &[Str]) -> String {
    path.iter().map(|part| part.lossy()).collect::<Vec<_>>().join(".")
}

fn starts_with_digit(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 10 && bytes[4] == b'-' && bytes[7] == b'-' && bytes[..4].iter().all(u8::is_ascii_digit)
}

fn scalar(word: &str) -> Option<Value> {
    match word {
        "true" => return Some(Value::Bool(true)),
        "false" => return Some(Value::Bool(false)),
        "inf" | "+inf" => return Some(Value::Float(f64::INFINITY)),
        "-inf" => return Some(Value::Float(f64::NEG_INFINITY)),
        "nan" | "+nan" | "-nan" => return Some(Value::Float(f64::NAN)),
        _ => {}
    }
    let underscores_fine = word.split('_').enumerate().all(|(index, part)| {
        let after = index == 0 || part.starts_with(|c: char| c.is_ascii_hexdigit());
        after && (!word.contains('_') || part.ends_with(|c: char| c.is_ascii_hexdigit()))
    });
    if !underscores_fine {
        return None;
    }
    let plain = word.replace('_', "");
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = plain.strip_prefix(prefix) {
            return (!digits.starts_with(['+', '-']))
                .then(|| i64::from_str_radix(digits, radix).ok())?
                .map(Value::int64);
        }
    }
    let digits = plain.strip_prefix(['+', '-']).unwrap_or(&plain);
    let leading_zero = digits.len() > 1 && digits.starts_with('0') && digits.as_bytes()[1].is_ascii_digit();
    if !leading_zero && starts_with_digit(digits) {
        if digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return plain.parse().ok().map(Value::int64);
        }
        let dots_fine = digits.split_once('.').is_none_or(|(_, fraction)| starts_with_digit(fraction));
        if dots_fine
            && digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'))
            && let Ok(number) = plain.parse()
        {
            return Some(Value::Float(number));
        }
    }
    date_time(word)
}

/// A date, a time, or both: the text, with `T` between them.
fn date_time(word: &str) -> Option<Value> {
    let fits = |text: &str, shape: &str| {
        text.len() == shape.len()
            && text.bytes().zip(shape.bytes()).all(
                |(byte, wanted)| {
                    if wanted == b'0' { byte.is_ascii_digit() } else { byte == wanted }
                },
            )
    };
    let (date, time) = match word.get(..10).filter(|date| fits(date, "0000-00-00")) {
        Some(date) => (Some(date), word[10..].strip_prefix(['T', 't', ' '])),
        None => (None, Some(word)),
    };
    let Some(time) = time else { return (word.len() == 10).then(|| Value::string(word)) };
    let clock_end = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at(clock_end);
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let clock_fine = fits(clock, "00:00:00") || fits(clock, "00:00");
    let zone_fine = matches!(zone, "" | "Z" | "z") || fits(zone, "+00:00") || fits(zone, "-00:00");
    if !clock_fine || !zone_fine || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(match date {
        Some(date) => Value::string(format!("{date}T{}", time.to_ascii_uppercase())),
        None => Value::string(time),
    })
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn reads_toml() {
        let text = "a = 1\nb.c = \"x\\ty\"\n[t]\nd = [1, 2.5,\n 'three', true]\n[[l]]\nx = { y = 0x1f }\n[[l]]\n[t.u]\nf = 1979-05-27 07:32:00Z\n";
        let map = decode(text).expect("toml");
        let shown = format!("{:?}", karat_template::Value::Map(map));
        assert_eq!(
            shown,
            "{\"a\": int64(1), \"b\": {\"c\": \"x\\ty\"}, \"l\": [{\"x\": {\"y\": int64(31)}}, {}], \
             \"t\": {\"d\": [int64(1), 2.5, \"three\", true], \"u\": {\"f\": \"1979-05-27T07:32:00Z\"}}}"
        );
        for bad in ["a", "a = ", "a = 1 b = 2", "[a]\n[a]", "a = 1\na = 2", "a = \"x", "a = 01", "a = [1", "a = {b = 1"]
        {
            assert!(decode(bad).is_err(), "{bad}");
        }
    }
}
