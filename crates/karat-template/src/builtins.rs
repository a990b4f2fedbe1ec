//! text/template's own functions, but for the text they print, which is `fmt`'s business.

use std::any::Any;

use crate::exec::Item;
use crate::value::Complex;
use crate::{CallError, IntKind, List, Str, Value, escape, fmt};

/// The functions that every template has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Core {
    And,
    Call,
    Eq,
    Ge,
    Gt,
    Html,
    Index,
    Js,
    Le,
    Len,
    Lt,
    Ne,
    Not,
    Or,
    Print,
    Printf,
    Println,
    Slice,
    Urlquery,
}

const ALL: [(&str, Core); 19] = [
    ("and", Core::And),
    ("call", Core::Call),
    ("eq", Core::Eq),
    ("ge", Core::Ge),
    ("gt", Core::Gt),
    ("html", Core::Html),
    ("index", Core::Index),
    ("js", Core::Js),
    ("le", Core::Le),
    ("len", Core::Len),
    ("lt", Core::Lt),
    ("ne", Core::Ne),
    ("not", Core::Not),
    ("or", Core::Or),
    ("print", Core::Print),
    ("printf", Core::Printf),
    ("println", Core::Println),
    ("slice", Core::Slice),
    ("urlquery", Core::Urlquery),
];

impl Core {
    pub(crate) fn find(name: &str) -> Option<Self> {
        ALL.iter().find(|(known, _)| *known == name).map(|(_, core)| *core)
    }

    pub(crate) fn name(self) -> &'static str {
        ALL.iter().find(|(_, core)| *core == self).map_or("", |(name, _)| name)
    }

    /// How many arguments it takes: the fixed ones, and whether more may follow.
    pub(crate) fn arity(self) -> (usize, bool) {
        match self {
            Self::And | Self::Or | Self::Eq | Self::Index | Self::Slice | Self::Call | Self::Printf => (1, true),
            Self::Ge | Self::Gt | Self::Le | Self::Lt | Self::Ne => (2, false),
            Self::Len | Self::Not => (1, false),
            Self::Print | Self::Println | Self::Html | Self::Js | Self::Urlquery => (0, true),
        }
    }

    /// Calls it; `and`, `or`, `len` and `call` need more than values, and the interpreter does them. No text may get longer
    /// than `limit`.
    pub(crate) fn call(self, arguments: &[Value], limit: usize) -> Result<Value, CallError> {
        let pair = || (&arguments[0], &arguments[1]);
        let mut text = Vec::new();
        match self {
            Self::And | Self::Or | Self::Call | Self::Len => return Err("unreachable".into()),
            Self::Eq => return equal_any(&arguments[0], &arguments[1..]).map(Value::Bool),
            Self::Ne => return equal_any(&arguments[0], &arguments[1..]).map(|equal| Value::Bool(!equal)),
            Self::Lt => return less(pair().0, pair().1).map(Value::Bool),
            Self::Le => return less_or_equal(pair().0, pair().1).map(Value::Bool),
            Self::Gt => return less_or_equal(pair().0, pair().1).map(|less| Value::Bool(!less)),
            Self::Ge => return less(pair().0, pair().1).map(|less| Value::Bool(!less)),
            Self::Not => return Ok(Value::Bool(!arguments[0].truth())),
            Self::Index => return index(&arguments[0], &arguments[1..]),
            Self::Slice => return slice(&arguments[0], &arguments[1..]),
            Self::Print => fmt::print_all(&mut text, arguments, limit)?,
            Self::Println => fmt::print_line(&mut text, arguments, limit)?,
            Self::Printf => {
                let Value::Str(format) = &arguments[0] else {
                    return Err("format is not a string".into());
                };
                fmt::printf(&mut text, format, &arguments[1..], limit)?;
            }
            Self::Html => escape::html(&printed(arguments, limit)?, &mut text),
            Self::Js => escape::js(&printed(arguments, limit)?, &mut text),
            Self::Urlquery => escape::url_query(&printed(arguments, limit)?, &mut text),
        }
        Ok(Value::Str(text.into()))
    }
}

/// The arguments of an escaping function as text: like `print`, but a nil is `<no value>`.
fn printed(arguments: &[Value], limit: usize) -> Result<Str, CallError> {
    if let [Value::Str(text)] = arguments {
        return Ok(text.clone());
    }
    let values: Vec<Value> = arguments
        .iter()
        .map(|value| if matches!(value, Value::Nil) { Value::string("<no value>") } else { value.clone() })
        .collect();
    let mut text = Vec::new();
    fmt::print_all(&mut text, &values, limit)?;
    Ok(text.into())
}

