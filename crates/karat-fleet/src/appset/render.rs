//! Rendering parameters into an Application or a generator: every string on its own, every key of a map, no field name.

use std::cell::RefCell;
use std::sync::Arc;

use ecow::EcoString;
use karat_kube::Path;
use karat_template::{FuncMap, Interpreter, MissingKey, Options, Str, TemplateSet, Value as GoValue};
use karat_yaml::{Map, Value};
use rustc_hash::FxHashMap;

use super::functions::functions;
use super::params::Params;
use crate::argo::shape::{Trail, is_zero};
use crate::argo::types::Type;

/// Renders texts, as Go templates or by replacing tags. One for each thread: it keeps what it has parsed.
pub(crate) struct Renderer {
    mode: Mode,
    parsed: RefCell<FxHashMap<Str, Parsed>>,
}

type Parsed = Result<Arc<TemplateSet>, String>;

enum Mode {
    Tags,
    Go { missing_key: Result<MissingKey, String>, functions: Arc<FuncMap> },
}

/// A text that did not render, and where.
pub(crate) struct RenderError {
    pub(crate) path: Path,
    pub(crate) message: String,
}

struct Failure {
    trail: Trail,
    message: String,
}

impl Failure {
    fn below_key(mut self, key: impl Into<EcoString>) -> Self {
        self.trail.below_key(key);
        self
    }

    fn below_index(mut self, index: usize) -> Self {
        self.trail.below_index(index);
        self
    }
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self { trail: Trail::default(), message }
    }
}

impl Renderer {
    /// `options` are the ApplicationSet's `goTemplateOptions`.
    pub(crate) fn new(go: bool, options: &[&str]) -> Self {
        let mode = if go {
            let mut missing = Ok(MissingKey::Default);
            for option in options {
                missing = match *option {
                    "missingkey=default" | "missingkey=invalid" => Ok(MissingKey::Default),
                    "missingkey=zero" => Ok(MissingKey::Zero),
                    "missingkey=error" => Ok(MissingKey::Error),
                    other => {
                        missing = Err(format!("unrecognized option: {other}"));
                        break;
                    }
                };
            }
            Mode::Go { missing_key: missing, functions: functions() }
        } else {
            Mode::Tags
        };
        Self { mode, parsed: RefCell::default() }
    }

    /// Whether texts are Go templates.
    pub(crate) fn go(&self) -> bool {
        matches!(self.mode, Mode::Go { .. })
    }

    /// Renders one text.
    pub(crate) fn text(&self, text: &Str, params: &Params) -> Result<Str, String> {
        let Mode::Go { missing_key, functions } = &self.mode else { return replace_tags(text, params) };
        let missing_key = missing_key.clone()?;
        if !text.windows(2).any(|pair| pair == b"{{") {
            return Ok(text.clone());
        }
        let parsed = self.parsed.borrow().get(text).cloned();
        let set = parsed.unwrap_or_else(|| {
            let mut set = TemplateSet::new("", Arc::clone(functions));
            let parsed = match set.parse("", text.clone()) {
                Ok(()) => Ok(Arc::new(set)),
                Err(error) => Err(format!("failed to parse template {text}: {error}")),
            };
            self.parsed.borrow_mut().insert(text.clone(), parsed.clone());
            parsed
        })?;
        let mut out = Vec::new();
        Interpreter::new(&set, Options { missing_key, ..Options::default() }, &mut ())
            .execute("", &GoValue::Map(params.clone()), &mut out)
            .map_err(|error| format!("failed to execute go template {text}: {error}"))?;
        Ok(Str::from(out))
    }

    /// Renders every text of `value`, which is of type `ty`, in Go's order of fields.
    pub(crate) fn walk(&self, ty: &Type, value: &Value, params: &Params) -> Result<Value, RenderError> {
        self.walk_below(ty, value, params)
            .map_err(|Failure { trail, message }| RenderError { path: trail.path(), message })
    }

