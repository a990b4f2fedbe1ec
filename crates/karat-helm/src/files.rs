//! `.Files`: what a chart has besides templates.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use karat_template::{CallError, List, Map, Object, Signature, Str, Type, Value};

use crate::glob::{Glob, GlobError};
use crate::yaml::to_yaml;

/// The files of one chart, shared by all renders.
#[derive(Clone, Debug)]
pub(crate) struct Files(Arc<BTreeMap<Str, Str>>);

impl Files {
    pub(crate) fn new(files: &[crate::File]) -> Self {
        Self(Arc::new(files.iter().map(|file| (file.name.as_str().into(), file.data.as_slice().into())).collect()))
    }

    pub(crate) fn to_value(&self) -> Value {
        Value::Object(Rc::new(self.clone()))
    }

    /// A pattern that does not parse matches everything.
    fn glob(&self, pattern: &Str) -> Result<Value, CallError> {
        let too_expensive = || CallError::from(format!("pattern {pattern} takes too long to match"));
        let glob = match Glob::new(&pattern.lossy()) {
            Ok(glob) => glob,
            Err(GlobError::Syntax) => Glob::everything(),
            Err(GlobError::TooExpensive) => return Err(too_expensive()),
        };
        let mut matching = BTreeMap::new();
        for (name, data) in self.0.iter() {
            if glob.matches(&name.lossy()).map_err(|_| too_expensive())? {
                matching.insert(name.clone(), data.clone());
            }
        }
        Ok(Self(Arc::new(matching)).to_value())
    }

    /// By the last name of the path, as ConfigMaps have it. Where two files share one, the later path wins; in Helm it
    /// is left to chance.
    fn flattened(&self, convert: impl Fn(&Str) -> Str) -> Value {
        let entries = self.0.iter().map(|(name, data)| {
            let base = name.rsplit(|byte| *byte == b'/').next().unwrap_or(name);
            (Str::from(base), Value::Str(convert(data)))
        });
        let map = Value::Map(Map::typed(Map::STRINGS, entries.collect()));
        Value::Str(to_yaml(&map).unwrap_or_default())
    }

    /// Splits at `\n`; one at the end does not count.
    fn lines(&self, name: &Str) -> Result<Value, CallError> {
        let Some(data) = self.0.get(name) else { return Ok(Value::List(List::strings([] as [Str; 0]))) };
        if data.is_empty() {
            return Err("runtime error: index out of range [-1]".into());
        }
        let text = data.strip_suffix(b"\n").unwrap_or(data);
        Ok(Value::List(List::strings(text.split(|byte| *byte == b'\n').map(Str::from))))
    }
}

impl Object for Files {
    fn go_type(&self) -> &'static str {
        "engine.files"
    }

    fn kind(&self) -> &'static str {
        "map"
    }

    fn field(&self, name: &str) -> Option<Value> {
        // A map of bytes: a key that is not there is its zero value.
        Some(Value::Bytes(self.0.get(name.as_bytes()).cloned().unwrap_or_default()))
    }

    fn method(&self, name: &str) -> Option<Signature> {
        match name {
            "Get" | "GetBytes" | "Glob" | "Lines" => Some(Signature::fixed(&[Type::String])),
            "AsConfig" | "AsSecrets" => Some(Signature::fixed(&[])),
            _ => None,
        }
    }

    fn call(&self, name: &str, arguments: &[Value]) -> Option<Result<Value, CallError>> {
        let given = match arguments.first() {
            Some(Value::Str(text)) => text.clone(),
            _ => Str::new(),
        };
        let data = || self.0.get(&given).cloned().unwrap_or_default();
        Some(match name {
            "Get" => Ok(Value::Str(data())),
            "GetBytes" => Ok(Value::Bytes(data())),
            "Glob" => self.glob(&given),
            "Lines" => self.lines(&given),
            "AsConfig" => Ok(self.flattened(Str::clone)),
            "AsSecrets" => Ok(self.flattened(|data| data_encoding::BASE64.encode(data).into())),
            _ => return None,
        })
    }

    fn data(&self) -> Value {
        let entries = self.0.iter().map(|(name, data)| (name.clone(), Value::Bytes(data.clone())));
        Value::Map(Map::typed("map[string][]uint8", entries.collect()))
    }

    fn print(&self) -> Str {
        let entry = |(name, data): (&Str, &Str)| {
            let bytes: Vec<String> = data.iter().map(u8::to_string).collect();
            format!("{name}:[{}]", bytes.join(" "))
        };
        format!("map[{}]", self.0.iter().map(entry).collect::<Vec<_>>().join(" ")).into()
    }
}
