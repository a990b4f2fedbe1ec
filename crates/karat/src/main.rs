//! The `karat` binary: one file per verb in `verbs`, and nothing else prints.
#![forbid(unsafe_code)]

mod cli;
mod error;
mod git;
mod organisation;
mod output;
mod verbs;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run(std::env::args_os())
}
