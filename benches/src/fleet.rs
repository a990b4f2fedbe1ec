//! A made-up fleet of 10,000 Applications: expanded, rendered and judged from cold; then a pull request that touches one
//! service, with what is known still there. Two hundred of the Applications are rendered by `helm template` and by a Go
//! program on Helm's packages, too, and must come out the same.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use fs_err as fs;
use karat_fleet::{Application, Cache, Fleet, diff, sample};
use karat_source::{Folder, World};
use karat_standards::Standards;
use karat_testkit::oracle::{Answer, Oracle};
use serde_json::{Value, json};

use crate::machine::{Tools, describe, median, timed};

/// Expand, render, judge and compare a made-up fleet
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    tools: Tools,
    /// How many Applications
    #[arg(long, default_value_t = 10_000)]
    apps: usize,
    /// How many of them the peers render
    #[arg(long, default_value_t = 200)]
    sample: usize,
    /// Rounds; the median counts
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// What the fleet is made from
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let organisation = Folder::open(concat!(env!("CARGO_MANIFEST_DIR"), "/../myhealth"))?;
    let root = std::env::temp_dir().join(format!("karat-bench-fleet-{}", std::process::id()));
    for (path, bytes) in sample::sample(&organisation, args.apps, args.seed)? {
        let path = root.join(path);
        fs::create_dir_all(path.parent().context("a file is in a folder")?)?;
        fs::write(path, bytes)?;
    }
    let measured = measure(args, &root);
    fs::remove_dir_all(&root)?;
    measured
}

fn measure(args: &Args, root: &Path) -> Result<()> {
    let world = Folder::open(root)?;
    let mut rows: Vec<(&str, Duration)> = Vec::new();

    let (mut renders, mut checks) = (Vec::new(), Vec::new());
    for _ in 0..args.rounds.max(1) {
        let (fleet, time) = timed(|| build(&world, &Cache::default()));
        renders.push(time);
        let fleet = Arc::new(fleet?);
        let (done, judging) = timed(|| judge(&fleet, root));
        done?;
        checks.push(time + judging);
    }
    rows.push(("render, cold", median(renders)));
    rows.push(("render and standards, cold", median(checks)));
    let memory = peak_memory();

    let cache = Cache::default();
    let base = build(&world, &cache)?;
    let objects = base.documents().count();
    let bytes: usize = base.documents().map(|(_, document)| document.text.len()).sum();
    println!(
        "{} Applications, {objects} objects, {} MB of manifests; {}",
        base.applications.len(),
        bytes / 1_000_000,
        describe()
    );

    let values = root.join("config/envs/production/service-0/values.yaml");
    let original = fs::read_to_string(&values)?;
    let mut requests = Vec::new();
    for round in 0..args.rounds.max(1) {
        let changed = original.replace("maxReplicas: ", &format!("maxReplicas: {}", round + 1));
        fs::write(&values, changed)?;
        let (difference, time) = timed(|| build(&world, &cache).map(|head| diff(&base, &head)));
        let difference = difference?;
        if difference.applications.is_empty() || difference.applications.len() > 10 {
            bail!("a change of one service changed {} Applications", difference.applications.len());
        }
        requests.push(time);
    }
    fs::write(&values, original)?;
    rows.push(("a pull request on one service, warm", median(requests)));
    for (name, time) in rows {
        println!("{name:42} {:>9.3} s", time.as_secs_f64());
    }
    println!("{:42} {:>9} MB", "memory at most", memory / 1024);

    beside(args, root, &base)
}

/// The sampled Applications, by Karat on one core and by the peers.
fn beside(args: &Args, root: &Path, fleet: &Fleet) -> Result<()> {
    let services: Vec<&Application> =
        fleet.applications.iter().filter(|application| application.origin.set.is_some()).collect();
    let step = (services.len() / args.sample.max(1)).max(1);
    let chosen: Vec<&Application> = services.iter().step_by(step).take(args.sample).copied().collect();
    let mut go = Oracle::start(&args.tools.peers.join("helm-sdk"))?;
    let (mut helm, mut sdk) = (Duration::ZERO, Duration::ZERO);
    for application in &chosen {
        let release = Sampled::of(root, application)?;
        let expected = release.print(application);
        let (output, time) = timed(|| release.helm(&args.tools.peers.join("helm4")).output());
        helm += time;
        let output = output?;
        if output.stdout != expected {
            bail!("{}: helm template gives something else; times would mean nothing", application.name());
        }
        sdk += release.sdk(&mut go, expected.len())?;
    }
    let one_core = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    let world = Folder::open(root)?;
    let (done, whole) = timed(|| one_core.install(|| build(&world, &Cache::default())));
    let karat = whole / u32::try_from(done?.applications.len().max(1))?;
    let count = u32::try_from(chosen.len().max(1))?;
    println!("\none Application of {}, the same bytes from each:", chosen.len());
    for (name, time) in [
        ("karat on one core, expansion and all", karat),
        ("Go on Helm's packages, chart loaded", sdk / count),
        ("helm template (a process)", helm / count),
    ] {
        let ratio = time.as_secs_f64() / karat.as_secs_f64();
        println!("{name:42} {:>9.3} ms  {ratio:>7.1} times", time.as_secs_f64() * 1e3);
    }
    Ok(())
}

