//! Builds a made-up fleet in memory and says how long it takes: `cargo run --release -p karat-fleet --example fleet 10000`.
#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "it measures, and prints what it measured")]

use std::error::Error;
use std::time::Instant;

use karat_fleet::{Cache, Fleet, diff, sample};
use karat_source::{Folder, Memory};

fn main() -> Result<(), Box<dyn Error>> {
    let applications = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(1000);
    let organisation = Folder::open(concat!(env!("CARGO_MANIFEST_DIR"), "/../../myhealth"))?;
    let mut world: Memory = sample::sample(&organisation, applications, 1)?.into_iter().collect();
    let cache = Cache::default();
    let start = Instant::now();
    let base = Fleet::build(&world, &cache).map_err(|problem| problem.message)?;
    println!("cold {:?}", start.elapsed());
    let (objects, bytes) =
        base.documents().fold((0, 0), |(count, bytes), (_, document)| (count + 1, bytes + document.text.len()));
    println!("{} applications, {objects} objects, {} MB", base.applications.len(), bytes / 1_000_000);
    let problems: Vec<_> = base.problems.iter().chain(base.applications.iter().flat_map(|app| &app.problems)).collect();
    println!("{} problems {:?}", problems.len(), problems.first());
    let path = "config/envs/production/service-0/values.yaml";
    let text = String::from_utf8(world.remove(path).unwrap_or_default())?;
    let text = text.replace("minReplicas: 3", "minReplicas: 4");
    world.insert(path, text);
    for _ in 0..std::env::args().nth(2).and_then(|text| text.parse().ok()).unwrap_or(0) {
        let start = Instant::now();
        drop(Fleet::build(&world, &cache).map_err(|problem| problem.message)?);
        println!("again {:?}", start.elapsed());
    }
    let start = Instant::now();
    let head = Fleet::build(&world, &cache).map_err(|problem| problem.message)?;
    println!(
        "warm {:?}, {} problems",
        start.elapsed(),
        head.applications.iter().map(|app| app.problems.len()).sum::<usize>()
    );
    let start = Instant::now();
    let difference = diff(&base, &head);
    println!("diff {:?}: {} applications, {:?}", start.elapsed(), difference.applications.len(), difference.causes);
    let status = fs_err::read_to_string("/proc/self/status")?;
    println!("{}", status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default());
    Ok(())
}
