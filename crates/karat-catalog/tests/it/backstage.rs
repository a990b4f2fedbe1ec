//! Every question of `tests/backstage/` is answered as Backstage's own packages answer it.
//!
//! A file is JSON lines. The first holds what the others share (`op`, and for queries the `catalog`: a file of entities); each other
//! one is a case: the question, and the peer's answer: `out` (JSON), or `err` with its message. A case that we answer
//! differently on purpose says why in `differs`, and its answer must differ.

use std::path::{Path, PathBuf};

use karat_catalog::{
    Cursor, Entity, EntityRef, Fields, Index, List, Located, LocationRef, Page, Predicate, Processed, Query, Reader,
    Uid, facets_from_body, facets_from_params, filter_from_params, process, read, search_rows,
};
use karat_testkit::oracle::Answer;
use karat_testkit::{Goldens, Oracle};
use serde_json::{Map, Value, json};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/backstage")
}

fn files() -> Vec<PathBuf> {
    let entries = fs_err::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|ext| ext == "jsonl")).collect();
    files.sort();
    files
}

/// The entities that queries are asked of, each with its uid.
fn entities(shared: &Value) -> Vec<Entity> {
    let Some(name) = shared["catalog"].as_str() else { return Vec::new() };
    let text = fs_err::read(folder().join(name)).unwrap();
    let with_uid = |entity: Entity| {
        let uid = Uid::of(&entity.reference()).to_string();
        let mut value = entity.into_value();
        value["metadata"]["uid"] = uid.into();
        Entity::new(value).unwrap()
    };
    read(&text, name).into_iter().map(|descriptor| with_uid(descriptor.content.unwrap())).collect()
}

fn index(entities: &[Entity]) -> Index {
    let mut index = Index::new();
    for entity in entities {
        let reference = entity.reference();
        index.insert(&reference, Uid::of(&reference), &search_rows(entity).unwrap());
    }
    index
}

/// Where placeholders find their files.
struct Shelf<'c>(&'c Value);

impl Reader for Shelf<'_> {
    fn read(&self, location: &LocationRef) -> Result<Vec<u8>, String> {
        let target = &location.target;
        let text = self.0[target].as_str().ok_or_else(|| format!("Error: {target} is not here"))?;
        Ok(text.as_bytes().to_vec())
    }
}

type Answered = Result<Value, String>;

fn ours(op: &str, case: &Value, index: &Index) -> Answered {
    let text = |key: &str| case[key].as_str();
    match op {
        "ref" => {
            let defaults = karat_catalog::Defaults { kind: text("kind"), namespace: text("namespace") };
            let found = EntityRef::parse(text("text").unwrap(), defaults).map_err(|error| error.to_string())?;
            Ok(found.as_str().into())
        }
        "location" => {
            let found = LocationRef::parse(text("text").unwrap()).map_err(|error| error.to_string())?;
            Ok(json!({"type": found.kind, "target": found.target}))
        }
        "read" => Ok(read(text("text").unwrap().as_bytes(), "catalog-info.yaml")
            .into_iter()
            .map(|descriptor| match descriptor.content {
                Ok(entity) => json!({"entity": entity.into_value()}),
                Err(_) => json!({"problem": true}),
            })
            .collect()),
        "process" => processed(case),
        "search" => {
            let entity = Entity::new(case["entity"].clone())?;
            let rows = search_rows(&entity).map_err(|error| error.to_string())?;
            Ok(rows.into_iter().map(|row| json!([row.key, row.value, row.original])).collect())
        }
        "predicate" => {
            let predicate = Predicate::parse_any(&case["predicate"]).map_err(|error| error.to_string())?;
            Ok(predicate.is_met_by(&case["value"]).into())
        }
        "fields" => {
            let fields: Vec<&str> =
                case["fields"].as_array().unwrap().iter().map(|field| field.as_str().unwrap()).collect();
            let fields = Fields::parse(fields).map_err(|error| error.to_string())?;
            let entity = case["entity"].as_object().unwrap();
            Ok(fields.map_or_else(|| Value::Object(entity.clone()), |fields| fields.project(entity)))
        }
        "query" => Ok(page(&index.query(&query(case)?))),
        "list" => {
            let found = index.list(&List::from_params(&params(case)).map_err(|error| error.to_string())?);
            let mut out = json!({"items": names(&found.ids)});
            if let Some(after) = found.after {
                out["after"] = after.into();
            }
            Ok(out)
        }
        "facets" => {
            let (facets, filter) = if case.get("params").is_some() {
                let params = params(case);
                (facets_from_params(&params), filter_from_params(&params))
            } else {
                let both = facets_from_body(&case["body"]).map_err(|error| error.to_string())?;
                (Ok(both.0), Ok(both.1))
            };
            let facets = facets.map_err(|error| error.to_string())?;
            let filter = filter.map_err(|error| error.to_string())?;
            let mut out = Map::new();
            for (key, values) in index.facets(&facets, filter.as_ref()) {
                let values = values.into_iter().map(|facet| json!({"value": facet.value, "count": facet.count}));
                out.insert(key, values.collect());
            }
            Ok(out.into())
        }
        other => panic!("no op {other}"),
    }
}

