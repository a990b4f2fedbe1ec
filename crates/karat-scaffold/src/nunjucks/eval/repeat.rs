//! Loops.

use std::rc::Rc;

use super::{Evaluation, Place};
use crate::nunjucks::ast::For;
use crate::nunjucks::budget::{Fault, Outcome};
use crate::nunjucks::convert;
use crate::nunjucks::scope::Scope;
use crate::nunjucks::value::Value;

impl Evaluation {
    pub(super) fn repeat(&self, parts: &For, place: &Place, out: &mut String) -> Outcome<()> {
        let list = self.value(&parts.list, place)?;
        let (items, length) = self.items(&list, parts.targets.len()).map_err(|fault| fault.or_at(parts.at))?;
        let scope = Scope::within(&place.scope, false);
        let inner = Place { scope: Rc::clone(&scope), exported: false, top: place.top };
        // What has no length (undefined, a number) has an undefined one.
        let count = length.unwrap_or(f64::NAN);
        for (index, item) in items.into_iter().enumerate() {
            self.budget.spend(1)?;
            self.bind_targets(&parts.targets, item, &scope).map_err(|fault| fault.or_at(parts.at))?;
            let index = index as f64;
            let entries = [
                ("index", Value::Number(index + 1.0)),
                ("index0", Value::Number(index)),
                ("revindex", Value::Number(count - index)),
                ("revindex0", Value::Number(count - index - 1.0)),
                ("first", Value::Bool(index == 0.0)),
                ("last", Value::Bool(index == count - 1.0)),
                ("length", length.map_or(Value::Undefined, Value::Number)),
            ];
            scope.bind(&"loop".into(), Value::record(entries.map(|(key, value)| (Rc::from(key), value))));
            self.nodes(&parts.body, &inner, out)?;
        }
        if count.is_nan() || count == 0.0 {
            self.nodes(&parts.otherwise, &inner, out)?;
        }
        Ok(())
    }

    /// What a loop goes over. With one name an object is an array by its `length`; with more, its keys and values.
    pub(super) fn items(&self, list: &Value, targets: usize) -> Outcome<(Vec<Value>, Option<f64>)> {
        let pair = |key: Value, value: Value| Value::list(vec![key, value]);
        Ok(match list {
            Value::List(items) => {
                let items = items.items().clone();
                let length = items.len() as f64;
                (items, Some(length))
            }
            Value::Record(record) if targets == 1 => match record.get("length") {
                None => (Vec::new(), None),
                Some(length) => {
                    let length = convert::to_number(length, &self.budget)?;
                    let count = if length.is_finite() && length > 0.0 { length.ceil() } else { 0.0 };
                    self.budget.spend(count as usize)?;
                    let at = |index: usize| record.get(&index.to_string()).cloned().unwrap_or(Value::Undefined);
                    ((0..count as usize).map(at).collect(), Some(length))
                }
            },
            Value::Record(record) => {
                let entries = record.entries();
                let items = entries.iter().map(|(key, value)| pair(Value::Text(Rc::clone(key)), value.clone()));
                (items.collect(), Some(entries.len() as f64))
            }
            Value::Text(text) | Value::Safe(text) => {
                let units = convert::units(text);
                self.budget.spend(units.len())?;
                let length = units.len() as f64;
                let characters = units.iter().map(|unit| Value::text(convert::from_units(&[*unit])));
                let keyed = targets > 1 && matches!(list, Value::Text(_));
                let items = characters.enumerate().map(|(index, character)| match keyed {
                    true => pair(Value::text(index.to_string()), character),
                    false => character,
                });
                (items.collect(), Some(length))
            }
            _ => (Vec::new(), if targets > 1 { Some(0.0) } else { None }),
        })
    }

    pub(super) fn bind_targets(&self, targets: &[Rc<str>], item: Value, scope: &Scope) -> Outcome<()> {
        if let [target] = targets {
            scope.bind(target, item);
            return Ok(());
        }
        for (index, target) in targets.iter().enumerate() {
            let part = match &item {
                Value::Undefined | Value::Null => {
                    return Err(Fault::new(format!("{} cannot be taken apart", item.kind())));
                }
                Value::List(items) => items.items().get(index).cloned(),
                Value::Record(record) => record.get(&index.to_string()).cloned(),
                Value::Text(text) => {
                    convert::units(text).get(index).map(|unit| Value::text(convert::from_units(&[*unit])))
                }
                _ => None,
            };
            scope.bind(target, part.unwrap_or(Value::Undefined));
        }
        Ok(())
    }
}
