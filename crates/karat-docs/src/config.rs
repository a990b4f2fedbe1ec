//! `mkdocs.yml`: the keys that TechDocs lets through, and nothing that leaves the repository or runs code.

use std::path::Path;

use gix_ignore::glob::pattern::Case;
use gix_ignore::search::Ignore;
use karat_source::{EntryKind, World, clean, join};
use karat_yaml::{Kind as NodeKind, Node};

use crate::problem::{Kind, Problem};
use crate::yaml;

/// Where the configuration is looked for, in that order.
pub const CONFIG_FILES: [&str; 2] = ["mkdocs.yaml", "mkdocs.yml"];

/// The keys that TechDocs passes on; all others are taken out (`@backstage/plugin-techdocs-node`, `generate/helpers`).
const ALLOWED: [&str; 28] = [
    "copyright",
    "dev_addr",
    "docs_dir",
    "edit_uri",
    "edit_uri_template",
    "exclude_docs",
    "extra",
    "extra_css",
    "google_analytics",
    "markdown_extensions",
    "nav",
    "not_in_nav",
    "plugins",
    "remote_branch",
    "remote_name",
    "repo_name",
    "repo_url",
    "site_author",
    "site_description",
    "site_dir",
    "site_name",
    "site_url",
    "strict",
    "theme",
    "use_directory_urls",
    "validation",
    "watch",
    "mdx_configs",
];

/// The keys of a theme that are passed on.
const ALLOWED_OF_THEME: [&str; 8] = ["direction", "favicon", "features", "font", "icon", "language", "logo", "palette"];

/// Plugins whose work is done here, without running them.
const PLUGINS: [&str; 2] = ["search", "techdocs-core"];

/// The deepest navigation.
const NAV_DEPTH: usize = 16;
/// The most entries of one list of it.
const NAV_ITEMS: usize = 20_000;
/// Things of one configuration that are told one by one.
const TOLD: usize = 1_000;

/// What `mkdocs.yml` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// The file, as the world calls it; `None` if there is none and the defaults of TechDocs count.
    pub file: Option<String>,
    /// The site's name.
    pub site_name: String,
    /// What it is about.
    pub site_description: String,
    /// The folder of the pages, from the repository's folder: `docs`.
    pub docs_dir: String,
    /// Where the repository is shown.
    pub repo_url: Option<String>,
    /// What comes between that and a page's path in a link that edits it.
    pub edit_uri: Option<String>,
    /// The same as a template with `{path}` or `{path_noext}`.
    pub edit_uri_template: Option<String>,
    /// Whether `a.md` is served at `a/` (the default) and not at `a.html`.
    pub use_directory_urls: bool,
    pub(crate) nav: Option<Vec<Item>>,
    /// Where `nav` is written.
    pub(crate) nav_at: (u32, u32),
    pub(crate) not_in_nav: Vec<String>,
    pub(crate) exclude: Vec<String>,
}

/// An entry of `nav`, as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) title: Option<String>,
    pub(crate) what: What,
    /// Line and column.
    pub(crate) at: (u32, u32),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Target(String),
    Section(Vec<Item>),
}

impl Config {
    /// Reads the configuration of the repository in `folder`. Whatever it may not say is a problem, and is not done.
    pub(crate) fn read(world: &dyn World, folder: &str) -> (Self, Vec<Problem>) {
        let mut reading = Reading { problems: Vec::new(), file: String::new() };
        let mut config = Self {
            docs_dir: "docs".to_owned(),
            site_name: karat_source::split(folder).1.to_owned(),
            use_directory_urls: true,
            ..Self::default()
        };
        let found = CONFIG_FILES.iter().map(|name| join(folder, name)).find(|path| {
            // A link out of the folder is there, but nothing to follow; reading it says so.
            !matches!(world.kind(path), Ok(None | Some(EntryKind::Folder)))
        });
        if let Some(file) = found {
            reading.file.clone_from(&file);
            config.file = Some(file.clone());
            match world.read(&file) {
                Ok(bytes) => reading.document(&mut config, &bytes),
                Err(error) => {
                    let problem = Problem::error(Kind::Config, &file, (0, 0), error.to_string());
                    reading.problems.push(problem.fix("keep mkdocs.yml as a file in the repository"));
                }
            }
        }
        (config, reading.problems)
    }

