//! The git generator: a set of parameters for each file, or each item in a file, or each folder that a pattern selects.

use karat_kube::Path;
use karat_template::fmt::sprint;
use karat_template::{List, Map, Str, Value as GoValue};
use karat_yaml::Value;

use super::ExpandError;
use super::functions::sanitize_name;
use super::generate::{Context, Set, go_params};
use super::params::{self, Params};
use crate::glob::GoPattern;

pub(crate) struct GitGenerator<'a> {
    pub(crate) context: &'a Context<'a>,
    pub(crate) spec: &'a Value,
    pub(crate) path: &'a Path,
}

impl GitGenerator<'_> {
    pub(crate) fn sets(&self) -> Result<Vec<Set>, ExpandError> {
        let items = |name: &str| self.spec.get(name).and_then(Value::as_seq).unwrap_or_default();
        let (directories, files) = (items("directories"), items("files"));
        if !directories.is_empty() {
            self.directories(directories)
        } else if !files.is_empty() {
            self.files(files)
        } else {
            Err(ExpandError::at(self.path, "a git generator needs `files` or `directories`"))
        }
    }

    fn text(&self, name: &str) -> &str {
        self.spec.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    fn files(&self, items: &[Value]) -> Result<Vec<Set>, ExpandError> {
        let repository = self.repository()?;
        let mut selected = std::collections::BTreeSet::new();
        // All that is included first, then all that is excluded: the order of the items does not count.
        for exclude in [false, true] {
            for (index, item) in items.iter().enumerate().filter(|(_, item)| excludes(item) == exclude) {
                let pattern = item.get("path").and_then(Value::as_str).unwrap_or_default();
                let path = self.path.key("files").index(index).key("path");
                let files = self
                    .context
                    .repositories
                    .select(repository, pattern)
                    .map_err(|error| ExpandError::at(&path, error.to_string()))?;
                for file in files.iter() {
                    if exclude {
                        selected.remove(file);
                    } else {
                        selected.insert(file.clone());
                    }
                }
            }
        }
        let mut sets = Vec::new();
        for file in selected {
            let objects = self
                .context
                .repositories
                .objects(repository, &file)
                .map_err(|error| ExpandError::at(self.path, error.to_string()))?;
            let place = self.context.repositories.place(repository, &file);
            for object in objects.iter() {
                sets.push(Set { params: self.file_set(&file, object)?, files: vec![place.clone()] });
            }
        }
        Ok(sets)
    }

    fn file_set(&self, file: &str, object: &karat_yaml::Map) -> Result<Params, ExpandError> {
        let (folder, name) = karat_source::split(file);
        let folder = if folder.is_empty() { "." } else { folder };
        let set = if self.context.renderer.go() {
            let set = go_params(object);
            let path = self.path_map(folder);
            path.set("filename", GoValue::string(name));
            path.set("filenameNormalized", GoValue::string(sanitize_name(name)));
            self.put_path(&set, path);
            set
        } else {
            let set = params::empty();
            for (key, value) in params::flatten(&go_params(object)) {
                set.set(key, GoValue::Str(sprint(&value)));
            }
            let key = self.put_flat_path(&set, folder);
            set.set(format!("{key}.filename"), GoValue::string(name));
            set.set(format!("{key}.filenameNormalized"), GoValue::string(sanitize_name(name)));
            set
        };
        self.put_values(&set)?;
        Ok(set)
    }

    fn directories(&self, items: &[Value]) -> Result<Vec<Set>, ExpandError> {
        let repository = self.repository()?;
        let folders = self
            .context
            .repositories
            .folders(repository)
            .map_err(|error| ExpandError::at(self.path, error.to_string()))?;
        // A pattern that Go calls bad is logged and matches nothing.
        let patterns: Vec<(GoPattern, bool)> = items
            .iter()
            .filter_map(|item| {
                let pattern = item.get("path").and_then(Value::as_str).unwrap_or_default();
                Some((GoPattern::parse(pattern)?, excludes(item)))
            })
            .collect();
        let mut sets = Vec::new();
        for folder in folders.iter() {
            let matched = |exclude| patterns.iter().any(|(pattern, out)| *out == exclude && pattern.matches(folder));
            if !matched(false) || matched(true) {
                continue;
            }
            let set = params::empty();
            if self.context.renderer.go() {
                self.put_path(&set, self.path_map(folder));
            } else {
                self.put_flat_path(&set, folder);
            }
            self.put_values(&set)?;
            sets.push(Set { params: set, files: Vec::new() });
        }
        Ok(sets)
    }

    fn repository(&self) -> Result<usize, ExpandError> {
        let url = self.text("repoURL");
        self.context.repositories.find(url).ok_or_else(|| {
            let message = format!("no repository of the organisation has the URL {url}");
            ExpandError::at(&self.path.key("repoURL"), message)
        })
    }

    /// `path` for Go templates.
    fn path_map(&self, folder: &str) -> Map {
        let base = base(folder);
        let path = params::empty();
        path.set("path", GoValue::string(folder));
        path.set("basename", GoValue::string(base));
        path.set("basenameNormalized", GoValue::string(sanitize_name(base)));
        path.set("segments", GoValue::List(List::strings(folder.split('/'))));
        path
    }

    fn put_path(&self, set: &Params, path: Map) {
        match self.text("pathParamPrefix") {
            "" => set.set("path", GoValue::Map(path)),
            prefix => {
                let holder = params::empty();
                holder.set("path", GoValue::Map(path));
                set.set(prefix, GoValue::Map(holder));
            }
        }
    }

    /// `path`, `path.basename`, `path[0]` and so on; gives the first key.
    fn put_flat_path(&self, set: &Params, folder: &str) -> String {
        let key = match self.text("pathParamPrefix") {
            "" => "path".to_owned(),
            prefix => format!("{prefix}.path"),
        };
        let base = base(folder);
        set.set(key.as_str(), GoValue::string(folder));
        set.set(format!("{key}.basename"), GoValue::string(base));
        set.set(format!("{key}.basenameNormalized"), GoValue::string(sanitize_name(base)));
        for (index, segment) in folder.split('/').enumerate().filter(|(_, segment)| !segment.is_empty()) {
            set.set(format!("{key}[{index}]"), GoValue::string(segment));
        }
        key
    }

    /// `values`: texts that may use the parameters so far, but not each other.
    fn put_values(&self, set: &Params) -> Result<(), ExpandError> {
        let Some(values) = self.spec.get("values").and_then(Value::as_map) else { return Ok(()) };
        let mut rendered = Vec::with_capacity(values.len());
        for (key, value) in values {
            let Value::Str(text) = value else { continue };
            let text = self
                .context
                .renderer
                .text(text, set)
                .map_err(|message| ExpandError::at(&self.path.key("values").key(key.lossy().as_ref()), message))?;
            rendered.push((key.clone(), GoValue::Str(text)));
        }
        if self.context.renderer.go() {
            if !rendered.is_empty() {
                set.set("values", GoValue::Map(Map::typed(Map::STRINGS, rendered.into_iter().collect())));
            }
        } else {
            for (key, value) in rendered {
                let mut name = Str::from("values.");
                name.push_bytes(&key);
                set.set(name, value);
            }
        }
        Ok(())
    }
}

fn excludes(item: &Value) -> bool {
    item.get("exclude").and_then(Value::as_bool).unwrap_or_default()
}

/// Go's `path.Base`, for a path that is clean.
fn base(path: &str) -> &str {
    karat_source::split(path).1
}
