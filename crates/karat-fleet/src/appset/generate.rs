//! Generators: what sets of parameters an ApplicationSet's generators give, and the template for each.

use std::collections::BTreeMap;

use ecow::EcoString;
use karat_kube::Path;
use karat_template::fmt::sprint;
use karat_template::{Map, Str, Value as GoValue};
use karat_yaml::{Dialect, Numbers, Value};

use super::git::GitGenerator;
use super::params::{self, Frozen, Params};
use super::render::Renderer;
use super::selector::Selector;
use super::{ExpandError, go_data};
use crate::argo::fill::fill;
use crate::argo::shape::{Names, shape};
use crate::argo::types::{GENERATOR, NESTED_MATRIX, NESTED_MERGE, TEMPLATE_TYPE};
use crate::repositories::Repositories;

/// The generators, in the order of Go's struct, and whom those ask that cannot run here.
const GENERATORS: &[(&str, Option<&str>)] = &[
    ("list", None),
    ("clusters", Some("Argo CD for its clusters")),
    ("git", None),
    ("scmProvider", Some("a source code host")),
    ("clusterDecisionResource", Some("the cluster for a resource")),
    ("pullRequest", Some("a source code host")),
    ("matrix", None),
    ("merge", None),
    ("plugin", Some("a plugin")),
];

/// The most sets of parameters that a matrix may give: more Applications than an Argo CD can hold, and a product of two
/// long lists must not take all memory.
const MAX_SETS: usize = 100_000;

/// A set of parameters, and the files that they were read from.
pub(crate) struct Set {
    pub(crate) params: Params,
    pub(crate) files: Vec<EcoString>,
}

impl Set {
    fn of(params: Params) -> Self {
        Self { params, files: Vec::new() }
    }
}

/// What one generator gives: the template, and the sets of parameters that fill it, in parts that any thread can work out.
pub(crate) struct Generated<'g> {
    pub(crate) template: Value,
    pub(crate) parts: Vec<Part<'g>>,
}

/// A part of the sets of a generator. Sets hold maps that are shared and cannot change threads, so they travel frozen.
pub(crate) enum Part<'g> {
    /// Sets that are there.
    Sets(Vec<(Frozen, Vec<EcoString>)>),
    /// One set of a matrix's first generator, for all of the second.
    Product { first: (Frozen, Vec<EcoString>), second: &'g Value, selector: Option<Selector>, path: Path },
}

/// How many sets are one part: enough to be worth a thread's parsed templates.
const PART: usize = 64;

/// What generators work with.
pub(crate) struct Context<'a> {
    pub(crate) renderer: &'a Renderer,
    pub(crate) repositories: &'a Repositories<'a>,
}

