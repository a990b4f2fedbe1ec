//! The language of `--set`, `--set-string`, `--set-json` and `--set-file`: `a.b=1,list[0].x=y,set={p,q},esc\,aped=\=`.
//!
//! One pass over the characters that writes into the values as it goes, as Helm's parser does, because what a broken
//! text leaves behind and which texts count as broken follows from that.

use karat_yaml::{Map, Value};

/// Gives the contents of a file by the name that `--set-file` has.
pub type ReadFile<'a> = &'a dyn Fn(&str) -> Result<Vec<u8>, String>;

/// How the text after `=` is read.
#[derive(Clone, Copy)]
pub(crate) enum Style<'a> {
    /// `--set`: truth values, null and integers are recognised.
    Typed,
    /// `--set-string`
    String,
    /// `--set-json`
    Json,
    /// `--set-file`
    File(ReadFile<'a>),
}

/// The largest index of a list.
const INDEX_LIMIT: usize = 65_536;
/// How many dots a name may have.
pub(crate) const NAME_LIMIT: usize = 30;

/// Why parsing ends: at the end of the text, which is fine, or for a reason.
pub(crate) enum Stop {
    End,
    Error(String),
}

type Step<T> = Result<T, Stop>;

/// Parses `text` into `values`.
pub(crate) fn parse_into(text: &str, style: Style<'_>, values: &mut Map) -> Result<(), String> {
    let mut parser = Parser { rest: Runes::new(text), style };
    loop {
        match parser.key(values, 0) {
            Ok(()) => {}
            Err(Stop::End) => return Ok(()),
            Err(Stop::Error(message)) => return Err(message),
        }
    }
}

/// Parses a `--set-literal`, of which everything after the first `=` is the value.
pub(crate) fn parse_literal_into(text: &str, values: &mut Map) -> Result<(), String> {
    // Dots, brackets and the sign itself end a name just as elsewhere; commas and backslashes are ordinary characters.
    let mut parser = Literal { rest: Runes::new(text) };
    loop {
        match parser.key(values, 0) {
            Ok(()) => {}
            Err(Stop::End) => return Ok(()),
            Err(Stop::Error(message)) => return Err(message),
        }
    }
}

fn fail<T>(message: impl Into<String>) -> Step<T> {
    Err(Stop::Error(message.into()))
}

/// The text that is left.
struct Runes<'a> {
    text: &'a str,
}

impl<'a> Runes<'a> {
    fn new(text: &'a str) -> Self {
        Self { text }
    }

    fn next(&mut self) -> Option<char> {
        let c = self.text.chars().next()?;
        self.text = &self.text[c.len_utf8()..];
        Some(c)
    }

    /// What comes before the first of `stops`, and which that was; none at the end of the text.
    fn until(&mut self, stops: &[char], escapes: bool) -> (String, Option<char>) {
        let mut found = String::new();
        while let Some(c) = self.next() {
            if stops.contains(&c) {
                return (found, Some(c));
            }
            if c == '\\' && escapes {
                let Some(escaped) = self.next() else { break };
                found.push(escaped);
            } else {
                found.push(c);
            }
        }
        (found, None)
    }

    /// The number before `]`.
    fn index(&mut self, escapes: bool) -> Step<i64> {
        let (digits, stop) = self.until(&[']'], escapes);
        if stop.is_none() {
            return Err(Stop::End);
        }
        match digits.parse::<i64>() {
            Ok(index) if index < 0 => fail(format!("negative {index} index not allowed")),
            Ok(index) => Ok(index),
            Err(_) => fail(format!("error parsing index: strconv.Atoi: parsing {digits:?}: invalid syntax")),
        }
    }
}

struct Parser<'a> {
    rest: Runes<'a>,
    style: Style<'a>,
}

