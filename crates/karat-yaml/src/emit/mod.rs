//! Go's emitters, byte for byte: go-yaml v2 behind `sigs.k8s.io/yaml` (`toYaml`), go-yaml v3 (`toYamlPretty`).
//!
//! `toYaml` marshals to JSON, reads that as YAML and writes YAML. Here the value is written in one pass, doing to it what
//! that way would do; the few strings that it changes or refuses (see `analysis`) really go it.

mod analysis;
mod order;
mod scalar;
mod unicode;

use analysis::{Analysis, Flavour, Writing, analyse};

use crate::decode::number;
use crate::json::{Escape, to_json};
use crate::limits::{MAX_DEPTH, TOO_DEEP};
use crate::{Dialect, Error, Map, Numbers, Str, Value, from_yaml, strings};

/// A value as `yaml.Marshal` of `sigs.k8s.io/yaml` v1.6 writes it, with the final line break. Helm's `toYaml` then takes
/// one line break off the end.
///
/// # Errors
/// What has no JSON form (`error marshaling into JSON: json: unsupported value: NaN`), what go-yaml refuses to read
/// (control characters, keys of more than 1024 characters), what nests too deep.
pub fn to_yaml(value: &Value) -> Result<String, Error> {
    match emit(value, Flavour::V2, false) {
        Ok(text) => Ok(text),
        Err(Stop::Irregular) => the_long_way(value),
        Err(Stop::TooDeep) => Err(Error::Limit { message: TOO_DEEP.into(), position: None }),
    }
}

/// A value as the encoder of `sigs.k8s.io/yaml/goyaml.v3` with `SetIndent(2)` writes it, with the final line break.
/// Helm's `toYamlPretty` then takes one line break off the end.
///
/// # Errors
/// What nests too deep.
pub fn to_yaml_pretty(value: &Value) -> Result<String, Error> {
    emit(value, Flavour::V3, false).map_err(|_| Error::Limit { message: TOO_DEEP.into(), position: None })
}

/// Through JSON, as Go goes.
fn the_long_way(value: &Value) -> Result<String, Error> {
    let json = to_json(value, Escape::Html).map_err(|error| match error {
        Error::Convert { message, position, .. } => {
            Error::Convert { message: format!("error marshaling into JSON: {message}"), position, unmarshaling: false }
        }
        other => other,
    })?;
    let value = from_yaml(json.as_bytes(), Dialect::GoYaml, Numbers::Kept)?;
    emit(&value, Flavour::V2, true).map_err(|_| Error::Limit { message: TOO_DEEP.into(), position: None })
}

fn emit(value: &Value, flavour: Flavour, read_back: bool) -> Result<String, Stop> {
    let mut out = Vec::with_capacity(256);
    let mut emitter = Emitter {
        out: &mut out,
        flavour,
        read_back,
        line_start: 0,
        wide: 0,
        whitespace: true,
        indention: true,
        depth: 0,
    };
    emitter.node(value, None, Context::Root)?;
    emitter.write_indent(0);
    // What is written is UTF-8: strings that are not were replaced or written as base64.
    Ok(String::from_utf8(out).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

enum Stop {
    /// The way through JSON would change or refuse something.
    Irregular,
    TooDeep,
}

/// What a node stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Context {
    Root,
    Item,
    Value,
}

struct Emitter<'o> {
    out: &'o mut Vec<u8>,
    flavour: Flavour,
    /// Whether the value has been through JSON already.
    read_back: bool,
    line_start: usize,
    /// Bytes on this line that are not columns.
    wide: usize,
    /// Whether the last thing written was whitespace, so that no space is needed.
    whitespace: bool,
    /// Whether the line so far is indentation: spaces, `- `, `? `.
    indention: bool,
    depth: usize,
}

const SPACES: &[u8; 128] = &[b' '; 128];

