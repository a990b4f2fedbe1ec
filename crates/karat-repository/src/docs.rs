//! A repository's documentation, as facts: its pages by what they are made of, and what is wrong with them.

use ecow::{EcoString, eco_format};
use karat_docs::{Page, Quadrant, Severity, Site, Structure};
use karat_source::{World, join};

use crate::go::within;
use crate::text::Text;
use crate::{At, Fact, Place, Problem};

/// What the documentation of a repository says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Docs {
    /// Its configuration: `mkdocs.yml`, if there is one, at its first line.
    pub config: Option<At<EcoString>>,
    /// Its pages, in reading order.
    pub pages: Vec<DocsPage>,
    /// What is wrong: kind, message, place. What is only long is not.
    pub problems: Vec<(EcoString, At<EcoString>)>,
    /// Environment variables that pages of reference list, in tables whose first column says so.
    pub variables: Vec<At<EcoString>>,
    /// Operations that pages of reference list: `GET /v1/patients/{}`.
    pub operations: Vec<At<EcoString>>,
}

/// A page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocsPage {
    /// Where it is served, from the site's root: `runbooks/latency/`.
    pub url: EcoString,
    /// Its own heading, else its title.
    pub title: At<EcoString>,
    /// What it is for.
    pub quadrant: Option<Quadrant>,
    /// What it is made of.
    pub structure: Structure,
}

impl Docs {
    /// Reads the documentation of the repository in `folder`; nothing if it has none.
    pub(crate) fn read(world: &dyn World, folder: &str, files: &[EcoString]) -> Option<Self> {
        let config = files.iter().find(|file| karat_docs::CONFIG_FILES.contains(&file.as_str())).cloned();
        if config.is_none() && !files.iter().any(|file| file.starts_with("docs/") && file.ends_with(".md")) {
            return None;
        }
        let config = config.map(|file| {
            let place = Place { file: file.clone(), line: 1, column: 1, end_column: 1 };
            At::new(file, place)
        });
        let (site, problems) = Site::read(world, folder);
        let mut docs = Self { config, ..Self::default() };
        for problem in problems {
            if problem.kind == karat_docs::Kind::Size && problem.severity < Severity::Error {
                continue;
            }
            let file = within(&problem.file, folder).unwrap_or(&problem.file);
            let place =
                Place { file: file.into(), line: problem.line, column: problem.column, end_column: problem.column };
            docs.problems.push((problem.kind.word().into(), At::new(problem.message, place)));
        }
        for page in site.pages() {
            docs.page(world, folder, page);
        }
        Some(docs)
    }

    fn page(&mut self, world: &dyn World, folder: &str, page: &Page) {
        let file = within(&page.source, folder).unwrap_or(&page.source);
        let structure = page.structure();
        if page.quadrant == Some(Quadrant::Reference) {
            let bytes = world.read(&join(folder, file)).unwrap_or_default();
            let source = String::from_utf8_lossy(&bytes);
            self.reference(&Text::new(file, &source), &structure);
        }
        let own = page.toc.first().filter(|heading| heading.level == 1);
        let (title, line) = own.map_or((page.title.as_str(), 0), |heading| (heading.text.as_str(), heading.line));
        let place = Place { file: file.into(), line, column: line.min(1), end_column: line.min(1) };
        let title = At::new(title, place);
        self.pages.push(DocsPage { url: page.url.as_str().into(), title, quadrant: page.quadrant, structure });
    }

    fn reference(&mut self, text: &Text<'_>, structure: &Structure) {
        // The first place where it is written as code; a name that only rendering makes is placed at the page.
        let place = |code: &str| {
            let written = format!("`{code}`");
            match text.text.find(&written) {
                Some(at) => text.place(at + 1..at + 1 + code.len()),
                None => Place::whole(text.file.clone()),
            }
        };
        for table in &structure.tables {
            let is_of_variables = table.head.first().is_some_and(|head| head.to_lowercase().contains("variable"));
            for codes in &table.rows {
                if is_of_variables {
                    self.variables.extend(codes.iter().map(|code| At::new(code.as_str(), place(code))));
                } else {
                    self.operations.extend(operations(codes).map(|(code, key)| At::new(key, place(code))));
                }
            }
        }
    }
}

