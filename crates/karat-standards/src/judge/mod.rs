//! From standards and a subject to a report.
//!
//! Work is saved in this order: standards are skipped by kind; documents that are equal are judged once; a document is
//! converted once for all standards; what depends on cluster or namespace is judged once for each of those. The rest is
//! spread over the cores and collected in order, so that a run is the same on any machine.

mod group;
mod merge;
mod object;
mod view;

use jiff::civil::Date;
use rayon::prelude::*;

use crate::cel::{Engine, Tree};
use crate::report::{Finding, FindingKind};
use crate::{Organisation, Place, Report, Standard, Standards, Subject};

pub(crate) use view::{Anchor, Index, View};

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
    pub(crate) whose: Whose<'s>,
}

pub(crate) enum Whose<'s> {
    /// Objects, by index: all say the same.
    Objects(Vec<usize>),
    /// What a view is about: its cluster, application or file.
    View(ViewFacts<'s>),
}

/// What is kept of a view for its findings.
pub(crate) struct ViewFacts<'s> {
    pub(crate) doc: &'s std::sync::Arc<crate::Doc>,
    pub(crate) cluster: Option<&'s crate::Cluster>,
    pub(crate) application: Option<&'s crate::Application>,
    pub(crate) entity: crate::Entity,
}

/// Judges `subject` by `standards`. `today` decides which waivers hold.
pub fn judge(standards: &Standards, organisation: &Organisation, subject: &Subject, today: Date) -> Report {
    let index = Index::new(subject, organisation);
    let settings = Tree::of(&organisation.settings);
    let engine = || Engine::new([("settings", settings.clone())]);
    let documents = object::Documents::new(subject);
    let by_kind = object::ByKind::new(standards);
    let platform = object::PlatformNamespaces::new(organisation);

    let mut hits: Vec<Hit<'_>> = (0..documents.len())
        .into_par_iter()
        .with_min_len(64)
        .map_init(engine, |engine, at| {
            let mut hits = Vec::new();
            object::judge(engine, &by_kind, &platform, &index, documents.objects(at), &mut hits);
            hits
        })
        .flatten_iter()
        .collect();

    let grouped: Vec<&Standard> = standards.all().iter().filter(|standard| standard.looks_wider()).collect();
    let views = group::views(&index, &platform);
    let more: Vec<Hit<'_>> = views
        .par_iter()
        .with_min_len(8)
        .map_init(engine, |engine, view| {
            let mut hits = Vec::new();
            grouped.iter().for_each(|standard| group::judge(engine, standard, view, &mut hits));
            hits
        })
        .flatten_iter()
        .collect();
    hits.extend(more);

    let mut report = merge::merge(standards, organisation, subject, hits, today);
    report.objects = subject.objects.len();
    report.distinct = documents.len();
    report.findings.sort_by(|a: &Finding, b: &Finding| order(a).cmp(&order(b)));
    report
}

/// Errors first, then by place.
fn order(finding: &Finding) -> (std::cmp::Reverse<crate::Level>, &Place, &str, &str) {
    (std::cmp::Reverse(finding.level), &finding.place, &finding.standard, &finding.message)
}
