//! User values: files, then `--set-json`, `--set`, `--set-string`, `--set-file`, `--set-literal`, in this order.

use karat_yaml::{Map, Value};

use crate::strvals::{self, Style};
use crate::{Error, Profile, yaml};

/// Where the values of a release come from, as the flags of `helm template` give them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ValueSources {
    /// `-f`: names and contents, the last one wins.
    pub files: Vec<(String, Vec<u8>)>,
    /// `--set-json`
    pub json: Vec<String>,
    /// `--set`
    pub set: Vec<String>,
    /// `--set-string`
    pub set_string: Vec<String>,
    /// `--set-file`: `name=path`
    pub set_file: Vec<String>,
    /// `--set-literal`
    pub set_literal: Vec<String>,
}

impl ValueSources {
    /// All sources as one mapping. `read` gives the files that `--set-file` names.
    pub fn merge(&self, profile: Profile, read: strvals::ReadFile<'_>) -> Result<Value, Error> {
        let mut base = Map::new();
        for (name, bytes) in &self.files {
            let file =
                load(bytes, profile).map_err(|error| Error::Values(format!("failed to parse {name}: {error}")))?;
            merge_maps(&mut base, file);
        }
        for text in &self.json {
            if profile.set_json_takes_objects() && text.trim_start().starts_with('{') {
                let map = yaml::parse_json_map(text.trim().as_bytes())
                    .map_err(|_| Error::Values(format!("failed parsing --set-json data JSON: {text}")))?;
                merge_maps(&mut base, map);
            } else {
                strvals::parse_into(text, Style::Json, &mut base)
                    .map_err(|_| Error::Values(format!("failed parsing --set-json data {text}")))?;
            }
        }
        let typed = [
            ("--set", &self.set, Style::Typed),
            ("--set-string", &self.set_string, Style::String),
            ("--set-file", &self.set_file, Style::File(read)),
        ];
        for (flag, texts, style) in typed {
            for text in texts {
                strvals::parse_into(text, style, &mut base)
                    .map_err(|error| Error::Values(format!("failed parsing {flag} data: {error}")))?;
            }
        }
        for text in &self.set_literal {
            strvals::parse_literal_into(text, &mut base)
                .map_err(|error| Error::Values(format!("failed parsing --set-literal data: {error}")))?;
        }
        Ok(Value::Map(base))
    }
}

/// Reads a values file. Documents are merged, the last one wins.
pub(crate) fn load(bytes: &[u8], profile: Profile) -> Result<Map, String> {
    if !profile.merges_value_documents() {
        return yaml::parse_map(bytes);
    }
    let mut values = Map::new();
    for document in documents(bytes)? {
        merge_maps(
            &mut values,
            yaml::parse_map(&document).map_err(|error| format!("cannot unmarshal yaml document: {error}"))?,
        );
    }
    Ok(values)
}

/// Merges `over` into `base`: mappings are merged, everything else is replaced, also by null.
pub(crate) fn merge_maps(base: &mut Map, over: Map) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(Value::Map(below)), Value::Map(above)) => merge_maps(below, above),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

/// The documents of a stream as Kubernetes' reader splits them: at lines that start with `---`, line ends as `\n`.
fn documents(bytes: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let mut documents = Vec::new();
    let mut current: Vec<u8> = Vec::with_capacity(bytes.len());
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\n").map_or(line, |line| line.strip_suffix(b"\r").unwrap_or(line));
        if let Some(rest) = line.strip_prefix(b"---") {
            let rest = String::from_utf8_lossy(rest);
            let rest = rest.trim();
            if !rest.is_empty() && !rest.starts_with('#') {
                return Err(format!("error reading yaml document: invalid Yaml document separator: {rest}"));
            }
            if !current.is_empty() {
                documents.push(std::mem::take(&mut current));
                continue;
            }
        }
        current.extend_from_slice(line);
        current.push(b'\n');
    }
    if !current.is_empty() {
        documents.push(current);
    }
    Ok(documents)
}

#[cfg(test)]
mod tests {
    use super::documents;

    #[test]
    fn splits_as_kubernetes_does() {
        let split = |text: &str| {
            documents(text.as_bytes()).map(|all| all.iter().map(|d| String::from_utf8_lossy(d).into_owned()).collect())
        };
        assert_eq!(split("a: 1"), Ok(vec!["a: 1\n".to_owned()]));
        assert_eq!(split("---\na: 1\r\n--- # next\nb: 2\n"), Ok(vec!["---\na: 1\n".to_owned(), "b: 2\n".to_owned()]));
        assert!(split("a: 1\n--- b\n").is_err());
        assert_eq!(split(""), Ok(Vec::<String>::new()));
    }
}