    /// The link that edits the page at `path` (from `docs_dir`), as MkDocs makes it.
    pub(crate) fn edit_url(&self, path: &str) -> Option<String> {
        let repository = self.repo_url.as_deref().unwrap_or_default();
        if let Some(template) = &self.edit_uri_template {
            let stem = path.strip_suffix(".md").unwrap_or(path);
            let made = template.replace("{path_noext}", stem).replace("{path}", path);
            return Some(absolute(repository, &made)).filter(|url| is_web(url));
        }
        let host = repository.split("://").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or_default();
        let default = match host {
            "github.com" | "gitlab.com" => Some("edit/master/docs/"),
            "bitbucket.org" => Some("src/default/docs/"),
            _ => None,
        };
        let folder = self.edit_uri.as_deref().or(default).filter(|uri| !uri.is_empty())?;
        let slash = if folder.ends_with('/') { "" } else { "/" };
        Some(absolute(repository, &format!("{folder}{slash}{path}"))).filter(|url| is_web(url))
    }
}

fn absolute(repository: &str, uri: &str) -> String {
    if uri.contains("://") || repository.is_empty() {
        return uri.to_owned();
    }
    let slash = if repository.ends_with('/') || uri.starts_with(['?', '#']) { "" } else { "/" };
    format!("{repository}{slash}{}", uri.trim_start_matches('/'))
}

