//! The organisation that ships with Karat, as a catalog.

use std::path::Path;

use karat_catalog::{LocationRef, WorldFiles, assemble};
use karat_source::Folder;

#[test]
fn myhealth_is_a_catalog_without_a_problem() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../myhealth");
    let world = Folder::open(&root).unwrap();
    let files = ["config/catalog-info.yaml", "governance/catalog-info.yaml", "apps/*/catalog-info.yaml"];
    let registered: Vec<LocationRef> = files.iter().map(|file| LocationRef::new("file", *file)).collect();
    let catalog = assemble(&WorldFiles(&world), &registered);
    let problems: Vec<String> = catalog.problems.iter().map(ToString::to_string).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(catalog.entities.len() > 20, "{} entities", catalog.entities.len());
}
