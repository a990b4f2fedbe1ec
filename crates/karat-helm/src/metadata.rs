//! Chart.yaml: decoded and validated as Helm does, so that what `helm template` rejects is rejected here.

use std::collections::{BTreeMap, BTreeSet};

use karat_template::sprig::is_version;
use karat_yaml::{Str, Value};

use crate::decode::{Fields, TypeError};

/// The contents of a Chart.yaml, texts cleaned of control characters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    /// The chart's name.
    pub name: String,
    /// The project's page.
    pub home: String,
    /// Where the sources are.
    pub sources: Vec<String>,
    /// The chart's version.
    pub version: String,
    /// One sentence.
    pub description: String,
    /// Keywords.
    pub keywords: Vec<String>,
    /// Who maintains it.
    pub maintainers: Vec<Maintainer>,
    /// A URL.
    pub icon: String,
    /// `v1` or `v2`.
    pub api_version: String,
    /// Unused by Helm, shown in `.Chart`.
    pub condition: String,
    /// Unused by Helm, shown in `.Chart`.
    pub tags: String,
    /// The version of what the chart installs.
    pub app_version: String,
    /// Whether the chart should no longer be used.
    pub deprecated: bool,
    /// Free annotations; `None` if the file has none.
    pub annotations: Option<BTreeMap<Str, Str>>,
    /// A constraint on the Kubernetes version.
    pub kube_version: String,
    /// What the chart depends on; `None` if the file does not say, which is not the same as an empty list: only
    /// where there is a list are the charts below processed.
    pub dependencies: Option<Vec<Dependency>>,
    /// `application`, `library` or empty.
    pub kind: String,
}

/// One who maintains a chart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Maintainer {
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
    /// A URL.
    pub url: String,
}

/// A chart that another one depends on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dependency {
    /// The name in its own Chart.yaml.
    pub name: String,
    /// A constraint on its version.
    pub version: String,
    /// Where it comes from.
    pub repository: String,
    /// Paths in the values, separated by commas, of which the first that is a truth value decides.
    pub condition: String,
    /// Names below `tags` in the values.
    pub tags: Vec<String>,
    /// As written; what counts is decided when values are known.
    pub enabled: bool,
    /// What the parent takes over from its values.
    pub import_values: Vec<ImportValue>,
    /// Another name for it.
    pub alias: String,
}

/// One entry of `import-values`.
#[derive(Clone, Debug, PartialEq)]
pub enum ImportValue {
    /// `child: path, parent: path`
    Table {
        /// The path in the child's values.
        child: String,
        /// The path in the parent's values.
        parent: String,
    },
    /// A name below `exports` in the child's values.
    Export(String),
}

impl Metadata {
    /// Decodes a Chart.yaml.
    pub(crate) fn decode(value: &Value) -> Result<Self, TypeError> {
        let mut metadata = Self::default();
        metadata.update(value)?;
        Ok(metadata)
    }

    /// Decodes fields over what is there, as Go does for requirements.yaml.
    pub(crate) fn update(&mut self, value: &Value) -> Result<(), TypeError> {
        let fields = Fields::of(value, "v2.Metadata")?;
        let set = |target: &mut String, name| -> Result<(), TypeError> {
            if fields.get(name).is_some_and(|value| !value.is_null()) {
                *target = fields.string(name)?;
            }
            Ok(())
        };
        set(&mut self.name, "name")?;
        set(&mut self.home, "home")?;
        set(&mut self.version, "version")?;
        set(&mut self.description, "description")?;
        set(&mut self.icon, "icon")?;
        set(&mut self.api_version, "apiVersion")?;
        set(&mut self.condition, "condition")?;
        set(&mut self.tags, "tags")?;
        set(&mut self.app_version, "appVersion")?;
        set(&mut self.kube_version, "kubeVersion")?;
        set(&mut self.kind, "type")?;
        if fields.get("sources").is_some() {
            self.sources = fields.strings("sources")?;
        }
        if fields.get("keywords").is_some() {
            self.keywords = fields.strings("keywords")?;
        }
        if fields.get("deprecated").is_some() {
            self.deprecated = fields.bool("deprecated")?;
        }
        if fields.get("annotations").is_some() {
            self.annotations = fields.string_map("annotations")?;
        }
        if let Some(items) = fields.list("maintainers", "[]*v2.Maintainer")? {
            self.maintainers = items.iter().map(maintainer).collect::<Result<_, _>>()?;
        }
        if fields.get("dependencies").is_some() {
            let items = fields.list("dependencies", "[]*v2.Dependency")?;
            self.dependencies =
                items.map(|items| items.iter().map(dependency).collect::<Result<_, _>>()).transpose()?;
        }
        Ok(())
    }

