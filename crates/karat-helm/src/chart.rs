//! A chart: its files sorted into what Helm makes of them, immutable and shared between renders.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use karat_source::World;
use karat_yaml::{Map, Value};

use crate::archive::{self, Budget};
use crate::metadata::{self, Metadata};
use crate::resolved::Cache;
use crate::schema::Schema;
use crate::{Error, Settings, folder, values, yaml};

/// A loaded chart with the charts in its `charts/` folder.
///
/// Loading reads every file once. Templates are parsed on the first render and kept, so that rendering one chart for
/// 10,000 releases, on any number of threads, shares one copy of everything that does not depend on values.
#[derive(Debug)]
pub struct Chart {
    pub(crate) settings: Settings,
    pub(crate) metadata: Metadata,
    /// The defaults of values.yaml.
    pub(crate) values: Arc<Map>,
    /// The size of values.yaml.
    pub(crate) default_bytes: usize,
    pub(crate) schema: Option<Arc<Schema>>,
    pub(crate) templates: Vec<File>,
    /// What is neither a template nor a chart: `.Files`, and the CRDs.
    pub(crate) files: Arc<Vec<File>>,
    pub(crate) dependencies: Vec<Arc<Self>>,
    pub(crate) warnings: Vec<String>,
    pub(crate) cache: Cache,
    missing: OnceLock<Vec<String>>,
}

/// A file of a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The path within the chart.
    pub name: String,
    /// The contents, without a byte order mark.
    pub data: Vec<u8>,
}

/// A file on its way into a chart.
pub(crate) type RawFile = File;

impl File {
    pub(crate) fn new(name: String, mut data: Vec<u8>) -> Self {
        if data.starts_with(b"\xef\xbb\xbf") {
            data.drain(..3);
        }
        Self { name, data }
    }
}

impl Chart {
    /// Loads the chart at `path`: a folder, or an archive (`.tgz`).
    pub fn load(world: &dyn World, path: &str, settings: &Settings) -> Result<Arc<Self>, Error> {
        match world.kind(path)? {
            Some(karat_source::EntryKind::Folder) => Self::from_folder(world, path, settings),
            _ => Self::from_archive(&world.read(path)?, path, settings),
        }
    }

    /// Loads a chart from an archive's bytes; `name` is what messages call it.
    pub fn from_archive(bytes: &[u8], name: &str, settings: &Settings) -> Result<Arc<Self>, Error> {
        let mut budget = Budget::new(&settings.limits);
        let files = archive::unpack(bytes, &settings.limits, &mut budget).map_err(|m| Error::load(name, m))?;
        Loader { settings, budget }.root(files, name)
    }

    /// Loads a chart from files in memory, named by their paths within the chart.
    pub fn from_files(files: Vec<File>, name: &str, settings: &Settings) -> Result<Arc<Self>, Error> {
        let files = files.into_iter().map(|file| File::new(file.name, file.data)).collect();
        Loader { settings, budget: Budget::new(&settings.limits) }.root(files, name)
    }

    fn from_folder(world: &dyn World, path: &str, settings: &Settings) -> Result<Arc<Self>, Error> {
        let mut budget = Budget::new(&settings.limits);
        let files = folder::read(world, path, &settings.limits, &mut budget)?;
        Loader { settings, budget }.root(files, if path.is_empty() { "." } else { path })
    }

    /// What Chart.yaml says.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The defaults of values.yaml, as written: before dependencies and nulls are taken into account.
    pub fn default_values(&self) -> &Map {
        &self.values
    }

    /// The bytes of values.schema.json.
    pub fn schema(&self) -> Option<&[u8]> {
        self.schema.as_deref().map(Schema::text)
    }

    /// The files in `templates/`.
    pub fn templates(&self) -> &[File] {
        &self.templates
    }

    /// The files that are neither templates nor charts.
    pub fn files(&self) -> &[File] {
        &self.files
    }

    /// The charts in `charts/`, by name of folder or archive.
    pub fn dependencies(&self) -> &[Arc<Self>] {
        &self.dependencies
    }

    /// The version of Helm and the limits that it was loaded with.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What Chart.yaml asks for and `charts/` does not have. `helm template` refuses such a chart.
    pub fn missing_dependencies(&self) -> &[String] {
        self.missing.get_or_init(|| {
            let wanted = self.metadata.dependencies.iter().flatten();
            let there = |name: &str| self.dependencies.iter().any(|chart| chart.metadata.name == name);
            wanted.filter(|wanted| !there(&wanted.name)).map(|wanted| wanted.name.clone()).collect()
        })
    }
}

struct Loader<'a> {
    settings: &'a Settings,
    budget: Budget,
}

