//! `catalog:*`: the repository's entry in the software catalog.

use super::{Done, Outputs, flag, optional, required, within};
use crate::Data;
use crate::run::Run;
use crate::tree::File;

/// `catalog:write`: an entity as YAML, with the template that it came from.
pub(super) fn write(run: &mut Run<'_>, input: &Data) -> Done {
    let path = within(optional(input, "filePath")?.unwrap_or("catalog-info.yaml"))?;
    let Some(entity @ Data::Map(_)) = input.get("entity") else { return Err("input `entity` is an object".into()) };
    let mut entity = entity.clone();
    let mut metadata = entity.get("metadata").cloned().unwrap_or_else(|| Data::Map(Vec::new()));
    let mut annotations = metadata.get("annotations").cloned().unwrap_or_else(|| Data::Map(Vec::new()));
    annotations.set("backstage.io/source-template", Data::String(run.template.reference()));
    metadata.set("annotations", annotations);
    entity.set("metadata", metadata);
    run.outcome.workspace.insert(&path, File::new(entity.to_yaml().into_bytes()))?;
    Ok(Outputs::new())
}

/// `catalog:register`: remembers the URL; which entity is there is read from what was published.
pub(super) fn register(run: &mut Run<'_>, input: &Data) -> Done {
    let url = match optional(input, "catalogInfoUrl")? {
        Some(url) => url.to_owned(),
        None => {
            let base = required(input, "repoContentsUrl")?.trim_end_matches('/');
            let path = optional(input, "catalogInfoPath")?.unwrap_or("/catalog-info.yaml");
            format!("{base}/{}", path.trim_start_matches('/'))
        }
    };
    let entity = run.outcome.publications.iter().find_map(|publication| {
        let rest = url.strip_prefix(&publication.repository.web())?;
        // `/blob/main/catalog-info.yaml`, `/-/blob/main/…`, `/src/branch/main/…`: the path is what the tree has.
        let path =
            rest.match_indices('/').map(|(at, _)| &rest[at + 1..]).find(|path| publication.tree.get(path).is_some())?;
        reference(&publication.tree.get(path)?.bytes)
    });
    if entity.is_none()
        && !flag(input, "optional")?
        && run.outcome.publications.iter().any(|publication| url.starts_with(&publication.repository.web()))
    {
        return Err(format!("{url} is no catalog file of what was published").into());
    }
    run.outcome.registrations.push(url.clone());
    let mut outputs: Outputs = vec![("catalogInfoUrl", Data::String(url))];
    outputs.extend(entity.map(|entity| ("entityRef", Data::String(entity))));
    Ok(outputs)
}

/// The first component of a catalog file, or else its first entity: `component:default/name`.
fn reference(bytes: &[u8]) -> Option<String> {
    let documents = karat_yaml::parse_stream(bytes, karat_yaml::Dialect::Core12).ok()?;
    let entities: Vec<Data> = documents.iter().filter_map(|document| Data::from_yaml(document.root()).ok()).collect();
    let kind = |entity: &&Data| entity.get("kind").and_then(Data::as_str) == Some("Component");
    let entity = entities.iter().find(kind).or_else(|| entities.first())?;
    let name = entity.at(["metadata", "name"])?.as_str()?;
    let namespace = entity.at(["metadata", "namespace"]).and_then(Data::as_str).unwrap_or("default");
    Some(format!("{}:{namespace}/{name}", entity.get("kind")?.as_str()?).to_lowercase())
}
