//! The catalog as those who ask it see it: files change, and it does.

mod git;
mod hostile;
mod live;
mod restart;
mod support;
mod urls;
