//! From hits to findings: waivers are applied, the same finding on several clusters becomes one, karats are counted.

use std::collections::BTreeMap;

use ecow::EcoString;
use jiff::civil::Date;
use karat_kube::{Identity, Path};
use rustc_hash::FxHashMap;

use super::{Anchor, Hit, Raw, Whose};
use crate::report::{Affected, Finding, FindingKind, Score, WaiverProblem, WaiverProblemKind};
use crate::{Entity, EntityKind, Organisation, Place, Report, Standard, Standards, Subject};

/// What makes two findings the same one.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    standard: EcoString,
    kind: FindingKind,
    message: String,
    place: Place,
    path: Path,
    waiver: Option<usize>,
}

pub(crate) fn merge(
    standards: &Standards,
    organisation: &Organisation,
    subject: &Subject,
    hits: Vec<Hit<'_>>,
    today: Date,
) -> Report {
    let mut merger = Merger {
        organisation,
        subject,
        today,
        known: FxHashMap::default(),
        findings: Vec::new(),
        used: vec![false; organisation.waivers.len()],
        scores: scores(subject),
    };
    for hit in hits {
        match hit.whose {
            Whose::Objects(objects) => {
                for at in objects {
                    merger.add_object(hit.standard, &hit.raw, at);
                }
            }
            Whose::One(anchor) => merger.add_anchor(hit.standard, &hit.raw, anchor),
        }
    }
    let Merger { findings, used, mut scores, .. } = merger;
    scores.values_mut().for_each(Score::count);
    let waivers = problems(standards, organisation, &used, today);
    Report { findings, waivers, scores, objects: 0, distinct: 0 }
}

struct Merger<'s> {
    organisation: &'s Organisation,
    subject: &'s Subject,
    today: Date,
    known: FxHashMap<Key, usize>,
    findings: Vec<Finding>,
    used: Vec<bool>,
    scores: BTreeMap<Entity, Score>,
}

