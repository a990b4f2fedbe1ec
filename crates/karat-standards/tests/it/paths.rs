//! The golden paths that come with Karat make all that a service needs.

use std::path::Path;

use karat_source::Folder;
use karat_standards::{Organisation, Repository, Standards, Subject, judge};

use crate::world::{TODAY, one};

#[test]
fn the_paths_are_complete() {
    let folder = Folder::open(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../paths")).unwrap();
    let mut errors = Vec::new();
    let repository = Repository::read(&folder, "paths", "governance", "", &mut errors).unwrap();
    assert!(errors.is_empty(), "{errors:#?}");
    let services = repository.facts.templates.iter().filter(|template| template.kind == "service").count();
    assert!(services >= 2, "{:?}", repository.facts.templates);
    let (_, text) = karat_standards::FILES.iter().find(|(path, _)| path.contains("/path-complete/")).unwrap();
    let standards = Standards::read(&[one("standard.yaml", text)]).unwrap();
    let subject = Subject { repositories: vec![repository], ..Subject::default() };
    let report = judge(&standards, &Organisation::default(), &subject, TODAY);
    assert!(report.findings.is_empty(), "{:#?}", report.findings);
}