/// The operations that a cell names: `GET`, `PATCH /a/{b}` are two of one path.
fn operations(codes: &[String]) -> impl Iterator<Item = (&str, EcoString)> {
    let mut waiting: Vec<&str> = Vec::new();
    let mut last = Vec::new();
    let mut found = Vec::new();
    for code in codes {
        let (method, path) = code.split_once(' ').unwrap_or((code, ""));
        if METHODS.contains(&method) && path.is_empty() {
            waiting.push(method);
        } else if METHODS.contains(&method) && path.starts_with('/') {
            waiting.push(method);
            found.extend(waiting.iter().map(|method| (code.as_str(), operation_key(method, path))));
            last = std::mem::take(&mut waiting);
        } else if code.starts_with('/') {
            // The same methods of another path.
            found.extend(last.iter().map(|method| (code.as_str(), operation_key(method, code))));
        }
    }
    found.into_iter()
}

const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/// An operation without the names of its parameters and its query: `GET /v1/patients/{}`.
pub(crate) fn operation_key(method: &str, path: &str) -> EcoString {
    let path = path.split('?').next().unwrap_or_default();
    let mut key = eco_format!("{method} ");
    let mut inside = false;
    for character in path.chars() {
        match character {
            '{' => {
                inside = true;
                key.push_str("{}");
            }
            '}' => inside = false,
            _ if inside => {}
            _ => key.push(character),
        }
    }
    key
}

/// The operations of an OpenAPI document; what keeps it from being read at all.
pub(crate) fn api(text: &Text<'_>) -> Result<Vec<At<EcoString>>, Problem> {
    let (api, problems) = karat_docs::openapi::read(&text.file, text.text.as_bytes());
    if let Some(problem) = problems.first().filter(|_| api.html.is_empty()) {
        let (line, column) = (problem.line, problem.column);
        let place = Place { file: text.file.clone(), line, column, end_column: column };
        return Err(Problem { place, message: problem.message.clone() });
    }
    let lines: Vec<&str> = text.text.lines().collect();
    let operations = api
        .operations
        .into_iter()
        .map(|operation| {
            let line = lines.get(operation.line.saturating_sub(1) as usize).copied().unwrap_or_default();
            let start = line.len() - line.trim_start().len();
            let column = u32::try_from(start + 1).unwrap_or(1);
            let width = u32::try_from(operation.method.len()).unwrap_or(0);
            let place = Place { file: text.file.clone(), line: operation.line, column, end_column: column + width };
            At::new(operation_key(&operation.method, &operation.path), place)
        })
        .collect();
    Ok(operations)
}

/// Whether a file is an API's document, by its name.
pub(crate) fn is_api(path: &str) -> bool {
    matches!(path, "openapi.yaml" | "openapi.yml" | "openapi.json")
        || matches!(path, "api/openapi.yaml" | "api/openapi.yml" | "api/openapi.json")
}

impl From<&Docs> for Fact {
    fn from(docs: &Docs) -> Self {
        let named = |items: &[At<EcoString>]| crate::named(items.iter().map(|item| (&item.value, &item.place)));
        let problems = docs.problems.iter().map(|(kind, problem)| {
            Self::map([("kind", Self::from(kind)), ("message", (&problem.value).into())]).at(&problem.place)
        });
        Self::map([
            ("config", Self::from(docs.config.as_ref())),
            ("pages", Self::list(&docs.pages)),
            ("problems", Self::list(problems)),
            ("variables", named(&docs.variables)),
            ("operations", named(&docs.operations)),
        ])
    }
}

impl From<&DocsPage> for Fact {
    fn from(page: &DocsPage) -> Self {
        let structure = &page.structure;
        let rows = structure.tables.iter().map(|table| table.rows.len()).max().unwrap_or(0);
        Self::map([
            ("file", Self::from(&page.title.place.file)),
            ("url", (&page.url).into()),
            ("title", (&page.title.value).into()),
            ("quadrant", page.quadrant.map_or("", Quadrant::word).into()),
            ("steps", structure.steps.into()),
            ("code", structure.code.into()),
            ("commands", structure.commands.into()),
            ("tables", structure.tables.len().into()),
            ("rows", rows.into()),
            ("definitions", structure.definitions.into()),
            ("words", structure.words.into()),
        ])
        .at(&page.title.place)
    }
}