    fn walk_below(&self, ty: &Type, value: &Value, params: &Params) -> Result<Value, Failure> {
        match (ty, value) {
            (Type::Text | Type::IntOrText, Value::Str(text)) => Ok(Value::Str(self.text(text, params)?)),
            (Type::Optional(inner), value) if !value.is_null() => self.walk_below(inner, value, params),
            (Type::Struct(of), Value::Map(map)) => {
                let mut out = Map::new();
                for field in of.fields {
                    let Some((name, value)) = map.get_key_value(field.name.as_bytes()) else { continue };
                    let value =
                        self.walk_below(&field.ty, value, params).map_err(|failure| failure.below_key(field.name))?;
                    if !(field.omit && is_zero(&field.ty, &value)) {
                        out.insert(name.clone(), value);
                    }
                }
                Ok(Value::Map(out))
            }
            (Type::List(item), Value::Seq(items)) => {
                let mut out = Vec::with_capacity(items.len());
                for (index, value) in items.iter().enumerate() {
                    out.push(self.walk_below(item, value, params).map_err(|failure| failure.below_index(index))?);
                }
                Ok(Value::Seq(out))
            }
            (Type::Texts | Type::Flags, Value::Map(map)) => {
                let mut out = Map::new();
                for (key, value) in map {
                    let (key, value) = self
                        .walk_below(&Type::Text, value, params)
                        .and_then(|value| Ok((self.text(key, params)?, value)))
                        .map_err(|failure| failure.below_key(key.lossy().as_ref()))?;
                    out.insert(key, value);
                }
                Ok(Value::Map(out))
            }
            (Type::Raw, value) => self.walk_raw(value, params),
            (_, value) => Ok(value.clone()),
        }
    }

    /// Raw JSON, as Go reads it into `any`: numbers are float64, and an entry that is null is lost.
    fn walk_raw(&self, value: &Value, params: &Params) -> Result<Value, Failure> {
        Ok(match value {
            Value::Str(text) => Value::Str(self.text(text, params)?),
            Value::Int(number) => Value::Float(*number as f64),
            Value::Seq(items) => {
                let mut out = Vec::with_capacity(items.len());
                for (index, value) in items.iter().enumerate() {
                    out.push(self.walk_raw(value, params).map_err(|failure| failure.below_index(index))?);
                }
                Value::Seq(out)
            }
            Value::Map(map) => {
                let mut out = Map::new();
                for (key, value) in map.iter().filter(|(_, value)| !value.is_null()) {
                    let (key, value) = self
                        .walk_raw(value, params)
                        .and_then(|value| Ok((self.text(key, params)?, value)))
                        .map_err(|failure| failure.below_key(key.lossy().as_ref()))?;
                    out.insert(key, value);
                }
                Value::Map(out)
            }
            other => other.clone(),
        })
    }
}

/// valyala/fasttemplate with `{{` and `}}`: a tag that names a text is replaced, any other stays as it is.
fn replace_tags(text: &Str, params: &Params) -> Result<Str, String> {
    // Argo CD asks `.*{{.*}}.*` first, whose dot does not cross lines.
    let tagged = text
        .split(|byte| *byte == b'\n')
        .any(|line| position(line, b"{{").is_some_and(|open| position(&line[open + 2..], b"}}").is_some()));
    if !tagged {
        return Ok(text.clone());
    }
    let mut out = Str::new();
    let mut rest: &[u8] = text;
    while let Some(open) = position(rest, b"{{") {
        out.push_bytes(&rest[..open]);
        rest = &rest[open + 2..];
        let Some(close) = position(rest, b"}}") else {
            return Err(format!("a `{{{{` is not closed in `{text}`"));
        };
        let tag = &rest[..close];
        match std::str::from_utf8(tag).ok().map(str::trim).and_then(|name| params.get(name)) {
            Some(GoValue::Str(value)) if !tag.trim_ascii().is_empty() => out.push_bytes(&value),
            _ => {
                out.push_bytes(b"{{");
                out.push_bytes(tag);
                out.push_bytes(b"}}");
            }
        }
        rest = &rest[close + 2..];
    }
    out.push_bytes(rest);
    Ok(out)
}

fn position(text: &[u8], wanted: &[u8; 2]) -> Option<usize> {
    text.windows(2).position(|pair| pair == wanted)
}
