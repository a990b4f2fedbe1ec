//! Ways to match a path, because Argo CD uses several: `git ls-files` pathspecs (git files), `path.Match` (git
//! directories), doublestar (the new file globbing), gobwas (what a plain folder includes).
//!
//! All are compiled to one small automaton and run in time `pattern x path`, so that a hostile pattern cannot make a match
//! take for ever, as a backtracking matcher would.

mod automaton;
mod doublestar;
mod go;
mod gobwas;
mod pathspec;

pub(crate) use doublestar::DoubleStar;
pub(crate) use go::GoPattern;
pub(crate) use gobwas::Gobwas;
pub(crate) use pathspec::{Pathspec, PathspecError};
