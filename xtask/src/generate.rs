//! `cargo xtask gen`: everything that is checked in and made by a program.
//!
//! A generator is one row of [`GENERATORS`]: the tests of a crate, run so that they rewrite their goldens. A test fails
//! when a generated file is stale, so the generator and the check are the same code.

use std::process::ExitCode;

use anyhow::Result;

use crate::house;
use crate::peers;
use crate::steps::Steps;

/// Make the generated files anew: goldens of the peers, reference pages
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cargo xtask gen                      all of them (needs Go for those that peers make)
  cargo xtask gen helm                 only the goldens of karat-helm")]
pub(crate) struct Args {
    /// The generators to run; all if none is named
    #[arg(value_parser = clap::builder::PossibleValuesParser::new(GENERATORS.iter().map(|g| g.name)))]
    names: Vec<String>,
    /// Install Go where it is missing or too old
    #[arg(long)]
    install: bool,
}

struct Generator {
    name: &'static str,
    /// The peers whose answers become goldens.
    peers: &'static [&'static str],
    /// The crate, and the tests in it (words of their names) that write under KARAT_UPDATE=1.
    tests: (&'static str, &'static [&'static str]),
}

const GENERATORS: &[Generator] = &[
    Generator { name: "cli", peers: &[], tests: ("karat", &["the_cli_reference_is_true"]) },
    Generator { name: "standards", peers: &[], tests: ("karat", &["the_standards_reference_is_true"]) },
    Generator { name: "yaml", peers: &["oracle"], tests: ("karat-yaml", &["as_go_does"]) },
    Generator { name: "template", peers: &["oracle"], tests: ("karat-template", &["goldens_are_what_go_says"]) },
    Generator {
        name: "helm",
        peers: &["helm4", "oracle"],
        tests: ("karat-helm", &["goldens_are_helms", "the_list_is_helms"]),
    },
    Generator {
        name: "scaffold",
        peers: &["nunjitsu"],
        tests: ("karat-scaffold", &["goldens_are_what_backstage_says"]),
    },
    Generator { name: "rollout", peers: &["rollouts"], tests: ("karat-rollout", &["goldens_are_what_argo_says"]) },
    Generator { name: "docs", peers: &["techdocs"], tests: ("karat-docs", &["goldens_are_what_techdocs_says"]) },
    Generator {
        name: "catalog",
        peers: &["backstage"],
        tests: ("karat-catalog", &["goldens_are_what_backstage_says"]),
    },
    Generator {
        name: "requests",
        peers: &["backstage"],
        tests: ("karat-portal", &["requests_are_answered_as_backstage_answers_them"]),
    },
    Generator { name: "pictures", peers: &["browser"], tests: ("karat-portal", &["a_browser_reads_it"]) },
    Generator { name: "apis", peers: &[], tests: ("karat", &["the_page_of_apis_is_true"]) },
    Generator { name: "copies", peers: &[], tests: ("xtask", &["copies_are_exact"]) },
    // It pins governance as the others left it.
    Generator { name: "pins", peers: &[], tests: ("karat-git", &["services_call_governance_as_it_is"]) },
    // The last: services take in what the others have changed in the paths.
    Generator { name: "lineage", peers: &[], tests: ("karat", &["services_walk_their_paths"]) },
];

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let mut steps = Steps::default();
    for generator in GENERATORS {
        if !args.names.is_empty() && !args.names.iter().any(|name| name == generator.name) {
            continue;
        }
        let mut folder = None;
        if !generator.peers.is_empty() {
            let modules: Vec<String> = generator.peers.iter().map(|&name| name.to_owned()).collect();
            folder = peers::build(&mut steps, args.install, &modules);
            if folder.is_none() {
                continue;
            }
        }
        steps.step(&format!("gen {}", generator.name), || {
            let (package, tests) = generator.tests;
            let mut command = house::cargo();
            command.args(["test", "--quiet", "--package", package, "--test", "it", "--"]).args(tests);
            command.env("KARAT_UPDATE", "1").envs(folder.map(|folder| ("KARAT_PEERS", folder)));
            house::run(&mut command)
        });
    }
    Ok(steps.finish())
}
