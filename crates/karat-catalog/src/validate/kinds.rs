//! What each kind asks for: the schemas of `@backstage/catalog-model` and of the scaffolder, as tables.

use serde_json::Value;

use super::shape::Shape;
use crate::entity::Entity;

const LINK: Shape = Shape::object(
    &["url"],
    &[("url", Shape::TEXT), ("title", Shape::TEXT), ("icon", Shape::TEXT), ("type", Shape::TEXT)],
);

const METADATA: Shape = Shape::object(
    &["name"],
    &[
        ("uid", Shape::TEXT),
        ("etag", Shape::TEXT),
        ("name", Shape::TEXT),
        ("namespace", Shape::TEXT),
        ("title", Shape::TEXT),
        ("description", Shape::EMPTY),
        ("labels", Shape::Texts),
        ("annotations", Shape::Texts),
        ("tags", Shape::LIST),
        ("links", Shape::List { least: 0, items: &LINK }),
    ],
);

const REFERENCE: Shape = Shape::Object {
    required: &["kind", "namespace", "name"],
    closed: true,
    fields: &[("kind", Shape::TEXT), ("namespace", Shape::TEXT), ("name", Shape::TEXT)],
};

const RELATION: Shape = Shape::Object {
    required: &["type", "targetRef"],
    closed: true,
    fields: &[("type", Shape::Word), ("target", REFERENCE), ("targetRef", Shape::TEXT)],
};

const STATUS: Shape = Shape::object(
    &["type", "level", "message"],
    &[
        ("type", Shape::TEXT),
        ("level", Shape::OneText(&["info", "warning", "error"])),
        ("message", Shape::EMPTY),
        (
            "error",
            Shape::object(
                &["name", "message"],
                &[("name", Shape::TEXT), ("message", Shape::EMPTY), ("code", Shape::EMPTY), ("stack", Shape::EMPTY)],
            ),
        ),
    ],
);

/// What all kinds share.
pub(super) const ENTITY: Shape = Shape::Object {
    required: &["apiVersion", "kind", "metadata"],
    closed: true,
    fields: &[
        ("apiVersion", Shape::TEXT),
        ("kind", Shape::TEXT),
        ("metadata", METADATA),
        ("spec", Shape::MAP),
        ("relations", Shape::List { least: 0, items: &RELATION }),
        ("status", Shape::object(&[], &[("items", Shape::List { least: 0, items: &STATUS })])),
    ],
};

/// A kind in one of its versions.
#[derive(Debug)]
struct Schema {
    kind: &'static str,
    versions: &'static [&'static str],
    /// Only for this `spec.type`.
    of: Option<&'static str>,
    spec: Shape,
}

const CORE: &[&str] = &["backstage.io/v1alpha1", "backstage.io/v1beta1"];
const ALPHA: &[&str] = &["backstage.io/v1alpha1"];

const PROFILE: Shape =
    Shape::object(&[], &[("displayName", Shape::TEXT), ("email", Shape::TEXT), ("picture", Shape::TEXT)]);
const ENDPOINT: Shape = Shape::object(&["type", "url"], &[("type", Shape::TEXT), ("url", Shape::TEXT)]);
const RESOURCE: [(&str, Shape); 4] =
    [("type", Shape::TEXT), ("lifecycle", Shape::TEXT), ("owner", Shape::TEXT), ("system", Shape::TEXT)];

const PERMISSIONS: (&str, Shape) =
    ("backstage:permissions", Shape::object(&[], &[("tags", Shape::List { least: 0, items: &Shape::EMPTY })]));
const DECORATORS: Shape =
    Shape::List { least: 0, items: &Shape::object(&[], &[("id", Shape::EMPTY), ("input", Shape::MAP)]) };