fn processed(case: &Value) -> Answered {
    let entity = Entity::new(case["entity"].clone())?;
    let located = Located::registered(LocationRef::parse(case["location"].as_str().unwrap()).unwrap());
    let failed = |failure: &karat_catalog::Failure| failure.to_status()["error"].clone();
    match process(&entity, &located, &Shelf(&case["files"])) {
        Err(failure) => Ok(json!({"errors": [failed(&failure)]})),
        Ok(Processed { entity, relations, targets, failures, .. }) => {
            let relation = |one: &karat_catalog::Relation| json!([one.source.as_str(), one.kind, one.target.as_str()]);
            let target = |one: &karat_catalog::Target| {
                let presence = if one.optional { "optional" } else { "required" };
                json!({"type": one.location.kind, "target": one.location.target, "presence": presence})
            };
            let mut out = json!({
                "entity": entity.into_value(),
                "relations": relations.iter().map(relation).collect::<Vec<_>>(),
                "errors": failures.iter().map(failed).collect::<Vec<_>>(),
            });
            if failures.is_empty() {
                out["targets"] = targets.iter().map(target).collect();
            }
            Ok(out)
        }
    }
}

fn params(case: &Value) -> Vec<(&str, &str)> {
    let entries = case["params"].as_object().into_iter().flatten();
    entries
        .flat_map(|(key, value)| match value {
            Value::Array(items) => items.iter().map(|item| (key.as_str(), item.as_str().unwrap())).collect(),
            one => vec![(key.as_str(), one.as_str().unwrap())],
        })
        .collect()
}

fn query(case: &Value) -> Result<Query, String> {
    match case.get("body") {
        Some(body) => Query::from_body(body),
        None => Query::from_params(&params(case)),
    }
    .map_err(|error| error.to_string())
}

fn names(ids: &[EntityRef]) -> Vec<&str> {
    ids.iter().map(EntityRef::as_str).collect()
}

fn page(page: &Page) -> Value {
    let mut out = json!({"items": names(&page.ids), "totalItems": page.total});
    for (key, cursor) in [("next", &page.next), ("prev", &page.prev)] {
        if let Some(cursor) = cursor {
            out[key] = cursor.encode().into();
        }
    }
    out
}

/// Cursors are opaque: the parts of ours and theirs must be the same, not their bytes.
fn opened(answer: Answered) -> Answered {
    let mut answer = answer?;
    for key in ["next", "prev", "after"] {
        if let Some(text) = answer.get(key).and_then(Value::as_str).map(str::to_owned) {
            let bytes = data_encoding::BASE64.decode(text.as_bytes()).unwrap();
            answer[key] = serde_json::from_slice(&bytes).unwrap();
        }
    }
    Ok(answer)
}