impl Parser<'_> {
    fn key(&mut self, data: &mut Map, level: usize) -> Step<()> {
        let (name, stop) = self.rest.until(&['=', '[', ',', '.'], true);
        match stop {
            None if name.is_empty() => Err(Stop::End),
            None => fail(format!("key {name:?} has no value")),
            Some('[') => {
                let index = self.rest.index(true)?;
                let mut list = take_list(data, &name)?;
                let outcome = self.item(&mut list, index, level);
                set(data, &name, Value::Seq(list));
                outcome
            }
            Some('=') => {
                let (value, outcome) = self.value();
                if let Some(value) = value {
                    set(data, &name, value);
                }
                outcome
            }
            Some(',') => {
                set(data, &name, Value::from(""));
                fail(format!("key {name:?} has no value (cannot end with ,)"))
            }
            _ => nested(data, &name, level, |inner, level| self.key(inner, level)),
        }
    }

    /// The value of a key, and how parsing goes on.
    fn value(&mut self) -> (Option<Value>, Step<()>) {
        if matches!(self.style, Style::Json) {
            return match self.json() {
                Ok(value) => (Some(value), Ok(())),
                Err(stop) => (None, Err(stop)),
            };
        }
        match self.list() {
            Ok(Some(items)) => (Some(Value::Seq(items)), Ok(())),
            Ok(None) => {
                let (text, _) = self.rest.until(&[','], true);
                match self.typed(text) {
                    Ok(value) => (Some(value), Ok(())),
                    Err(stop) => (Some(Value::Null), Err(stop)),
                }
            }
            Err(Stop::End) => (Some(Value::from("")), Err(Stop::End)),
            Err(stop) => (None, Err(stop)),
        }
    }

    fn item(&mut self, list: &mut Vec<Value>, index: i64, level: usize) -> Step<()> {
        let (name, stop) = self.rest.until(&['[', '.', '='], true);
        if !name.is_empty() {
            return fail(format!("unexpected data at end of array index: {name:?}"));
        }
        match stop {
            None => Err(Stop::End),
            Some('=') => match self.value() {
                // Here the end of the text after `=` is an empty text and not the end of everything.
                (Some(value), Ok(()) | Err(Stop::End)) => set_index(list, index, value),
                (_, outcome) => outcome,
            },
            Some('[') => {
                let next = self.rest.index(true)?;
                inner_list(list, index, |inner| self.item(inner, next, level))
            }
            _ => nested_item(list, index, |inner| self.key(inner, level)),
        }
    }

    /// `{a,b}`; `None` if there is no `{`.
    fn list(&mut self) -> Step<Option<Vec<Value>>> {
        if self.rest.text.is_empty() {
            return Err(Stop::End);
        }
        let Some(rest) = self.rest.text.strip_prefix('{') else { return Ok(None) };
        self.rest.text = rest;
        let mut items = Vec::new();
        loop {
            let (text, stop) = self.rest.until(&[',', '}'], true);
            match stop {
                None => return fail("list must terminate with '}'"),
                Some('}') => {
                    if let Some(rest) = self.rest.text.strip_prefix(',') {
                        self.rest.text = rest;
                    }
                    items.push(self.typed(text)?);
                    return Ok(Some(items));
                }
                _ => items.push(self.typed(text)?),
            }
        }
    }

    /// One JSON value; nothing is null. White space and a comma after it are skipped.
    fn json(&mut self) -> Step<Value> {
        if self.skip_blank() {
            return Ok(Value::Null);
        }
        let (value, used) = crate::yaml::parse_json_prefix(self.rest.text).map_err(Stop::Error)?;
        self.rest.text = &self.rest.text[used..];
        self.skip_blank();
        Ok(value)
    }

    /// Skips white space and one comma; whether the comma or the end was there.
    fn skip_blank(&mut self) -> bool {
        self.rest.text = self.rest.text.trim_start();
        match self.rest.text.strip_prefix(',') {
            Some(rest) => {
                self.rest.text = rest;
                true
            }
            None => self.rest.text.is_empty(),
        }
    }

    fn typed(&self, text: String) -> Step<Value> {
        match self.style {
            Style::Typed => Ok(typed(text)),
            Style::String | Style::Json => Ok(text.into()),
            Style::File(read) => read(&text).map(|bytes| Value::Str(bytes.into())).map_err(Stop::Error),
        }
    }
}

/// What a text of `--set` means. A number that starts with zero stays a text.
fn typed(text: String) -> Value {
    if text.eq_ignore_ascii_case("true") {
        return Value::Bool(true);
    }
    if text.eq_ignore_ascii_case("false") {
        return Value::Bool(false);
    }
    if text.eq_ignore_ascii_case("null") {
        return Value::Null;
    }
    if text == "0" {
        return Value::Int(0);
    }
    if !text.starts_with('0')
        && let Ok(number) = text.parse::<i64>()
    {
        return Value::Int(number);
    }
    text.into()
}

struct Literal<'a> {
    rest: Runes<'a>,
}

