//! Head-to-head benchmarks: Karat beside the real tool, on the same machine, in one run. `cargo xtask bench` builds both
//! sides and starts this; one file per benchmark.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints what it measured")]

mod catalog;
mod docs;
mod fleet;
mod machine;
mod portal;
mod render;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Head-to-head benchmarks
#[derive(Parser)]
#[command(name = "cargo xtask bench", disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(Subcommand)]
enum Bench {
    Catalog(catalog::Args),
    Docs(docs::Args),
    Fleet(fleet::Args),
    Portal(portal::Args),
    Render(render::Args),
}

fn main() -> ExitCode {
    let done = match Cli::parse().bench {
        Bench::Catalog(args) => catalog::run(&args),
        Bench::Docs(args) => docs::run(&args),
        Bench::Fleet(args) => fleet::run(&args),
        Bench::Portal(args) => portal::run(&args),
        Bench::Render(args) => render::run(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(3)
        }
    }
}
