//! From standards and a subject to a report.
//!
//! Work is saved in this order: standards are skipped by kind; documents that are equal are judged once; an application's
//! documents are read once, for the standards about objects and those about applications, and then let go. What is wider
//! reads only the kinds that its standards ask for. The work is spread over the cores and collected in order, so that a
//! run is the same on any machine.

mod group;
mod index;
mod merge;
mod object;
mod view;

use jiff::civil::Date;
use rayon::prelude::*;

use crate::cel::{Engine, Tree};
use crate::report::{Finding, FindingKind};
use crate::{Organisation, Place, Report, Scope, Standard, Standards, State, Subject};

pub(crate) use index::Index;
pub(crate) use view::{Anchor, Loaded, View};

/// Something that violates a standard, before it is known whom it affects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Raw {
    pub(crate) kind: FindingKind,
    pub(crate) message: String,
    /// Where the finding points; it need not exist.
    pub(crate) path: karat_kube::Path,
}

/// A violation and all who have it.
pub(crate) struct Hit<'s> {
    pub(crate) standard: &'s Standard,
    pub(crate) raw: Raw,
    pub(crate) whose: Whose,
}

pub(crate) enum Whose {
    /// Objects, by index: all say the same.
    Objects(Vec<usize>),
    /// Something else.
    One(Anchor),
}

/// Judges `subject` by `standards`. `today` decides which waivers hold.
pub fn judge(standards: &Standards, organisation: &Organisation, subject: &Subject, today: Date) -> Report {
    let index = Index::new(subject, organisation);
    let settings = Tree::of(&organisation.settings);
    let engine = || Engine::new([("settings", settings.clone())]);
    let documents = object::Documents::new(subject);
    let by_kind = object::ByKind::new(standards);
    let clusters: Vec<Tree> = subject.clusters.iter().map(view::cluster_tree).collect();
    let wider: Vec<&Standard> = standards.all().iter().filter(|standard| standard.looks_wider()).collect();

    let own: Vec<Vec<usize>> = own_documents(subject);
    let mut hits: Vec<Hit<'_>> = (0..subject.applications.len())
        .into_par_iter()
        .with_min_len(4)
        .map_init(engine, |engine, at| {
            let mut hits = Vec::new();
            let loaded: Vec<Loaded<'_>> =
                index.applications[at].iter().map(|&object| Loaded::new(subject, object)).collect();
            let alone: Vec<Loaded<'_>> = own[at].iter().map(|&object| Loaded::new(subject, object)).collect();
            for document in loaded.iter().chain(&alone) {
                if let Some(objects) = documents.led_by(document.at) {
                    object::judge(engine, &by_kind, &clusters, &index, objects, document, &mut hits);
                }
            }
            // What a failed or partial rendering does not show may well be there.
            if subject.applications[at].state == State::Whole {
                let view = group::application(&index, at, &loaded);
                wider.iter().for_each(|standard| group::judge(engine, standard, &view, &mut hits));
            }
            hits
        })
        .flatten_iter()
        .collect();

    let kinds = group::Kinds::of(&wider, Scope::Namespace);
    let namespaces: Vec<_> = index.namespaces.iter().collect();
    let found: Vec<Hit<'_>> = namespaces
        .par_iter()
        .map_init(engine, |engine, (place, found)| {
            let mut hits = Vec::new();
            let objects = found.objects.iter().copied().filter(|&at| kinds.has(&subject.objects[at].identity.kind));
            let loaded: Vec<Loaded<'_>> = objects.map(|object| Loaded::new(subject, object)).collect();
            if let Some(view) = group::namespace(&index, place, found, &loaded) {
                wider.iter().for_each(|standard| group::judge(engine, standard, &view, &mut hits));
            }
            hits
        })
        .flatten_iter()
        .collect();
    hits.extend(found);

    let rest = group::rest(&index);
    let found: Vec<Hit<'_>> = rest
        .par_iter()
        .with_min_len(16)
        .map_init(engine, |engine, view| {
            let mut hits = Vec::new();
            wider.iter().for_each(|standard| group::judge(engine, standard, view, &mut hits));
            hits
        })
        .flatten_iter()
        .collect();
    hits.extend(found);

    let mut report = merge::merge(standards, organisation, subject, hits, today);
    report.objects = subject.objects.len();
    report.distinct = documents.len();
    report.findings.sort_by(|a: &Finding, b: &Finding| order(a).cmp(&order(b)));
    report
}

/// Each application's own document, if it is to be judged.
fn own_documents(subject: &Subject) -> Vec<Vec<usize>> {
    let mut own = vec![Vec::new(); subject.applications.len()];
    for (at, object) in subject.objects.iter().enumerate().filter(|(_, object)| object.own) {
        own[object.application].push(at);
    }
    own
}

/// Errors first, then by place.
fn order(finding: &Finding) -> (std::cmp::Reverse<crate::Level>, &Place, &str, &str) {
    (std::cmp::Reverse(finding.level), &finding.place, &finding.standard, &finding.message)
}
