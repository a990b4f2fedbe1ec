//! From nodes to values: what a scalar means, keys, merges, aliases.

mod core12;
mod go;
mod gosyntax;
mod names;
pub(crate) mod number;
pub(crate) mod resolve;
mod timestamp;

use names::Names;
use resolve::Resolved;

use crate::limits::{MAX_DEPTH, TOO_DEEP};
use crate::{Error, Kind, Map, Node, Position, Str, Style, Value};

/// How a text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// As `sigs.k8s.io/yaml` v1.6 `Unmarshal`: go-yaml v2, YAML 1.1. Charts, values, manifests. Of repeated keys the last
    /// one counts.
    GoYaml,
    /// As its `UnmarshalStrict`: repeated keys are errors.
    GoYamlStrict,
    /// YAML 1.2, core schema: `on`, `yes` and `010` are a string, a string and ten. Workflows, catalog files. Repeated
    /// keys are errors; there are no merge keys.
    Core12,
}

/// What numbers become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// Every number a float64, as `encoding/json` decodes into `any`: Helm's values, `fromYaml`.
    Float,
    /// An integral number that fits an int64, else a float64: as Kubernetes decodes objects.
    Kept,
    /// What the text says, `1.0` a float64: what a Go field of type `string` makes of a number depends on it. An integer
    /// past an int64 is the string of its digits, which is what such a field would have.
    Written,
}

/// What a node weighs beside its text, when aliases are measured.
pub(crate) const NODE_WEIGHT: usize = 64;

/// Aliases may add ten times the document, and always this much.
const ALIAS_FACTOR: usize = 10;
const ALIAS_FLOOR: usize = 32 << 20;

pub(crate) fn decode(node: Node<'_>, dialect: Dialect, numbers: Numbers) -> Result<Value, Error> {
    let mut decoder = Decoder {
        dialect,
        numbers,
        repeated: Vec::new(),
        first_repeated: None,
        names: Names::for_nodes(node.size()),
        unnamed: None,
        non_finite: None,
        // The document counts too.
        decoded: 1,
        aliased: 0,
        inside: Vec::new(),
        added: 0,
        may_add: (node.weight() * ALIAS_FACTOR).max(ALIAS_FLOOR),
        depth: 0,
    };
    let value = decoder.value(node)?;
    if let Some(node) = decoder.first_repeated {
        let message = format!("unmarshal errors:\n  {}", decoder.repeated.join("\n  "));
        return Err(Error::Value { message, position: node.position() });
    }
    if let Some((_, error)) = decoder.unnamed {
        return Err(error);
    }
    // What was written twice may be gone, so the value tells.
    if let Some(position) = decoder.non_finite
        && let Some(number) = first_non_finite(&value)
    {
        let message = format!("json: unsupported value: {}", number::display(number));
        return Err(Error::Convert { message, position: Some(position), unmarshaling: false });
    }
    Ok(value)
}

/// Whether a node is go-yaml's merge key.
pub(crate) fn is_merge(node: Node<'_>) -> bool {
    node.text() == b"<<"
        && matches!(node.kind(), Kind::Scalar(_))
        && (is_implicit(node) || node.tag() == b"tag:yaml.org,2002:merge")
}

/// Whether a key node's value has this text as its name.
pub(crate) fn is_key(node: Node<'_>, name: &str) -> bool {
    match go::scalar(node) {
        Ok(resolved) => go::key(&resolved, node.text(), node).is_ok_and(|key| key == name),
        Err(_) => false,
    }
}

fn is_implicit(node: Node<'_>) -> bool {
    match node.tag() {
        b"" => node.kind() == Kind::Scalar(Style::Plain),
        tag => tag == b"!",
    }
}

