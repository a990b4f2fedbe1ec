//! The portal: `karat up` on an organisation of a hundred thousand entities, asked through its HTTP API; beside Backstage's backend on
//! SQLite in memory, which is asked the same of as many entities as it takes in a reasonable time.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use fs_err as fs;
use karat_testkit::Oracle;
use karat_testkit::oracle::Answer;
use serde_json::{Value, json};

use crate::catalog::{TEAMS_AND_SYSTEMS, document, milliseconds, quantiles, teams_and_systems};
use crate::machine::{Tools, describe, timed};

/// Ask a portal with 100,000 entities over HTTP: Karat, and Backstage's backend
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    tools: Tools,
    /// How many entities
    #[arg(long, default_value_t = 100_000)]
    entities: usize,
    /// How many Backstage is given, and Karat beside it; 0 leaves it out
    #[arg(long, default_value_t = 5_000)]
    theirs: usize,
    /// How often each question is asked
    #[arg(long, default_value_t = 500)]
    rounds: usize,
}

/// What is asked below `/api/catalog`. `{}` is another entity each time.
const QUESTIONS: &[(&str, &str)] = &[
    ("first page, by name", "/entities/by-query?orderField=metadata.name,asc&limit=20"),
    ("components, by name", "/entities/by-query?filter=kind=component&orderField=metadata.name,asc&limit=20"),
    (
        "an owner's services, by title",
        "/entities/by-query?filter=kind=component,spec.type=service,relations.ownedBy=group:default/team-7\
         &orderField=metadata.title,asc&limit=20",
    ),
    ("without an order", "/entities/by-query?filter=kind=component&limit=20"),
    (
        "a text in names and titles",
        "/entities/by-query?fullTextFilterTerm=77&fullTextFilterFields=metadata.name,metadata.title\
         &orderField=metadata.name,asc&limit=20",
    ),
    ("facets: kind and type", "/entity-facets?facet=kind&facet=spec.type"),
    (
        "facets: tags and owners of components",
        "/entity-facets?facet=metadata.tags&facet=relations.ownedBy&filter=kind=component",
    ),
    ("one by name", "/entities/by-name/api/default/item-{}"),
];

/// So many entities are in a file.
const PER_FILE: usize = 1_000;

pub(crate) fn run(args: &Args) -> Result<()> {
    println!("{}", describe());
    let place = args.tools.karat.parent().unwrap_or(Path::new(".")).join("bench-portal");
    let whole = Karat::start(args, &place.join("whole"), args.entities)?;
    let ours = ask_all(&whole.address, args.entities, args.rounds)?;
    println!("\n{:<40} {:>12} {:>12}", format!("questions, {} entities", args.entities), "median", "p99");
    for ((name, _), (half, most)) in QUESTIONS.iter().zip(&ours) {
        println!("{name:<40} {:>9.2} ms {:>9.2} ms", milliseconds(*half), milliseconds(*most));
    }
    println!("{:<40} {:>9.1} ms", "a changed file is seen after", milliseconds(whole.change()?));
    println!("{:<40} {:>9} MiB", "resident after that", whole.resident() >> 20);
    drop(whole);
    if args.theirs > 0 { beside(args, &place) } else { Ok(()) }
}

/// Both with as many entities as Backstage is given.
fn beside(args: &Args, place: &Path) -> Result<()> {
    let count = args.theirs;
    let karat = Karat::start(args, &place.join("beside"), count)?;
    let ours = ask_all(&karat.address, count, args.rounds)?;
    let mut oracle = Oracle::start(&args.tools.peers.join("backstage/main.js"))?;
    let folder = format!("{}/", fs::canonicalize(place.join("beside/catalog"))?.display());
    let request = json!({
        "op": "serve",
        "folders": {"https://bench.example/": folder},
        "locations": ["https://bench.example/catalog-info.yaml"],
        "entities": count + TEAMS_AND_SYSTEMS,
    });
    let (served, taken) = timed(|| oracle.ask(&request));
    let Answer::Text(address) = served? else { bail!("Backstage's backend did not take the entities") };
    let address = address.trim_matches('"').trim_start_matches("http://").to_owned();
    let Answer::Text(memory) = oracle.ask(&json!({"op": "memory"}))? else { bail!("the peer does not say its memory") };
    println!(
        "Backstage took {count} entities in {:.0} s; resident {} MiB",
        taken.as_secs_f64(),
        memory.parse::<u64>()? >> 20
    );
    let theirs = ask_all(&address, count, args.rounds.min(30))?;
    let title = format!("questions, {count} entities");
    println!("\n{title:<40} {:>12} {:>12} {:>12} {:>12}", "Karat", "p99", "Backstage", "p99");
    for ((name, _), (mine, other)) in QUESTIONS.iter().zip(ours.iter().zip(&theirs)) {
        println!(
            "{name:<40} {:>9.2} ms {:>9.2} ms {:>9.2} ms {:>9.2} ms {:>6.0} times",
            milliseconds(mine.0),
            milliseconds(mine.1),
            milliseconds(other.0),
            milliseconds(other.1),
            other.0.as_secs_f64() / mine.0.as_secs_f64()
        );
    }
    Ok(())
}

