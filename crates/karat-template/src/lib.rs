//! Go text/template and Sprig, with positions in every error.
//!
//! Text is parsed once into a [`TemplateSet`], which threads share; an [`Interpreter`] runs its templates on a [`Value`].
//!
//! ```
//! use std::sync::Arc;
//! use karat_template::{Builtin, CallError, FuncMap, Interpreter, Options, Signature, TemplateSet, Type, Value};
//!
//! /// A function: its signature is checked before it is called.
//! const SHOUT: Builtin = Builtin {
//!     name: "shout",
//!     signature: Signature::fixed(&[Type::String]),
//!     call: |interpreter, arguments| {
//!         let Value::Str(text) = &arguments[0] else { return Err("not a string".into()) };
//!         if let Some(count) = interpreter.host::<u32>() {
//!             *count += 1;
//!         }
//!         Ok(Value::string(format!("{text}!")))
//!     },
//! };
//!
//! let mut functions = FuncMap::default();
//! functions.add(&[SHOUT]);
//! let mut set = TemplateSet::new("gotpl", Arc::new(functions));
//! set.parse("greet.txt", r#"{{ define "who" }}{{ .name | shout }}{{ end }}Hello {{ template "who" . }}"#)?;
//!
//! let data = Value::empty_map();
//! if let Value::Map(map) = &data {
//!     map.set("name", Value::string("Ada"));
//! }
//! let mut calls: u32 = 0;
//! let mut out = Vec::new();
//! Interpreter::new(&set, Options::default(), &mut calls).execute("greet.txt", &data, &mut out)?;
//! assert_eq!(out, b"Hello Ada!");
//! assert_eq!(calls, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Values are Go's: see [`Value`]. What Go's `fmt` prints is in [`fmt`], and its literals in [`quote`].
//!
//! Output and messages are Go 1.26's, byte for byte, but for what is bounded or cannot be known here:
//!
//! - [`Limits`] stop what takes too long or grows too much; parentheses and blocks nest 200 deep (Go: 10,000 and any);
//!   a value that contains itself is an error (Go overflows its stack).
//! - `slice` takes a slice's capacity to be its length. `%p` always prints the same address.
//! - A struct prints as its [`Object`] says, under every verb that takes a string.
#![forbid(unsafe_code)]

mod arguments;
mod ast;
mod builtins;
mod error;
mod escape;
mod eval;
mod exec;
pub mod fmt;
mod func;
mod interpreter;
mod lex;
mod number;
mod parse;
pub mod quote;
mod set;
pub mod sprig;
mod trace;
mod value;

pub use ast::Template;
pub use error::{Error, ExecError, Limit, ParseError, ParseProblem, Problem, Site};
pub use func::{Builtin, CallError, FuncMap, Signature, Type};
pub use interpreter::{Interpreter, LARGE_STACK, Limits, MissingKey, Options, on_large_stack, without_no_value};
pub use karat_yaml::Str;
pub use set::TemplateSet;
pub use trace::{Read, Step, TemplatePlace, Trace};
pub use value::{GoType, IntKind, List, Map, Object, Value};
