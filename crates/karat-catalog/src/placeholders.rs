//! Placeholders: `$text`, `$json` and `$yaml` bring in what another file holds.

use karat_yaml::Dialect;
use serde_json::{Map, Value};

use crate::failure::Failure;
use crate::json;
use crate::location::LocationRef;

/// Reads what catalog files refer to.
pub trait Reader {
    /// The bytes of a file or URL.
    ///
    /// # Errors
    /// A sentence that says why not. A reader decides what may be read at all: it is other people's files that ask.
    fn read(&self, location: &LocationRef) -> Result<Vec<u8>, String>;
}

/// The most bytes that one placeholder brings in.
pub const MAX_PLACEHOLDER: usize = 2 << 20;

/// The most placeholders of one entity.
const MAX_COUNT: usize = 100;

/// Replaces the placeholders of an entity; what was read is added to `reads`.
pub(crate) fn resolve(
    value: &mut Map<String, Value>,
    base: &LocationRef,
    reader: &dyn Reader,
    reads: &mut Vec<LocationRef>,
) -> Result<(), Failure> {
    let mut work = Work { base, reader, reads };
    for (key, value) in value.iter_mut() {
        work.visit(value, &format!("/{key}"))?;
    }
    Ok(())
}

struct Work<'w> {
    base: &'w LocationRef,
    reader: &'w dyn Reader,
    reads: &'w mut Vec<LocationRef>,
}

impl Work<'_> {
    fn visit(&mut self, value: &mut Value, path: &str) -> Result<(), Failure> {
        match value {
            Value::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.visit(item, &format!("{path}/{index}"))?;
                }
            }
            Value::Object(map) if map.keys().any(|key| key.starts_with('$')) => {
                // Beside other keys, or of another name, it is data that only looks like one.
                if let (1, Some((key, target))) = (map.len(), map.iter().next())
                    && ["$text", "$json", "$yaml"].contains(&key.as_str())
                {
                    let found = self.bring(key, target).map_err(|failure| failure.of_field(path))?;
                    *value = found;
                }
            }
            Value::Object(map) => {
                for (key, value) in map.iter_mut() {
                    self.visit(value, &format!("{path}/{}", key.replace('~', "~0").replace('/', "~1")))?;
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
        Ok(())
    }

    fn bring(&mut self, key: &str, target: &Value) -> Result<Value, Failure> {
        let failed = |message: String| Failure::new("Error", message);
        let Some(target) = target.as_str() else {
            return Err(failed(format!(
                "Placeholder {key} expected a string value parameter, in the form of an absolute URL or a relative path"
            )));
        };
        if self.reads.len() >= MAX_COUNT {
            return Err(failed(format!("Placeholder {key} is one of more than {MAX_COUNT} in this entity")));
        }
        let location = self.base.resolve(target).map_err(|why| {
            failed(format!("Placeholder {key} could not form a URL out of {} and {target}, {why}", self.base.target))
        })?;
        // Also what cannot be read now: when it appears, the entity is processed again.
        self.reads.push(location.clone());
        let bytes = self.reader.read(&location).and_then(|bytes| {
            if bytes.len() > MAX_PLACEHOLDER {
                return Err(format!("Error: {} bytes, more than the limit of {MAX_PLACEHOLDER}", bytes.len()));
            }
            Ok(bytes)
        });
        let bytes =
            bytes.map_err(|why| failed(format!("Placeholder {key} could not read location {target}, {why}")))?;
        match key {
            "$json" => serde_json::from_slice(&bytes).map_err(|why| {
                failed(format!("Placeholder {key} failed to parse JSON data at {target}, SyntaxError: {why}"))
            }),
            "$yaml" => yaml(&bytes, target),
            _ => Ok(Value::String(String::from_utf8_lossy(&bytes).into_owned())),
        }
    }
}

fn yaml(bytes: &[u8], target: &str) -> Result<Value, Failure> {
    let wrong = |error: &karat_yaml::Error| {
        let place = error.position().map_or(String::new(), |at| format!(" at line {}, column {}", at.line, at.column));
        let message = error.message();
        Failure::new(
            "Error",
            format!("Placeholder $yaml found an error in the data at {target}, YAMLParseError: {message}{place}"),
        )
    };
    let documents = karat_yaml::parse_stream(bytes, Dialect::Core12).map_err(|error| wrong(&error))?;
    match &documents[..] {
        [one] => json::from_yaml(one.root()).map_err(|error| wrong(&error)),
        several => {
            let count = several.len();
            let message =
                format!("Placeholder $yaml expected to find exactly one document of data at {target}, found {count}");
            Err(Failure::new("Error", message))
        }
    }
}