fn build(world: &dyn World, cache: &Cache) -> Result<Fleet> {
    let fleet = Fleet::build(world, cache).map_err(|problem| anyhow!("{}", problem.message))?;
    let mut problems = fleet.problems.iter().chain(fleet.applications.iter().flat_map(|app| &app.problems));
    match problems.next() {
        Some(problem) => Err(anyhow!("{}", problem.message)),
        None => Ok(fleet),
    }
}

fn judge(fleet: &Arc<Fleet>, root: &Path) -> Result<usize> {
    let world: Arc<dyn World> = Arc::new(Folder::open(root)?);
    let standards = Standards::builtin().map_err(|errors| anyhow!("{} standards do not read", errors.len()))?;
    let (subject, decided, _) = karat_standards::subject(fleet, &world);
    let verdict = karat_standards::judge(&standards, &decided, &subject, jiff::civil::date(2026, 1, 1));
    Ok(verdict.findings.len())
}

/// The most memory that this process has had, in KiB; 0 where the system does not say.
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().unwrap_or_default()
}

/// What the peers need to render an Application.
struct Sampled {
    chart: PathBuf,
    chart_name: String,
    values: Vec<PathBuf>,
    release: String,
    namespace: String,
}

impl Sampled {
    fn of(root: &Path, application: &Application) -> Result<Self> {
        let (values, chart): (Vec<_>, Vec<_>) = application.inputs.iter().partition(|input| !input.folder);
        let chart = chart.first().context("a service has a chart")?;
        let helm = application.spec.sources.first().and_then(|source| source.helm.as_ref()).context("a chart")?;
        // `--set-string` for Argo CD's parameters; a values file says the same to both peers.
        let parameters: serde_json::Map<String, Value> = helm
            .parameters
            .iter()
            .filter_map(|(name, value, _)| Some((name.strip_prefix("cluster.")?.to_owned(), value.as_str().into())))
            .collect();
        let cluster = application.cluster.clone().unwrap_or_default();
        let file = root.join(format!("{cluster}.parameters.yaml"));
        fs::write(&file, json!({"cluster": parameters}).to_string())?;
        let mut files: Vec<PathBuf> = values.iter().map(|input| root.join(input.path.as_str())).collect();
        files.push(file);
        Ok(Self {
            chart: root.join(chart.path.as_str()),
            chart_name: chart.path.split('/').nth(1).unwrap_or_default().to_owned(),
            values: files,
            release: helm.release_name.to_string(),
            namespace: application.spec.destination.namespace.to_string(),
        })
    }

    /// What `helm template` prints for the documents that Karat has.
    fn print(&self, application: &Application) -> Vec<u8> {
        let mut out = Vec::new();
        for document in &application.documents {
            let within = document.file.split("/chart/").nth(1).unwrap_or_default();
            out.extend_from_slice(format!("---\n# Source: {}/{within}\n", self.chart_name).as_bytes());
            out.extend_from_slice(&document.text);
            out.push(b'\n');
        }
        let mut out = out.trim_ascii_end().to_vec();
        out.push(b'\n');
        out
    }

    fn helm(&self, helm: &Path) -> Command {
        let mut command = Command::new(helm);
        command.args(["template", &self.release, "--namespace", &self.namespace, "--include-crds"]).arg(&self.chart);
        for file in &self.values {
            command.arg("--values").arg(file);
        }
        command
    }

    fn sdk(&self, go: &mut Oracle, length: usize) -> Result<Duration> {
        let request = json!({
            "chart": self.chart, "values": self.values, "release": self.release, "namespace": self.namespace, "repeat": 1,
        });
        // Once to load the chart, once to measure.
        let mut answer = Value::Null;
        for _ in 0..2 {
            answer = match go.ask(&request)? {
                Answer::Text(text) => serde_json::from_str(&text)?,
                other => bail!("helm-sdk: {other:?}"),
            };
        }
        if answer["bytes"].as_u64() != Some(length as u64) {
            bail!("helm-sdk gives {} bytes instead of {length}", answer["bytes"]);
        }
        Ok(Duration::from_secs_f64(answer["seconds"].as_f64().context("no seconds")?))
    }
}
