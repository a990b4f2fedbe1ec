//! What a template sees as `.`: one map per chart, shared by all templates of the chart and visible to the parent's.

use std::collections::BTreeMap;

use karat_template::{Map, Value};
use karat_yaml::{Str, Value as Data};

use crate::coalesce::{empty_map, table};
use crate::dependencies::Node;
use crate::metadata::Dependency;
use crate::release::Release;
use crate::resolved::Resolved;
use crate::{Capabilities, Profile};

/// The contexts of all charts, in the order of [`Resolved::places`].
pub(crate) fn contexts(
    resolved: &Resolved,
    values: &Map,
    release: &Release,
    capabilities: &Capabilities,
    profile: Profile,
) -> Vec<Map> {
    let release = release_map(release);
    let capabilities = capabilities.to_value(profile);
    let mut contexts: Vec<Map> = Vec::with_capacity(resolved.places.len());
    for place in &resolved.places {
        let parent = place.parent.map(|parent| contexts[parent].clone());
        let own = match &parent {
            None => Some(values.clone()),
            Some(parent) => table(parent, "Values").and_then(|values| table(&values, &place.name)),
        };
        let own = own.unwrap_or_else(empty_map).seen_as(profile.values_type());
        let context = Map::new(BTreeMap::from([
            ("Chart".into(), chart_value(&place.metadata)),
            ("Files".into(), place.files.to_value()),
            ("Release".into(), Value::Map(release.clone())),
            ("Capabilities".into(), capabilities.clone()),
            ("Values".into(), Value::Map(own)),
            ("Subcharts".into(), Value::Map(empty_map())),
        ]));
        if let Some(subcharts) = parent.and_then(|parent| table(&parent, "Subcharts")) {
            subcharts.set(place.name.as_str(), Value::Map(context.clone()));
        }
        contexts.push(context);
    }
    contexts
}

/// `.Template`, set anew before each file.
pub(crate) fn set_template(context: &Map, name: &str, base_path: &str, profile: Profile) {
    let entries = [("Name", name), ("BasePath", base_path)].map(|(key, text)| (Str::from(key), Value::string(text)));
    context.set("Template", Value::Map(Map::typed(profile.values_type().0, BTreeMap::from(entries))));
}

fn release_map(release: &Release) -> Map {
    Map::new(BTreeMap::from([
        ("Name".into(), Value::string(release.name.as_str())),
        ("Namespace".into(), Value::string(release.namespace.as_str())),
        ("IsUpgrade".into(), Value::Bool(release.is_upgrade)),
        ("IsInstall".into(), Value::Bool(!release.is_upgrade)),
        ("Revision".into(), Value::int(1)),
        ("Service".into(), Value::string("Helm")),
    ]))
}

/// `.Chart`: Go's field names, so that `.Chart.AppVersion` is found.
pub(crate) fn metadata(node: &Node, is_root: bool) -> Data {
    let metadata = &node.chart.metadata;
    let text = |text: &str| Data::from(text);
    let texts = |all: &[String]| Data::Seq(all.iter().map(|one| Data::from(one.as_str())).collect());
    let maintainers = metadata.maintainers.iter().map(|maintainer| {
        object([("Name", text(&maintainer.name)), ("Email", text(&maintainer.email)), ("URL", text(&maintainer.url))])
    });
    let annotations = metadata.annotations.as_ref().map_or(Data::Null, |annotations| {
        Data::Map(annotations.iter().map(|(key, value)| (key.clone(), Data::Str(value.clone()))).collect())
    });
    object([
        ("Name", text(&node.name)),
        ("Home", text(&metadata.home)),
        ("Sources", texts(&metadata.sources)),
        ("Version", text(&metadata.version)),
        ("Description", text(&metadata.description)),
        ("Keywords", texts(&metadata.keywords)),
        ("Maintainers", Data::Seq(maintainers.collect())),
        ("Icon", text(&metadata.icon)),
        ("APIVersion", text(&metadata.api_version)),
        ("Condition", text(&metadata.condition)),
        ("Tags", text(&metadata.tags)),
        ("AppVersion", text(&metadata.app_version)),
        ("Deprecated", Data::Bool(metadata.deprecated)),
        ("Annotations", annotations),
        ("KubeVersion", text(&metadata.kube_version)),
        ("Dependencies", Data::Seq(node.dependencies.iter().flatten().map(dependency).collect())),
        ("Type", text(&metadata.kind)),
        ("IsRoot", Data::Bool(is_root)),
    ])
}

fn dependency(dependency: &Dependency) -> Data {
    let imports = dependency.import_values.iter().map(|import| {
        let (child, parent) = import.paths();
        object([("child", Data::from(child)), ("parent", Data::from(parent))])
    });
    object([
        ("Name", Data::from(dependency.name.as_str())),
        ("Version", Data::from(dependency.version.as_str())),
        ("Repository", Data::from(dependency.repository.as_str())),
        ("Condition", Data::from(dependency.condition.as_str())),
        ("Tags", Data::Seq(dependency.tags.iter().map(|tag| Data::from(tag.as_str())).collect())),
        ("Enabled", Data::Bool(dependency.enabled)),
        ("ImportValues", Data::Seq(imports.collect())),
        ("Alias", Data::from(dependency.alias.as_str())),
    ])
}

fn object<const N: usize>(entries: [(&str, Data); N]) -> Data {
    Data::Map(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
}

/// A fresh map for each render, because templates may change it. Annotations are a `map[string]string`, in which a key
/// that is not there is the empty text.
fn chart_value(metadata: &Data) -> Value {
    let value = Value::from(metadata);
    if let (Value::Map(map), Some(annotations)) = (&value, metadata.get("Annotations")) {
        let typed = match annotations {
            Data::Map(entries) => {
                let entries = entries.iter().map(|(key, value)| (key.clone(), Value::from(value)));
                Map::typed(Map::STRINGS, entries.collect())
            }
            _ => Map::nil(Map::STRINGS),
        };
        map.set("Annotations", Value::Map(typed));
    }
    value
}
