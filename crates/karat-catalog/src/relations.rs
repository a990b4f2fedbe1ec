//! What entities say of each other: which fields make which relations, in both directions.

use serde_json::Value;

use crate::entity::Entity;
use crate::refs::{DEFAULT_NAMESPACE, Defaults, EntityRef, RefError};

/// One relation, from one side.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Relation {
    /// Whose relation it is.
    pub source: EntityRef,
    /// Its type, such as `ownedBy`.
    pub kind: &'static str,
    /// Whom it leads to, whether there is such an entity or not.
    pub target: EntityRef,
}

/// A field of `spec` that refers to others.
#[derive(Clone, Copy, Debug)]
struct Field {
    name: &'static str,
    there: &'static str,
    back: &'static str,
    /// The kind of a reference that names none.
    kind: Option<&'static str>,
    /// The kinds that count; any, if there are none.
    only: &'static [&'static str],
}

const fn field(name: &'static str, there: &'static str, back: &'static str, kind: Option<&'static str>) -> Field {
    Field { name, there, back, kind, only: &[] }
}

const OWNER: Field = field("owner", "ownedBy", "ownerOf", Some("Group"));
const SYSTEM: Field = field("system", "partOf", "hasPart", Some("System"));
const DEPENDS_ON: Field = field("dependsOn", "dependsOn", "dependencyOf", None);
const DEPENDENCY_OF: Field = field("dependencyOf", "dependencyOf", "dependsOn", None);

const AI: &[&str] = &["airesource"];
const AI_OWNER: Field = Field { only: &["group", "user"], ..OWNER };
const AI_SYSTEM: Field = Field { only: &["system"], ..SYSTEM };
const AI_PART: Field = field("", "hasPart", "partOf", Some("AiResource"));

/// The fields of a kind, in the order that Backstage goes through them.
fn fields(entity: &Entity) -> &'static [Field] {
    match (entity.kind(), entity.text(&["spec", "type"])) {
        ("Component", _) => {
            const {
                &[
                    OWNER,
                    field("subcomponentOf", "partOf", "hasPart", Some("Component")),
                    field("providesApis", "providesApi", "apiProvidedBy", Some("API")),
                    field("consumesApis", "consumesApi", "apiConsumedBy", Some("API")),
                    DEPENDS_ON,
                    DEPENDENCY_OF,
                    SYSTEM,
                ]
            }
        }
        ("API", _) => const { &[OWNER, SYSTEM] },
        ("Resource", _) => const { &[OWNER, DEPENDS_ON, DEPENDENCY_OF, SYSTEM] },
        ("User", _) => const { &[field("memberOf", "memberOf", "hasMember", Some("Group"))] },
        ("Group", _) => {
            const {
                &[
                    field("parent", "childOf", "parentOf", Some("Group")),
                    field("children", "parentOf", "childOf", Some("Group")),
                    field("members", "hasMember", "memberOf", Some("User")),
                ]
            }
        }
        ("System", _) => const { &[OWNER, field("domain", "partOf", "hasPart", Some("Domain"))] },
        ("Domain", _) => const { &[OWNER, field("subdomainOf", "partOf", "hasPart", Some("Domain"))] },
        ("Template" | "Environment", _) => const { &[OWNER] },
        ("AiResource", Some("skill")) => {
            &[AI_OWNER, AI_SYSTEM, Field { only: AI, kind: Some("AiResource"), ..DEPENDS_ON }]
        }
        ("AiResource", Some("plugin")) => {
            const { &[AI_OWNER, AI_SYSTEM, Field { name: "skills", only: AI, ..AI_PART }] }
        }
        ("AiResource", Some("marketplace")) => {
            const { &[AI_OWNER, AI_SYSTEM, Field { name: "plugins", only: AI, ..AI_PART }] }
        }
        ("AiResource", _) => const { &[AI_OWNER, AI_SYSTEM] },
        _ => &[],
    }
}

/// The lists of references that are sorted before anything else, since their order says nothing.
pub(crate) const SORTED: [&str; 7] =
    ["providesApis", "consumesApis", "dependsOn", "dependencyOf", "memberOf", "children", "members"];

/// One field, or one item of it, that refers to another entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The field of `spec`.
    pub field: &'static str,
    /// Which item, if the field is a list.
    pub index: Option<usize>,
    /// The relation that it makes.
    pub relation: &'static str,
    /// The relation that it makes the other way.
    pub reverse: &'static str,
    /// Whom it means.
    pub target: EntityRef,
}

/// A reference that cannot be read, and the field it is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The field of `spec`.
    pub field: &'static str,
    /// Why.
    pub error: RefError,
}

/// Whom an entity refers to, in the order of its fields.
///
/// # Errors
/// The first that cannot be read.
pub fn references(entity: &Entity) -> Result<Vec<Reference>, Unreadable> {
    let mut found = Vec::new();
    for field in fields(entity) {
        let targets: Vec<(Option<usize>, &Value)> = match entity.at(&["spec", field.name]) {
            Some(Value::Array(items)) => items.iter().enumerate().map(|(index, item)| (Some(index), item)).collect(),
            Some(value) if is_truthy(value) => vec![(None, value)],
            _ => Vec::new(),
        };
        let defaults = Defaults { kind: field.kind, namespace: Some(entity.namespace()) };
        for (index, target) in targets {
            let target = parse(target, defaults).map_err(|error| Unreadable { field: field.name, error })?;
            if field.only.is_empty() || field.only.contains(&target.kind()) {
                found.push(Reference { field: field.name, index, relation: field.there, reverse: field.back, target });
            }
        }
    }
    Ok(found)
}

/// The relations that an entity makes, its own and those of its targets.
pub(crate) fn relations(entity: &Entity) -> Result<Vec<Relation>, Unreadable> {
    let own = entity.reference();
    let both = |reference: Reference| {
        [
            Relation { source: own.clone(), kind: reference.relation, target: reference.target.clone() },
            Relation { source: reference.target, kind: reference.reverse, target: own.clone() },
        ]
    };
    Ok(references(entity)?.into_iter().flat_map(both).collect())
}

/// A reference as a text, or in its parts.
fn parse(value: &Value, defaults: Defaults<'_>) -> Result<EntityRef, RefError> {
    if let Some(text) = value.as_str() {
        return EntityRef::parse(text, defaults);
    }
    let part = |key: &str| value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    match (part("kind").or(defaults.kind), part("name")) {
        (None, _) => Err(RefError::Kind(value.clone())),
        (_, None) => Err(RefError::Name(value.clone())),
        (Some(kind), Some(name)) => {
            let namespace = part("namespace").or(defaults.namespace).unwrap_or(DEFAULT_NAMESPACE);
            Ok(EntityRef::new(kind, namespace, name))
        }
    }
}

fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}
