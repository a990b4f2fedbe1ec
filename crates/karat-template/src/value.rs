//! What a template sees: Go values, as far as templates can tell them apart.
//!
//! Maps are shared and mutable, because Sprig's `set`, `unset` and `merge` change the caller's map and charts rely on
//! it. Everything else is immutable. Values live on one thread; a render starts from a [`karat_yaml::Value`].

use std::any::Any;
use std::cell::{Ref, RefCell, RefMut};
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use karat_yaml::Str;

use crate::{CallError, Signature};

/// A Go value.
#[derive(Clone, Default)]
pub enum Value {
    /// An untyped nil: a missing map entry, a YAML null, `nil`.
    #[default]
    Nil,
    /// `bool`.
    Bool(bool),
    /// One of Go's integer types. The type shows in `typeOf`, `printf "%T"` and in which functions accept it.
    Int(IntKind, i64),
    /// `float64`.
    Float(f64),
    /// `string`.
    Str(Str),
    /// `[]byte`.
    Bytes(Str),
    /// A slice.
    List(List),
    /// A map with string keys.
    Map(Map),
    /// A struct or a named type with methods, such as `.Capabilities` and `.Files`.
    Object(Rc<dyn Object>),
}

/// Go's integer types that templates can meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntKind {
    /// `int`: literals, `len`, most of Sprig's results that are counts.
    Int,
    /// `int64`: `--set`, Sprig's arithmetic.
    Int64,
    /// `int32`: runes.
    Int32,
    /// `uint8`: `index "text" 0`.
    Uint8,
    /// `uint64`.
    Uint64,
}

/// A slice; its Go type is kept because `typeOf` and `%T` show it.
#[derive(Clone)]
pub struct List(Rc<ListData>);

struct ListData {
    go_type: &'static str,
    items: Vec<Value>,
    nil: bool,
}

/// A handle on a shared, mutable map with string keys. Cloning copies the handle.
#[derive(Clone)]
pub struct Map {
    data: Rc<MapData>,
    /// The Go type that this handle has, if not the map's own.
    seen_as: Option<&'static GoType>,
}

/// The name of a Go map type with methods, such as `common.Values`: the same map may be of another type elsewhere.
#[derive(Debug)]
pub struct GoType(pub &'static str);

struct MapData {
    go_type: &'static str,
    nil: bool,
    entries: RefCell<BTreeMap<Str, Value>>,
}

/// A Go struct or named type with fields and methods. Being [`Any`], a function can find its own type again:
/// `(&**object as &dyn Any).downcast_ref::<Files>()`.
pub trait Object: Any {
    /// As `%T` prints it: `*common.Capabilities`.
    fn go_type(&self) -> &str;
    /// As Go's `reflect.Kind` prints it: `ptr`, `struct`, `map`, `slice`.
    fn kind(&self) -> &str;
    /// The field `name`, if there is one.
    fn field(&self, name: &str) -> Option<Value>;
    /// The signature of the method `name`. With it the engine checks arguments as Go does, with Go's messages; a type
    /// that leaves this out gets the arguments as they are.
    fn method(&self, _name: &str) -> Option<Signature> {
        None
    }
    /// Calls the method `name`; `None` if there is none.
    fn call(&self, name: &str, arguments: &[Value]) -> Option<Result<Value, CallError>>;
    /// The value as plain data: what JSON and YAML marshalling give, and what `range`, `len` and `index` see.
    fn data(&self) -> Value;
    /// As `%v` prints it.
    fn print(&self) -> Str;
    /// What an action prints, if that is not what `%v` prints: a `String` method of the pointer, which functions do not
    /// get to see.
    fn print_action(&self) -> Option<Str> {
        None
    }
}

/// `complex128`: only literals such as `1+2i` make one, so it is an object and not a variant that all must handle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Complex(pub(crate) f64, pub(crate) f64);

impl Object for Complex {
    fn go_type(&self) -> &'static str {
        "complex128"
    }

    fn kind(&self) -> &'static str {
        "complex128"
    }

    fn field(&self, _name: &str) -> Option<Value> {
        None
    }

    fn call(&self, _name: &str, _arguments: &[Value]) -> Option<Result<Value, CallError>> {
        None
    }

    fn data(&self) -> Value {
        Value::Nil
    }

    fn print(&self) -> Str {
        crate::fmt::sprint(&Value::Object(Rc::new(*self)))
    }
}

impl List {
    /// The Go type of a list literal.
    pub const ANY: &'static str = "[]interface {}";
    /// `[]string`, as `splitList` gives.
    pub const STRINGS: &'static str = "[]string";

