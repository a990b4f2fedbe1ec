//! A chart with its dependencies decided: everything of a render that does not depend on values, made once per outcome
//! of tags and conditions and shared by all renders.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use karat_template::{Map, Str, TemplateSet};

use crate::Error;
use crate::chart::{Chart, File};
use crate::dependencies::{Node, Selection, import, select};
use crate::files::Files;
use crate::{errors, functions};

/// What a chart keeps between renders.
#[derive(Default)]
pub(crate) struct Cache {
    selection: OnceLock<Result<Selection, String>>,
    resolved: Mutex<HashMap<Vec<bool>, Arc<Resolved>>>,
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").finish_non_exhaustive()
    }
}

pub(crate) const DEPENDENCIES_FAILED: &str = "chart dependencies processing failed: ";

/// Outcomes of tags and conditions that are kept. A real fleet has a few per chart.
const KEPT: usize = 64;

/// A chart ready to be rendered.
pub(crate) struct Resolved {
    pub(crate) root: Node,
    /// The charts in the order of a walk from the root, parents first.
    pub(crate) places: Vec<Place>,
    /// The templates that print something, in the order in which they run.
    pub(crate) templates: Vec<Template>,
    /// All templates parsed, or why that failed: Helm notices when it renders.
    pub(crate) set: Result<TemplateSet, Error>,
    /// What there was to say about dependencies.
    pub(crate) warnings: Vec<String>,
}

/// One chart of the tree.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) name: String,
    /// `root/charts/child`
    pub(crate) path: String,
    pub(crate) parent: Option<usize>,
    pub(crate) files: Files,
    pub(crate) metadata: karat_yaml::Value,
    pub(crate) chart: Arc<Chart>,
}

/// A template to run.
#[derive(Debug)]
pub(crate) struct Template {
    /// With the path of its chart: `root/charts/child/templates/a.yaml`.
    pub(crate) name: String,
    /// The chart it belongs to.
    pub(crate) place: usize,
    /// `root/charts/child/templates`
    pub(crate) base_path: String,
    /// Ends in `NOTES.txt`: text for people, not documents.
    pub(crate) is_notes: bool,
}

/// Decides which charts take part and returns the tree, from the cache if it was there before.
pub(crate) fn resolve(chart: &Arc<Chart>, values: &Map, warnings: &mut Vec<String>) -> Result<Arc<Resolved>, Error> {
    let rule = chart.settings.profile.null_rule();
    let fail = |message: String| Error::Coalesce(format!("{DEPENDENCIES_FAILED}{message}"));
    let selection =
        chart.cache.selection.get_or_init(|| select(chart)).as_ref().map_err(|error| fail(error.clone()))?;
    let mut decisions = Vec::new();
    if selection.depends_on_values() {
        selection.decide(values, "", rule, &mut decisions, warnings).map_err(fail)?;
    }
    let kept = || chart.cache.resolved.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(resolved) = kept().get(&decisions) {
        return Ok(Arc::clone(resolved));
    }
    let mut root = selection.prune(&mut decisions.iter().copied());
    let mut said = Vec::new();
    import(&mut root, rule, &mut said).map_err(fail)?;
    let resolved = Arc::new(Resolved::new(root, said));
    let mut kept = kept();
    if kept.len() >= KEPT {
        kept.clear();
    }
    kept.insert(decisions, Arc::clone(&resolved));
    Ok(resolved)
}

impl Resolved {
    fn new(root: Node, warnings: Vec<String>) -> Self {
        let mut places = Vec::new();
        flatten(&root, None, &mut places);
        // Of two files with one path the later one counts.
        let mut texts: BTreeMap<String, (usize, &File)> = BTreeMap::new();
        for (index, place) in places.iter().enumerate() {
            for file in &place.chart.templates {
                let base = file.name.rsplit('/').next().unwrap_or(&file.name);
                if !place.chart.metadata.is_library() || base.starts_with('_') {
                    texts.insert(format!("{}/{}", place.path, file.name), (index, file));
                }
            }
        }
        let mut order: Vec<_> = texts.into_iter().collect();
        // The deepest first, and of one depth the last name first, so that a parent's definitions replace a child's.
        order.sort_by_cached_key(|(name, _)| (name.matches('/').count(), name.clone()));
        order.reverse();
        let set = parse(&order, places.first().map(|place| place.chart.settings.profile));
        let templates = order
            .iter()
            .filter(|(name, _)| !name.rsplit('/').next().is_some_and(|base| base.starts_with('_')))
            .map(|(name, (place, _))| Template {
                name: name.clone(),
                place: *place,
                base_path: format!("{}/templates", places[*place].path),
                is_notes: name.ends_with("NOTES.txt"),
            })
            .collect();
        Self { root, places, templates, set, warnings }
    }
}

fn parse(order: &[(String, (usize, &File))], profile: Option<crate::Profile>) -> Result<TemplateSet, Error> {
    let mut set = TemplateSet::new("gotpl", functions::all(profile.unwrap_or_default()));
    for (name, (_, file)) in order {
        set.parse(name.as_str(), Str::from(file.data.as_slice())).map_err(|error| Error::Template {
            message: errors::parse(name, &error),
            site: Some(errors::parse_site(&error)),
        })?;
    }
    Ok(set)
}

fn flatten(node: &Node, parent: Option<usize>, places: &mut Vec<Place>) {
    let path = match parent.and_then(|parent| places.get(parent)) {
        Some(parent) => format!("{}/charts/{}", parent.path, node.name),
        None => node.name.clone(),
    };
    let index = places.len();
    places.push(Place {
        name: node.name.clone(),
        path,
        parent,
        files: Files::new(&node.chart.files),
        metadata: crate::context::metadata(node, parent.is_none()),
        chart: Arc::clone(&node.chart),
    });
    for child in &node.children {
        flatten(child, Some(index), places);
    }
}
