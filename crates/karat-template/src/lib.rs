//! Go text/template and Sprig, with positions in every error.
#![forbid(unsafe_code)]

mod func;
pub mod sprig;
mod value;

pub use func::{Builtin, CallError, FuncMap, Signature, Type};
pub use karat_yaml::Str;
pub use value::{IntKind, List, Map, Object, Value};

/// Runs templates. (Filled in by the engine.)
pub struct Interpreter<'a>(std::marker::PhantomData<&'a ()>);