    /// A `[]interface {}`.
    pub fn new(items: Vec<Value>) -> Self {
        Self::typed(Self::ANY, items)
    }

    /// A slice of the given Go type.
    pub fn typed(go_type: &'static str, items: Vec<Value>) -> Self {
        Self(Rc::new(ListData { go_type, items, nil: false }))
    }

    /// Go's nil slice of the given type: empty, but `null` in JSON and YAML, and not deeply equal to an empty one.
    pub fn nil(go_type: &'static str) -> Self {
        Self(Rc::new(ListData { go_type, items: Vec::new(), nil: true }))
    }

    /// A `[]string`.
    pub fn strings<S: Into<Str>>(items: impl IntoIterator<Item = S>) -> Self {
        Self::typed(Self::STRINGS, items.into_iter().map(|item| Value::Str(item.into())).collect())
    }

    /// As `%T` prints it.
    pub fn go_type(&self) -> &'static str {
        self.0.go_type
    }

    /// Whether this is Go's nil slice.
    pub fn is_nil(&self) -> bool {
        self.0.nil
    }

    /// Whether both handles name one slice.
    pub fn same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    /// What tells it from other slices as long as it lives.
    pub(crate) fn address(&self) -> usize {
        Rc::as_ptr(&self.0).addr()
    }

    /// The items.
    pub fn items(&self) -> &[Value] {
        &self.0.items
    }
}

impl Map {
    /// The Go type of `dict`.
    pub const ANY: &'static str = "map[string]interface {}";
    /// `map[string]string`, as `split` gives.
    pub const STRINGS: &'static str = "map[string]string";

    /// A `map[string]interface {}`.
    pub fn new(entries: BTreeMap<Str, Value>) -> Self {
        Self::typed(Self::ANY, entries)
    }

    /// A map of the given Go type.
    pub fn typed(go_type: &'static str, entries: BTreeMap<Str, Value>) -> Self {
        Self { data: Rc::new(MapData { go_type, nil: false, entries: RefCell::new(entries) }), seen_as: None }
    }

    /// A nil map of the given Go type: empty, but `null` in JSON and equal to nil; writing to it panics in Go.
    pub fn nil(go_type: &'static str) -> Self {
        Self { data: Rc::new(MapData { go_type, nil: true, entries: RefCell::default() }), seen_as: None }
    }

    /// The same map as a value of another Go type, as a Go conversion gives.
    pub fn seen_as(&self, go_type: &'static GoType) -> Self {
        Self { data: self.data.clone(), seen_as: Some(go_type) }
    }

    /// Whether this is a nil map.
    pub fn is_nil(&self) -> bool {
        self.data.nil
    }

    /// As `%T` prints it.
    pub fn go_type(&self) -> &'static str {
        self.seen_as.map_or(self.data.go_type, |seen_as| seen_as.0)
    }

    /// The entries. Do not hold this across a call that may change the map.
    pub fn borrow(&self) -> Ref<'_, BTreeMap<Str, Value>> {
        self.data.entries.borrow()
    }

    /// The entries, to change.
    pub fn borrow_mut(&self) -> RefMut<'_, BTreeMap<Str, Value>> {
        self.data.entries.borrow_mut()
    }

    /// The value at `key`.
    pub fn get(&self, key: &str) -> Option<Value> {
        self.borrow().get(key.as_bytes()).cloned()
    }

    /// Sets `key`.
    pub fn set(&self, key: impl Into<Str>, value: Value) {
        self.borrow_mut().insert(key.into(), value);
    }

    /// What tells it from other maps as long as it lives.
    pub(crate) fn address(&self) -> usize {
        Rc::as_ptr(&self.data).addr()
    }

    /// Whether both handles name one map.
    pub fn same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.data, &other.data)
    }
}

impl Value {
    /// A Go `int`.
    pub fn int(number: usize) -> Self {
        Self::Int(IntKind::Int, number as i64)
    }

    /// A Go `int64`.
    pub fn int64(number: i64) -> Self {
        Self::Int(IntKind::Int64, number)
    }

    /// A Go `string`.
    pub fn string(text: impl Into<Str>) -> Self {
        Self::Str(text.into())
    }

    /// A `[]interface {}`.
    pub fn list(items: Vec<Self>) -> Self {
        Self::List(List::new(items))
    }

    /// An empty `map[string]interface {}`.
    pub fn empty_map() -> Self {
        Self::Map(Map::new(BTreeMap::new()))
    }

