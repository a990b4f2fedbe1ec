//! `cargo xtask bench`: builds both sides and runs the benchmarks of `benches/`.

use std::process::ExitCode;

use anyhow::Result;

use crate::steps::Steps;
use crate::{house, peers};

/// Measure Karat beside the real tool, on this machine, in one run
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cargo xtask bench catalog            100,000 entities: filled and asked; Backstage's catalog on SQLite beside it
  cargo xtask bench docs               sites of 10, 100, 1,000 pages: Karat, mkdocs as TechDocs runs it
  cargo xtask bench fleet              10,000 Applications: cold, standards, a pull request, two hundred by Helm
  cargo xtask bench portal             karat up with 100,000 entities, asked over HTTP; Backstage's backend beside it
  cargo xtask bench render             one chart: Karat, a Go program on Helm's packages, helm template
  cargo xtask bench render -- --rounds 21")]
pub(crate) struct Args {
    /// The benchmark
    #[arg(value_parser = clap::builder::PossibleValuesParser::new(BENCHES.iter().map(|bench| bench.name)))]
    name: String,
    /// Install Go where it is missing or too old
    #[arg(long)]
    install: bool,
    /// What the benchmark itself is told
    #[arg(last = true)]
    arguments: Vec<String>,
}

struct Bench {
    name: &'static str,
    /// The peers that it runs.
    peers: &'static [&'static str],
}

const BENCHES: &[Bench] = &[
    Bench { name: "catalog", peers: &["backstage"] },
    Bench { name: "docs", peers: &["techdocs"] },
    Bench { name: "fleet", peers: &["helm4", "helm-sdk"] },
    Bench { name: "portal", peers: &["backstage"] },
    Bench { name: "render", peers: &["helm4", "helm-sdk"] },
];

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let mut steps = Steps::default();
    for bench in BENCHES.iter().filter(|bench| bench.name == args.name) {
        let modules: Vec<String> = bench.peers.iter().map(|&name| name.to_owned()).collect();
        let Some(peers) = peers::build(&mut steps, args.install, &modules) else { continue };
        steps.step("build", || {
            house::run(house::cargo().args(["build", "--release", "--package", "karat", "--package", "karat-bench"]))
        });
        steps.step(&format!("bench {}", bench.name), || {
            let mut command = std::process::Command::new(house::target().join("release/karat-bench"));
            command.arg(bench.name).arg("--peers").arg(&peers);
            command.arg("--karat").arg(house::target().join("release/karat")).args(&args.arguments);
            house::run(&mut command)
        });
    }
    Ok(steps.finish())
}
