//! Documentation: `karat docs build` beside `mkdocs build` with what TechDocs builds with, on sites made of Karat's own pages.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use fs_err as fs;
use karat_source::{Folder, World as _, walk};

use crate::machine::{Tools, describe, median, timed};

/// Build sites of 10, 100 and 1,000 pages: Karat, and mkdocs with mkdocs-techdocs-core
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    tools: Tools,
    /// The documentation whose pages the sites are made of
    #[arg(long, value_name = "FOLDER", default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs"))]
    docs: PathBuf,
    /// How many pages
    #[arg(long, value_delimiter = ',', default_values_t = [10, 100, 1_000])]
    pages: Vec<usize>,
    /// Rounds of each; the median counts
    #[arg(long, default_value_t = 3)]
    rounds: usize,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let folder = args.tools.karat.parent().unwrap_or(Path::new(".")).join("bench-docs");
    println!("{}", describe());
    println!("pages    karat docs build           mkdocs build               karat is faster by");
    for &pages in &args.pages {
        let site = folder.join(pages.to_string());
        make(&args.docs, &site, pages)?;
        let ours = rounds(args.rounds, || {
            let mut command = Command::new(&args.tools.karat);
            command.args(["docs", "build", "--quiet", "--out"]).arg(site.join("ours")).arg(&site);
            command
        })?;
        let theirs = rounds(args.rounds, || {
            let mut command = Command::new(args.tools.peers.join("techdocs/bin/mkdocs"));
            command.args(["build", "--quiet", "--site-dir"]).arg(site.join("theirs")).arg("--config-file");
            command.arg(site.join("mkdocs.yml"));
            command
        })?;
        let (built, expected) = (count(&site.join("ours"))?, count(&site.join("theirs"))?);
        // The theme writes one page more: 404.html.
        if built + 1 != expected {
            bail!("karat wrote {built} pages, mkdocs {expected}: times would mean nothing");
        }
        let rate = |time: Duration| pages as f64 / time.as_secs_f64();
        println!(
            "{pages:>5}    {:>8.1} ms {:>8.0} pages/s    {:>8.1} ms {:>8.0} pages/s    {:>5.0} times",
            ours.as_secs_f64() * 1e3,
            rate(ours),
            theirs.as_secs_f64() * 1e3,
            rate(theirs),
            theirs.as_secs_f64() / ours.as_secs_f64(),
        );
    }
    fs::remove_dir_all(folder)?;
    Ok(())
}

/// A site of so many pages: the documentation, again and again, each copy in a folder of its own.
fn make(docs: &Path, site: &Path, pages: usize) -> Result<()> {
    if site.exists() {
        fs::remove_dir_all(site)?;
    }
    let world = Folder::open(docs)?;
    let files: Vec<String> = walk(&world, "")?.into_iter().filter(|file| file.ends_with(".md")).collect();
    for index in 0..pages {
        let (copy, file) = (index / files.len(), &files[index % files.len()]);
        let path = site.join("docs").join(if copy == 0 { String::new() } else { format!("copy-{copy}") }).join(file);
        fs::create_dir_all(path.parent().context("a page without a folder")?)?;
        fs::write(path, world.read(file)?)?;
    }
    Ok(fs::write(site.join("mkdocs.yml"), "site_name: Bench\nplugins:\n  - techdocs-core\n")?)
}

fn rounds(count: usize, command: impl Fn() -> Command) -> Result<Duration> {
    let mut times = Vec::new();
    for _ in 0..=count {
        let mut command = command();
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let (done, time) = timed(|| command.status());
        // Links between copies lead nowhere, which both tell; what counts is that all pages are written.
        done.with_context(|| format!("cannot start {}", command.get_program().display()))?;
        times.push(time);
    }
    // The first one warms up.
    times.remove(0);
    Ok(median(times))
}

fn count(folder: &Path) -> Result<usize> {
    Ok(walk(&Folder::open(folder)?, "")?.iter().filter(|file| file.ends_with(".html")).count())
}
