//! Functions that templates call: their Go signatures, and how they are found.

use rustc_hash::FxHashMap;

use crate::{Error, Limit, List, Map, Str, Value};

/// A parameter's Go type. The engine checks arguments against it with text/template's own rules and messages, so a
/// function's body can rely on what it declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// `interface {}`: anything, nil included.
    Any,
    /// `string`.
    String,
    /// `bool`.
    Bool,
    /// `int`.
    Int,
    /// `int64`.
    Int64,
    /// `float64`.
    Float,
    /// `[]interface {}`; nil is an empty slice.
    List,
    /// `[]string`; nil is an empty slice.
    Strings,
    /// `[]byte`; nil is an empty slice.
    Bytes,
    /// `map[string]interface {}`; nil is a nil map.
    Map,
    /// An [`Object`](crate::Object) of this Go type, such as `time.Time`.
    Named(&'static str),
}

impl Type {
    /// As Go prints the type.
    pub fn name(self) -> &'static str {
        match self {
            Self::Any => "interface {}",
            Self::String => "string",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Int64 => "int64",
            Self::Float => "float64",
            Self::List => List::ANY,
            Self::Strings => List::STRINGS,
            Self::Bytes => "[]uint8",
            Self::Map => Map::ANY,
            Self::Named(name) => name,
        }
    }
}

/// A Go function signature: the parameters, and the type of a variadic tail.
#[derive(Clone, Copy, Debug)]
pub struct Signature {
    /// The fixed parameters.
    pub params: &'static [Type],
    /// The type of each further argument, for a variadic function.
    pub variadic: Option<Type>,
}

/// A function. It gets the interpreter, so that `include` and `tpl` can run templates, and arguments that fit its
/// signature.
#[derive(Clone, Copy)]
pub struct Builtin {
    /// Its name in templates.
    pub name: &'static str,
    /// What it takes.
    pub signature: Signature,
    /// What it does.
    pub call: fn(&mut crate::Interpreter<'_>, &[Value]) -> Result<Value, CallError>,
}

/// Why a call failed. The engine adds the place and, like Go, the function's name.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CallError {
    /// The function returned an error: `error calling NAME: ...`.
    #[error("{0}")]
    Failed(Str),
    /// A template that the function ran failed; `context` comes before its message.
    #[error("{context}{source}")]
    Nested {
        /// What the function says before the message, with its own colon and space; may be empty.
        context: Str,
        /// The failure.
        source: Box<Error>,
    },
    /// The rendering grew over a limit.
    #[error(transparent)]
    Limit(#[from] Limit),
}

/// Functions by name, and the methods of named map types.
#[derive(Clone, Default)]
pub struct FuncMap {
    functions: FxHashMap<&'static str, Builtin>,
    methods: Vec<(&'static str, Builtin)>,
}

impl FuncMap {
    /// Adds functions; a later one replaces an earlier one of the same name.
    pub fn add(&mut self, functions: &[Builtin]) {
        self.functions.extend(functions.iter().map(|function| (function.name, *function)));
    }

    /// Adds methods to the maps of a Go type, such as `common.Values`. They get the map as an argument before those that
    /// their signature tells of, and go before the map's own entries, as in Go.
    pub fn add_methods(&mut self, go_type: &'static str, methods: &[Builtin]) {
        self.methods.extend(methods.iter().map(|method| (go_type, *method)));
    }

    /// The method `name` of maps of a Go type.
    pub(crate) fn method(&self, go_type: &str, name: &[u8]) -> Option<&Builtin> {
        let mut methods = self.methods.iter();
        methods.find(|(owner, method)| method.name.as_bytes() == name && *owner == go_type).map(|(_, method)| method)
    }

    /// Removes a function.
    pub fn remove(&mut self, name: &str) {
        self.functions.remove(name);
    }

    /// The function `name`.
    pub fn get(&self, name: &str) -> Option<&Builtin> {
        self.functions.get(name)
    }

    /// All names, sorted.
    pub fn names(&self) -> Vec<&'static str> {
        let mut names: Vec<_> = self.functions.keys().copied().collect();
        names.sort_unstable();
        names
    }
}

impl From<&str> for CallError {
    fn from(message: &str) -> Self {
        Self::Failed(message.into())
    }
}

impl From<String> for CallError {
    fn from(message: String) -> Self {
        Self::Failed(message.into())
    }
}

impl Signature {
    /// A signature without a variadic tail.
    pub const fn fixed(params: &'static [Type]) -> Self {
        Self { params, variadic: None }
    }

    /// A signature with a variadic tail.
    pub const fn variadic(params: &'static [Type], tail: Type) -> Self {
        Self { params, variadic: Some(tail) }
    }
}