    /// Cleans texts and applies Helm's checks.
    pub(crate) fn validate(&mut self) -> Result<(), String> {
        for text in [
            &mut self.name,
            &mut self.description,
            &mut self.home,
            &mut self.icon,
            &mut self.condition,
            &mut self.tags,
            &mut self.app_version,
            &mut self.kube_version,
        ] {
            clean(text);
        }
        self.sources.iter_mut().chain(&mut self.keywords).for_each(clean);
        let fail = |message: String| Err(format!("validation: {message}"));
        if self.api_version.is_empty() {
            return fail("chart.metadata.apiVersion is required".into());
        }
        if self.name.is_empty() {
            return fail("chart.metadata.name is required".into());
        }
        if self.name == "." || self.name == ".." {
            return fail(format!("chart.metadata.name {:?} is not allowed", self.name));
        }
        if self.name.contains('/') {
            return fail(format!("chart.metadata.name {:?} is invalid", self.name));
        }
        if self.version.is_empty() {
            return fail("chart.metadata.version is required".into());
        }
        if !is_version(&self.version) {
            return fail(format!("chart.metadata.version {:?} is invalid", self.version));
        }
        if !matches!(self.kind.as_str(), "" | "application" | "library") {
            return fail("chart.metadata.type must be application or library".into());
        }
        for maintainer in &mut self.maintainers {
            [&mut maintainer.name, &mut maintainer.email, &mut maintainer.url].into_iter().for_each(clean);
        }
        let mut names = BTreeSet::new();
        for dependency in self.dependencies.iter_mut().flatten() {
            dependency.validate()?;
            if !names.insert(dependency.effective_name()) {
                let name = dependency.effective_name();
                return fail(format!("more than one dependency with name or alias {name:?}"));
            }
        }
        Ok(())
    }

    /// Whether this is a library chart: its files that start with `_` are templates, the others are nothing.
    pub fn is_library(&self) -> bool {
        self.kind.eq_ignore_ascii_case("library")
    }
}

impl Dependency {
    /// The alias if there is one, else the name.
    pub fn effective_name(&self) -> &str {
        if self.alias.is_empty() { &self.name } else { &self.alias }
    }

    fn validate(&mut self) -> Result<(), String> {
        for text in [&mut self.name, &mut self.version, &mut self.repository, &mut self.condition] {
            clean(text);
        }
        self.tags.iter_mut().for_each(clean);
        let allowed = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-');
        if !self.alias.bytes().all(allowed) {
            return Err(format!("validation: dependency {:?} has disallowed characters in the alias", self.name));
        }
        Ok(())
    }
}

/// Whether a lock file decodes.
pub(crate) fn check_lock(value: &Value) -> Result<(), TypeError> {
    let fields = Fields::of(value, "v2.Lock")?;
    match fields.get("generated") {
        None | Some(Value::Null) => {}
        Some(Value::Str(time)) if is_rfc3339(&time.lossy()) => {}
        Some(Value::Str(time)) => return Err(format!("parsing time {:?} as RFC 3339", time.lossy())),
        Some(_) => return Err("Time.UnmarshalJSON: input is not a JSON string".into()),
    }
    fields.string("digest")?;
    let items = fields.list("dependencies", "[]*v2.Dependency")?.unwrap_or_default();
    items.iter().filter(|item| !item.is_null()).try_for_each(|item| dependency(item).map(drop))
}

