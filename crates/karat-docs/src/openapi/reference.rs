//! References within a document: `#/components/schemas/Patient`.

use std::collections::BTreeMap;

use karat_yaml::{Kind as NodeKind, Node};

use crate::yaml;

/// References that are found by walking the document, not by its index.
const WALKS: usize = 1_000;

/// Where references lead. What is under `components` is looked up, so that a document of many references to many schemas takes
/// no longer than it is long.
pub(super) struct References<'d> {
    root: Node<'d>,
    components: BTreeMap<String, Node<'d>>,
    walks: usize,
}

impl<'d> References<'d> {
    pub(super) fn new(root: Node<'d>) -> Self {
        let mut components = BTreeMap::new();
        let sections = root.get("components").map(Node::resolved);
        for (section, entries) in sections.into_iter().flat_map(Node::entries) {
            for (name, node) in entries.resolved().entries() {
                if let (Some(section), Some(name)) = (yaml::text(section), yaml::text(name)) {
                    components.insert(format!("#/components/{section}/{}", escaped(&name)), node);
                }
            }
        }
        Self { root, components, walks: 0 }
    }

    /// The node that `#/a/b` names.
    pub(super) fn find(&mut self, target: &str) -> Option<Node<'d>> {
        let target = target.replace("%7B", "{").replace("%7D", "}");
        if let Some(node) = self.components.get(&target) {
            return Some(*node);
        }
        let path = target.strip_prefix("#/")?;
        self.walks += 1;
        if self.walks > WALKS {
            return None;
        }
        path.split('/').take(64).try_fold(self.root, |node, step| {
            let step = step.replace("~1", "/").replace("~0", "~");
            match node.resolved().kind() {
                NodeKind::Seq => node.resolved().items().nth(step.parse().ok()?),
                _ => node.get(&step),
            }
        })
    }

    /// What a node refers to, or itself; what could not be followed otherwise.
    pub(super) fn follow(&mut self, node: Node<'d>) -> Result<Node<'d>, String> {
        let mut here = node.resolved();
        // A reference to a reference is followed; a circle of them is not.
        for _ in 0..8 {
            let Some(target) = here.get("$ref").and_then(yaml::text) else { return Ok(here) };
            here = self.find(&target).ok_or(target)?.resolved();
        }
        Err("a circle of references".to_owned())
    }
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
