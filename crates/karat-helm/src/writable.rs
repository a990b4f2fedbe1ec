//! What a template may have written out. Go has no bound here: it overflows its stack.

use karat_template::{CallError, Interpreter, Value};

/// How deep a value may nest. A template can build one that contains itself with `set`.
const DEPTH: usize = 500;
/// How many values may be written. Parts that are shared make a small value endless when it is written out.
const VALUES: usize = 1_000_000;
/// How many bytes of text, as many as a render may print.
const BYTES: usize = 64 << 20;

/// Fails if `value` is too large to be written; otherwise counts the work of it.
pub(crate) fn check(interpreter: &mut Interpreter<'_>, value: &Value) -> Result<(), CallError> {
    let mut size = Size { values: 0, bytes: 0 };
    size.add(value, 0)?;
    interpreter.work(size.values / 8 + size.bytes / 1024)
}

struct Size {
    values: usize,
    bytes: usize,
}

impl Size {
    fn add(&mut self, value: &Value, depth: usize) -> Result<(), CallError> {
        self.values += 1;
        if depth > DEPTH {
            return Err(format!("the value nests more than {DEPTH} levels deep; does it contain itself?").into());
        }
        if self.values > VALUES || self.bytes > BYTES {
            return Err("the value is too large to be written".into());
        }
        match value {
            Value::Str(text) => self.bytes += text.len(),
            Value::Bytes(bytes) => self.bytes += bytes.len(),
            Value::List(list) => list.items().iter().try_for_each(|item| self.add(item, depth + 1))?,
            Value::Map(map) => {
                for (key, value) in map.borrow().iter() {
                    self.bytes += key.len();
                    self.add(value, depth + 1)?;
                }
            }
            Value::Nil | Value::Bool(_) | Value::Int(..) | Value::Float(_) | Value::Object(_) => {}
        }
        Ok(())
    }
}