fn is_web(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

struct Reading {
    file: String,
    problems: Vec<Problem>,
}

impl Reading {
    fn error(&mut self, at: (u32, u32), message: impl Into<String>, fix: &str) {
        if self.problems.len() < TOLD {
            self.problems.push(Problem::error(Kind::Config, &self.file, at, message).fix(fix));
        }
    }

    fn warning(&mut self, at: (u32, u32), message: impl Into<String>, fix: &str) {
        if self.problems.len() < TOLD {
            self.problems.push(Problem::warning(Kind::Config, &self.file, at, message).fix(fix));
        }
    }

    fn document(&mut self, config: &mut Config, bytes: &[u8]) {
        let document = match yaml::read(bytes) {
            Ok(Some(document)) => document,
            Ok(None) => return self.error((0, 0), "it is empty", "say `site_name` and `nav`"),
            Err((line, column, message)) => return self.error((line, column), message, "mend the YAML"),
        };
        let root = document.root();
        if root.kind() != NodeKind::Map {
            return self.error(yaml::at(root), "a mapping of settings is expected", "say `site_name` and `nav`");
        }
        self.tags(root);
        if root.get("site_name").is_none() {
            self.error(yaml::at(root), "`site_name` is missing", "name the site");
        }
        for (key, value) in root.entries() {
            let name = key.as_str().unwrap_or_default();
            if ALLOWED.contains(&name) {
                self.setting(config, name, key, value);
            } else {
                let message = format!("the key `{name}` is not one that TechDocs passes on, so it does nothing");
                self.warning(yaml::at(key), message, "remove it");
            }
        }
    }

    fn setting(&mut self, config: &mut Config, name: &str, key: Node<'_>, value: Node<'_>) {
        let text = yaml::text(value).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        match name {
            "site_name" => config.site_name = text.unwrap_or_default(),
            "site_description" => config.site_description = text.unwrap_or_default(),
            "edit_uri" => config.edit_uri = Some(text.unwrap_or_default()),
            "edit_uri_template" => config.edit_uri_template = text,
            "use_directory_urls" => config.use_directory_urls = yaml::truth(value).unwrap_or(true),
            "repo_url" => match text {
                Some(url) if is_web(&url) => config.repo_url = Some(url),
                None => {}
                Some(_) => self.error(
                    yaml::at(value),
                    "`repo_url` is not an http or https address",
                    "name the repository's page",
                ),
            },
            "docs_dir" => match text.as_deref().map(clean) {
                Some(Some(folder)) if !folder.is_empty() => config.docs_dir = folder,
                Some(Some(_)) => {
                    let message = "`docs_dir` may not be the folder that holds mkdocs.yml";
                    self.error(yaml::at(value), message, "move the pages to docs/");
                }
                Some(None) => {
                    let message = "`docs_dir` leads out of the repository, so it is not read";
                    self.error(yaml::at(value), message, "name a folder beside mkdocs.yml, such as docs");
                }
                None => {}
            },
            "exclude_docs" => config.exclude = patterns(text.as_deref()),
            "not_in_nav" => config.not_in_nav = patterns(text.as_deref()),
            "nav" => (config.nav, config.nav_at) = (self.nav(key, value), yaml::at(key)),
            "plugins" => self.plugins(value),
            "theme" => self.theme(value),
            "watch" | "site_dir" => self.inside(name, value),
            "extra_css" => {
                let message = "`extra_css` is not applied: pages have the portal's look";
                self.warning(yaml::at(key), message, "remove it");
            }
            "mdx_configs" => self.warning(yaml::at(key), "`mdx_configs` is not applied", "remove it"),
            _ => {}
        }
    }

    /// What is only named and never read still may not point elsewhere.
    fn inside(&mut self, name: &str, value: Node<'_>) {
        let value = value.resolved();
        for node in value.items().chain(std::iter::once(value)) {
            if yaml::text(node).is_some_and(|path| clean(&path).is_none()) {
                let message = format!("`{name}` leads out of the repository, so it is not used");
                self.error(yaml::at(node), message, "remove it");
            }
        }
    }

    fn plugins(&mut self, value: Node<'_>) {
        for item in value.resolved().items() {
            let named = item.resolved().entries().next().map_or(item, |(key, _)| key);
            let Some(name) = yaml::text(named) else { continue };
            if !PLUGINS.contains(&name.as_str()) {
                let message = format!("the plugin `{name}` is not run: no code of a repository runs in the portal");
                self.warning(yaml::at(named), message, "remove it, or write what it makes as Markdown");
            }
        }
    }

    fn theme(&mut self, value: Node<'_>) {
        for (key, value) in value.resolved().entries() {
            let name = key.as_str().unwrap_or_default();
            if name == "name" {
                if yaml::text(value).is_some_and(|theme| theme != "material") {
                    self.warning(yaml::at(value), "TechDocs has one theme, `material`", "remove `name`");
                }
            } else if !ALLOWED_OF_THEME.contains(&name) {
                let message = format!("`theme.{name}` is not one that TechDocs passes on, so it does nothing");
                self.warning(yaml::at(key), message, "remove it");
            }
        }
    }

    /// Tags make PyYAML run code (`!!python/...`), read the environment (`!ENV`) or other files (`!include`, `!relative`).
    fn tags(&mut self, root: Node<'_>) {
        let mut open = vec![root];
        while let Some(node) = open.pop() {
            let tag = String::from_utf8_lossy(node.tag());
            if !tag.is_empty() && !is_plain(&tag) {
                let name = tag.replace("tag:yaml.org,2002:", "!!");
                let message = format!("the tag `{name}` is refused: it would run code or read something else");
                self.error(yaml::at(node), message, "write the value itself");
            }
            open.extend(node.items());
            open.extend(node.entries().flat_map(|(key, value)| [key, value]));
        }
    }

    fn nav(&mut self, key: Node<'_>, value: Node<'_>) -> Option<Vec<Item>> {
        let value = value.resolved();
        if yaml::text(value).is_some_and(|text| text.is_empty() || text == "null" || text == "~") {
            return None;
        }
        if value.kind() != NodeKind::Seq {
            self.error(yaml::at(key), "`nav` is not a list", "list the pages: `- Title: page.md`");
            return None;
        }
        Some(self.items(value, 0))
    }

    fn items(&mut self, list: Node<'_>, depth: usize) -> Vec<Item> {
        let mut items = Vec::new();
        if depth > NAV_DEPTH {
            self.error(yaml::at(list), format!("nav is nested deeper than {NAV_DEPTH}"), "make it flatter");
            return items;
        }
        for (index, node) in list.items().enumerate() {
            if index >= NAV_ITEMS {
                self.error(yaml::at(node), format!("nav lists more than {NAV_ITEMS} entries"), "split the site");
                break;
            }
            let node = node.resolved();
            if node.kind() == NodeKind::Map {
                for (key, value) in node.entries() {
                    let value = value.resolved();
                    let title = yaml::text(key);
                    let what = match value.kind() {
                        NodeKind::Seq => What::Section(self.items(value, depth + 1)),
                        _ => match yaml::text(value).filter(|text| !text.is_empty()) {
                            Some(target) => What::Target(target),
                            None => {
                                self.error(yaml::at(key), "a page or a list of pages is expected", "name a page");
                                continue;
                            }
                        },
                    };
                    let at = if matches!(what, What::Target(_)) { yaml::at(value) } else { yaml::at(key) };
                    items.push(Item { title, what, at });
                }
            } else if let Some(target) = yaml::text(node).filter(|text| !text.is_empty()) {
                items.push(Item { title: None, what: What::Target(target), at: yaml::at(node) });
            } else {
                self.error(yaml::at(node), "a page, or a title and a page, is expected", "write `- Title: page.md`");
            }
        }
        items
    }
}

/// YAML's own tags, and the non-specific one.
fn is_plain(tag: &str) -> bool {
    let known = ["str", "int", "float", "bool", "null", "map", "seq"];
    tag == "!" || tag.strip_prefix("tag:yaml.org,2002:").is_some_and(|name| known.contains(&name))
}

/// The patterns of a text in the form of `.gitignore`.
fn patterns(text: Option<&str>) -> Vec<String> {
    let lines = text.unwrap_or_default().lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
}

/// Paths by the patterns of `.gitignore`.
pub(crate) struct Ignored(gix_ignore::Search);

impl Ignored {
    pub(crate) fn new(patterns: &[String]) -> Self {
        let mut search = gix_ignore::Search::default();
        // Adding fails only for a file that is not below the root.
        let _ = search.add_patterns_buffer(
            patterns.join("\n").as_bytes(),
            "/mkdocs",
            Some(Path::new("/")),
            Ignore::default(),
        );
        Self(search)
    }

    /// Whether a file or folder, or a folder above it, is meant.
    pub(crate) fn has(&self, path: &str, is_folder: bool) -> bool {
        let ends = path.match_indices('/').map(|(at, _)| (at, true)).chain([(path.len(), is_folder)]);
        ends.into_iter().any(|(end, is_folder)| {
            let found = self.0.pattern_matching_relative_path(path[..end].into(), Some(is_folder), Case::Sensitive);
            found.is_some_and(|found| !found.pattern.is_negative())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Ignored;

    #[test]
    fn patterns_are_those_of_gitignore() {
        let all = |patterns: &[&str], path: &str| {
            Ignored::new(&patterns.iter().map(|&pattern| pattern.to_owned()).collect::<Vec<_>>()).has(path, false)
        };
        assert!(all(&["drafts/"], "drafts/a.md"));
        assert!(all(&["drafts/"], "b/drafts/a.md"));
        assert!(!all(&["/drafts/"], "b/drafts/a.md"));
        assert!(all(&["*.tmp.md"], "b/a.tmp.md"));
        assert!(!all(&["b/*.md"], "b/c/a.md"));
        assert!(all(&["b/**/*.md"], "b/c/a.md"));
        assert!(!all(&["*.md", "!a.md"], "a.md"));
    }
}
