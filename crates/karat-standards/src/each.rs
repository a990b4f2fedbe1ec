//! Which parts of an object a check looks at: `podSpec.containers[*]`, `object.spec.template.spec.sources[*]`.

use karat_kube::Path;

use crate::cel::Tree;

/// A path with wildcards, from a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Each {
    /// The variable it starts from: `object`, `podSpec`, `values`, `objects`.
    pub(crate) root: String,
    pub(crate) steps: Vec<EachStep>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EachStep {
    Key(String),
    /// Every item of a list.
    All,
}

impl Each {
    /// Reads a path that starts with one of `roots` and ends with `[*]`.
    pub(crate) fn parse(text: &str, roots: &[&str]) -> Result<Self, String> {
        let end = text.find(['.', '[']).unwrap_or(text.len());
        let (root, mut rest) = text.split_at(end);
        if !roots.contains(&root) {
            return Err(format!("`{text}` starts with none of {}", roots.join(", ")));
        }
        let mut steps = Vec::new();
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix("[*]") {
                steps.push(EachStep::All);
                rest = after;
            } else if let Some(quoted) = rest.strip_prefix("[\"") {
                let Some((key, after)) = quoted.split_once("\"]") else {
                    return Err(format!("`{text}` has no closing `\"]`"));
                };
                steps.push(EachStep::Key(key.to_owned()));
                rest = after;
            } else if let Some(key) = rest.strip_prefix('.') {
                let end = key.find(['.', '[']).unwrap_or(key.len());
                if end == 0 {
                    return Err(format!("`{text}` has an empty name"));
                }
                steps.push(EachStep::Key(key[..end].to_owned()));
                rest = &key[end..];
            } else {
                return Err(format!("`{text}` has something other than `.name`, `[\"name\"]` and `[*]`"));
            }
        }
        if steps.last() != Some(&EachStep::All) {
            return Err(format!("`{text}` does not end with `[*]`: leave `each` out to look at one thing"));
        }
        Ok(Self { root: root.to_owned(), steps })
    }

    /// The parts of `tree` (at `path`) that it names. What is not there has no parts; what is no list where one is
    /// expected is an error.
    pub(crate) fn find(&self, tree: &Tree, path: &Path) -> Result<Vec<(Path, Tree)>, String> {
        let mut found = vec![(path.clone(), tree.clone())];
        for step in &self.steps {
            let mut next = Vec::with_capacity(found.len());
            for (path, tree) in found {
                match step {
                    EachStep::Key(key) => next.extend(tree.get(key).map(|tree| (path.key(key.as_str()), tree.clone()))),
                    EachStep::All => {
                        let items = tree.items().ok_or_else(|| format!("`{path}` is not a list"))?;
                        next.extend(items.iter().enumerate().map(|(at, item)| (path.index(at), item.clone())));
                    }
                }
            }
            found = next;
        }
        Ok(found)
    }
}