impl Emitter<'_> {
    fn column(&self) -> usize {
        self.out.len() - self.line_start - self.wide
    }

    fn put_break(&mut self) {
        self.out.push(b'\n');
        self.line_start = self.out.len();
        self.wide = 0;
    }

    /// To column `indent`, on a new line if this one is used.
    fn write_indent(&mut self, indent: usize) {
        let column = self.column();
        if !self.indention || column > indent || column == indent && !self.whitespace {
            self.put_break();
        }
        let mut missing = indent - self.column().min(indent);
        while missing > 0 {
            let some = missing.min(SPACES.len());
            self.out.extend_from_slice(&SPACES[..some]);
            missing -= some;
        }
        self.whitespace = true;
        self.indention = true;
    }

    /// An indicator that a space must precede and that may stand for indentation: `-`, `?`, and `:` after `?`.
    fn write_block_indicator(&mut self, indicator: u8) {
        if !self.whitespace {
            self.out.push(b' ');
        }
        self.out.push(indicator);
        self.whitespace = false;
    }

    /// `indent` is that of the collection the node stands in, `None` at the root.
    fn node(&mut self, value: &Value, indent: Option<usize>, context: Context) -> Result<(), Stop> {
        match value {
            Value::Null => self.write_word(b"null"),
            Value::Bool(true) => self.write_word(b"true"),
            Value::Bool(false) => self.write_word(b"false"),
            Value::Int(number) => self.write_word(number.to_string().as_bytes()),
            Value::Float(number) => self.float(*number)?,
            Value::Str(text) => self.string(text, indent)?,
            Value::Seq(items) if items.is_empty() => self.write_word(b"[]"),
            Value::Map(map) if map.is_empty() => self.write_word(b"{}"),
            Value::Seq(items) => self.deeper(|emitter| emitter.sequence(items, indent, context))?,
            Value::Map(map) => self.deeper(|emitter| emitter.mapping(map, indent))?,
        }
        Ok(())
    }

    fn deeper(&mut self, write: impl FnOnce(&mut Self) -> Result<(), Stop>) -> Result<(), Stop> {
        if self.depth >= MAX_DEPTH {
            return Err(Stop::TooDeep);
        }
        self.depth += 1;
        let outcome = write(self);
        self.depth -= 1;
        outcome
    }

    fn sequence(&mut self, items: &[Value], indent: Option<usize>, context: Context) -> Result<(), Stop> {
        // v2 writes the items of a key at the indentation of the key.
        let compact = self.flavour == Flavour::V2 && context == Context::Value && !self.indention;
        let indent = match indent {
            None => 0,
            Some(indent) if compact => indent,
            Some(indent) => indent + 2,
        };
        for item in items {
            self.write_indent(indent);
            self.write_block_indicator(b'-');
            self.node(item, Some(indent), Context::Item)?;
        }
        Ok(())
    }

    fn mapping(&mut self, map: &Map, indent: Option<usize>) -> Result<(), Stop> {
        let indent = indent.map_or(0, |indent| indent + 2);
        let mut entries: Vec<(&Str, &Value)> = map.iter().collect();
        order::sort(&mut entries, self.flavour == Flavour::V3);
        for (key, value) in entries {
            self.write_indent(indent);
            self.key(key, indent)?;
            self.node(value, Some(indent), Context::Value)?;
        }
        Ok(())
    }

    fn key(&mut self, key: &Str, indent: usize) -> Result<(), Stop> {
        // JSON keys of more than 1024 characters, escapes counted, are not read again.
        if self.flavour == Flavour::V2 && !self.read_back && key.len() > 160 {
            return Err(Stop::Irregular);
        }
        if self.flavour == Flavour::V3 && key.as_str().is_none() {
            self.binary_key(key, indent);
            return Ok(());
        }
        let analysis = analyse(key, self.flavour).ok_or(Stop::Irregular)?;
        self.key_text(key, analysis, indent);
        Ok(())
    }

    fn key_text(&mut self, key: &[u8], analysis: Analysis, indent: usize) {
        let simple = !analysis.multiline && key.len() <= 128;
        let writing = analysis.writing(key, simple, self.flavour);
        if simple {
            self.write_scalar(key, writing, analysis, indent + 2, false);
            self.out.push(b':');
            self.whitespace = false;
            self.indention = false;
        } else {
            self.write_block_indicator(b'?');
            self.write_scalar(key, writing, analysis, indent + 2, true);
            self.write_indent(indent);
            self.write_block_indicator(b':');
        }
    }

    fn string(&mut self, text: &Str, indent: Option<usize>) -> Result<(), Stop> {
        let indent = indent.unwrap_or(0) + 2;
        if self.flavour == Flavour::V3 && text.as_str().is_none() {
            self.binary(text, indent);
            return Ok(());
        }
        let analysis = analyse(text, self.flavour).ok_or(Stop::Irregular)?;
        let writing = analysis.writing(text, false, self.flavour);
        self.write_scalar(text, writing, analysis, indent, true);
        Ok(())
    }

    /// A float as JSON writes it and go-yaml reads and writes that (v2), or as go-yaml writes a float64 (v3).
    fn float(&mut self, number: f64) -> Result<(), Stop> {
        if self.flavour == Flavour::V2 {
            if !number.is_finite() {
                return Err(Stop::Irregular);
            }
            if let Some(text) = number::integral_json(number) {
                self.write_word(text.as_bytes());
                return Ok(());
            }
        }
        let text = match number::display(number).as_str() {
            "+Inf" => ".inf".to_owned(),
            "-Inf" => "-.inf".to_owned(),
            "NaN" => ".nan".to_owned(),
            text => text.to_owned(),
        };
        self.write_word(text.as_bytes());
        Ok(())
    }

    /// `!!binary` of what is not UTF-8.
    fn binary(&mut self, bytes: &[u8], indent: usize) {
        let text = strings::encode_base64_lines(bytes);
        self.write_word(b"!!binary");
        let analysis = Analysis::plain_ascii();
        let writing = if text.contains('\n') { Writing::Literal } else { Writing::Plain };
        self.write_scalar(text.as_bytes(), writing, analysis, indent, true);
    }

    fn binary_key(&mut self, bytes: &[u8], indent: usize) {
        let text = strings::encode_base64_lines(bytes);
        // Tag and text count.
        let simple = !text.contains('\n') && text.len() + 8 <= 128;
        if !simple {
            self.write_block_indicator(b'?');
        }
        self.binary(bytes, indent + 2);
        if simple {
            self.out.push(b':');
            self.whitespace = false;
            self.indention = false;
        } else {
            self.write_indent(indent);
            self.write_block_indicator(b':');
        }
    }
}