const SCHEMAS: &[Schema] = &[
    Schema {
        kind: "API",
        versions: CORE,
        of: Some("mcp-server"),
        spec: Shape::object(
            &["type", "lifecycle", "owner", "remotes"],
            &[
                ("type", Shape::Constant("mcp-server")),
                RESOURCE[1],
                RESOURCE[2],
                RESOURCE[3],
                ("remotes", Shape::List { least: 1, items: &ENDPOINT }),
            ],
        ),
    },
    Schema {
        kind: "API",
        versions: CORE,
        of: None,
        spec: Shape::object(
            &["type", "lifecycle", "owner", "definition"],
            &[RESOURCE[0], RESOURCE[1], RESOURCE[2], RESOURCE[3], ("definition", Shape::TEXT)],
        ),
    },
    Schema {
        kind: "Component",
        versions: CORE,
        of: None,
        spec: Shape::object(
            &["type", "lifecycle", "owner"],
            &[
                RESOURCE[0],
                RESOURCE[1],
                RESOURCE[2],
                RESOURCE[3],
                ("subcomponentOf", Shape::TEXT),
                ("providesApis", Shape::LIST),
                ("consumesApis", Shape::LIST),
                ("dependsOn", Shape::LIST),
            ],
        ),
    },
    Schema {
        kind: "Resource",
        versions: CORE,
        of: None,
        spec: Shape::object(
            &["type", "owner"],
            &[("type", Shape::TEXT), ("owner", Shape::TEXT), ("dependsOn", Shape::LIST), ("system", Shape::TEXT)],
        ),
    },
    Schema {
        kind: "System",
        versions: CORE,
        of: None,
        spec: Shape::object(&["owner"], &[("owner", Shape::TEXT), ("domain", Shape::TEXT), ("type", Shape::TEXT)]),
    },
    Schema {
        kind: "Domain",
        versions: CORE,
        of: None,
        spec: Shape::object(&["owner"], &[("owner", Shape::TEXT), ("subdomainOf", Shape::TEXT), ("type", Shape::TEXT)]),
    },
    Schema {
        kind: "Group",
        versions: CORE,
        of: None,
        spec: Shape::object(
            &["type", "children"],
            &[
                ("type", Shape::TEXT),
                ("profile", PROFILE),
                ("parent", Shape::TEXT),
                ("children", Shape::LIST),
                ("members", Shape::LIST),
            ],
        ),
    },
    Schema {
        kind: "User",
        versions: CORE,
        of: None,
        spec: Shape::object(&["memberOf"], &[("profile", PROFILE), ("memberOf", Shape::LIST)]),
    },
    Schema {
        kind: "Location",
        versions: CORE,
        of: None,
        spec: Shape::object(
            &[],
            &[
                ("type", Shape::TEXT),
                ("target", Shape::TEXT),
                ("targets", Shape::LIST),
                ("presence", Shape::Both(&[Shape::EMPTY, Shape::OneText(&["required", "optional"])])),
            ],
        ),
    },
    Schema {
        kind: "AiResource",
        versions: ALPHA,
        of: Some("skill"),
        spec: Shape::object(
            &["type", "lifecycle", "owner"],
            &[
                RESOURCE[0],
                RESOURCE[1],
                RESOURCE[2],
                RESOURCE[3],
                ("disciplines", Shape::LIST),
                ("categories", Shape::LIST),
                ("agents", Shape::LIST),
                ("dependsOn", Shape::LIST),
                ("allowedTools", Shape::TEXT),
                ("license", Shape::TEXT),
                ("compatibility", Shape::Text { least: 1, most: 500 }),
            ],
        ),
    },
    Schema {
        kind: "AiResource",
        versions: ALPHA,
        of: Some("rule"),
        spec: Shape::object(
            &["type", "lifecycle", "owner", "category", "rationale"],
            &[
                RESOURCE[0],
                RESOURCE[1],
                RESOURCE[2],
                RESOURCE[3],
                ("disciplines", Shape::LIST),
                ("category", Shape::TEXT),
                ("rationale", Shape::TEXT),
            ],
        ),
    },
    Schema {
        kind: "AiResource",
        versions: ALPHA,
        of: Some("plugin"),
        spec: Shape::object(
            &["type", "lifecycle", "owner", "skills"],
            &[RESOURCE[0], RESOURCE[1], RESOURCE[2], RESOURCE[3], ("skills", Shape::LIST), ("version", Shape::TEXT)],
        ),
    },
    Schema {
        kind: "AiResource",
        versions: ALPHA,
        of: Some("marketplace"),
        spec: Shape::object(
            &["type", "lifecycle", "owner", "plugins"],
            &[RESOURCE[0], RESOURCE[1], RESOURCE[2], RESOURCE[3], ("plugins", Shape::LIST), ("version", Shape::TEXT)],
        ),
    },
    Schema {
        kind: "AiResource",
        versions: ALPHA,
        of: None,
        spec: Shape::object(&["type", "lifecycle", "owner"], &RESOURCE),
    },
    Schema {
        kind: "Template",
        versions: &["scaffolder.backstage.io/v1beta3"],
        of: None,
        spec: Shape::object(
            &["type", "steps"],
            &[
                RESOURCE[0],
                RESOURCE[2],
                RESOURCE[1],
                (
                    "parameters",
                    Shape::OneOf(&[
                        Shape::object(&[], &[PERMISSIONS]),
                        Shape::List {
                            least: 0,
                            items: &Shape::object(&[], &[("when", Shape::TextOrFlag), PERMISSIONS]),
                        },
                    ]),
                ),
                ("secrets", Shape::object(&[], &[("schema", Shape::MAP)])),
                (
                    "presentation",
                    Shape::object(
                        &[],
                        &[(
                            "buttonLabels",
                            Shape::object(
                                &[],
                                &[
                                    ("backButtonText", Shape::EMPTY),
                                    ("createButtonText", Shape::EMPTY),
                                    ("reviewButtonText", Shape::EMPTY),
                                ],
                            ),
                        )],
                    ),
                ),
                ("EXPERIMENTAL_recovery", Shape::object(&[], &[("EXPERIMENTAL_strategy", Shape::EMPTY)])),
                ("formDecorators", DECORATORS),
                ("EXPERIMENTAL_formDecorators", DECORATORS),
                (
                    "steps",
                    Shape::List {
                        least: 0,
                        items: &Shape::object(
                            &["action"],
                            &[
                                ("id", Shape::EMPTY),
                                ("name", Shape::EMPTY),
                                ("action", Shape::EMPTY),
                                ("input", Shape::MAP),
                                ("if", Shape::TextOrFlag),
                                PERMISSIONS,
                            ],
                        ),
                    },
                ),
                ("output", OUTPUT),
            ],
        ),
    },
];

