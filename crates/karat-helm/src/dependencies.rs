//! Which of the charts in `charts/` take part, under which names, and what they export to their parents.
//!
//! Three steps, of which only the second needs the user's values: *select* matches Chart.yaml's list with what is there
//! and gives aliases their names; *enable* asks tags and conditions; *import* copies exported values upwards.

use std::collections::BTreeSet;
use std::sync::Arc;

use karat_template::sprig::satisfies;
use karat_template::{Map, Value};
use karat_yaml::Map as Defaults;

use crate::chart::Chart;
use crate::coalesce::{Coalesce, deep_copy, empty_map, merge_tables, table, to_data, value_at};
use crate::metadata::{Dependency, ImportValue};
use crate::profile::NullRule;

/// A chart in its place: under its name there, with the charts below it.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) chart: Arc<Chart>,
    /// The alias, or the chart's own name.
    pub(crate) name: String,
    /// The defaults, with what was imported from below.
    pub(crate) values: Arc<Defaults>,
    /// Chart.yaml's list; `None` if it has none, which ends the processing of this branch.
    pub(crate) dependencies: Option<Vec<Dependency>>,
    pub(crate) children: Vec<Self>,
}

/// A chart whose list has been matched with what is there, with everything that could be enabled.
#[derive(Debug)]
pub(crate) struct Selection {
    node: Node,
    /// What values are coalesced with to decide at this level: the charts below are not selected yet.
    view: Option<Node>,
    children: Vec<Self>,
}

impl Node {
    fn new(chart: &Arc<Chart>) -> Self {
        Self {
            chart: Arc::clone(chart),
            name: chart.metadata.name.clone(),
            values: Arc::clone(&chart.values),
            dependencies: chart.metadata.dependencies.clone(),
            children: Vec::new(),
        }
    }

    /// The chart with all charts below it, as they lie in `charts/`.
    fn raw(chart: &Arc<Chart>, name: &str, size: &mut Size) -> Result<Self, String> {
        size.add(chart)?;
        let children = chart.dependencies.iter().map(|child| Self::raw(child, &child.metadata.name, size));
        let children = children.collect::<Result<_, _>>()?;
        Ok(Self { name: name.to_owned(), children, ..Self::new(chart) })
    }
}

/// How large a tree has become. Aliases within aliased charts multiply: ten levels of ten are ten thousand million.
#[derive(Default)]
struct Size {
    charts: usize,
    default_bytes: usize,
}

const CHART_LIMIT: usize = 10_000;
const DEFAULTS_LIMIT: usize = 64 << 20;

impl Size {
    fn add(&mut self, chart: &Chart) -> Result<(), String> {
        self.charts += 1;
        self.default_bytes += chart.default_bytes;
        if self.charts > CHART_LIMIT {
            return Err(format!("more than {CHART_LIMIT} charts take part, each alias counted"));
        }
        if self.default_bytes > DEFAULTS_LIMIT {
            return Err(format!(
                "the defaults of all charts, each alias counted, have more than {DEFAULTS_LIMIT} bytes"
            ));
        }
        Ok(())
    }
}

/// Selects the charts below `chart`.
pub(crate) fn select(chart: &Arc<Chart>) -> Result<Selection, String> {
    select_as(chart, &chart.metadata.name, true, &mut Size::default())
}

fn select_as(chart: &Arc<Chart>, name: &str, is_root: bool, size: &mut Size) -> Result<Selection, String> {
    let mut node = Node { name: name.to_owned(), ..Node::new(chart) };
    let Some(wanted) = &mut node.dependencies else {
        return Ok(Selection { node: Node::raw(chart, name, size)?, view: None, children: Vec::new() });
    };
    size.add(chart)?;
    let available = &chart.dependencies;
    let unlisted = available.iter().filter(|chart| !wanted.iter().any(|wanted| fits(wanted, chart)));
    let mut chosen: Vec<(Arc<Chart>, String)> =
        unlisted.map(|chart| (Arc::clone(chart), chart.metadata.name.clone())).collect();
    for wanted in wanted.iter_mut() {
        if let Some(chart) = available.iter().find(|chart| fits(wanted, chart)) {
            chosen.push((Arc::clone(chart), wanted.effective_name().to_owned()));
        }
        if !wanted.alias.is_empty() {
            wanted.name.clone_from(&wanted.alias);
        }
        wanted.enabled = true;
    }
    let children = chosen.iter().map(|(chart, name)| select_as(chart, name, false, size));
    let children = children.collect::<Result<Vec<_>, _>>()?;
    let decides = wanted.iter().any(|wanted| !wanted.condition.is_empty() || !wanted.tags.is_empty());
    // Below the root, values are coalesced even if nothing is decided: a value of the root that is no table and has the
    // name of a chart two levels down is an error.
    let asks = decides || (!is_root && !children.is_empty()) || children.iter().any(|child| child.view.is_some());
    let view = if asks {
        let children = chosen.iter().map(|(chart, name)| Node::raw(chart, name, size)).collect::<Result<_, _>>()?;
        Some(Node { children, ..node.clone() })
    } else {
        None
    };
    Ok(Selection { node, view, children })
}

fn fits(wanted: &Dependency, chart: &Chart) -> bool {
    wanted.name == chart.metadata.name && satisfies(&chart.metadata.version, &wanted.version)
}