impl Merger<'_> {
    fn add_object(&mut self, standard: &Standard, raw: &Raw, at: usize) {
        let subject = self.subject;
        let object = &subject.objects[at];
        let (application, cluster) = (subject.application(object), subject.cluster(object));
        let affected = Affected {
            applications: [application.name.clone()].into(),
            clusters: [cluster.name.clone()].into(),
            environments: [cluster.environment.clone()].into(),
            entities: [application.entity.clone()].into(),
        };
        self.add(standard, raw, &object.doc, Some(&object.identity), Some(at), affected);
    }

    fn add_anchor(&mut self, standard: &Standard, raw: &Raw, anchor: Anchor) {
        let subject = self.subject;
        let entity = |kind: EntityKind, name: &EcoString| Entity { kind, name: name.clone() };
        let (doc, entity, application, cluster) = match anchor {
            Anchor::Object(at) => return self.add_object(standard, raw, at),
            Anchor::Application(at) => {
                let application = &subject.applications[at];
                (&application.doc, application.entity.clone(), Some(application), Some(application.cluster))
            }
            Anchor::Cluster(at) => {
                let cluster = &subject.clusters[at];
                (&cluster.doc, entity(EntityKind::Cluster, &cluster.name), None, Some(at))
            }
            Anchor::Addon(at) => {
                let addon = &subject.addons[at];
                (&addon.values, entity(EntityKind::Addon, &addon.name), None, Some(addon.cluster))
            }
            Anchor::File(at) => {
                let file = &subject.files[at];
                (&file.doc, entity(EntityKind::Repository, &file.repository), None, None)
            }
            Anchor::Repository(at) => {
                let repository = &subject.repositories[at];
                (&repository.doc, entity(EntityKind::Repository, &repository.name), None, None)
            }
        };
        let mut affected = Affected::default();
        affected.entities.insert(entity);
        if let Some(cluster) = cluster.and_then(|at| subject.clusters.get(at)) {
            affected.clusters.insert(cluster.name.clone());
            affected.environments.insert(cluster.environment.clone());
        }
        affected.applications.extend(application.map(|application| application.name.clone()));
        self.add(standard, raw, doc, None, None, affected);
    }

    fn add(
        &mut self,
        standard: &Standard,
        raw: &Raw,
        doc: &crate::Doc,
        object: Option<&Identity>,
        at: Option<usize>,
        affected: Affected,
    ) {
        let mut finding = Finding {
            standard: standard.id.clone(),
            level: standard.level,
            karats: standard.karats,
            kind: raw.kind,
            message: raw.message.clone(),
            why: standard.why.clone(),
            fix: standard.fix.clone(),
            place: raw.place.clone().unwrap_or_else(|| doc.place(&raw.path)),
            path: raw.path.clone(),
            object: object.cloned(),
            objects: at.into_iter().collect(),
            affected,
            waiver: None,
        };
        let waiver = self.waiver(&finding);
        for entity in &finding.affected.entities {
            let score = self.scores.entry(entity.clone()).or_default();
            if waiver.is_some() {
                score.waived.insert(standard.id.clone());
            } else {
                score.unmet.insert(standard.id.clone(), standard.karats);
            }
        }
        let key = Key {
            standard: standard.id.clone(),
            kind: raw.kind,
            message: raw.message.clone(),
            place: finding.place.clone(),
            path: raw.path.clone(),
            waiver,
        };
        if let Some(&known) = self.known.get(&key) {
            let same = &mut self.findings[known];
            same.objects.extend(finding.objects);
            same.affected.applications.extend(finding.affected.applications);
            same.affected.clusters.extend(finding.affected.clusters);
            same.affected.environments.extend(finding.affected.environments);
            same.affected.entities.extend(finding.affected.entities);
            return;
        }
        finding.waiver = waiver.map(|waiver| self.organisation.waivers[waiver].accepted.clone());
        self.known.insert(key, self.findings.len());
        self.findings.push(finding);
    }

    /// The first waiver that holds today and is for the finding. Expired ones count as used: they are reported anyway.
    fn waiver(&mut self, finding: &Finding) -> Option<usize> {
        let mut holds = None;
        for (at, waiver) in self.organisation.waivers.iter().enumerate() {
            if waiver.fits(finding) {
                self.used[at] = true;
                if holds.is_none() && waiver.accepted.until >= self.today {
                    holds = Some(at);
                }
            }
        }
        holds
    }
}

/// Everything that has karats, with all of them.
fn scores(subject: &Subject) -> BTreeMap<Entity, Score> {
    let applications = subject.applications.iter().map(|application| application.entity.clone());
    let clusters =
        subject.clusters.iter().map(|cluster| Entity { kind: EntityKind::Cluster, name: cluster.name.clone() });
    let files = subject.files.iter().map(|file| Entity { kind: EntityKind::Repository, name: file.repository.clone() });
    let repositories = subject.repositories.iter();
    let repositories =
        repositories.map(|repository| Entity { kind: EntityKind::Repository, name: repository.name.clone() });
    applications.chain(clusters).chain(files).chain(repositories).map(|entity| (entity, Score::default())).collect()
}

fn problems(standards: &Standards, organisation: &Organisation, used: &[bool], today: Date) -> Vec<WaiverProblem> {
    let mut problems = Vec::new();
    for (waiver, used) in organisation.waivers.iter().zip(used) {
        let id = &waiver.standard;
        let until = waiver.accepted.until;
        let mut add = |kind, message| problems.push(WaiverProblem { kind, message, place: waiver.place() });
        if until < today {
            let message = format!("the waiver of {id} ended on {until}: mend what it waived, or agree on a new end");
            add(WaiverProblemKind::Expired, message);
        } else if standards.get(id).is_none() {
            add(WaiverProblemKind::UnknownStandard, format!("there is no standard {id} to waive"));
        } else if !used {
            add(WaiverProblemKind::Unused, format!("nothing violates {id} here: the waiver can go"));
        }
    }
    problems
}
