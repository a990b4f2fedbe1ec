//! `JSON.stringify` of values.

use super::budget::{Budget, DEPTH, Fault, Outcome};
use super::number;
use super::value::Value;

/// `JSON.stringify(value, null, indent)`; `None` for undefined.
pub(super) fn stringify(value: &Value, indent: &str, budget: &Budget) -> Outcome<Option<String>> {
    let mut writer = Writer { out: String::new(), indent, budget };
    Ok(writer.value(value, 0)?.then_some(writer.out))
}

struct Writer<'a> {
    out: String,
    indent: &'a str,
    budget: &'a Budget,
}

impl Writer<'_> {
    /// Writes a value; false, and nothing written, for one that JSON has not.
    fn value(&mut self, value: &Value, depth: usize) -> Outcome<bool> {
        if depth > DEPTH {
            return Err(Fault::new(format!("values are nested more than {DEPTH} deep")));
        }
        self.budget.spend(1)?;
        match value {
            Value::Undefined => return Ok(false),
            Value::Function(_) => return Err(Fault::new("a function is not a value: call it with ()")),
            Value::Null => self.out.push_str("null"),
            Value::Bool(value) => self.out.push_str(if *value { "true" } else { "false" }),
            Value::Number(number) if number.is_finite() => self.out.push_str(&number::text(*number)),
            Value::Number(_) => self.out.push_str("null"),
            Value::Text(text) | Value::Safe(text) => self.text(text)?,
            Value::Regex(_) => self.out.push_str("{}"),
            Value::List(items) => {
                let items = items.items();
                self.out.push('[');
                for (index, item) in items.iter().enumerate() {
                    self.separate(index > 0, depth + 1);
                    if !self.value(item, depth + 1)? {
                        self.out.push_str("null");
                    }
                }
                self.close(']', !items.is_empty(), depth);
            }
            Value::Record(record) => {
                self.out.push('{');
                let mut any = false;
                for (key, item) in record.entries() {
                    if matches!(item, Value::Undefined) {
                        continue;
                    }
                    self.separate(any, depth + 1);
                    any = true;
                    self.text(key)?;
                    self.out.push_str(if self.indent.is_empty() { ":" } else { ": " });
                    self.value(item, depth + 1)?;
                }
                self.close('}', any, depth);
            }
        }
        // Indentation and brackets are not paid for one by one, but they count.
        self.budget.grow(self.out.len(), 0).map(|()| true)
    }

    fn text(&mut self, text: &str) -> Outcome<()> {
        self.budget.grow(self.out.len(), text.len())?;
        self.out.push_str(&quoted(text));
        Ok(())
    }

    fn separate(&mut self, after: bool, depth: usize) {
        if after {
            self.out.push(',');
        }
        self.line(depth);
    }

    fn close(&mut self, bracket: char, any: bool, depth: usize) {
        if any {
            self.line(depth);
        }
        self.out.push(bracket);
    }

    fn line(&mut self, depth: usize) {
        if !self.indent.is_empty() {
            self.out.push('\n');
            self.out.push_str(&self.indent.repeat(depth));
        }
    }
}

/// Text as a JSON string.
pub(crate) fn quoted(text: &str) -> String {
    // Only a failing writer or a key that is no string could fail.
    serde_json::to_string(text).unwrap_or_default()
}
