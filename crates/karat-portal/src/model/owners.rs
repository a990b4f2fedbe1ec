//! Who owns what, by what the organisation's files say: the label of an Application, the catalog entry of a repository.

use std::collections::BTreeMap;

use karat_standards::{Entity, EntityKind};
use karat_verdict::Verdict;
use karat_yaml::Value;

/// A team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    /// Its name: a group of the catalog.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// `product` or `platform`.
    pub kind: String,
}

/// Who owns what.
#[derive(Clone, Debug, Default)]
pub struct Owners {
    /// The teams of the organisation, by name.
    pub teams: Vec<Team>,
    of: BTreeMap<Entity, String>,
    files: Vec<(String, String)>,
}

impl Owners {
    /// Reads them.
    pub fn of(verdict: &Verdict) -> Self {
        let mut owners = Self { teams: teams(verdict), ..Self::default() };
        owners.repositories(verdict);
        owners.applications(verdict);
        let rest: Vec<Entity> =
            verdict.report.scores.keys().filter(|entity| !owners.of.contains_key(entity)).cloned().collect();
        for entity in rest {
            // A cluster is described by a file of the config repository, whose owner answers for it.
            let file = match entity.kind {
                EntityKind::Cluster => verdict.fleet.organisation.clusters.iter().find(|one| one.name == entity.name),
                _ => None,
            };
            let owner = file.map(|cluster| owners.of_file(&cluster.file).to_owned()).filter(|owner| !owner.is_empty());
            if let Some(owner) = owner {
                owners.of.insert(entity, owner);
            }
        }
        owners
    }

    /// The team that owns something; empty if nobody says.
    pub fn team(&self, entity: &Entity) -> &str {
        self.of.get(entity).map_or("", String::as_str)
    }

    /// What people call a team.
    pub fn title<'o>(&'o self, name: &'o str) -> &'o str {
        self.teams.iter().find(|team| team.name == name).map_or(name, |team| team.title.as_str())
    }

    /// The team that owns the repository that a file is in; empty if nobody says.
    pub fn of_file(&self, file: &str) -> &str {
        let within = |folder: &str| file.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
        let found = self.files.iter().find(|(folder, _)| within(folder));
        found.map_or("", |(_, team)| team.as_str())
    }

    fn repositories(&mut self, verdict: &Verdict) {
        for repository in &verdict.subject.repositories {
            let entities = &repository.facts.entities;
            let named =
                entities.iter().find(|entity| entity.kind == "Component" && entity.name.value == repository.name);
            let owner = named.or_else(|| entities.iter().find(|entity| entity.owner.is_some()));
            let Some(owner) = owner.map(karat_repository::Entity::owner_name).filter(|owner| !owner.is_empty()) else {
                continue;
            };
            let entity = Entity { kind: EntityKind::Repository, name: repository.name.clone() };
            self.of.insert(entity, owner.to_owned());
            self.files.push((repository.folder.to_string(), owner.to_owned()));
        }
    }

    fn applications(&mut self, verdict: &Verdict) {
        let label = verdict.decided.setting("platform.ownerLabel").and_then(Value::as_str).unwrap_or("karat.dev/owner");
        for application in &verdict.subject.applications {
            let Some(found) = verdict.fleet.application(&application.name) else { continue };
            let labelled = found.object.at(["metadata", "labels", label]).and_then(Value::as_str).unwrap_or_default();
            // A tenant is a team's; its Application is the platform's.
            let is_team = self.teams.iter().any(|team| team.name == application.entity.name);
            let owner = match application.entity.kind {
                EntityKind::Tenant if is_team => application.entity.name.as_str(),
                EntityKind::Repository => continue,
                _ => labelled,
            };
            if !owner.is_empty() {
                self.of.entry(application.entity.clone()).or_insert_with(|| owner.to_owned());
            }
        }
    }
}

fn teams(verdict: &Verdict) -> Vec<Team> {
    let organisation = &verdict.fleet.organisation;
    let files = std::iter::once(&organisation.file).chain(&organisation.parts);
    let lists = files.filter_map(|file| file.value.at(["spec", "teams"]).and_then(Value::as_seq));
    let mut teams: Vec<Team> = lists
        .flatten()
        .filter_map(|team| {
            let text = |key: &str| team.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            let (name, title) = (text("name"), text("title"));
            let title = if title.is_empty() { name.clone() } else { title };
            (!name.is_empty()).then(|| Team { name, title, kind: text("kind") })
        })
        .collect();
    teams.sort_by(|a, b| a.name.cmp(&b.name));
    teams
}