impl Selection {
    /// Whether values decide anything.
    pub(crate) fn depends_on_values(&self) -> bool {
        self.view.is_some()
    }

    /// Asks tags and conditions. `decisions` gets one entry per chart in question, in a fixed order given the entries
    /// before, so that equal lists mean equal results.
    pub(crate) fn decide(
        &self,
        values: &Map,
        path: &str,
        rule: NullRule,
        decisions: &mut Vec<bool>,
        warnings: &mut Vec<String>,
    ) -> Result<(), String> {
        let Some(view) = &self.view else { return Ok(()) };
        let values = deep_copy(values);
        let mut coalesce = Coalesce::new(rule, false);
        coalesce.chart(view, &values, "")?;
        let listed = self.node.dependencies.iter().flatten();
        let enabled: Vec<bool> = listed.map(|wanted| enabled(wanted, &values, path, warnings)).collect();
        decisions.extend(&enabled);
        let disabled = self.disabled(&enabled);
        for child in self.children.iter().filter(|child| !disabled.contains(child.node.name.as_str())) {
            child.decide(&values, &format!("{path}{}.", child.node.name), rule, decisions, warnings)?;
        }
        Ok(())
    }

    /// The tree that the decisions leave. Where no values are asked, everything is enabled.
    pub(crate) fn prune(&self, decisions: &mut impl Iterator<Item = bool>) -> Node {
        let mut node = self.node.clone();
        let Some(listed) = &mut node.dependencies else { return node };
        let enabled: Vec<bool> = match &self.view {
            Some(_) => decisions.take(listed.len()).collect(),
            None => vec![true; listed.len()],
        };
        let disabled = self.disabled(&enabled);
        listed.retain(|wanted| !disabled.contains(wanted.name.as_str()));
        if listed.is_empty() {
            node.dependencies = None;
        }
        let kept = self.children.iter().filter(|child| !disabled.contains(child.node.name.as_str()));
        node.children = kept.map(|child| child.prune(decisions)).collect();
        node
    }

    fn disabled(&self, enabled: &[bool]) -> BTreeSet<&str> {
        let listed = self.node.dependencies.iter().flatten();
        listed.zip(enabled).filter(|(_, enabled)| !**enabled).map(|(wanted, _)| wanted.name.as_str()).collect()
    }
}

/// Tags first, then conditions; the first condition that is a truth value decides.
fn enabled(wanted: &Dependency, values: &Map, path: &str, warnings: &mut Vec<String>) -> bool {
    let mut enabled = true;
    if let Some(tags) = table(values, "tags") {
        let (mut on, mut off) = (false, false);
        for tag in &wanted.tags {
            match tags.get(tag) {
                Some(Value::Bool(true)) => on = true,
                Some(Value::Bool(false)) => off = true,
                Some(_) => warnings.push(format!("warning: tag {tag} for chart {} is not a bool", wanted.name)),
                None => {}
            }
        }
        enabled = on || !off;
    }
    for condition in wanted.condition.trim().split(',').filter(|condition| !condition.is_empty()) {
        match value_at(values, &format!("{path}{condition}")) {
            Some(Value::Bool(truth)) => return truth,
            Some(_) => {
                warnings.push(format!("warning: condition {condition} for chart {} is not a bool", wanted.name));
            }
            None => {}
        }
    }
    enabled
}

/// Copies exported values upwards, the deepest charts first. Every chart with a list ends up with the values of all
/// charts below it as its own defaults, exports or not; that is Helm's doing.
pub(crate) fn import(node: &mut Node, rule: NullRule, warnings: &mut Vec<String>) -> Result<(), String> {
    for child in &mut node.children {
        import(child, rule, warnings)?;
    }
    let Some(listed) = node.dependencies.clone() else { return Ok(()) };
    let values = empty_map();
    Coalesce::new(rule, true).chart(node, &values, "")?;
    let imported = empty_map();
    for wanted in &listed {
        for import in &wanted.import_values {
            let (child, parent) = import.paths();
            let Some(found) = table(&values, &format!("{}.{child}", wanted.name)) else {
                warnings.push(format!("warning: ImportValues missing table from chart {}: {child:?}", wanted.name));
                continue;
            };
            let found = if found.borrow().is_empty() { empty_map() } else { found };
            merge_tables(&imported, &nest(&parent, found), true, rule, "", warnings);
        }
    }
    // What the parent has is stronger than what it imports.
    let own = deep_copy(&values);
    merge_tables(&own, &imported, true, rule, "", warnings);
    node.values = Arc::new(to_data(&own));
    Ok(())
}

impl ImportValue {
    /// The paths in the child's and in the parent's values.
    pub(crate) fn paths(&self) -> (String, String) {
        match self {
            Self::Table { child, parent } => (child.clone(), parent.clone()),
            Self::Export(name) => (format!("exports.{name}"), ".".to_owned()),
        }
    }
}

/// `data` below a path; `.` is `data` itself.
fn nest(path: &str, data: Map) -> Map {
    if path == "." {
        return data;
    }
    path.split('.').rev().fold(data, |inner, key| {
        let outer = empty_map();
        outer.set(key, Value::Map(inner));
        outer
    })
}
