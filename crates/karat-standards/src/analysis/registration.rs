//! Whether a service is known everywhere where it must be.

use std::collections::BTreeSet;

use ecow::EcoString;
use karat_kube::Path;

use super::{Analysis, Found};
use crate::judge::{Anchor, View};
use crate::{Application, EntityKind, Repository, Scope, State, Subject};

/// A repository of a service is registered with the catalog, with config and with a tenant.
pub(super) static SERVICE_IS_REGISTERED: Analysis = Analysis {
    name: "service-is-registered",
    scope: Scope::Config,
    kinds: &[],
    about: "a repository that holds a chart has a catalog entry whose owner is a group of the catalog, Applications made by an \
            ApplicationSet, and on each of its clusters a tenant's namespace with a secret store",
    run,
};

fn run(view: &View<'_>) -> Vec<Found> {
    let subject = view.subject();
    let groups: BTreeSet<&str> = subject
        .repositories
        .iter()
        .flat_map(|repository| &repository.facts.entities)
        .filter(|entity| entity.kind == "Group")
        .map(|entity| entity.name.value.as_str())
        .collect();
    let there = There::of(subject);
    let mut found = Vec::new();
    for (at, repository) in subject.repositories.iter().enumerate() {
        if repository.role == "app" && repository.facts.has("chart/Chart.yaml") {
            Check { subject, repository, at, groups: &groups, there: &there, found: &mut found }.run();
        }
    }
    found
}

/// What services need around them, as it is there.
struct There<'s> {
    /// Namespaces of tenants, by cluster.
    namespaces: BTreeSet<(usize, &'s str)>,
    /// Namespaces with a secret store, by cluster.
    stores: BTreeSet<(usize, &'s str)>,
    /// Whether something could not be rendered, which may hold what is missing.
    failed: bool,
}

impl<'s> There<'s> {
    fn of(subject: &'s Subject) -> Self {
        let failed = subject.applications.iter().any(|application| application.state == State::Failed);
        let mut there = Self { namespaces: BTreeSet::new(), stores: BTreeSet::new(), failed };
        for object in subject.objects.iter().filter(|object| !object.own) {
            let (identity, application) = (&object.identity, subject.application(object));
            match identity.kind.as_str() {
                "Namespace" if application.entity.kind == EntityKind::Tenant => {
                    there.namespaces.insert((application.cluster, &identity.name));
                }
                "SecretStore" => {
                    there.stores.insert((application.cluster, &identity.namespace));
                }
                _ => {}
            }
        }
        there
    }
}

struct Check<'c, 's> {
    subject: &'s Subject,
    repository: &'s Repository,
    at: usize,
    groups: &'c BTreeSet<&'s str>,
    there: &'c There<'s>,
    found: &'c mut Vec<Found>,
}

impl Check<'_, '_> {
    fn run(&mut self) {
        let name = &self.repository.name;
        let entities = &self.repository.facts.entities;
        let component = entities.iter().find(|entity| entity.kind == "Component" && entity.name.value == *name);
        let Some(component) = component else {
            let place = karat_repository::Place::whole("chart/Chart.yaml");
            self.tell(&place, format!("service `{name}` has no entry in the catalog (catalog-info.yaml)"));
            return;
        };
        let place = &component.name.place;
        match &component.owner {
            None => self.tell(place, format!("service `{name}` names no owner")),
            Some(owner) if !self.groups.contains(component.owner_name()) => {
                self.tell(
                    &owner.place,
                    format!("the owner of `{name}`, `{}`, is no group of the catalog", owner.value),
                );
            }
            Some(_) => {}
        }
        let applications: Vec<&Application> = self
            .subject
            .applications
            .iter()
            .filter(|application| application.entity.kind == EntityKind::Service && application.entity.name == *name)
            .collect();
        if applications.is_empty() {
            self.tell(place, format!("no ApplicationSet makes an Application of service `{name}`"));
        }
        let mut told = BTreeSet::new();
        for application in applications {
            for message in self.missing(application) {
                if told.insert(message.clone()) {
                    self.tell(place, message);
                }
            }
        }
    }

    /// What an Application needs around it on its cluster, and has not.
    fn missing(&self, application: &Application) -> Vec<String> {
        let namespace = &application.namespace;
        let cluster = &self.subject.clusters[application.cluster].name;
        if self.there.failed {
            return Vec::new();
        }
        let place = (application.cluster, namespace.as_str());
        let (has_namespace, has_store) = (self.there.namespaces.contains(&place), self.there.stores.contains(&place));
        let name = &application.entity.name;
        [
            (has_namespace, format!("no tenant has the namespace `{namespace}` of service `{name}` on `{cluster}`")),
            (has_store, format!("namespace `{namespace}` of service `{name}` has no secret store on `{cluster}`")),
        ]
        .into_iter()
        .filter(|(is_there, _)| !is_there)
        .map(|(_, message)| message)
        .collect()
    }

    fn tell(&mut self, place: &karat_repository::Place, message: String) {
        let place = Some(self.repository.place(place));
        self.found.push(Found { on: Some(Anchor::Repository(self.at)), path: Path::root(), message, place });
    }
}

/// The names of clusters that serve production.
pub(super) fn production_clusters(view: &View<'_>) -> BTreeSet<EcoString> {
    let environments = view.organisation().texts("delivery.productionEnvironments");
    let clusters = view.subject().clusters.iter();
    clusters
        .filter(|cluster| environments.contains(&cluster.environment.as_str()))
        .map(|cluster| cluster.name.clone())
        .collect()
}