/// `2006-01-02T15:04:05.999Z` or with `+07:00`, every number in its range.
fn is_rfc3339(text: &str) -> bool {
    let number = |range: std::ops::Range<usize>| -> Option<u32> {
        let digits = text.get(range)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
    };
    let mark = |at: usize, wanted: u8| text.as_bytes().get(at) == Some(&wanted);
    let check = || -> Option<bool> {
        let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            2 => 28 + u32::from(leap),
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        let clock = number(11..13)? < 24 && number(14..16)? < 60 && number(17..19)? < 60;
        let marks = mark(4, b'-') && mark(7, b'-') && mark(10, b'T') && mark(13, b':') && mark(16, b':');
        let rest = &text[19..];
        let zone =
            rest.strip_prefix('.').map_or(rest, |fraction| fraction.trim_start_matches(|c: char| c.is_ascii_digit()));
        let fraction = rest.len() - zone.len() != 1;
        let at = text.len() - zone.len();
        let offset = || -> Option<bool> {
            let signed = zone.starts_with(['+', '-']) && zone.len() == 6 && mark(at + 3, b':');
            Some(signed && number(at + 1..at + 3)? < 24 && number(at + 4..at + 6)? < 60)
        };
        let zoned = zone == "Z" || offset().unwrap_or(false);
        Some((1..=days).contains(&day) && clock && marks && fraction && zoned)
    };
    check().unwrap_or(false)
}

fn maintainer(value: &Value) -> Result<Maintainer, TypeError> {
    if value.is_null() {
        return Err("validation: maintainers must not contain empty or null nodes".into());
    }
    let fields = Fields::of(value, "v2.Maintainer")?;
    Ok(Maintainer { name: fields.string("name")?, email: fields.string("email")?, url: fields.string("url")? })
}

fn dependency(value: &Value) -> Result<Dependency, TypeError> {
    if value.is_null() {
        return Err("validation: dependencies must not contain empty or null nodes".into());
    }
    let fields = Fields::of(value, "v2.Dependency")?;
    let imports = fields.list("import-values", "[]interface {}")?.unwrap_or_default();
    Ok(Dependency {
        name: fields.string("name")?,
        version: fields.string("version")?,
        repository: fields.string("repository")?,
        condition: fields.string("condition")?,
        tags: fields.strings("tags")?,
        enabled: fields.bool("enabled")?,
        // Anything that is neither a text nor a table is skipped without a word.
        import_values: imports.iter().filter_map(import_value).collect(),
        alias: fields.string("alias")?,
    })
}

fn import_value(value: &Value) -> Option<ImportValue> {
    match value {
        Value::Str(name) => Some(ImportValue::Export(name.lossy().into_owned())),
        Value::Map(_) => {
            let part = |key| match value.get(key) {
                Some(Value::Str(text)) => text.lossy().into_owned(),
                Some(Value::Bool(truth)) => truth.to_string(),
                Some(Value::Int(number)) => number.to_string(),
                Some(Value::Float(number)) => number.to_string(),
                // As Go prints nil; such a path leads nowhere.
                _ => "<nil>".to_owned(),
            };
            Some(ImportValue::Table { child: part("child"), parent: part("parent") })
        }
        _ => None,
    }
}

/// White space becomes a space; what cannot be printed goes.
fn clean(text: &mut String) {
    let fine = |c: char| c == ' ' || !(c.is_whitespace() || unprintable(c));
    if text.chars().all(fine) {
        return;
    }
    *text = text
        .chars()
        .filter_map(|c| if c.is_whitespace() { Some(' ') } else { (!unprintable(c)).then_some(c) })
        .collect();
}

/// Control, format and private characters: the complement of Go's `unicode.IsPrint` as far as texts meet it.
fn unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
        || matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}' | '\u{e0000}'..='\u{e0fff}')
}
