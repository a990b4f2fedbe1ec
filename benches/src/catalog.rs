//! The catalog: a hundred thousand entities from YAML to an index, and what questions cost; beside Backstage's own catalog on SQLite
//! in memory, which is asked the same with a tenth of them.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use karat_catalog::{
    Entity, EntityRef, Graph, Index, Located, LocationRef, Query, Reader, Stitching, Uid, facets_from_params,
    filter_from_params, process, read, search_rows, stitch,
};
use karat_testkit::Oracle;
use karat_testkit::oracle::Answer;
use serde_json::{Value, json};

use crate::machine::{Tools, describe, timed};

/// Fill a catalog, and ask it: Karat, and Backstage's catalog on SQLite
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    tools: Tools,
    /// How many entities
    #[arg(long, default_value_t = 100_000)]
    entities: usize,
    /// How many of them Backstage is given; 0 leaves it out
    #[arg(long, default_value_t = 10_000)]
    theirs: usize,
    /// How often each question is asked
    #[arg(long, default_value_t = 200)]
    rounds: usize,
}

/// Questions to a catalog: what is asked, and whether it is of facets.
const QUESTIONS: &[(&str, &[(&str, &str)])] = &[
    ("first page, by name", &[("orderField", "metadata.name,asc"), ("limit", "20")]),
    ("components, by name", &[("filter", "kind=component"), ("orderField", "metadata.name,asc"), ("limit", "20")]),
    (
        "an owner's services, by title",
        &[
            ("filter", "kind=component,spec.type=service,relations.ownedBy=group:default/team-7"),
            ("orderField", "metadata.title,asc"),
            ("limit", "20"),
        ],
    ),
    ("without an order", &[("filter", "kind=component"), ("limit", "20")]),
    (
        "a text in names and titles",
        &[
            ("fullTextFilterTerm", "77"),
            ("fullTextFilterFields", "metadata.name"),
            ("fullTextFilterFields", "metadata.title"),
            ("orderField", "metadata.name,asc"),
            ("limit", "20"),
        ],
    ),
    ("facets: kind and type", &[("facet", "kind"), ("facet", "spec.type")]),
    (
        "facets: tags and owners of components",
        &[("facet", "metadata.tags"), ("facet", "relations.ownedBy"), ("filter", "kind=component")],
    ),
];

pub(crate) fn run(args: &Args) -> Result<()> {
    println!("{}", describe());
    println!("\nthe index alone: {} MiB", weigh(args.entities)? >> 20);
    let (index, finals) = fill(args.entities)?;
    println!("\n{:<40} {:>12} {:>12}", format!("questions, {} entities", args.entities), "median", "p99");
    for (name, params) in QUESTIONS {
        let times = ours(&index, params, args.rounds)?;
        println!("{name:<40} {:>9.3} ms {:>9.3} ms", milliseconds(times.0), milliseconds(times.1));
    }
    if args.theirs > 0 {
        drop(index);
        beside(args, &finals[..args.theirs.min(finals.len())])?;
    }
    Ok(())
}

/// What an index of so many entities weighs, in bytes: nothing else is kept while it is filled, and nothing was before.
fn weigh(entities: usize) -> Result<usize> {
    let before = resident();
    let located = Located::registered(LocationRef::new("url", "https://git.example/catalog-info.yaml"));
    let mut index = Index::new();
    for number in 0..entities {
        for descriptor in read(document(number).as_bytes(), "a.yaml") {
            let entity = descriptor.content.map_err(|problem| anyhow::anyhow!("{problem}"))?;
            let made =
                process(&entity, &located, &Nothing).map_err(|failure| anyhow::anyhow!("{}", failure.message))?;
            let (reference, own) =
                (entity.reference(), made.relations.iter().filter(|one| one.source == entity.reference()));
            let relations: Vec<(&str, &EntityRef)> = own.map(|one| (one.kind, &one.target)).collect();
            let uid = Uid::of(&reference);
            let with = Stitching { uid, relations: &relations, orphan: false, failures: &[] };
            index.insert(&reference, uid, &search_rows(&stitch(&made.entity, &with).entity)?);
        }
    }
    Ok(resident().saturating_sub(before))
}