impl Literal<'_> {
    fn key(&mut self, data: &mut Map, level: usize) -> Step<()> {
        let (name, stop) = self.rest.until(&['=', '[', '.'], false);
        match stop {
            None if name.is_empty() => Err(Stop::End),
            None => fail(format!("key {name:?} has no value")),
            Some('=') => {
                let value = std::mem::take(&mut self.rest.text);
                set(data, &name, Value::from(value));
                Ok(())
            }
            Some('[') => {
                let index = self.rest.index(false)?;
                let mut list = take_list(data, &name)?;
                let outcome = self.item(&mut list, index, level);
                set(data, &name, Value::Seq(list));
                outcome
            }
            _ => nested(data, &name, level, |inner, level| self.key(inner, level)),
        }
    }

    fn item(&mut self, list: &mut Vec<Value>, index: i64, level: usize) -> Step<()> {
        let (name, stop) = self.rest.until(&['[', '.', '='], false);
        if !name.is_empty() {
            return fail(format!("unexpected data at end of array index: {name:?}"));
        }
        match stop {
            None => Err(Stop::End),
            Some('=') => {
                let value = std::mem::take(&mut self.rest.text);
                set_index(list, index, Value::from(value))
            }
            Some('[') => {
                let next = self.rest.index(false)?;
                inner_list(list, index, |inner| self.item(inner, next, level))
            }
            _ => nested_item(list, index, |inner| self.key(inner, level)),
        }
    }
}

/// An empty name is nowhere: it is not set.
fn set(data: &mut Map, name: &str, value: Value) {
    if !name.is_empty() {
        data.insert(name.into(), value);
    }
}

/// `name.`: goes on within the mapping `name`, which is made if it is not there.
fn nested(data: &mut Map, name: &str, level: usize, key: impl FnOnce(&mut Map, usize) -> Step<()>) -> Step<()> {
    if level + 1 > NAME_LIMIT {
        return fail(format!("value name nested level is greater than maximum supported nested level of {NAME_LIMIT}"));
    }
    let mut fresh = Map::new();
    let inner = match data.get_mut(name.as_bytes()) {
        None => &mut fresh,
        Some(Value::Map(inner)) => inner,
        Some(other) => return conversion(other, "map[string]interface {}"),
    };
    let outcome = key(inner, level + 1);
    if outcome.is_ok() && inner.is_empty() {
        return fail(format!("key map {name:?} has no value"));
    }
    if !fresh.is_empty() {
        set(data, name, Value::Map(fresh));
    }
    outcome
}

/// `[i].`: goes on within the mapping at `index`.
fn nested_item(list: &mut Vec<Value>, index: i64, key: impl FnOnce(&mut Map) -> Step<()>) -> Step<()> {
    let mut fresh = Map::new();
    let existing = usize::try_from(index).ok().and_then(|index| list.get_mut(index));
    match existing {
        Some(existing) => {
            if existing.as_map().is_none() {
                *existing = Value::Map(fresh);
            }
            existing.as_map_mut().map_or(Ok(()), key)
        }
        None => {
            key(&mut fresh)?;
            set_index(list, index, Value::Map(fresh))
        }
    }
}

fn take_list(data: &mut Map, name: &str) -> Step<Vec<Value>> {
    match data.get_mut(name.as_bytes()) {
        None => Ok(Vec::new()),
        Some(Value::Seq(list)) => Ok(std::mem::take(list)),
        Some(other) => conversion(other, "[]interface {}"),
    }
}

/// `[i][`: goes on within the list at `index`.
fn inner_list(list: &mut Vec<Value>, index: i64, item: impl FnOnce(&mut Vec<Value>) -> Step<()>) -> Step<()> {
    match usize::try_from(index).ok().and_then(|index| list.get_mut(index)) {
        Some(Value::Seq(inner)) => item(inner),
        None | Some(Value::Null) => {
            let mut inner = Vec::new();
            item(&mut inner)?;
            set_index(list, index, Value::Seq(inner))
        }
        Some(other) => conversion(other, "[]interface {}"),
    }
}

fn set_index(list: &mut Vec<Value>, index: i64, value: Value) -> Step<()> {
    let index = usize::try_from(index).ok().filter(|index| *index <= INDEX_LIMIT).ok_or_else(|| {
        Stop::Error(format!("index of {index} is greater than maximum supported index of {INDEX_LIMIT}"))
    })?;
    if list.len() <= index {
        list.resize(index + 1, Value::Null);
    }
    list[index] = value;
    Ok(())
}

fn conversion<T>(value: &Value, wanted: &str) -> Step<T> {
    let go_type = match value {
        Value::Null => "nil",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int64",
        Value::Float(_) => "float64",
        Value::Str(_) => "string",
        Value::Seq(_) => "[]interface {}",
        Value::Map(_) => "map[string]interface {}",
    };
    fail(format!("unable to parse key: interface conversion: interface {{}} is {go_type}, not {wanted}"))
}