impl Context<'_> {
    /// All that one entry of `spec.generators` gives. An entry with two generators runs both, in Go's order of fields.
    /// `generator` has been through [`shape`].
    pub(crate) fn generate<'g>(
        &self,
        generator: &'g Value,
        template: &Value,
        path: &Path,
    ) -> Result<Vec<Generated<'g>>, ExpandError> {
        let selector = selector(generator, path)?;
        let mut results = Vec::new();
        for (name, spec, path) in relevant(generator, path)? {
            let mut own = spec.get("template").cloned().unwrap_or_default();
            if own.is_null() {
                own = template.clone();
            } else {
                fill(&TEMPLATE_TYPE, &mut own, template);
            }
            let parts = if name == "matrix" {
                let (first, second, path) = self.factors(spec, &path)?;
                let first = first.into_iter().map(|set| (Frozen::map(&set.params), set.files));
                let selector = || selector.clone();
                first.map(|first| Part::Product { first, second, selector: selector(), path: path.clone() }).collect()
            } else {
                let sets = filtered(self.sets(name, spec, &path)?, selector.as_ref());
                let frozen: Vec<_> = sets.into_iter().map(|set| (Frozen::map(&set.params), set.files)).collect();
                frozen.chunks(PART).map(|part| Part::Sets(part.to_vec())).collect()
            };
            results.push(Generated { template: own, parts });
        }
        Ok(results)
    }

    /// The sets of a part.
    pub(crate) fn part(&self, part: &Part<'_>) -> Result<Vec<Set>, ExpandError> {
        let thaw =
            |(params, files): &(Frozen, Vec<EcoString>)| Set { params: params.thaw_params(), files: files.clone() };
        match part {
            Part::Sets(sets) => Ok(sets.iter().map(thaw).collect()),
            Part::Product { first, second, selector, path } => {
                Ok(filtered(self.product(&thaw(first), second, path)?, selector.as_ref()))
            }
        }
    }

    fn sets(&self, name: &str, spec: &Value, path: &Path) -> Result<Vec<Set>, ExpandError> {
        match name {
            "list" => self.list(spec, path),
            "git" => GitGenerator { context: self, spec, path }.sets(),
            "matrix" => self.matrix(spec, path),
            _ => self.merge(spec, path),
        }
    }

    fn list(&self, spec: &Value, path: &Path) -> Result<Vec<Set>, ExpandError> {
        let mut sets = Vec::new();
        for (index, element) in spec.get("elements").and_then(Value::as_seq).unwrap_or_default().iter().enumerate() {
            let path = path.key("elements").index(index);
            let Value::Map(entries) = element else {
                return Err(ExpandError::at(&path, format!("an element is a mapping, this is {}", element.kind())));
            };
            if self.renderer.go() {
                sets.push(Set::of(go_params(entries)));
                continue;
            }
            let set = params::empty();
            for (key, value) in entries {
                let path = path.key(key.lossy().as_ref());
                let text = |value: &Value, path: &Path| match value {
                    Value::Str(text) => Ok(text.clone()),
                    other => Err(ExpandError::at(
                        path,
                        format!("without `goTemplate: true` an element holds strings, this is {}", other.kind()),
                    )),
                };
                if *key != "values" {
                    set.set(key.clone(), GoValue::Str(text(value, &path)?));
                    continue;
                }
                let Value::Map(values) = value else {
                    return Err(ExpandError::at(&path, format!("`values` is a mapping, this is {}", value.kind())));
                };
                for (key, value) in values {
                    let mut name = Str::from("values.");
                    name.push_bytes(key);
                    set.set(name, GoValue::Str(text(value, &path.key(key.lossy().as_ref()))?));
                }
            }
            sets.push(Set::of(set));
        }
        let yaml = spec.get("elementsYaml").and_then(Value::as_str).unwrap_or_default();
        if !yaml.is_empty() {
            let path = path.key("elementsYaml");
            let list = karat_yaml::from_yaml(yaml.as_bytes(), Dialect::GoYaml, Numbers::Float)
                .map_err(|error| ExpandError::at(&path, error.to_go_unmarshal()))?;
            let items = match &list {
                Value::Null => &[],
                Value::Seq(items) => items.as_slice(),
                other => return Err(ExpandError::at(&path, format!("a list is needed, this is {}", other.kind()))),
            };
            for item in items {
                sets.push(Set::of(match item {
                    Value::Map(entries) => go_params(entries),
                    Value::Null => params::empty(),
                    other => {
                        return Err(ExpandError::at(&path, format!("an item is a mapping, this is {}", other.kind())));
                    }
                }));
            }
        }
        Ok(sets)
    }

    fn matrix(&self, spec: &Value, path: &Path) -> Result<Vec<Set>, ExpandError> {
        let (first, second, path) = self.factors(spec, path)?;
        let mut sets = Vec::new();
        for a in first {
            sets.extend(self.product(&a, second, &path)?);
            limit(sets.len(), &path)?;
        }
        Ok(sets)
    }

    /// The sets of a matrix's first generator, the second, and where both are.
    fn factors<'g>(&self, spec: &'g Value, path: &Path) -> Result<(Vec<Set>, &'g Value, Path), ExpandError> {
        let path = path.key("generators");
        let [first, second] = spec.get("generators").and_then(Value::as_seq).unwrap_or_default() else {
            return Err(ExpandError::at(&path, "a matrix has exactly two generators"));
        };
        Ok((self.child(first, None, &path.index(0))?, second, path))
    }

    /// One set of the first generator with each of the second.
    fn product(&self, a: &Set, second: &Value, path: &Path) -> Result<Vec<Set>, ExpandError> {
        let mut sets = Vec::new();
        for b in self.child(second, Some(&a.params), &path.index(1))? {
            let params = if self.renderer.go() {
                let combined = params::empty();
                let merged = params::merge(&combined, &b.params).and_then(|()| params::merge(&combined, &a.params));
                merged.map_err(|error| ExpandError::at(path, error.to_string()))?;
                combined
            } else {
                params::combine(&a.params, &b.params, sprint).map_err(|(key, first, second)| {
                    ExpandError::at(
                        path,
                        format!("`{key}` is `{first}` in the first generator and `{second}` in the second"),
                    )
                })?
            };
            sets.push(Set { params, files: united(&a.files, &b.files) });
        }
        Ok(sets)
    }

    fn merge(&self, spec: &Value, path: &Path) -> Result<Vec<Set>, ExpandError> {
        let generators = spec.get("generators").and_then(Value::as_seq).unwrap_or_default();
        let below = path.key("generators");
        if generators.len() < 2 {
            return Err(ExpandError::at(&below, "a merge has two generators or more"));
        }
        let mut lists = Vec::new();
        for (index, generator) in generators.iter().enumerate() {
            lists.push(self.child(generator, None, &below.index(index))?);
        }
        let keys: Vec<Str> = spec
            .get("mergeKeys")
            .and_then(Value::as_seq)
            .unwrap_or_default()
            .iter()
            .filter_map(|key| if let Value::Str(key) = key { Some(key.clone()) } else { None })
            .collect();
        if keys.is_empty() {
            return Err(ExpandError::at(path, "`mergeKeys` names no key to merge by"));
        }
        let mut by_key = Vec::new();
        for (index, sets) in lists.into_iter().enumerate() {
            let mut map: BTreeMap<String, Set> = BTreeMap::new();
            for set in sets {
                let key = params::merge_key(&set.params, &keys);
                if map.contains_key(&key) {
                    let message = format!("two sets of parameters have the same merge keys: {key}");
                    return Err(ExpandError::at(&below.index(index), message));
                }
                map.insert(key, set);
            }
            by_key.push(map);
        }
        let mut lists = by_key.into_iter();
        let mut base = lists.next().unwrap_or_default();
        for overrides in lists {
            for (key, set) in &mut base {
                let Some(over) = overrides.get(key) else { continue };
                if self.renderer.go() {
                    params::merge(&set.params, &over.params)
                        .map_err(|error| ExpandError::at(&below, error.to_string()))?;
                } else {
                    let entries: Vec<(Str, GoValue)> =
                        over.params.borrow().iter().map(|(key, value)| (key.clone(), value.clone())).collect();
                    set.params.borrow_mut().extend(entries);
                }
                set.files = united(&set.files, &over.files);
            }
        }
        // Go gives them in the order of a map, which is none; the order of the keys is as good and always the same.
        Ok(base.into_values().collect())
    }

    /// The sets of a child: its one generator. A child's own template means nothing.
    fn child(&self, generator: &Value, outer: Option<&Params>, path: &Path) -> Result<Vec<Set>, ExpandError> {
        let mut generator = generator.clone();
        for (name, ty) in [("matrix", &NESTED_MATRIX), ("merge", &NESTED_MERGE)] {
            if let Some(raw) = generator.as_map_mut().and_then(|map| map.get_mut(name.as_bytes())) {
                *raw = shape(ty, raw, Names::AnyCase)
                    .map_err(|error| ExpandError::at(&error.path.within(&path.key(name)), error.to_string()))?;
            }
        }
        let selector = selector(&generator, path)?;
        let spec = match relevant(&generator, path)?.as_slice() {
            [(name, _, path)] => (*name, path.clone()),
            [] => return Err(ExpandError::at(path, "no generator that may stand here: matrix and merge nest once")),
            _ => return Err(ExpandError::at(path, "one generator may stand here, these are more")),
        };
        let (name, below) = spec;
        // The parameters of a matrix's first generator go into all of the second, its template included.
        if let Some(outer) = outer.filter(|outer| !outer.borrow().is_empty()) {
            generator = self
                .renderer
                .walk(&GENERATOR, &generator, outer)
                .map_err(|error| ExpandError::at(&error.path.within(path), error.message))?;
        }
        let spec = generator.get(name).unwrap_or(&Value::Null);
        Ok(filtered(self.sets(name, spec, &below)?, selector.as_ref()))
    }
}

