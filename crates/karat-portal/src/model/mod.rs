//! The organisation compiled: what runs, what was found, who owns what. A page is a function of this and of its URL.

mod changes;
mod docs;
mod entities;
mod levels;
mod live;
mod owners;
mod search;

use std::sync::Arc;

use jiff::civil::Date;
use karat_catalog::EntityRef;
use karat_diag::Diagnostic;
use karat_fleet::Cache;
use karat_ingest::Sources;
use karat_source::World;
use karat_standards::{Entity, EntityKind, Finding, Level, Score};
use karat_verdict::{Files, Verdict, verdict};
use karat_yaml::Value;

pub use changes::Changes;
pub use docs::{DocSite, Docs};
pub use entities::Entities;
pub use levels::Grade;
pub use live::{Clock, Models, Snapshot};
pub use owners::{Owners, Team};
pub use search::{Hit, search};

/// An organisation, as it was read at one moment.
pub struct Model {
    /// Its name.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// The day that decided which waivers hold.
    pub today: Date,
    /// Its files. Paths are shown from its root.
    pub files: Files,
    /// What they come to.
    pub verdict: Verdict,
    /// Who owns what.
    pub owners: Owners,
    /// Its documentation.
    pub docs: Docs,
    /// What its catalog is read from.
    pub sources: Sources,
}

/// Something that has karats.
#[derive(Clone, Copy, Debug)]
pub struct Scored<'m> {
    /// What it is.
    pub entity: &'m Entity,
    /// Its karats, and what cost the others.
    pub score: &'m Score,
    /// The team that owns it; empty if nobody says.
    pub team: &'m str,
}

impl Model {
    /// Reads, renders and judges the organisation of `world`.
    ///
    /// # Errors
    /// What is wrong with its own file or a standard of its own.
    pub fn read(world: &Arc<dyn World>, cache: &Cache, today: Date) -> Result<Self, Vec<Diagnostic>> {
        let files = Files::new(Arc::clone(world), ".");
        let verdict = verdict(&files, cache, today, &|_| {})?;
        let organisation = &verdict.fleet.organisation;
        let owners = Owners::of(&verdict);
        let docs = Docs::of(&verdict, world);
        let sources = entities::sources(&verdict);
        let title = organisation.file.value.at(["spec", "title"]).and_then(Value::as_str).unwrap_or_default();
        let name = organisation.name.to_string();
        let title = if title.is_empty() { name.clone() } else { title.to_owned() };
        Ok(Self { name, title, today, files, verdict, owners, docs, sources })
    }

    /// Everything that has karats, services first.
    pub fn scored(&self) -> impl Iterator<Item = Scored<'_>> {
        let scores = self.verdict.report.scores.iter();
        scores.map(|(entity, score)| Scored { entity, score, team: self.owners.team(entity) })
    }

    /// What was found about something, with its diagnostic: musts first, waived ones last.
    pub fn findings<'m>(&'m self, entity: &'m Entity) -> Vec<(&'m Finding, &'m Diagnostic)> {
        self.all_findings(move |finding| finding.affected.entities.contains(entity))
    }

    /// What was found that is so.
    pub fn all_findings(&self, is: impl Fn(&Finding) -> bool) -> Vec<(&Finding, &Diagnostic)> {
        let pairs = self.verdict.report.findings.iter().zip(&self.verdict.findings);
        let mut found: Vec<_> = pairs.filter(|(finding, _)| is(finding)).collect();
        found.sort_by_key(|(finding, _)| (finding.waiver.is_some(), std::cmp::Reverse(finding.level)));
        found
    }

    /// The repository that a file of the organisation belongs to, and whether it holds that file. What is in no repository (the
    /// portal's own data, git's) is nobody's to read.
    pub fn holds(&self, file: &str) -> bool {
        self.verdict.subject.repositories.iter().any(|repository| {
            let within = if repository.folder.is_empty() {
                Some(file)
            } else {
                file.strip_prefix(repository.folder.as_str()).and_then(|rest| rest.strip_prefix('/'))
            };
            within.is_some_and(|path| repository.facts.files.binary_search_by(|known| known.as_str().cmp(path)).is_ok())
        })
    }

    /// The thing of a kind, by its word, and a name.
    pub fn entity(&self, kind: &str, name: &str) -> Option<Scored<'_>> {
        self.scored().find(|scored| scored.entity.kind.word() == kind && scored.entity.name == name)
    }
}

impl Scored<'_> {
    /// How many standards that must be met are not.
    pub fn musts(&self, model: &Model) -> usize {
        let standards = &model.verdict.standards;
        let is_must = |id: &&ecow::EcoString| standards.get(id).is_some_and(|standard| standard.level == Level::Must);
        self.score.unmet.keys().filter(is_must).count()
    }
}

/// What has the karats of an entity of the catalog: a component's service, or else its repository; a group's tenant.
pub fn scored_of<'m>(model: &'m Model, reference: &EntityRef) -> Option<Scored<'m>> {
    let kinds: &[&str] = match reference.kind() {
        "component" => &["service", "repository"],
        "group" => &["tenant"],
        _ => return None,
    };
    kinds.iter().find_map(|kind| model.entity(kind, reference.name()))
}

/// The kinds of things that have karats, as they are listed.
pub const KINDS: [EntityKind; 5] =
    [EntityKind::Service, EntityKind::Tenant, EntityKind::Addon, EntityKind::Cluster, EntityKind::Repository];
