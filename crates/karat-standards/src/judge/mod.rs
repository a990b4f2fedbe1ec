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

use crate::cel::{Engine, Engines, Tree};
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
    /// The place, if the path does not lead to it.
    pub(crate) place: Option<Place>,
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
    let run = Run {
        index: &index,
        engines: Engines::new([("settings", Tree::of(&organisation.settings))]),
        documents: object::Documents::new(subject),
        by_kind: object::ByKind::new(standards),
        clusters: subject.clusters.iter().map(view::cluster_tree).collect(),
        wider: standards.all().iter().filter(|standard| standard.looks_wider()).collect(),
    };
    let mut hits = run.applications();
    hits.extend(run.namespaces());
    hits.extend(run.rest());
    let mut report = merge::merge(standards, organisation, subject, hits, today);
    report.objects = subject.objects.len();
    report.distinct = run.documents.len();
    report.findings.sort_by(|a: &Finding, b: &Finding| order(a).cmp(&order(b)));
    report
}

/// What all steps of a run share.
struct Run<'r, 's> {
    index: &'r Index<'r>,
    engines: Engines,
    documents: object::Documents,
    by_kind: object::ByKind<'s>,
    clusters: Vec<Tree>,
    /// The standards that look at more than single objects.
    wider: Vec<&'s Standard>,
}

impl<'s> Run<'_, 's> {
    /// Objects and applications.
    fn applications(&self) -> Vec<Hit<'s>> {
        let (index, subject) = (self.index, self.index.subject);
        let kinds = group::Kinds::of(&self.wider, Scope::Application);
        let own: Vec<Vec<usize>> = own_documents(subject);
        let wanted = |object: &&usize| {
            let identity = &subject.objects[**object].identity;
            kinds.has(&identity.kind) || self.by_kind.has(identity)
        };
        let all: Vec<usize> = (0..subject.applications.len()).collect();
        self.each(&all, 16, |engine, chunk, hits| {
            let mut last = Vec::new();
            for &at in chunk {
                let objects = index.applications[at].iter().filter(wanted);
                let loaded: Vec<Loaded<'_>> = objects.map(|&object| Loaded::like(subject, object, &last)).collect();
                let alone: Vec<Loaded<'_>> = own[at].iter().map(|&object| Loaded::new(subject, object)).collect();
                for document in loaded.iter().chain(&alone) {
                    if let Some(objects) = self.documents.led_by(document.at) {
                        object::judge(engine, &self.by_kind, &self.clusters, index, objects, document, hits);
                    }
                }
                // What a failed or partial rendering does not show may well be there.
                if subject.applications[at].state == State::Whole {
                    let view = group::application(index, at, &loaded);
                    self.wider.iter().for_each(|standard| group::judge(engine, standard, &view, hits));
                }
                last = loaded;
            }
        })
    }

    fn namespaces(&self) -> Vec<Hit<'s>> {
        let (index, subject) = (self.index, self.index.subject);
        let kinds = group::Kinds::of(&self.wider, Scope::Namespace);
        let all: Vec<_> = index.namespaces.iter().collect();
        self.each(&all, 1, |engine, chunk, hits| {
            for &(place, found) in chunk {
                let objects = found.objects.iter().filter(|&&at| kinds.has(&subject.objects[at].identity.kind));
                let loaded: Vec<Loaded<'_>> = objects.map(|&object| Loaded::new(subject, object)).collect();
                if let Some(view) = group::namespace(index, place, found, &loaded) {
                    self.wider.iter().for_each(|standard| group::judge(engine, standard, &view, hits));
                }
            }
        })
    }

    /// Clusters, addons and files.
    fn rest(&self) -> Vec<Hit<'s>> {
        self.each(&group::rest(self.index), 64, |engine, chunk, hits| {
            for view in chunk {
                self.wider.iter().for_each(|standard| group::judge(engine, standard, view, hits));
            }
        })
    }

    /// Does `work` on chunks of `items`, on all cores; the hits come in the order of the items.
    fn each<T: Sync>(
        &self,
        items: &[T],
        chunk: usize,
        work: impl Fn(&Engine, &[T], &mut Vec<Hit<'s>>) + Sync,
    ) -> Vec<Hit<'s>> {
        let chunks = items.par_chunks(chunk).map(|items| {
            let mut hits = Vec::new();
            self.engines.with(|engine| work(engine, items, &mut hits));
            hits
        });
        chunks.collect::<Vec<_>>().into_iter().flatten().collect()
    }
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
