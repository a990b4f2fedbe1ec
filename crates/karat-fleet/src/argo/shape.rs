//! Reading a document into Argo CD's types and writing it back, as Go does: unknown fields go, zero fields go where the
//! type says so, a value of the wrong kind is an error.

use ecow::{EcoString, eco_format};
use karat_kube::{Path, Step};
use karat_yaml::{Map, Str, Value};

use super::types::{Field, Struct, Type};

/// A value that does not fit its type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: expected {expected}, found {found}")]
pub(crate) struct ShapeError {
    /// Where.
    pub(crate) path: Path,
    expected: EcoString,
    found: &'static str,
}

/// The way down to where something failed, gathered on the way up: a path for every field would cost more than the work.
#[derive(Debug, Default)]
pub(crate) struct Trail(Vec<Step>);

impl Trail {
    /// Notes the field that the failure is below.
    pub(crate) fn below_key(&mut self, key: impl Into<EcoString>) {
        self.0.push(Step::Key(key.into()));
    }

    /// Notes the item that the failure is below.
    pub(crate) fn below_index(&mut self, index: usize) {
        self.0.push(Step::Index(index));
    }

    /// The path from the root.
    pub(crate) fn path(self) -> Path {
        self.0.into_iter().rev().collect()
    }
}

struct Misfit {
    trail: Trail,
    expected: EcoString,
    found: &'static str,
}

impl Misfit {
    fn below_key(mut self, key: impl Into<EcoString>) -> Self {
        self.trail.below_key(key);
        self
    }

    fn below_index(mut self, index: usize) -> Self {
        self.trail.below_index(index);
        self
    }
}

/// Whether field names are matched in any case: `encoding/json` does, the API server does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    /// By exact name.
    Exact,
    /// By exact name, else in any case.
    AnyCase,
}

/// `value` as Go writes it after reading it into `ty`.
pub(crate) fn shape(ty: &Type, value: &Value, names: Names) -> Result<Value, ShapeError> {
    let mut decoded = None;
    match decode(ty, value, names, &mut decoded) {
        Ok(()) => Ok(encode(ty, decoded)),
        Err(Misfit { trail, expected, found }) => Err(ShapeError { path: trail.path(), expected, found }),
    }
}

/// Reads `value` over what was read before: Go reads the same field twice when two spellings of its name occur.
fn decode(ty: &Type, value: &Value, names: Names, into: &mut Option<Value>) -> Result<(), Misfit> {
    let wrong = |expected: &str| Misfit { trail: Trail::default(), expected: expected.into(), found: value.kind() };
    if value.is_null() && !matches!(ty, Type::Opaque) {
        // Go sets pointers, maps and slices to nil and leaves other fields as they are.
        if matches!(ty, Type::Optional(_) | Type::List(_) | Type::Texts | Type::Flags) {
            *into = None;
        }
        return Ok(());
    }
    match ty {
        Type::Text => match value {
            Value::Str(_) => *into = Some(value.clone()),
            _ => return Err(wrong("a string")),
        },
        Type::Bool => match value {
            Value::Bool(_) => *into = Some(value.clone()),
            _ => return Err(wrong("a boolean")),
        },
        Type::Int => match value.as_i64() {
            Some(number) => *into = Some(Value::Int(number)),
            None => return Err(wrong("an integer")),
        },
        Type::IntOrText => match (value, value.as_i64()) {
            (Value::Str(_), _) => *into = Some(value.clone()),
            (_, Some(number)) => *into = Some(Value::Int(number)),
            _ => return Err(wrong("an integer or a string")),
        },
        Type::Texts | Type::Flags => {
            let item = if matches!(ty, Type::Texts) { &Type::Text } else { &Type::Bool };
            let entries = value.as_map().ok_or_else(|| wrong("a mapping"))?;
            let mut map = taken_map(into);
            for (key, value) in entries {
                let mut decoded = None;
                decode(item, value, names, &mut decoded).map_err(|misfit| misfit.below_key(key.lossy().as_ref()))?;
                map.insert(key.clone(), encode(item, decoded));
            }
            *into = Some(Value::Map(map));
        }
        Type::List(item) => {
            let items = value.as_seq().ok_or_else(|| wrong("a list"))?;
            let mut list = Vec::with_capacity(items.len());
            for (index, value) in items.iter().enumerate() {
                let mut decoded = None;
                decode(item, value, names, &mut decoded).map_err(|misfit| misfit.below_index(index))?;
                list.push(encode(item, decoded));
            }
            *into = Some(Value::Seq(list));
        }
        Type::Optional(inner) => {
            decode(inner, value, names, into)?;
            // The pointer is set, whatever it points to.
            if into.is_none() {
                *into = Some(zero(inner));
            }
        }
        Type::Struct(of) => {
            let entries = value.as_map().ok_or_else(|| wrong(&eco_format!("a mapping ({})", of.name)))?;
            let mut map = taken_map(into);
            for (key, value) in entries {
                let Some(field) = find(of, key, names) else { continue };
                let mut decoded = map.remove(field.name.as_bytes());
                decode(&field.ty, value, names, &mut decoded).map_err(|misfit| misfit.below_key(field.name))?;
                if let Some(decoded) = decoded {
                    map.insert(field.name.into(), decoded);
                }
            }
            *into = Some(Value::Map(map));
        }
        Type::Raw | Type::Opaque => *into = Some(value.clone()),
    }
    Ok(())
}