/// An index of so many entities, and those that the peer may be given.
fn fill(entities: usize) -> Result<(Index, Vec<Entity>)> {
    let located = Located::registered(LocationRef::new("url", "https://git.example/catalog-info.yaml"));
    let mut graph = Graph::new();
    let (text, _) = timed(|| (0..entities).map(document).collect::<Vec<String>>());
    let (read, reading) = timed(|| text.iter().flat_map(|text| read(text.as_bytes(), "a.yaml")).collect::<Vec<_>>());
    drop(text);
    let (processed, processing) = timed(|| {
        let one = |descriptor: karat_catalog::Descriptor| {
            let entity = descriptor.content.map_err(|problem| anyhow::anyhow!("{problem}"))?;
            process(&entity, &located, &Nothing).map_err(|failure| anyhow::anyhow!("{}", failure.message))
        };
        read.into_iter().map(one).collect::<Result<Vec<_>>>()
    });
    let processed = processed?;
    let (refs, relating) = timed(|| {
        let mut refs = Vec::with_capacity(processed.len());
        for one in &processed {
            let reference = one.entity.reference();
            graph.set_relations(&reference, &one.relations);
            refs.push(reference);
        }
        refs
    });
    let (finals, stitching) = timed(|| {
        let one = |(one, reference): (&karat_catalog::Processed, &EntityRef)| {
            let relations = graph.relations(reference);
            let with = Stitching { uid: Uid::of(reference), relations: &relations, orphan: false, failures: &[] };
            stitch(&one.entity, &with).entity
        };
        processed.iter().zip(&refs).map(one).collect::<Vec<Entity>>()
    });
    drop((processed, graph));
    let mut index = Index::new();
    let (rows, indexing) = timed(|| {
        let mut count = 0;
        for (entity, reference) in finals.iter().zip(&refs) {
            let rows = search_rows(entity)?;
            count += rows.len();
            index.insert(reference, Uid::of(reference), &rows);
        }
        anyhow::Ok(count)
    });
    let rows = rows?;
    let (changed, again) = timed(|| {
        for (entity, reference) in finals.iter().zip(&refs).take(1000) {
            index.insert(reference, Uid::of(reference), &search_rows(entity)?);
        }
        anyhow::Ok(())
    });
    changed?;
    println!("\n{entities} entities, {rows} search rows");
    let each = |time: Duration| time.as_secs_f64() * 1e6 / entities as f64;
    for (name, time) in
        [("read", reading), ("process", processing), ("relate", relating), ("stitch", stitching), ("index", indexing)]
    {
        println!("{name:<40} {:>9.2} s  {:>9.1} µs each", time.as_secs_f64(), each(time));
    }
    println!("{:<40} {:>9.1} µs each", "change one of them", again.as_secs_f64() * 1e6 / 1000.0);
    Ok((index, finals))
}

/// The same questions to both, of as many entities as the peer is given.
fn beside(args: &Args, entities: &[Entity]) -> Result<()> {
    let mut index = Index::new();
    for entity in entities {
        let reference = entity.reference();
        index.insert(&reference, Uid::of(&reference), &search_rows(entity)?);
    }
    let mut oracle = Oracle::start(&args.tools.peers.join("backstage/main.js"))?;
    let bodies: Vec<Value> = entities.iter().map(|entity| Value::Object(entity.as_map().clone())).collect();
    let (filled, filling) = timed(|| oracle.ask(&json!({"op": "catalog", "entities": bodies})));
    if filled? != Answer::Text(entities.len().to_string()) {
        bail!("the peer did not take the entities");
    }
    println!("\nBackstage took {} entities in {:.1} s", entities.len(), filling.as_secs_f64());
    println!(
        "{:<40} {:>12} {:>12} {:>12}",
        format!("questions, {} entities", entities.len()),
        "Karat",
        "Backstage",
        "faster by"
    );
    for (name, params) in QUESTIONS {
        let (mine, _) = ours(&index, params, args.rounds)?;
        let op = if is_facets(params) { "facets" } else { "query" };
        let mut map = serde_json::Map::new();
        for (key, value) in *params {
            match map.get_mut(*key) {
                None => _ = map.insert((*key).into(), (*value).into()),
                Some(Value::Array(items)) => items.push((*value).into()),
                Some(one) => *one = json!([one.clone(), value]),
            }
        }
        let question = json!({"op": op, "params": map});
        let mut times = Vec::new();
        for _ in 0..args.rounds.min(30) {
            let (answer, time) = timed(|| oracle.ask(&question));
            let Answer::Text(_) = answer? else { bail!("{name}: the peer refused") };
            times.push(time);
        }
        let theirs = quantiles(times).0;
        println!(
            "{name:<40} {:>9.3} ms {:>9.2} ms {:>6.0} times",
            milliseconds(mine),
            milliseconds(theirs),
            theirs.as_secs_f64() / mine.as_secs_f64()
        );
    }
    Ok(())
}

