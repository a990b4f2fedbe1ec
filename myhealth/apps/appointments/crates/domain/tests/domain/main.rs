//! The rules of the domain, one by one and under any sequence of commands.

mod life;
mod opening;
mod rules;
