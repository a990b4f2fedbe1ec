//! What a repository adds to the catalog, as far as standards look at it: who refers to whom, and where. The entities themselves are
//! read one after the other and not kept: of a large catalog the portal holds them already.

use std::collections::BTreeMap;
use std::sync::Arc;

use karat_catalog::{Descriptor, Entity, EntityRef, LocationRef, Met, Place, Problem, WorldFiles, references, walk};
use karat_source::{Below, World};
use karat_yaml::Step;
use rustc_hash::FxHashSet;

/// The catalog of one repository: what its `catalog-info.yaml` and its templates lead to.
#[derive(Debug, Default)]
pub struct Catalog {
    /// What is wrong with what is there, by place.
    pub problems: Vec<Problem>,
    /// What is there.
    pub entities: BTreeMap<EntityRef, Entry>,
}

/// One entity.
#[derive(Debug, Default)]
pub struct Entry {
    file: Arc<str>,
    /// Whom it refers to; an owner only where its kind has one.
    references: Box<[Reference]>,
    /// The fields of `spec` that an entity of its kind says and this one does not.
    lacks: Box<[(&'static str, Spot)]>,
    /// Why its definition is none.
    undefined: Option<Box<(String, Spot)>>,
}

/// A line and a column.
type Spot = (u32, u32);

#[derive(Debug)]
struct Reference {
    field: &'static str,
    target: EntityRef,
    spot: Spot,
}

impl Catalog {
    /// Reads the catalog of the repository in `folder`. Its golden paths are in it too; what is in their skeletons is not yet there.
    pub(crate) fn read(world: &dyn World, folder: &str, facts: &karat_repository::Repository) -> Self {
        let own = ["catalog-info.yaml", "catalog-info.yml"].into_iter().filter(|file| facts.has(file));
        let templates = facts.templates.iter().map(|template| template.file.as_str());
        let files: Vec<LocationRef> = own.chain(templates).map(|file| LocationRef::new("file", file)).collect();
        let (mut entities, mut names) = (BTreeMap::new(), Names::default());
        let problems = walk(&WorldFiles(&Below::new(world, folder)), &files, &mut |met| {
            entities.insert(names.one(met.reference.clone()), Entry::of(&met, &mut names));
        });
        Self { problems, entities }
    }
}

impl Entry {
    fn of(met: &Met<'_>, names: &mut Names) -> Self {
        let Some(descriptor) = met.descriptor else { return Self::default() };
        let Ok(entity) = &descriptor.content else { return Self::default() };
        let spot = |path: &[Step<'_>]| {
            let place = descriptor.place(path.iter().copied());
            (place.line, place.column)
        };
        let mut found = references(entity).unwrap_or_default();
        found.retain(|one| one.field != "owner" || is_owned(entity));
        let has_owner = found.iter().any(|one| one.field == "owner");
        let references = found.into_iter().map(|one| {
            let path = [Some(Step::Key("spec")), Some(one.field.into()), one.index.map(Step::Index)];
            let path: Vec<Step<'_>> = path.into_iter().flatten().collect();
            Reference { field: one.field, target: names.one(one.target), spot: spot(&path) }
        });
        let undefined = undefined(met.reference, met.entity)
            .map(|message| Box::new((message, spot(&["spec".into(), "definition".into()]))));
        Self {
            file: descriptor.file.clone(),
            references: references.collect(),
            lacks: lacking(entity, has_owner).map(|field| (field, field_spot(descriptor, entity, field))).collect(),
            undefined,
        }
    }

    /// Whom it refers to: the field of `spec`, who, and where it says so.
    pub fn references(&self) -> impl Iterator<Item = (&'static str, &EntityRef, Place)> {
        self.references.iter().map(|one| (one.field, &one.target, self.place(one.spot)))
    }

    /// The fields of `spec` that it does not say and should, with where they are or would be.
    pub fn lacks(&self) -> impl Iterator<Item = (&'static str, Place)> {
        self.lacks.iter().map(|(field, spot)| (*field, self.place(*spot)))
    }

    /// Why its definition is none, and where that is.
    pub fn undefined(&self) -> Option<(&str, Place)> {
        self.undefined.as_ref().map(|why| (why.0.as_str(), self.place(why.1)))
    }

    fn place(&self, (line, column): Spot) -> Place {
        Place { file: self.file.clone(), line, column }
    }
}

/// References, each once.
#[derive(Default)]
struct Names(FxHashSet<EntityRef>);

impl Names {
    fn one(&mut self, reference: EntityRef) -> EntityRef {
        if let Some(known) = self.0.get(&reference) {
            return known.clone();
        }
        self.0.insert(reference.clone());
        reference
    }
}

/// What an entity of its kind says of who answers for it and this one does not, by field.
fn lacking(entity: &Entity, has_owner: bool) -> impl Iterator<Item = &'static str> {
    let is_part = matches!(entity.kind(), "Component" | "API" | "Resource");
    let owner = (is_owned(entity) && !has_owner).then_some("owner");
    let others = ["system", "lifecycle"].into_iter();
    let others = others.filter(move |field| is_part && entity.text(&["spec", field]).is_none_or(str::is_empty));
    owner.into_iter().chain(others)
}

/// Whether somebody answers for entities of its kind.
fn is_owned(entity: &Entity) -> bool {
    matches!(entity.kind(), "Component" | "API" | "Resource" | "System" | "Domain" | "Template")
}

fn field_spot(descriptor: &Descriptor, entity: &Entity, field: &str) -> Spot {
    let place = match entity.at(&["spec", field]) {
        Some(_) => descriptor.place(["spec", field]),
        None => descriptor.place(["metadata", "name"]),
    };
    (place.line, place.column)
}

/// Why the definition of an API is none.
fn undefined(reference: &EntityRef, entity: &Entity) -> Option<String> {
    let (kind, keys): (&str, &[&str]) = match (entity.kind(), entity.text(&["spec", "type"])?) {
        ("API", "openapi") => ("OpenAPI", &["openapi", "swagger"]),
        ("API", "asyncapi") => ("AsyncAPI", &["asyncapi"]),
        _ => return None,
    };
    let text = entity.text(&["spec", "definition"])?;
    let parsed = karat_yaml::from_yaml(text.as_bytes(), karat_yaml::Dialect::Core12, karat_yaml::Numbers::Kept);
    let why = match parsed {
        Err(error) => error.message().to_owned(),
        Ok(value) if keys.iter().any(|key| value.get(key).is_some()) => return None,
        Ok(_) => format!("it has no `{}`", keys[0]),
    };
    Some(format!("the definition of `{reference}` is no {kind} document: {why}"))
}
