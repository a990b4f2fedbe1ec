//! The organisation that ships with Karat and its golden paths, as a catalog; and as the catalog that Backstage's backend makes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use karat_catalog::{
    Entity, EntityRef, Files, Graph, LocationRef, Place, Problem, Reader, Stitching, Uid, WorldFiles, expand, stitch,
    walk,
};
use karat_source::{Folder, World};
use karat_testkit::Oracle;
use karat_testkit::oracle::Answer;
use serde_json::{Value, json};

fn root() -> PathBuf {
    fs_err::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).unwrap()
}

/// Where the folders are on the net, as far as the backend knows.
const HOSTS: [(&str, &str, &[&str]); 2] = [
    ("https://org.example/", "myhealth", &["*/catalog-info.yaml", "apps/*/catalog-info.yaml"]),
    ("https://paths.example/", "paths", &["*/template.yaml"]),
];

/// URLs that are files of folders.
struct Hosts(Vec<(&'static str, Folder)>);

impl Hosts {
    fn open() -> Self {
        Self(HOSTS.iter().map(|(base, folder, _)| (*base, Folder::open(root().join(folder)).unwrap())).collect())
    }

    fn place(&self, location: &LocationRef) -> Result<(&str, &Folder, LocationRef), String> {
        let found = self.0.iter().find_map(|(base, folder)| Some((*base, folder, location.target.strip_prefix(base)?)));
        let (base, folder, path) = found.ok_or_else(|| format!("{location} is in no folder"))?;
        Ok((base, folder, LocationRef::new("file", path)))
    }
}

impl Reader for Hosts {
    fn read(&self, location: &LocationRef) -> Result<Vec<u8>, String> {
        let (_, folder, file) = self.place(location)?;
        WorldFiles(folder).read(&file)
    }
}

impl Files for Hosts {
    fn find(&self, target: &LocationRef) -> Result<Vec<LocationRef>, String> {
        let (base, folder, pattern) = self.place(target)?;
        let found = WorldFiles(folder).find(&pattern)?;
        Ok(found.into_iter().map(|file| LocationRef::new("url", format!("{base}{}", file.target))).collect())
    }
}

fn registered(hosts: &Hosts) -> Vec<LocationRef> {
    let mut found = Vec::new();
    for ((base, folder), (_, _, patterns)) in hosts.0.iter().zip(HOSTS) {
        for pattern in patterns {
            let files = expand(folder as &dyn World, pattern).unwrap();
            found.extend(files.iter().map(|file| LocationRef::new("url", format!("{base}{file}"))));
        }
    }
    found
}

struct Catalog {
    registered: Vec<LocationRef>,
    entities: BTreeMap<EntityRef, Entity>,
    /// Where each names its owner.
    owners: BTreeMap<EntityRef, Place>,
    problems: Vec<Problem>,
}

fn catalog() -> Catalog {
    let hosts = Hosts::open();
    let registered = registered(&hosts);
    let (mut graph, mut met, mut owners) = (Graph::new(), BTreeMap::new(), BTreeMap::new());
    let problems = walk(&hosts, &registered, &mut |one| {
        graph.set_relations(one.reference, one.relations);
        owners.extend(one.descriptor.map(|document| (one.reference.clone(), document.place(["spec", "owner"]))));
        met.insert(one.reference.clone(), (one.entity.clone(), one.failures.to_vec()));
    });
    let stitched = met.iter().map(|(reference, (entity, failures))| {
        let relations = graph.relations(reference);
        let with = Stitching { uid: Uid::of(reference), relations: &relations, orphan: false, failures };
        (reference.clone(), stitch(entity, &with).entity)
    });
    Catalog { entities: stitched.collect(), registered, owners, problems }
}

/// An entity without what is another in every catalog.
fn plain(entity: &Value) -> Value {
    let mut entity = entity.clone();
    let metadata = entity["metadata"].as_object_mut().unwrap();
    metadata.remove("uid");
    metadata.remove("etag");
    entity
}

#[test]
fn the_organisation_is_a_catalog_without_a_problem() {
    let catalog = catalog();
    let problems: Vec<String> = catalog.problems.iter().map(ToString::to_string).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(catalog.entities.values().all(|made| !made.contains_key("status")));
    let kinds: std::collections::BTreeSet<&str> = catalog.entities.values().map(Entity::kind).collect();
    let expected = ["API", "Component", "Domain", "Group", "Location", "Resource", "System", "Template"];
    assert!(kinds.iter().eq(expected.iter()), "{kinds:?}");
    // What a relation leads to is there.
    for (reference, made) in &catalog.entities {
        for relation in made["relations"].as_array().unwrap() {
            let target = relation["targetRef"].as_str().unwrap();
            assert!(catalog.entities.contains_key(target), "{reference} {} {target}", relation["type"]);
        }
    }
    let owner = &catalog.owners["component:default/appointments"];
    assert!(owner.file.ends_with("apps/appointments/catalog-info.yaml") && owner.line > 10, "{owner}");
}

#[test]
fn the_backend_makes_the_same_of_it() {
    let Some(peer) = karat_testkit::peer("backstage/main.js") else { return };
    let catalog = catalog();
    let folders: BTreeMap<&str, String> =
        HOSTS.iter().map(|(base, folder, _)| (*base, format!("{}/", root().join(folder).display()))).collect();
    let locations: Vec<&str> = catalog.registered.iter().map(|location| location.target.as_str()).collect();
    let asked = json!({"op": "ingest", "folders": folders, "locations": locations});
    let answer = Oracle::start(&peer).unwrap().ask(&asked).unwrap();
    let Answer::Text(out) = answer else { panic!("{answer:?}") };
    let out: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(out["errors"], json!([]), "Backstage complains of the organisation");
    let key = |entity: &Value| format!("{}:{}", entity["kind"], entity["metadata"]["name"]).to_lowercase();
    let theirs: BTreeMap<String, Value> =
        out["entities"].as_array().unwrap().iter().map(|entity| (key(entity), plain(entity))).collect();
    let ours: BTreeMap<String, Value> = catalog
        .entities
        .values()
        .map(|made| made.clone().into_value())
        .map(|entity| (key(&entity), plain(&entity)))
        .collect();
    let names = |map: &BTreeMap<String, Value>| map.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&ours), names(&theirs));
    for (name, ours) in &ours {
        assert_eq!(ours, &theirs[name], "{name}");
    }
}
