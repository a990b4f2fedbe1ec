//! Sprig 3.3.0, the function library of Helm and Argo CD, without `env` and `expandenv`, which both leave out.
//!
//! Every function has the Go signature, the Go result type and the Go coercions of the original, fails where it fails,
//! and works on bytes where it does. What differs on purpose:
//!
//! - Go's random orders are sorted: `keys`, `values`.
//! - What is random or depends on the clock is a constant: see [`placeholders`].
//! - A result is bounded: a text by 64 MiB, a list by 2^20 items, a walk over a value by depth and size. Go would take
//!   the memory.

mod aes;
mod args;
mod cast;
mod constraint;
mod crypto;
mod dates;
mod decimal;
mod defaults;
mod dicts;
mod durations;
mod encoding;
mod equal;
mod json;
mod layout;
mod limits;
mod lists;
mod merge;
mod numbers;
mod password;
mod paths;
mod placeholders;
mod print;
mod re2;
mod reflection;
mod regexes;
mod runes;
mod search;
mod semver;
mod strconv;
mod strings;
mod time_parse;
mod times;
mod urls;
mod words;

pub use semver::{is_version, satisfies};

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
    encoding::FUNCTIONS,
    json::FUNCTIONS,
    crypto::FUNCTIONS,
    dates::FUNCTIONS,
    regexes::FUNCTIONS,
    semver::FUNCTIONS,
    urls::FUNCTIONS,
    paths::FUNCTIONS,
];

/// Sprig's functions by name.
pub fn functions() -> FuncMap {
    let mut functions = FuncMap::default();
    for family in FAMILIES {
        functions.add(family);
    }
    functions
}

/// The functions whose results are placeholders, because in Go they differ from run to run. When a template calls one,
/// [`Interpreter::placeholders`](crate::Interpreter::placeholders) names it. All other functions are exact.
pub fn placeholders() -> &'static [&'static str] {
    placeholders::NAMES
}