/// An organisation whose one repository has so many entities.
fn make(folder: &Path, entities: usize) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder.join("governance"))?;
    fs::create_dir_all(folder.join("catalog/parts"))?;
    let repository = |name: &str, role: &str| json!({"name": name, "role": role, "url": format!("https://git.bench.example/{name}.git"), "folder": name, "branch": "main"});
    let organisation = json!({
        "apiVersion": "karat.dev/v1",
        "kind": "Organisation",
        "metadata": {"name": "bench"},
        "spec": {"title": "Bench", "domain": "bench.example", "repositories": [repository("governance", "governance"), repository("catalog", "app")]},
    });
    fs::write(folder.join("governance/organisation.yaml"), organisation.to_string())?;
    let all =
        "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: all}\nspec: {targets: [./parts/*.yaml]}\n";
    fs::write(folder.join("catalog/catalog-info.yaml"), all)?;
    fs::write(folder.join("catalog/parts/teams.yaml"), teams_and_systems())?;
    for first in (0..entities).step_by(PER_FILE) {
        let last = (first + PER_FILE).min(entities);
        let documents: Vec<String> = (first..last).map(document).collect();
        fs::write(folder.join(format!("catalog/parts/{first:07}.yaml")), documents.join("---\n"))?;
    }
    Ok(())
}

/// `karat up`, until this is dropped.
struct Karat {
    child: Child,
    address: String,
    folder: PathBuf,
}

impl Karat {
    fn start(args: &Args, folder: &Path, entities: usize) -> Result<Self> {
        make(folder, entities)?;
        let (started, taken) = timed(|| {
            let mut child = Command::new(&args.tools.karat);
            child.arg("up").arg(folder).args(["--port", "0"]).stdout(Stdio::piped()).stdin(Stdio::null());
            let mut child = child.spawn().with_context(|| format!("{} does not start", args.tools.karat.display()))?;
            let mut line = String::new();
            let output = child.stdout.take().context("karat up has no output")?;
            BufReader::new(output).read_line(&mut line)?;
            let karat = |address: &str| Self { child, address: address.to_owned(), folder: folder.to_owned() };
            let Some(address) = line.split("http://").nth(1).and_then(|rest| rest.split(' ').next()) else {
                drop(karat(""));
                bail!("karat up says {line:?}");
            };
            let karat = karat(address);
            let mut client = Client::to(&karat.address)?;
            while client.json("/entities/by-query?limit=0&filter=metadata.labels.tier")?["totalItems"] != entities {
                std::thread::sleep(Duration::from_millis(50));
            }
            Ok(karat)
        });
        let karat = started?;
        let memory = karat.resident() >> 20;
        println!("\nkarat up: {entities} entities are there after {:.1} s; resident {memory} MiB", taken.as_secs_f64());
        Ok(karat)
    }

    /// Resident memory, in bytes.
    fn resident(&self) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse().ok());
        kib.unwrap_or(0_usize) << 10
    }

    /// How long after a file has changed the API says so.
    fn change(&self) -> Result<Duration> {
        let mut client = Client::to(&self.address)?;
        let file = self.folder.join("catalog/parts/changes.yaml");
        let mut times = Vec::new();
        for number in 0..20 {
            let text = format!(
                "apiVersion: backstage.io/v1alpha1\nkind: Resource\nmetadata: {{name: changes, title: \"{number}\"}}\nspec: {{type: a, owner: team-1}}\n"
            );
            fs::write(&file, text)?;
            let title = number.to_string();
            let (seen, time) = timed(|| {
                for _ in 0..10_000 {
                    if client.json("/entities/by-name/resource/default/changes")?["metadata"]["title"] == *title {
                        return Ok(());
                    }
                    std::thread::sleep(Duration::from_millis(1));
                }
                bail!("a change is not seen")
            });
            seen?;
            times.push(time);
        }
        Ok(quantiles(times).0)
    }
}

impl Drop for Karat {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Median and 99th percentile of each question, over one connection.
fn ask_all(address: &str, entities: usize, rounds: usize) -> Result<Vec<(Duration, Duration)>> {
    let mut client = Client::to(address)?;
    let one = |question: &str| {
        let mut times = Vec::new();
        for round in 0..rounds {
            let number = (round * 7_919 % (entities / 10)) * 10 + 6;
            let path = question.replace("{}", &number.to_string());
            let (answer, time) = timed(|| client.get(&path));
            let (status, body) = answer?;
            if status != 200 || body.len() < 30 {
                bail!("{path} is answered with {status}: {}", String::from_utf8_lossy(&body));
            }
            times.push(time);
        }
        Ok(quantiles(times))
    };
    QUESTIONS.iter().map(|(_, question)| *question).map(one).collect()
}

/// One connection to an API below `/api/catalog`.
struct Client {
    address: String,
    stream: BufReader<TcpStream>,
}

impl Client {
    fn to(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self { address: address.to_owned(), stream: BufReader::new(stream) })
    }

    fn json(&mut self, path: &str) -> Result<Value> {
        let (_, body) = self.get(path)?;
        Ok(serde_json::from_slice(&body).unwrap_or_default())
    }

    fn get(&mut self, path: &str) -> Result<(u16, Vec<u8>)> {
        let request = format!("GET /api/catalog{path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.address);
        self.stream.get_mut().write_all(request.as_bytes())?;
        let status = self.line()?.split(' ').nth(1).and_then(|status| status.parse().ok()).context("no status")?;
        let (mut length, mut chunked) = (0, false);
        loop {
            let line = self.line()?.to_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
            chunked |= line.starts_with("transfer-encoding:") && line.contains("chunked");
        }
        let mut body = Vec::new();
        if !chunked {
            self.take(length, &mut body)?;
            return Ok((status, body));
        }
        loop {
            let size = usize::from_str_radix(&self.line()?, 16)?;
            self.take(size, &mut body)?;
            self.line()?;
            if size == 0 {
                return Ok((status, body));
            }
        }
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            bail!("the connection has ended");
        }
        Ok(line.trim_end().to_owned())
    }

    fn take(&mut self, size: usize, body: &mut Vec<u8>) -> Result<()> {
        let from = body.len();
        body.resize(from + size, 0);
        Ok(self.stream.read_exact(&mut body[from..])?)
    }
}
