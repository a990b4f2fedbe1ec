//! `cargo xtask test`: format, lints, tests; with `--peers` also the comparisons with the real tools.

use std::process::ExitCode;

use anyhow::Result;

use crate::steps::Steps;
use crate::{house, peers, services, tally};

/// Check format and lints, run every test
///
/// Needs Rust and git only. With --peers the real tools are got first and the tests that compare with them run too; so do
/// the services that are not written in Rust, and all services together.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cargo xtask test                     what a change must pass
  cargo xtask test --peers             also compare with the real tools (needs Go, Python, Node, PostgreSQL)
  KARAT_CASE=hooks cargo test -p karat-helm    the cases whose name holds a word")]
pub(crate) struct Args {
    /// Get the peers into target/peers and run the tests that compare with them
    #[arg(long)]
    peers: bool,
    /// Install what the peers need and the machine lacks (CI)
    #[arg(long, requires = "peers")]
    install: bool,
    /// Show every test, not only those that fail
    #[arg(short, long)]
    verbose: bool,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let mut steps = Steps::default();
    steps.step("format", || house::run(house::cargo().args(["fmt", "--all", "--check"])));
    steps.step("lints", || {
        house::run(house::cargo().args(["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]))
    });
    let mut folder = None;
    if args.peers {
        folder = peers::build(&mut steps, args.install, &[]);
    }
    steps.outcome("tests", || {
        let mut command = house::cargo();
        command.args(["test", "--workspace", "--locked", "--no-fail-fast"]);
        match &folder {
            Some(folder) => command.env("KARAT_PEERS", folder),
            None => command.env_remove("KARAT_PEERS"),
        };
        tally::cargo_test(&mut command, args.verbose)
    });
    services::Check { peers: folder.as_deref(), install: args.install, verbose: args.verbose }.run(&mut steps);
    Ok(steps.finish())
}