/// Go's kinds, as far as comparison goes.
#[derive(PartialEq)]
enum Basic<'v> {
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Str(&'v [u8]),
    Complex(Complex),
    Other,
}

impl<'v> Basic<'v> {
    fn of(value: &'v Value) -> Self {
        match value {
            Value::Bool(truth) => Self::Bool(*truth),
            Value::Int(IntKind::Uint8 | IntKind::Uint64, number) => Self::Uint(*number as u64),
            Value::Int(_, number) => Self::Int(*number),
            Value::Float(number) => Self::Float(*number),
            Value::Str(text) => Self::Str(text),
            Value::Object(object) => {
                (&**object as &dyn Any).downcast_ref().map_or(Self::Other, |complex| Self::Complex(*complex))
            }
            _ => Self::Other,
        }
    }
}

fn incompatible(left: &Value, right: &Value) -> CallError {
    format!("incompatible types for comparison: {} and {}", left.go_type(), right.go_type()).into()
}

fn is_nil(value: &Value) -> bool {
    match value {
        Value::Nil => true,
        Value::List(list) => list.is_nil(),
        Value::Map(map) => map.is_nil(),
        _ => false,
    }
}

/// `eq`: whether the first is equal to any of the others.
fn equal_any(first: &Value, others: &[Value]) -> Result<bool, CallError> {
    if others.is_empty() {
        return Err("missing argument for comparison".into());
    }
    for other in others {
        if equal(first, other)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn equal(left: &Value, right: &Value) -> Result<bool, CallError> {
    match (Basic::of(left), Basic::of(right)) {
        (Basic::Other, Basic::Other) => equal_other(left, right),
        (Basic::Int(int), Basic::Uint(uint)) | (Basic::Uint(uint), Basic::Int(int)) => {
            Ok(u64::try_from(int) == Ok(uint))
        }
        (one, other) if std::mem::discriminant(&one) == std::mem::discriminant(&other) => Ok(one == other),
        _ if matches!(left, Value::Nil) || matches!(right, Value::Nil) => Ok(false),
        _ => Err(incompatible(left, right)),
    }
}

/// Equality of what has no order: nil, maps, slices and structs.
fn equal_other(left: &Value, right: &Value) -> Result<bool, CallError> {
    let nil = matches!(left, Value::Nil) || matches!(right, Value::Nil);
    if !nil && left.kind() != right.kind() {
        let (first, last) = (fmt::sprintf(b"%s", std::slice::from_ref(left)), fmt::sprint(right));
        let types = (left.go_type(), right.go_type());
        return Err(format!("non-comparable types {first}: {}, {}: {last}", types.0, types.1).into());
    }
    if is_nil(left) || is_nil(right) {
        return Ok(is_nil(left) == is_nil(right));
    }
    match (left, right) {
        (Value::Object(left), Value::Object(right)) if !matches!(right.kind(), "map" | "slice") => {
            Ok(std::rc::Rc::ptr_eq(left, right)
                || left.kind() != "ptr" && left.go_type() == right.go_type() && left.print() == right.print())
        }
        _ => {
            let text = fmt::sprintf(b"%s", std::slice::from_ref(right));
            Err(format!("non-comparable type {text}: {}", right.go_type()).into())
        }
    }
}

fn less(left: &Value, right: &Value) -> Result<bool, CallError> {
    const BAD: &str = "invalid type for comparison";
    match (Basic::of(left), Basic::of(right)) {
        (Basic::Other, _)
        | (_, Basic::Other)
        | (Basic::Bool(_), Basic::Bool(_))
        | (Basic::Complex(_), Basic::Complex(_)) => Err(BAD.into()),
        (Basic::Int(left), Basic::Int(right)) => Ok(left < right),
        (Basic::Uint(left), Basic::Uint(right)) => Ok(left < right),
        (Basic::Float(left), Basic::Float(right)) => Ok(left < right),
        (Basic::Str(left), Basic::Str(right)) => Ok(left < right),
        (Basic::Int(left), Basic::Uint(right)) => Ok(u64::try_from(left).map_or(true, |left| left < right)),
        (Basic::Uint(left), Basic::Int(right)) => Ok(u64::try_from(right).is_ok_and(|right| left < right)),
        _ => Err(incompatible(left, right)),
    }
}

fn less_or_equal(left: &Value, right: &Value) -> Result<bool, CallError> {
    Ok(less(left, right)? || equal(left, right)?)
}

/// An index into something of that length, as Go converts it.
fn position(index: &Value, length: usize) -> Result<usize, CallError> {
    match index {
        Value::Int(_, number) => match usize::try_from(*number) {
            Ok(index) if index <= length => Ok(index),
            _ => Err(format!("index out of range: {number}").into()),
        },
        Value::Nil => Err("cannot index slice/array with nil".into()),
        _ => Err(format!("cannot index slice/array with type {}", index.go_type()).into()),
    }
}

fn index(item: &Value, indexes: &[Value]) -> Result<Value, CallError> {
    if matches!(item, Value::Nil) {
        return Err("index of untyped nil".into());
    }
    let mut item = item.clone();
    for index in indexes {
        if let Value::Object(object) = &item
            && matches!(object.kind(), "map" | "slice" | "string")
        {
            item = object.data();
        }
        item = match &item {
            Value::Nil => return Err("index of nil pointer".into()),
            Value::List(list) => {
                let items = list.items();
                items.get(position(index, items.len())?).cloned().ok_or("reflect: slice index out of range")?
            }
            Value::Str(bytes) => {
                let byte = bytes.get(position(index, bytes.len())?).ok_or("reflect: string index out of range")?;
                Value::Int(IntKind::Uint8, (*byte).into())
            }
            Value::Bytes(bytes) => {
                let byte = bytes.get(position(index, bytes.len())?).ok_or("reflect: slice index out of range")?;
                Value::Int(IntKind::Uint8, (*byte).into())
            }
            Value::Map(map) => match index {
                Value::Str(key) => match map.borrow().get(key) {
                    Some(value) => value.clone(),
                    None => Item::zero_element(map.go_type()),
                },
                Value::Nil => return Err("value is nil; should be of type string".into()),
                _ => return Err(format!("value has type {}; should be string", index.go_type()).into()),
            },
            _ => return Err(format!("can't index item of type {}", item.go_type()).into()),
        };
    }
    Ok(item)
}

/// `slice x i j k`. A capacity is taken to be the length.
fn slice(item: &Value, indexes: &[Value]) -> Result<Value, CallError> {
    if matches!(item, Value::Nil) {
        return Err("slice of untyped nil".into());
    }
    if indexes.len() > 3 {
        return Err(format!("too many slice indexes: {}", indexes.len()).into());
    }
    let data = match item {
        Value::Object(object) if matches!(object.kind(), "slice" | "string") => object.data(),
        _ => item.clone(),
    };
    let length = match &data {
        Value::Str(_) if indexes.len() == 3 => return Err("cannot 3-index slice a string".into()),
        Value::Str(text) | Value::Bytes(text) => text.len(),
        Value::List(list) => list.items().len(),
        _ => return Err(format!("can't slice item of type {}", item.go_type()).into()),
    };
    let mut bounds = [0, length, length];
    for (bound, index) in bounds.iter_mut().zip(indexes) {
        *bound = position(index, length)?;
    }
    let [start, end, capacity] = bounds;
    if start > end {
        return Err(format!("invalid slice index: {start} > {end}").into());
    }
    if end > capacity {
        return Err(format!("invalid slice index: {end} > {capacity}").into());
    }
    Ok(match &data {
        Value::Str(text) => Value::Str(text[start..end].into()),
        Value::Bytes(bytes) => Value::Bytes(bytes[start..end].into()),
        Value::List(list) => Value::List(List::typed(list.go_type(), list.items()[start..end].to_vec())),
        _ => Value::Nil,
    })
}

/// `len`, of something that may be a nil in an interface.
pub(crate) fn length(item: &Item) -> Result<Value, CallError> {
    let length = match &item.value {
        Value::Nil if item.boxed => return Err("len of nil pointer".into()),
        Value::Nil => return Err("reflect: call of reflect.Value.Type on zero Value".into()),
        Value::Str(text) | Value::Bytes(text) => text.len(),
        Value::List(list) => list.items().len(),
        Value::Map(map) => map.borrow().len(),
        Value::Object(object) if matches!(object.kind(), "map" | "slice" | "string") => {
            return length(&Item { value: object.data(), boxed: false });
        }
        other => return Err(format!("len of type {}", other.go_type()).into()),
    };
    Ok(Value::int(length))
}