struct Decoder<'d> {
    dialect: Dialect,
    numbers: Numbers,
    repeated: Vec<String>,
    first_repeated: Option<Node<'d>>,
    /// go-yaml's counts: nodes decoded, and those of them below an alias.
    decoded: u64,
    aliased: u64,
    /// The aliases that are being followed.
    inside: Vec<u32>,
    added: usize,
    may_add: usize,
    depth: usize,
    names: Names,
    /// The first key that JSON has no name for, and its mapping: Go finds it only when all is decoded.
    unnamed: Option<(u32, Error)>,
    /// The first float that JSON cannot write: Go finds it after that.
    non_finite: Option<Position>,
}

impl<'d> Decoder<'d> {
    fn value(&mut self, node: Node<'d>) -> Result<Value, Error> {
        self.count(node)?;
        match node.kind() {
            Kind::Scalar(_) => self.scalar(node),
            Kind::Seq => self.nested(node, Self::sequence),
            Kind::Map => self.nested(node, Self::mapping),
            Kind::Alias => self.alias(node),
        }
    }

    /// go-yaml's bomb limit, and a hard one on what aliases add.
    fn count(&mut self, node: Node<'d>) -> Result<(), Error> {
        self.decoded += 1;
        if self.inside.is_empty() {
            return Ok(());
        }
        self.aliased += 1;
        self.added += NODE_WEIGHT + node.text().len();
        let too_many = self.aliased > 100
            && self.decoded > 1000
            && self.aliased as f64 / self.decoded as f64 > allowed_alias_ratio(self.decoded);
        if too_many || self.added > self.may_add {
            return Err(fault("document contains excessive aliasing", node));
        }
        Ok(())
    }

