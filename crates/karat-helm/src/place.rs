//! Which of the layers of values decided a value, and where.

use karat_template::Step;
use karat_yaml::{Dialect, Kind, Map, Node, Position, Value};

use crate::chart::Chart;
use crate::strvals::{self, Style};
use crate::values::ValueSources;

/// Where a value is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValuePlace {
    /// The layer that decided it.
    pub layer: Layer,
    /// The place of its key, or of its item, in that layer's text; of a flag, its beginning.
    pub position: Position,
}

/// A layer of values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layer {
    /// One of [`ValueSources::files`], by name.
    File(String),
    /// A flag such as `--set`, and what it was given.
    Flag(&'static str, String),
    /// A values.yaml of the chart or of one below it, by its path within the chart.
    Chart(String),
}

impl ValueSources {
    /// Where the value at `path` is written: in the last of the user's layers that says it, else in the defaults of the
    /// chart, else in those of the chart below that it is for. `read` gives files of the chart by their paths in it.
    pub fn place(&self, chart: &Chart, read: &dyn Fn(&str) -> Option<Vec<u8>>, path: &[Step]) -> Option<ValuePlace> {
        // Globals of a parent go before those of the charts below it.
        let below = path.iter().position(|step| *step == Step::Key("global".into())).unwrap_or(0);
        (0..=below).find_map(|length| {
            let path: Vec<Step> = path[..length].iter().chain(&path[below..]).cloned().collect();
            self.given(&path).or_else(|| default(chart, read, "", &path))
        })
    }

    fn given(&self, path: &[Step]) -> Option<ValuePlace> {
        let flag = |name: &'static str, texts: &[String], parse: &dyn Fn(&str, &mut Map) -> Result<(), String>| {
            texts.iter().rev().find_map(|text| {
                let mut map = Map::new();
                parse(text, &mut map).ok()?;
                let layer = Layer::Flag(name, text.clone());
                says(&Value::Map(map), path).then(|| ValuePlace { layer, position: Position::default() })
            })
        };
        let nothing = |_: &str| Ok(Vec::new());
        let with = strvals::parse_into;
        flag("--set-literal", &self.set_literal, &strvals::parse_literal_into)
            .or_else(|| flag("--set-file", &self.set_file, &|text, map| with(text, Style::File(&nothing), map)))
            .or_else(|| flag("--set-string", &self.set_string, &|text, map| with(text, Style::String, map)))
            .or_else(|| flag("--set", &self.set, &|text, map| with(text, Style::Typed, map)))
            .or_else(|| flag("--set-json", &self.json, &|text, map| with(text, Style::Json, map)))
            .or_else(|| {
                self.files.iter().rev().find_map(|(name, bytes)| {
                    Some(ValuePlace { layer: Layer::File(name.clone()), position: position(bytes, path)? })
                })
            })
    }
}

/// The place in the defaults of a chart in `folder`, or of those below it.
fn default(chart: &Chart, read: &dyn Fn(&str) -> Option<Vec<u8>>, folder: &str, path: &[Step]) -> Option<ValuePlace> {
    let file = format!("{folder}values.yaml");
    if let Some(position) = read(&file).and_then(|bytes| position(&bytes, path)) {
        return Some(ValuePlace { layer: Layer::Chart(file), position });
    }
    let (Step::Key(key), rest) = path.split_first()? else { return None };
    let mut listed = chart.metadata.dependencies.iter().flatten();
    let aliased = listed.find(|dependency| dependency.alias.as_bytes() == key.as_bytes());
    let name = aliased.map_or(key.lossy(), |dependency| dependency.name.as_str().into());
    let child = chart.dependencies.iter().find(|child| child.metadata.name == name)?;
    default(child, read, &format!("{folder}charts/{name}/"), rest)
}

/// Whether a layer decides the value at a path: it has it, or something else than a mapping on the way.
fn says(value: &Value, path: &[Step]) -> bool {
    match (value, path.split_first()) {
        (_, None) => true,
        (Value::Map(map), Some((Step::Key(key), rest))) => map.get(key).is_some_and(|value| says(value, rest)),
        _ => true,
    }
}

/// The place in a text; the later of its documents goes first.
fn position(bytes: &[u8], path: &[Step]) -> Option<Position> {
    let (documents, _) = karat_yaml::documents(bytes, Dialect::GoYaml);
    documents.iter().rev().find_map(|document| position_in(document.root(), path))
}

fn position_in(root: Node<'_>, path: &[Step]) -> Option<Position> {
    let (mut key, mut value) = (root, root);
    let mut replaced = false;
    for step in path {
        let here = value.resolved();
        let next = match (here.kind(), step) {
            (Kind::Map, Step::Key(name)) => name.as_str().and_then(|name| here.entry(name)),
            (Kind::Seq, Step::Index(index)) => {
                replaced = true;
                here.items().nth(*index).map(|item| (item, item))
            }
            // Something else than a mapping replaces all that other layers say below.
            _ => return (key != root).then(|| key.position()),
        };
        match next {
            Some(next) => (key, value) = next,
            // A list replaces another as a whole.
            None => return replaced.then(|| key.position()),
        }
    }
    (key != root).then(|| key.position())
}
