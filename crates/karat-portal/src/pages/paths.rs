//! Where pages are. These are stable: people keep them.

use karat_standards::Entity;

use crate::parts::segment;

/// What is above every form that makes something.
pub(super) const MAKES: &str = "/create/";

/// The form of a golden path.
pub fn golden(namespace: &str, name: &str) -> String {
    format!("{MAKES}{}/{}", segment(namespace), segment(name))
}

/// A task.
pub fn task(id: &str) -> String {
    format!("{MAKES}tasks/{}", segment(id))
}

/// The scorecard of something.
pub fn scorecard(entity: &Entity) -> String {
    format!("/scorecards/{}/{}", entity.kind.word(), segment(&entity.name))
}

/// A standard.
pub fn standard(id: &str) -> String {
    format!("/standards/{}", parts(id))
}

/// An Application.
pub fn application(name: &str) -> String {
    format!("/fleet/{}", segment(name))
}

/// An object of an Application, by its place among them.
pub fn object(application: &str, index: usize) -> String {
    format!("/fleet/{}/{index}", segment(application))
}

/// A file of the organisation, at a line.
pub fn source(file: &str, line: usize) -> String {
    match line {
        0 => format!("/source/{}", parts(file)),
        _ => format!("/source/{}?line={line}#L{line}", parts(file)),
    }
}

/// A page of Karat's own docs: `how-to/harden-a-container`.
pub fn fix(page: &str) -> String {
    format!("/docs/default/component/karat/{}/", parts(page))
}

/// A group of the catalog.
pub fn team(name: &str) -> String {
    entity("group", "default", name)
}

/// An entity of the catalog, where Backstage has it.
pub fn entity(kind: &str, namespace: &str, name: &str) -> String {
    format!("/catalog/{}/{}/{}", segment(namespace), segment(&kind.to_lowercase()), segment(name))
}

fn parts(path: &str) -> String {
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}