    fn nested<T>(&mut self, node: Node<'d>, read: fn(&mut Self, Node<'d>) -> Result<T, Error>) -> Result<T, Error> {
        if self.depth >= MAX_DEPTH {
            return Err(Error::Limit { message: TOO_DEEP.into(), position: Some(node.position()) });
        }
        self.depth += 1;
        let value = read(self, node);
        self.depth -= 1;
        value
    }

    fn alias(&mut self, node: Node<'d>) -> Result<Value, Error> {
        self.follow(node, Self::value)
    }

    fn follow<T>(
        &mut self,
        node: Node<'d>,
        read: impl FnOnce(&mut Self, Node<'d>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if self.inside.contains(&node.id()) {
            let name = String::from_utf8_lossy(node.text());
            return Err(fault(format!("anchor '{name}' value contains itself"), node));
        }
        self.inside.push(node.id());
        let value = read(self, node.resolved());
        self.inside.pop();
        value
    }

    fn sequence(&mut self, node: Node<'d>) -> Result<Value, Error> {
        let mut items = Vec::with_capacity(node.child_count());
        for item in node.items() {
            items.push(self.value(item)?);
        }
        Ok(Value::Seq(items))
    }

    fn mapping(&mut self, node: Node<'d>) -> Result<Value, Error> {
        let mut map = Map::new();
        self.fill(node, &mut map)?;
        Ok(Value::Map(map))
    }

    fn fill(&mut self, node: Node<'d>, map: &mut Map) -> Result<(), Error> {
        for (name, value) in node.entries() {
            if self.dialect != Dialect::Core12 && is_merge(name) {
                self.merge(value, map)?;
                continue;
            }
            let key = self.key(name, value, node.id())?;
            let value_node = value;
            let value = self.value(value)?;
            let Some(key) = key else { continue };
            if self.dialect != Dialect::GoYaml && map.contains_key(&key) {
                self.repeat(name, value_node);
                continue;
            }
            map.insert(key, value);
        }
        Ok(())
    }

    fn repeat(&mut self, name: Node<'d>, value: Node<'d>) {
        self.first_repeated.get_or_insert(name);
        let key = gosyntax::node(name);
        let line = value.position().line;
        self.repeated.push(format!("line {line}: key {key} already set in map"));
    }

    /// A key as text; `None` if it has none, which is reported when all is decoded.
    fn key(&mut self, node: Node<'d>, value: Node<'d>, map: u32) -> Result<Option<Str>, Error> {
        self.count(node)?;
        match node.kind() {
            Kind::Alias => return self.follow(node, |decoder, target| decoder.key(target, value, map)),
            Kind::Seq | Kind::Map => {
                // What is wrong within it comes first.
                self.value(node)?;
                return Err(fault(format!("invalid map key: {}", gosyntax::node(node)), node));
            }
            Kind::Scalar(_) => {}
        }
        if self.dialect == Dialect::Core12 {
            return Ok(Some(core12::key(node)));
        }
        let resolved = go::scalar(node)?;
        if resolved == Resolved::Str {
            return Ok(Some(self.names.get(node.text())));
        }
        match go::key(&resolved, node.text(), value) {
            Ok(key) => Ok(Some(key)),
            Err(message) => {
                let position = Some(node.position());
                let error = Error::Convert { message, position, unmarshaling: false };
                // Of one that is repeated in a mapping the last value is there.
                if self.unnamed.as_ref().is_none_or(|(known, _)| *known == map) {
                    self.unnamed = Some((map, error));
                }
                Ok(None)
            }
        }
    }

    fn scalar(&mut self, node: Node<'d>) -> Result<Value, Error> {
        if self.dialect == Dialect::Core12 {
            return Ok(core12::scalar(node, self.numbers));
        }
        let value = go::value(go::scalar(node)?, node.text(), self.numbers);
        if matches!(value, Value::Float(number) if !number.is_finite()) {
            self.non_finite.get_or_insert(node.position());
        }
        Ok(value)
    }

    /// Merges one mapping or several; of several, the first wins. What is merged replaces what stands before it.
    fn merge(&mut self, node: Node<'d>, map: &mut Map) -> Result<(), Error> {
        match node.kind() {
            Kind::Seq => {
                let items: Vec<_> = node.items().collect();
                for item in items.into_iter().rev() {
                    self.merge_one(item, map)?;
                }
                Ok(())
            }
            _ => self.merge_one(node, map),
        }
    }

    fn merge_one(&mut self, node: Node<'d>, map: &mut Map) -> Result<(), Error> {
        if node.resolved().kind() != Kind::Map {
            return Err(fault("map merge requires map or sequence of maps as the value", node));
        }
        self.count(node)?;
        if node.kind() == Kind::Alias {
            return self.follow(node, |decoder, target| {
                decoder.count(target)?;
                decoder.merge_map(target, map)
            });
        }
        self.merge_map(node, map)
    }

    fn merge_map(&mut self, node: Node<'d>, map: &mut Map) -> Result<(), Error> {
        if self.depth >= MAX_DEPTH {
            return Err(Error::Limit { message: TOO_DEEP.into(), position: Some(node.position()) });
        }
        self.depth += 1;
        let outcome = self.fill(node, map);
        self.depth -= 1;
        outcome
    }
}

/// In the order in which JSON is written.
fn first_non_finite(value: &Value) -> Option<f64> {
    match value {
        Value::Float(number) => Some(*number).filter(|number| !number.is_finite()),
        Value::Seq(items) => items.iter().find_map(first_non_finite),
        Value::Map(map) => map.values().find_map(first_non_finite),
        _ => None,
    }
}

fn fault(message: impl Into<String>, node: Node<'_>) -> Error {
    Error::Value { message: message.into(), position: node.position() }
}

/// The share of nodes that may come from aliases: 99 % in small documents, 10 % in those of four million nodes.
fn allowed_alias_ratio(decoded: u64) -> f64 {
    const LOW: f64 = 400_000.0;
    const HIGH: f64 = 4_000_000.0;
    let decoded = decoded as f64;
    if decoded <= LOW {
        0.99
    } else if decoded >= HIGH {
        0.10
    } else {
        0.99 - 0.89 * ((decoded - LOW) / (HIGH - LOW))
    }
}