fn is_facets(params: &[(&str, &str)]) -> bool {
    params.iter().any(|(key, _)| *key == "facet")
}

/// Median and 99th percentile of a question, its reading included.
fn ours(index: &Index, params: &[(&str, &str)], rounds: usize) -> Result<(Duration, Duration)> {
    let mut times = Vec::new();
    for _ in 0..rounds {
        let (answered, time) = timed(|| {
            if is_facets(params) {
                let filter = filter_from_params(params)?;
                index.facets(&facets_from_params(params)?, filter.as_ref());
            } else {
                index.query(&Query::from_params(params)?);
            }
            Ok::<(), karat_catalog::QueryError>(())
        });
        answered.context("a question of ours is wrong")?;
        times.push(time);
    }
    Ok(quantiles(times))
}

pub(crate) fn quantiles(mut times: Vec<Duration>) -> (Duration, Duration) {
    times.sort_unstable();
    let at = |share: usize| times.get((times.len() * share / 100).min(times.len().saturating_sub(1)));
    (at(50).copied().unwrap_or_default(), at(99).copied().unwrap_or_default())
}

pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

const TEAMS: usize = 400;
const SYSTEMS: usize = 2_000;

/// How many of both there are.
pub(crate) const TEAMS_AND_SYSTEMS: usize = TEAMS + SYSTEMS;

/// The teams and systems that those of [`document`] belong to.
pub(crate) fn teams_and_systems() -> String {
    let mut text = String::new();
    for team in 0..TEAMS {
        text += &format!(
            "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {{name: team-{team}}}\nspec: {{type: team, children: []}}\n---\n"
        );
    }
    for system in 0..SYSTEMS {
        text += &format!(
            "apiVersion: backstage.io/v1alpha1\nkind: System\nmetadata: {{name: system-{system}}}\nspec: {{owner: team-{}}}\n---\n",
            system % TEAMS
        );
    }
    text
}

/// A catalog file, of a kind that its number says.
pub(crate) fn document(number: usize) -> String {
    let (team, system) = (number % TEAMS, number % SYSTEMS);
    // Of each ten, six are components; they refer to others that are there.
    let ten = number / 10 * 10;
    let (kind, spec) = match number % 10 {
        0..=5 => (
            "Component",
            format!(
                "type: {}\n  providesApis: [item-{}]\n  dependsOn: [resource:item-{}, component:item-{}]",
                ["service", "website", "library"][number % 3],
                ten + 6,
                ten + 8,
                number / 30 * 10 + number % 6
            ),
        ),
        6 | 7 => ("API", "type: openapi\n  definition: 'openapi: 3.1.0'".to_owned()),
        _ => ("Resource", "type: database".to_owned()),
    };
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: {kind}\nmetadata:\n  name: item-{number}\n  title: Item {} of team {team}\n  \
         description: What item {number} is for, in a sentence of usual length\n  tags: [tag-{}, tag-{}, {}]\n  labels:\n    tier: t{}\n  \
         annotations:\n    backstage.io/techdocs-ref: dir:.\n    backstage.io/source-location: url:https://git.example/team-{team}/item-{number}\n  \
         links:\n    - url: https://portal.example/{number}\n      title: Dashboard\nspec:\n  {spec}\n  lifecycle: {}\n  owner: team-{team}\n  system: system-{system}\n",
        number / 10,
        number % 50,
        50 + number % 31,
        ["java", "go", "rust"][number % 3],
        number % 4,
        ["production", "experimental"][number % 2],
    )
}

struct Nothing;

impl Reader for Nothing {
    fn read(&self, location: &LocationRef) -> Result<Vec<u8>, String> {
        Err(format!("{location} is not here"))
    }
}

/// Resident memory, in bytes.
fn resident() -> usize {
    let status = fs_err::read_to_string("/proc/self/status").unwrap_or_default();
    let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse().ok());
    kib.unwrap_or(0_usize) << 10
}
