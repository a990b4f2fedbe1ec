//! Values to TOML: keys sorted, plain ones before tables, tables indented by their depth. Whole floats get `.0`, so every
//! number of a values file does.

use karat_template::{Map, Str, Value};

use crate::decode::go_float;

/// What cannot be said in TOML, in the library's words.
pub(crate) type EncodeError = String;

/// `toToml`.
pub(crate) fn encode(value: &Value) -> Result<Str, EncodeError> {
    let mut encoder = Encoder { out: Vec::new() };
    encoder.encode(&mut Vec::new(), value)?;
    Ok(encoder.out.into())
}

struct Encoder {
    out: Vec<u8>,
}

type Step = Result<(), EncodeError>;

impl Encoder {
    fn encode(&mut self, key: &mut Vec<Str>, value: &Value) -> Step {
        match plain(value) {
            Value::Nil => Ok(()),
            Value::Map(map) if map.is_nil() => Ok(()),
            Value::Map(map) => {
                if key.len() == 1 {
                    self.newline();
                }
                if !key.is_empty() {
                    self.header(key, "[", "]");
                }
                self.table(key, &map)
            }
            value if is_table_array(&value)? => self.table_array(key, &value),
            value => self.key_value(key, &value, false),
        }
    }

    /// `[[key]]` for every item.
    fn table_array(&mut self, key: &mut Vec<Str>, value: &Value) -> Step {
        if key.is_empty() {
            return Err("toml: top-level values must be Go maps or structs".into());
        }
        let Value::List(list) = value else { return Ok(()) };
        for item in list.items() {
            let Value::Map(table) = plain(item) else { continue };
            self.newline();
            self.header(key, "[[", "]]");
            self.table(key, &table)?;
        }
        Ok(())
    }

    fn header(&mut self, key: &[Str], open: &str, close: &str) {
        self.indent(key.len());
        self.out.extend_from_slice(open.as_bytes());
        for (index, part) in key.iter().enumerate() {
            if index > 0 {
                self.out.push(b'.');
            }
            self.key(part);
        }
        self.out.extend_from_slice(close.as_bytes());
        self.newline();
    }

    fn table(&mut self, key: &mut Vec<Str>, table: &Map) -> Step {
        for (name, value) in ordered(table)?.0 {
            key.push(name);
            let outcome = self.encode(key, &value);
            key.pop();
            outcome?;
        }
        Ok(())
    }

    /// `{a = 1, b = 2}`, a comma too many after a null at the end included.
    fn inline_table(&mut self, table: &Map) -> Step {
        let (entries, direct) = ordered(table)?;
        self.out.push(b'{');
        let count = entries.len();
        for (index, (name, value)) in entries.into_iter().enumerate() {
            if is_null(&value) {
                continue;
            }
            self.key_value(&[name], &value, true)?;
            let last = if index < direct { index + 1 == direct && direct == count } else { index + 1 == count };
            if !last {
                self.out.extend_from_slice(b", ");
            }
        }
        self.out.push(b'}');
        Ok(())
    }

    fn key_value(&mut self, key: &[Str], value: &Value, inline: bool) -> Step {
        let Some(name) = key.last() else { return self.element(value) };
        self.indent(key.len());
        self.key(name);
        self.out.extend_from_slice(b" = ");
        self.element(value)?;
        if !inline {
            self.newline();
        }
        Ok(())
    }

    fn element(&mut self, value: &Value) -> Step {
        match plain(value) {
            Value::Nil => return Err("reflect: call of reflect.Value.Interface on zero Value".into()),
            Value::Bool(truth) => self.out.extend_from_slice(truth.to_string().as_bytes()),
            Value::Int(_, number) => self.out.extend_from_slice(number.to_string().as_bytes()),
            Value::Float(number) => self.out.extend_from_slice(float(number).as_bytes()),
            Value::Str(text) => self.quoted(&text),
            Value::Bytes(bytes) => {
                let numbers: Vec<String> = bytes.iter().map(u8::to_string).collect();
                self.out.extend_from_slice(format!("[{}]", numbers.join(", ")).as_bytes());
            }
            Value::List(list) => {
                self.out.push(b'[');
                for (index, item) in list.items().iter().enumerate() {
                    if index > 0 {
                        self.out.extend_from_slice(b", ");
                    }
                    self.element(item)?;
                }
                self.out.push(b']');
            }
            Value::Map(map) => self.inline_table(&map)?,
            Value::Object(object) => return Err(format!("unexpected type: {}", object.go_type())),
        }
        Ok(())
    }

    fn key(&mut self, name: &Str) {
        let bare = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if !name.is_empty() && name.iter().all(bare) {
            self.out.extend_from_slice(name);
        } else {
            self.quoted(name);
        }
    }

    fn quoted(&mut self, text: &Str) {
        self.out.push(b'"');
        for &byte in text.iter() {
            match byte {
                b'"' | b'\\' => self.out.extend_from_slice(&[b'\\', byte]),
                b'\x08' => self.out.extend_from_slice(b"\\b"),
                b'\t' => self.out.extend_from_slice(b"\\t"),
                b'\n' => self.out.extend_from_slice(b"\\n"),
                b'\x0c' => self.out.extend_from_slice(b"\\f"),
                b'\r' => self.out.extend_from_slice(b"\\r"),
                0..=0x1f | 0x7f => self.out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
                _ => self.out.push(byte),
            }
        }
        self.out.push(b'"');
    }

    fn indent(&mut self, depth: usize) {
        for _ in 1..depth {
            self.out.extend_from_slice(b"  ");
        }
    }

    fn newline(&mut self) {
        if !self.out.is_empty() {
            self.out.push(b'\n');
        }
    }
}

/// The entries of a table: first those that are no tables, which is the number that comes along, then the tables.
fn ordered(table: &Map) -> Result<(Vec<(Str, Value)>, usize), EncodeError> {
    let (mut direct, mut tables) = (Vec::new(), Vec::new());
    for (name, value) in table.borrow().iter() {
        let value = plain(value);
        let is_table = matches!(&value, Value::Map(map) if !map.is_nil()) || is_table_array(&value)?;
        if is_table { tables.push((name.clone(), value)) } else { direct.push((name.clone(), value)) }
    }
    let count = direct.len();
    direct.append(&mut tables);
    Ok((direct, count))
}

/// Whether all items are tables. A null among them cannot be encoded.
fn is_table_array(value: &Value) -> Result<bool, EncodeError> {
    let Value::List(list) = value else { return Ok(false) };
    let mut all = !list.items().is_empty();
    for item in list.items() {
        match plain(item) {
            item if is_null(&item) => return Err("toml: cannot encode array with nil element".into()),
            Value::Map(_) => {}
            item => {
                is_table_array(&item)?;
                all = false;
            }
        }
    }
    Ok(all)
}

fn is_null(value: &Value) -> bool {
    match value {
        Value::Nil => true,
        Value::Map(map) => map.is_nil(),
        Value::List(list) => list.is_nil(),
        _ => false,
    }
}

/// What an object such as `.Files` is as plain data.
fn plain(value: &Value) -> Value {
    match value {
        Value::Object(object) => match object.data() {
            Value::Nil => value.clone(),
            data => data,
        },
        other => other.clone(),
    }
}

fn float(number: f64) -> String {
    if number.is_nan() {
        return if number.is_sign_negative() { "-nan".into() } else { "nan".into() };
    }
    if number.is_infinite() {
        return if number < 0.0 { "-inf".into() } else { "inf".into() };
    }
    let text = go_float(number);
    if text.contains(['e', '.']) { text } else { text + ".0" }
}