#[test]
fn questions_are_answered_as_by_backstage() {
    let (mut total, mut wrong) = (0, Vec::new());
    for file in files() {
        let Goldens { shared, cases, .. } = Goldens::read(&file).unwrap();
        let index = index(&entities(&shared));
        let op = shared["op"].as_str().unwrap();
        for case in cases {
            total += 1;
            let ours = opened(ours(op, &case, &index));
            let theirs = match case["err"].as_str() {
                Some(message) => Err(message.to_owned()),
                None => opened(Ok(serde_json::from_str(case["out"].as_str().unwrap()).unwrap())),
            };
            // Sentences of libraries are not compared (`shared.loose`), only that there is one.
            let loose = shared["loose"] == true || case["loose"] == true;
            let same = ours == theirs || loose && ours.is_err() && theirs.is_err();
            if same == case["differs"].is_string() {
                let name = file.file_name().unwrap().to_string_lossy().into_owned();
                let mut asked = case.clone();
                asked.as_object_mut().unwrap().retain(|key, _| key != "out" && key != "err");
                let show = |answer: &Answered| match answer {
                    Ok(value) => value.to_string(),
                    Err(message) => format!("refused: {message}"),
                };
                wrong.push(format!("{name}: {asked}\n    ours: {}\n  theirs: {}", show(&ours), show(&theirs)));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {total} differ (or no longer do):\n{}", wrong.len(), wrong.join("\n"));
    assert!(total >= 500, "only {total} cases");
}

#[test]
fn goldens_are_what_backstage_says() {
    let Some(peer) = karat_testkit::peer("backstage/main.js") else { return };
    let mut oracle = Oracle::start(&peer).unwrap();
    for file in files() {
        let goldens = Goldens::read(&file).unwrap();
        let Goldens { shared, cases, .. } = &goldens;
        let entities = entities(shared);
        if !entities.is_empty() {
            let bodies: Vec<Value> = entities.into_iter().map(Entity::into_value).collect();
            let filled = oracle.ask(&json!({"op": "catalog", "entities": bodies})).unwrap();
            assert_eq!(filled, Answer::Text(bodies.len().to_string()));
        }
        let request = |case: &Value| {
            let mut request = case.clone();
            request["op"] = shared["op"].clone();
            request
        };
        let answers = oracle.ask_all(&cases.iter().map(request).collect::<Vec<_>>()).unwrap();
        goldens.check("Backstage", answers).unwrap();
    }
}

/// All pages forth and back, in Backstage and here: the same entities on each.
#[test]
fn pages_are_walked_as_in_backstage() {
    let Some(peer) = karat_testkit::peer("backstage/main.js") else { return };
    let mut oracle = Oracle::start(&peer).unwrap();
    let entities = entities(&json!({"catalog": "catalog.yaml"}));
    let index = index(&entities);
    let bodies: Vec<Value> = entities.into_iter().map(Entity::into_value).collect();
    oracle.ask(&json!({"op": "catalog", "entities": bodies})).unwrap();
    for order in
        ["", "metadata.name,asc", "metadata.name,desc", "kind,asc", "kind,desc", "metadata.tags,asc", "spec.type,desc"]
    {
        for filter in ["", "kind=component", "spec.owner"] {
            for text in ["", "a"] {
                let mut params = json!({"limit": "3", "filter": filter, "fullTextFilterTerm": text});
                if !order.is_empty() {
                    params["orderField"] = order.into();
                }
                let mut forth = true;
                for _ in 0..60 {
                    let case = json!({"op": "query", "params": params});
                    let ours = page(&index.query(&query(&case).unwrap()));
                    let Answer::Text(theirs) = oracle.ask(&case).unwrap() else { panic!("{case}: refused") };
                    let theirs: Value = serde_json::from_str(&theirs).unwrap();
                    assert_eq!(opened(Ok(ours)), opened(Ok(theirs.clone())), "{case}");
                    forth = forth && theirs["next"].is_string();
                    let Some(cursor) = theirs[if forth { "next" } else { "prev" }].as_str() else { break };
                    assert!(Cursor::decode(cursor).is_ok());
                    params = json!({"limit": "3", "cursor": cursor});
                }
            }
        }
    }
}