    /// Go's type, as `typeOf` and `%T` print it.
    pub fn go_type(&self) -> &str {
        match self {
            Self::Nil => "<nil>",
            Self::Bool(_) => "bool",
            Self::Int(kind, _) => kind.name(),
            Self::Float(_) => "float64",
            Self::Str(_) => "string",
            Self::Bytes(_) => "[]uint8",
            Self::List(list) => list.go_type(),
            Self::Map(map) => map.go_type(),
            Self::Object(object) => object.go_type(),
        }
    }

    /// Go's `reflect.Kind`, as `kindOf` prints it; `invalid` for nil.
    pub fn kind(&self) -> &str {
        match self {
            Self::Nil => "invalid",
            Self::Bool(_) => "bool",
            Self::Int(kind, _) => kind.name(),
            Self::Float(_) => "float64",
            Self::Str(_) => "string",
            Self::Bytes(_) | Self::List(_) => "slice",
            Self::Map(_) => "map",
            Self::Object(object) => object.kind(),
        }
    }

    pub(crate) fn is_container(&self) -> bool {
        matches!(self, Self::List(_) | Self::Map(_))
    }

    /// The bytes of a text or the items of a list or map: how much there is to look at.
    pub(crate) fn length(&self) -> usize {
        match self {
            Self::Str(text) | Self::Bytes(text) => text.len(),
            Self::List(list) => list.items().len(),
            Self::Map(map) => map.borrow().len(),
            _ => 0,
        }
    }

    /// Go templates' truth: false, zero, empty and nil are false; a struct is true.
    pub fn truth(&self) -> bool {
        match self {
            Self::Nil => false,
            Self::Bool(truth) => *truth,
            Self::Int(_, number) => *number != 0,
            Self::Float(number) => *number != 0.0,
            Self::Str(text) | Self::Bytes(text) => !text.is_empty(),
            Self::List(list) => !list.items().is_empty(),
            Self::Map(map) => !map.borrow().is_empty(),
            Self::Object(object) => match object.kind() {
                "map" | "slice" | "string" => object.data().truth(),
                "complex128" => (&**object as &dyn Any).downcast_ref() != Some(&Complex(0.0, 0.0)),
                _ => true,
            },
        }
    }
}

// A template can nest values a million deep (`$x = list $x`), and dropping them one inside the other would overflow the
// stack: containers that nobody else holds are taken apart on a work list instead.
impl Drop for ListData {
    fn drop(&mut self) {
        if self.items.iter().any(Value::is_container) {
            dismantle(std::mem::take(&mut self.items));
        }
    }
}

impl Drop for MapData {
    fn drop(&mut self) {
        if self.entries.get_mut().values().any(Value::is_container) {
            dismantle(std::mem::take(self.entries.get_mut()).into_values().collect());
        }
    }
}

fn dismantle(mut work: Vec<Value>) {
    while let Some(value) = work.pop() {
        match value {
            Value::List(List(data)) => {
                if let Some(mut data) = Rc::into_inner(data) {
                    work.append(&mut data.items);
                }
            }
            Value::Map(Map { data, .. }) => {
                if let Some(mut data) = Rc::into_inner(data) {
                    work.extend(std::mem::take(data.entries.get_mut()).into_values());
                }
            }
            _ => {}
        }
    }
}

impl IntKind {
    /// Go's name of the type.
    pub fn name(self) -> &'static str {
        match self {
            Self::Int => "int",
            Self::Int64 => "int64",
            Self::Int32 => "int32",
            Self::Uint8 => "uint8",
            Self::Uint64 => "uint64",
        }
    }
}

/// A deep copy: what a render starts from.
impl From<&karat_yaml::Value> for Value {
    fn from(data: &karat_yaml::Value) -> Self {
        use karat_yaml::Value as Data;
        match data {
            Data::Null => Self::Nil,
            Data::Bool(truth) => Self::Bool(*truth),
            Data::Int(number) => Self::int64(*number),
            Data::Float(number) => Self::Float(*number),
            Data::Str(text) => Self::Str(text.clone()),
            Data::Seq(items) => Self::list(items.iter().map(Self::from).collect()),
            Data::Map(map) => {
                Self::Map(Map::new(map.iter().map(|(key, value)| (key.clone(), Self::from(value))).collect()))
            }
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nil => f.write_str("nil"),
            Self::Bool(truth) => truth.fmt(f),
            Self::Int(kind, number) => write!(f, "{}({number})", kind.name()),
            Self::Float(number) => number.fmt(f),
            Self::Str(text) => text.fmt(f),
            Self::Bytes(bytes) => write!(f, "bytes({bytes:?})"),
            Self::List(list) => f.debug_list().entries(list.items()).finish(),
            Self::Map(map) => f.debug_map().entries(map.borrow().iter()).finish(),
            Self::Object(object) => write!(f, "{}{{}}", object.go_type()),
        }
    }
}