impl Loader<'_> {
    /// The chart that was asked for: unlike the charts within, its API version must be known.
    fn root(&mut self, files: Vec<RawFile>, place: &str) -> Result<Arc<Chart>, Error> {
        let fail = |message: String| Error::load(place, message);
        if !files.iter().any(|file| file.name == "Chart.yaml") {
            return Err(fail("unable to detect chart: Chart.yaml file is missing".into()));
        }
        let chart = self.chart(files, 0).map_err(fail)?;
        match chart.metadata.api_version.as_str() {
            "v1" | "v2" => Ok(Arc::new(chart)),
            "v3" => Err(fail("invalid chart apiVersion".into())),
            _ if self.settings.profile == crate::Profile::Helm3 => Ok(Arc::new(chart)),
            _ => Err(fail("unsupported chart version".into())),
        }
    }

    fn chart(&mut self, files: Vec<RawFile>, depth: usize) -> Result<Chart, String> {
        if depth > self.settings.limits.depth {
            return Err(format!("charts are nested more than {} deep", self.settings.limits.depth));
        }
        let mut warnings = Vec::new();
        let mut metadata = metadata(&files, &mut warnings)?.ok_or("Chart.yaml file is missing")?;
        let v1 = metadata.api_version == "v1";
        let mut charts: BTreeMap<String, Vec<RawFile>> = BTreeMap::new();
        let (mut defaults, mut default_bytes) = (Map::new(), 0);
        let (mut schema, mut templates, mut others) = (None, Vec::new(), Vec::new());
        for file in files {
            match file.name.as_str() {
                "Chart.yaml" => {}
                "Chart.lock" => lock(&file, "Chart.lock")?,
                "values.yaml" => {
                    default_bytes = file.data.len();
                    defaults = values::load(&file.data, self.settings.profile)
                        .map_err(|message| format!("cannot load values.yaml: {message}"))?;
                }
                "values.schema.json" => schema = Some(Arc::new(Schema::new(file.data))),
                "requirements.yaml" if !v1 => {}
                "requirements.lock" => {
                    lock(&file, "requirements.lock")?;
                    if v1 {
                        others.push(file);
                    }
                }
                name if name.starts_with("templates/") => templates.push(file),
                name => match name.strip_prefix("charts/") {
                    Some(within) if !name.ends_with(".prov") => {
                        let (chart, _) = within.split_once('/').unwrap_or((within, ""));
                        let file = File { name: within.to_owned(), data: file.data };
                        charts.entry(chart.to_owned()).or_default().push(file);
                    }
                    _ => others.push(file),
                },
            }
        }
        metadata.validate()?;
        let mut dependencies = Vec::new();
        for (name, files) in charts {
            if name.starts_with(['_', '.']) {
                continue;
            }
            let chart = self
                .subchart(&name, files, &metadata.name, depth)
                .map_err(|message| format!("error unpacking subchart {name} in {}: {message}", metadata.name))?;
            dependencies.push(Arc::new(chart));
        }
        Ok(Chart {
            settings: *self.settings,
            metadata,
            values: Arc::new(defaults),
            default_bytes,
            schema,
            templates,
            files: Arc::new(others),
            dependencies,
            warnings,
            cache: Cache::default(),
            missing: OnceLock::new(),
        })
    }

    fn subchart(&mut self, name: &str, files: Vec<RawFile>, parent: &str, depth: usize) -> Result<Chart, String> {
        let files = if name.ends_with(".tgz") {
            let file = files.into_iter().next().ok_or("no file")?;
            if file.name != name {
                return Err(format!("error unpacking subchart tar in {parent}: expected {name}, got {}", file.name));
            }
            archive::unpack(&file.data, &self.settings.limits, &mut self.budget)?
        } else {
            // A file directly in charts/ is not a chart: what is left of it is nothing.
            let within = |file: RawFile| {
                let name = file.name.split_once('/')?.1.to_owned();
                Some(File { name, data: file.data })
            };
            files.into_iter().filter_map(within).collect()
        };
        self.chart(files, depth + 1)
    }
}

/// Chart.yaml, and over it requirements.yaml, which only charts of version 1 should have and every chart may.
fn metadata(files: &[RawFile], warnings: &mut Vec<String>) -> Result<Option<Metadata>, String> {
    let mut metadata: Option<Metadata> = None;
    for file in files.iter().filter(|file| file.name == "Chart.yaml") {
        let value = decode(file)?;
        match &mut metadata {
            None => metadata = Some(Metadata::decode(&value).map_err(|message| cannot_load(file, &message))?),
            Some(metadata) => metadata.update(&value).map_err(|message| cannot_load(file, &message))?,
        }
    }
    if let Some(metadata) = metadata.as_mut().filter(|metadata| metadata.api_version.is_empty()) {
        metadata.api_version = "v1".into();
    }
    for file in files.iter().filter(|file| file.name == "requirements.yaml") {
        let metadata = metadata.get_or_insert_default();
        if metadata.api_version != "v1" {
            warnings.push(
                "dependencies are handled in Chart.yaml since apiVersion \"v2\": move those of requirements.yaml there"
                    .into(),
            );
        }
        let value = decode(file)?;
        metadata.update(&value).map_err(|message| cannot_load(file, &message))?;
    }
    Ok(metadata)
}

/// A lock file says nothing about a render; that it cannot be read is an error all the same.
fn lock(file: &RawFile, name: &str) -> Result<(), String> {
    metadata::check_lock(&decode(file)?).map_err(|message| format!("cannot load {name}: {message}"))
}

fn decode(file: &RawFile) -> Result<Value, String> {
    yaml::parse_written(&file.data).map_err(|message| cannot_load(file, &message))
}

fn cannot_load(file: &RawFile, message: &str) -> String {
    format!("cannot load {}: {message}", file.name)
}