fn taken_map(slot: &mut Option<Value>) -> Map {
    match slot.take() {
        Some(Value::Map(map)) => map,
        _ => Map::new(),
    }
}

/// The field that a key names.
pub(crate) fn find(of: &'static Struct, key: &Str, names: Names) -> Option<&'static Field> {
    let exact = of.fields.iter().find(|field| field.name.as_bytes() == key.as_bytes());
    match names {
        Names::Exact => exact,
        Names::AnyCase => {
            exact.or_else(|| of.fields.iter().find(|field| field.name.as_bytes().eq_ignore_ascii_case(key)))
        }
    }
}

/// What Go writes for a decoded value; nothing decoded is the zero value.
fn encode(ty: &Type, decoded: Option<Value>) -> Value {
    let Some(value) = decoded else { return zero(ty) };
    match (ty, value) {
        (Type::Optional(inner), value) => encode(inner, Some(value)),
        (Type::Struct(of), Value::Map(mut map)) => {
            let mut out = Map::new();
            for field in of.fields {
                let decoded = map.remove(field.name.as_bytes());
                if field.omit && decoded.as_ref().is_none_or(|value| is_zero(&field.ty, value)) {
                    // A struct is never left out: Go's `omitempty` does not know an empty one.
                    if !matches!(field.ty, Type::Struct(_)) {
                        continue;
                    }
                }
                out.insert(field.name.into(), encode(&field.ty, decoded));
            }
            Value::Map(out)
        }
        (_, value) => value,
    }
}

/// Go's zero value, as JSON.
fn zero(ty: &Type) -> Value {
    match ty {
        Type::Text => Value::Str(Str::new()),
        Type::Bool => Value::Bool(false),
        Type::Int | Type::IntOrText => Value::Int(0),
        Type::Struct(_) => encode(ty, Some(Value::Map(Map::new()))),
        Type::Texts | Type::Flags | Type::List(_) | Type::Optional(_) | Type::Raw | Type::Opaque => Value::Null,
    }
}

/// Whether Go's `omitempty` leaves a value out.
pub(crate) fn is_zero(ty: &Type, value: &Value) -> bool {
    match ty {
        // A pointer that is set is written, whatever it points to.
        Type::Optional(_) | Type::Raw | Type::Opaque => value.is_null(),
        Type::Struct(_) => false,
        _ => match value {
            Value::Null => true,
            Value::Bool(truth) => !truth,
            Value::Int(number) => *number == 0,
            Value::Float(number) => *number == 0.0,
            Value::Str(text) => text.is_empty(),
            Value::Seq(items) => items.is_empty(),
            Value::Map(map) => map.is_empty(),
        },
    }
}