const OUTPUT: Shape = Shape::Open {
    fields: &[
        (
            "links",
            Shape::List {
                least: 0,
                items: &Shape::object(
                    &[],
                    &[
                        ("if", Shape::TextOrFlag),
                        ("url", Shape::TEXT),
                        ("entityRef", Shape::TEXT),
                        ("title", Shape::TEXT),
                        ("icon", Shape::TEXT),
                    ],
                ),
            },
        ),
        (
            "text",
            Shape::List {
                least: 0,
                items: &Shape::object(
                    &[],
                    &[
                        ("if", Shape::TextOrFlag),
                        ("title", Shape::TEXT),
                        ("icon", Shape::TEXT),
                        ("content", Shape::EMPTY),
                    ],
                ),
            },
        ),
    ],
};

/// The kinds that are known, each once.
pub fn known_kinds() -> Vec<&'static str> {
    let mut kinds: Vec<&str> = SCHEMAS.iter().map(|schema| schema.kind).collect();
    kinds.push("Environment");
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

/// Holds an entity to the schema of its kind. `Ok(false)`: the kind, or its version, is not known.
///
/// # Errors
/// Backstage's sentence about the first fault.
pub fn kind_schema(entity: &Entity) -> Result<bool, String> {
    let kind = entity.text(&["spec", "type"]);
    let known = |schema: &&Schema| schema.kind == entity.kind() && schema.versions.contains(&entity.api_version());
    let Some(schema) = SCHEMAS.iter().filter(known).find(|schema| schema.of.is_none() || schema.of == kind) else {
        return Ok(false);
    };
    let mut faults = Vec::new();
    match entity.get("spec") {
        Some(spec) => schema.spec.check(spec, "/spec", &mut faults),
        None => Shape::object(&["spec"], &[]).check(&Value::Object(entity.as_map().clone()), "", &mut faults),
    }
    faults.first().map_or(Ok(true), |fault| Err(fault.with_parameters()))
}
