//! Sprig 3.3.0, the function library of Helm and Argo CD, without `env` and `expandenv`, which both leave out.
//!
//! Every function has the Go signature, the Go result type and the Go coercions of the original, fails where it fails,
//! and works on bytes where it does. What differs on purpose:
//!
//! - Go's random orders are sorted: `keys`, `values`.
//! - A result is bounded: a text by 64 MiB, a list by 2^20 items, a walk over a value by depth and size. Go would take
//!   the memory.

mod args;
mod cast;
mod decimal;
mod defaults;
mod dicts;
mod equal;
mod limits;
mod lists;
mod merge;
mod numbers;
mod print;
mod reflection;
mod runes;
mod search;
mod strconv;
mod strings;
mod words;

use crate::{Builtin, FuncMap};

/// One table per family.
const FAMILIES: &[&[Builtin]] = &[
    strings::FUNCTIONS,
    words::FUNCTIONS,
    numbers::FUNCTIONS,
    lists::FUNCTIONS,
    dicts::FUNCTIONS,
    defaults::FUNCTIONS,
    reflection::FUNCTIONS,
];

/// Sprig's functions by name.
pub fn functions() -> FuncMap {
    let mut functions = FuncMap::default();
    for family in FAMILIES {
        functions.add(family);
    }
    functions
}
