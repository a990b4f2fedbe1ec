//! One chart of twelve templates, by Karat, by a Go program on Helm's packages that has the chart loaded, and by
//! `helm template`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use karat_helm::{Capabilities, Chart, Flags, Release, RenderInput, Settings, ValueSources, render};
use karat_source::Folder;
use karat_testkit::oracle::{Answer, Oracle};
use serde_json::{Value, json};

use crate::machine::{Tools, describe, median, timed};

/// Render one chart: Karat, Helm's packages in one Go process, and the helm command
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    tools: Tools,
    /// The chart
    #[arg(long, value_name = "FOLDER", default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/chart"))]
    chart: PathBuf,
    /// Rounds of each; the median counts
    #[arg(long, default_value_t = 7)]
    rounds: usize,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let expected =
        output(Command::new(args.tools.peers.join("helm4")).args(["template", "shop", "-n", "shop"]).arg(&args.chart))?;
    let karat = Karat::load(&args.chart)?;
    let mut go = Oracle::start(&args.tools.peers.join("helm-sdk"))?;
    same("karat", &expected, &karat.render()?)?;
    same("helm-sdk", &expected, &printed(&mut go, &args.chart)?)?;

    let mut rows = Vec::new();
    rows.push(("karat, chart loaded", median(rounds(args.rounds, || karat.repeated(200))?)));
    rows.push((
        "Go on Helm's packages, chart loaded",
        median(rounds(args.rounds, || repeated(&mut go, &args.chart, 50))?),
    ));
    let process = |command: &mut Command| {
        let (done, time) = timed(|| output(command));
        done.map(|_| time)
    };
    rows.push((
        "karat render chart (a process)",
        median(rounds(args.rounds * 3, || {
            let mut command = Command::new(&args.tools.karat);
            process(command.args(["render", "chart"]).arg(&args.chart).args([
                "--release",
                "shop",
                "--namespace",
                "shop",
            ]))
        })?),
    ));
    rows.push((
        "helm template (a process)",
        median(rounds(args.rounds * 3, || {
            process(
                Command::new(args.tools.peers.join("helm4")).args(["template", "shop", "-n", "shop"]).arg(&args.chart),
            )
        })?),
    ));

    println!("one chart, twelve templates, {} bytes of manifests; {}", expected.len(), describe());
    let base = rows.first().map_or(Duration::ZERO, |row| row.1).as_secs_f64();
    for (name, time) in rows {
        println!("{name:38} {:>9.3} ms  {:>7.1} times", time.as_secs_f64() * 1e3, time.as_secs_f64() / base);
    }
    Ok(())
}

fn rounds(count: usize, mut round: impl FnMut() -> Result<Duration>) -> Result<Vec<Duration>> {
    // The first one warms up.
    round()?;
    (0..count).map(|_| round()).collect()
}

fn output(command: &mut Command) -> Result<Vec<u8>> {
    let output = command.output().with_context(|| format!("cannot start {}", command.get_program().display()))?;
    if !output.status.success() {
        bail!("{}: {}", command.get_program().display(), String::from_utf8_lossy(&output.stderr));
    }
    Ok(output.stdout)
}

fn same(name: &str, expected: &[u8], actual: &[u8]) -> Result<()> {
    if expected != actual {
        bail!("{name} renders something else than helm template: times would mean nothing");
    }
    Ok(())
}

/// Karat with the chart loaded.
struct Karat {
    chart: std::sync::Arc<Chart>,
    settings: Settings,
}

impl Karat {
    fn load(path: &Path) -> Result<Self> {
        let settings = Settings::default();
        let chart = Chart::load(&Folder::open(path)?, "", &settings)?;
        Ok(Self { chart, settings })
    }

    fn render(&self) -> Result<Vec<u8>> {
        let values = ValueSources::default().merge(self.settings.profile, &|path| Err(format!("{path}: no files")))?;
        let capabilities = Capabilities::new(self.settings.profile);
        let input = RenderInput {
            release: Release::new("shop").in_namespace("shop"),
            values: &values,
            capabilities: &capabilities,
            flags: Flags::default(),
            now: 0,
        };
        Ok(render(&self.chart, &input)?.print())
    }

    fn repeated(&self, times: u32) -> Result<Duration> {
        let (done, time) = timed(|| (0..times).try_for_each(|_| self.render().map(drop)));
        done.map(|()| time / times)
    }
}

fn ask(go: &mut Oracle, request: &Value) -> Result<String> {
    match go.ask(request)? {
        Answer::Text(text) => Ok(text),
        other => bail!("helm-sdk: {other:?}"),
    }
}

fn printed(go: &mut Oracle, chart: &Path) -> Result<Vec<u8>> {
    let request = json!({"chart": chart, "release": "shop", "namespace": "shop", "print": true});
    ask(go, &request).map(String::into_bytes)
}

fn repeated(go: &mut Oracle, chart: &Path, times: u32) -> Result<Duration> {
    let request = json!({"chart": chart, "release": "shop", "namespace": "shop", "repeat": times});
    let answer: Value = serde_json::from_str(&ask(go, &request)?)?;
    let seconds = answer["seconds"].as_f64().context("helm-sdk: no seconds in the answer")?;
    Ok(Duration::from_secs_f64(seconds) / times)
}
