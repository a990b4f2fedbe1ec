//! `cargo xtask conformance`: long comparisons with the world outside, run by hand.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, Result, bail};
use clap::Subcommand;
use fs_err as fs;

use crate::steps::{Outcome, Steps};
use crate::{house, peers};

/// Compare with the world outside: long runs, by hand
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  git clone https://github.com/argoproj/argo-helm /tmp/argo-helm
  cargo xtask conformance charts /tmp/argo-helm/charts")]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Render every chart below the folders with Karat and with Helm 4, and compare byte by byte
    ///
    /// Each chart is rendered with its defaults and with each values file in its ci folder. A chart's dependencies must be
    /// in its charts folder (helm dependency build). Where the two differ, both outputs are kept in target/conformance.
    Charts {
        /// Folders with charts, at any depth
        #[arg(required = true)]
        folders: Vec<PathBuf>,
        /// Install Go where it is missing or too old
        #[arg(long)]
        install: bool,
    },
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let What::Charts { folders, install } = &args.what;
    let mut steps = Steps::default();
    let Some(peers) = peers::build(&mut steps, *install, &["helm4".to_owned()]) else { return Ok(steps.finish()) };
    steps.step("karat", || house::run(house::cargo().args(["build", "--release", "--package", "karat"])));
    let tools = Tools { helm: peers.join("helm4"), karat: house::target().join("release/karat"), kept: kept()? };
    steps.outcome("charts", || match compare(&tools, folders) {
        Ok(tally) => tally.outcome(),
        Err(error) => Outcome::Failed(format!("{error:#}")),
    });
    Ok(steps.finish())
}

struct Tools {
    helm: PathBuf,
    karat: PathBuf,
    /// Where outputs that differ are kept.
    kept: PathBuf,
}

fn kept() -> Result<PathBuf> {
    let kept = house::target().join("conformance");
    if kept.exists() {
        fs::remove_dir_all(&kept)?;
    }
    fs::create_dir_all(&kept)?;
    Ok(kept)
}

/// One chart with one set of values.
struct Job {
    chart: PathBuf,
    values: Option<PathBuf>,
}

impl Job {
    fn name(&self) -> String {
        let last = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match &self.values {
            Some(values) => format!("{} {}", last(&self.chart), last(values)),
            None => last(&self.chart),
        }
    }
}

#[derive(Default)]
struct Tally {
    same: usize,
    refused: usize,
    random: usize,
    differ: usize,
}

impl Tally {
    fn outcome(&self) -> Outcome {
        let Self { same, refused, random, differ } = self;
        println!(
            "{same} the same, {random} the same but for what Helm makes anew each time (keys, passwords), {refused} refused \
             by both, {differ} differ"
        );
        Outcome::Counted { passed: same + random + refused, failed: *differ, skipped: 0 }
    }
}

enum Verdict {
    Same,
    Refused,
    Random,
    Differ(String),
}

fn compare(tools: &Tools, folders: &[PathBuf]) -> Result<Tally> {
    let mut jobs = Vec::new();
    for folder in folders {
        find(folder, &mut jobs)?;
    }
    if jobs.is_empty() {
        bail!(
            "no chart below {}",
            folders.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(", ")
        );
    }
    let tally = Mutex::new(Tally::default());
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let verdict = judge(tools, job).unwrap_or_else(|error| Verdict::Differ(format!("{error:#}")));
                    let mut tally = tally.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    match verdict {
                        Verdict::Same => tally.same += 1,
                        Verdict::Refused => tally.refused += 1,
                        Verdict::Random => tally.random += 1,
                        Verdict::Differ(how) => {
                            tally.differ += 1;
                            println!("{}: {how}", job.name());
                        }
                    }
                }
            });
        }
    });
    Ok(tally.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
}

/// The charts at or below `folder`, but not those within another's `charts`.
fn find(folder: &Path, jobs: &mut Vec<Job>) -> Result<()> {
    if folder.join("Chart.yaml").is_file() {
        let chart = folder.canonicalize().with_context(|| folder.display().to_string())?;
        jobs.push(Job { chart: chart.clone(), values: None });
        let ci = chart.join("ci");
        if ci.is_dir() {
            let mut files: Vec<PathBuf> = fs::read_dir(ci)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
            files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml"));
            files.sort();
            jobs.extend(files.into_iter().map(|values| Job { chart: chart.clone(), values: Some(values) }));
        }
        return Ok(());
    }
    let mut folders: Vec<PathBuf> = fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    folders.iter().try_for_each(|folder| find(folder, jobs))
}

fn judge(tools: &Tools, job: &Job) -> Result<Verdict> {
    let helm = || {
        let mut command = Command::new(&tools.helm);
        command.arg("template").arg("rel").arg(&job.chart).args(["--namespace", "ns"]);
        output(command, job)
    };
    let mut command = Command::new(&tools.karat);
    command.args(["render", "chart"]).arg(&job.chart).args(["--release", "rel", "--namespace", "ns"]);
    let (first, karat) = (helm()?, output(command, job)?);
    let how = match (&first, &karat) {
        (Ok(helm), Ok(karat)) if helm == karat => return Ok(Verdict::Same),
        (Err(_), Err(_)) => return Ok(Verdict::Refused),
        (Ok(_), Err(error)) => format!("Karat refuses it: {}", error.lines().next().unwrap_or_default()),
        (Err(error), Ok(_)) => format!("Helm refuses it: {}", error.lines().next().unwrap_or_default()),
        (Ok(_), Ok(_)) => "the outputs differ".to_owned(),
    };
    if let (Ok(first), Ok(second), Ok(karat)) = (&first, &helm()?, &karat)
        && first != second
        && but_for_chance(first, second, karat)
    {
        return Ok(Verdict::Random);
    }
    let name = job.name().replace([' ', '/'], "_");
    for (side, output) in [("helm", &first), ("karat", &karat)] {
        let text = match output {
            Ok(text) => text.as_slice(),
            Err(error) => error.as_bytes(),
        };
        fs::write(tools.kept.join(format!("{name}.{side}.yaml")), text)?;
    }
    Ok(Verdict::Differ(format!("{how} (target/conformance/{name}.*.yaml)")))
}

/// Whether `karat` is what Helm prints, but for the lines that differ between two runs of Helm.
fn but_for_chance(first: &[u8], second: &[u8], karat: &[u8]) -> bool {
    let lines = |text: &'_ [u8]| text.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>();
    let (first, second, karat) = (lines(first), lines(second), lines(karat));
    first.len() == second.len()
        && first.len() == karat.len()
        && first.iter().zip(&second).zip(&karat).all(|((first, second), karat)| first != second || first == karat)
}

/// Standard output, or standard error where the command failed.
fn output(mut command: Command, job: &Job) -> Result<Result<Vec<u8>, String>> {
    if let Some(values) = &job.values {
        command.arg("-f").arg(values);
    }
    let output = command.output().with_context(|| format!("cannot start {}", command.get_program().display()))?;
    let failed = || String::from_utf8_lossy(&output.stderr).into_owned();
    Ok(if output.status.success() { Ok(output.stdout) } else { Err(failed()) })
}