/// The generators of an entry that run, in Go's order of fields, with their places.
fn relevant<'g>(generator: &'g Value, path: &Path) -> Result<Vec<(&'static str, &'g Value, Path)>, ExpandError> {
    let mut found = Vec::new();
    for (name, asks) in GENERATORS {
        let Some(spec) = generator.get(name) else { continue };
        let path = path.key(*name);
        if let Some(asks) = asks {
            return Err(ExpandError::NotExpanded { generator: name, asks, path });
        }
        found.push((*name, spec, path));
    }
    Ok(found)
}

fn selector(generator: &Value, path: &Path) -> Result<Option<Selector>, ExpandError> {
    let selector = generator.get("selector").map(Selector::parse).transpose();
    selector.map_err(|error| ExpandError::at(&path.key("selector"), error.to_string()))
}

/// The sets that a selector lets through: it sees them flattened and printed.
fn filtered(mut sets: Vec<Set>, selector: Option<&Selector>) -> Vec<Set> {
    if let Some(selector) = selector {
        sets.retain(|set| {
            let flat = params::flatten(&set.params).into_iter();
            selector.matches(&flat.map(|(key, value)| (key, sprint(&value))).collect())
        });
    }
    sets
}

/// Refuses more sets than an Argo CD could hold Applications.
pub(crate) fn limit(sets: usize, path: &Path) -> Result<(), ExpandError> {
    if sets > MAX_SETS {
        Err(ExpandError::at(path, format!("more than {MAX_SETS} sets of parameters")))
    } else {
        Ok(())
    }
}

/// Data as `encoding/json` reads it into a `map[string]any`: every number a float64.
pub(crate) fn go_params(entries: &karat_yaml::Map) -> Params {
    Map::new(entries.iter().map(|(key, value)| (key.clone(), go_data(value))).collect())
}

fn united(first: &[EcoString], second: &[EcoString]) -> Vec<EcoString> {
    let mut all = first.to_vec();
    all.extend(second.iter().filter(|file| !first.contains(file)).cloned());
    all
}

/// A path within another.
pub(crate) trait Within {
    /// This path, below `outer`.
    fn within(&self, outer: &Path) -> Path;
}

impl Within for Path {
    fn within(&self, outer: &Path) -> Path {
        outer.join(self)
    }
}
