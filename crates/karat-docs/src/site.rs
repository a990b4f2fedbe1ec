//! A site: a configuration, its pages rendered, and everything that is wrong with them.

use std::collections::{BTreeMap, BTreeSet};

use karat_source::{EntryKind, World, join};
use rayon::prelude::*;

use crate::config::{Config, Ignored};
use crate::links::{Links, url};
use crate::markdown::{self, Rendered};
use crate::navigation::{Nav, title_of};
use crate::page::{Page, PageRef};
use crate::problem::{Kind, Problem, Severity};
use crate::quadrant::Quadrant;
use crate::search::{self, SearchEntry};

/// The most pages of one site.
pub const PAGES_LIMIT: usize = 10_000;
/// The most files and folders below `docs_dir`.
const FILES_LIMIT: usize = 50_000;
/// The deepest folder.
const FOLDERS: usize = 32;
/// What all pages of a site may weigh together, in bytes of their sources.
const BYTES_LIMIT: usize = 256 << 20;
/// A page with more lines is rendered, and reported.
pub const LINES_LIMIT: usize = 10_000;

/// A file of a site that is no page: an image, a download.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    /// Where it is, as the site's world calls it.
    pub source: String,
    /// Its media type: one of images, text and archives; anything else is a download.
    pub media_type: &'static str,
}

/// The documentation of one repository.
#[derive(Clone, Debug, Default)]
pub struct Site {
    config: Config,
    nav: Nav,
    pages: Vec<Page>,
    /// From the path of a page's source to its place in `pages`.
    by_path: BTreeMap<String, usize>,
    /// The same by address.
    by_url: BTreeMap<String, usize>,
    assets: BTreeMap<String, Asset>,
}

impl Site {
    /// Reads the documentation of the repository in `folder` of `world`, all pages rendered, on all cores. Whatever is
    /// wrong is a [`Problem`]; what can be shown is shown.
    pub fn read(world: &dyn World, folder: &str) -> (Self, Vec<Problem>) {
        let (config, mut problems) = Config::read(world, folder);
        let docs = join(folder, &config.docs_dir);
        let mut listing = Listing {
            world,
            docs: &docs,
            config: &config,
            pages: Vec::new(),
            assets: BTreeMap::new(),
            problems: &mut problems,
        };
        listing.walk();
        let (mut sources, assets) = (listing.pages, listing.assets);
        let missing_index = !sources.iter().any(|page| matches!(page.as_str(), "index.md" | "README.md"));
        let mut read_from: BTreeMap<String, String> = BTreeMap::new();
        if missing_index {
            let names = ["README.md", "readme.md"].map(|name| join(folder, name));
            if let Some(readme) = names.into_iter().find(|path| matches!(world.kind(path), Ok(Some(EntryKind::File)))) {
                read_from.insert("index.md".to_owned(), readme);
                sources.push("index.md".to_owned());
            }
        }
        sources.sort();
        let names: BTreeSet<String> = assets.keys().cloned().collect();
        let (nav, wrong) = Nav::new(&config, &sources, &names);
        problems.extend(wrong);
        let mut left = BYTES_LIMIT;
        let texts: Vec<(String, Result<String, Problem>)> = sources
            .iter()
            .map(|path| {
                let source = read_from.get(path).cloned().unwrap_or_else(|| join(&docs, path));
                let text = text(world, &source, &mut left);
                (source, text)
            })
            .collect();
        let read: Vec<(String, Rendered)> = texts
            .into_par_iter()
            .zip(&sources)
            .map(|((source, text), path)| {
                let links = Links {
                    page: Some(path),
                    pages: &sources,
                    assets: &names,
                    directory_urls: config.use_directory_urls,
                };
                let rendered = match text {
                    Ok(text) => render(&source, &text, &links),
                    Err(problem) => Rendered { problems: vec![problem], ..Rendered::default() },
                };
                (source, rendered)
            })
            .collect();
        let mut pages = Vec::with_capacity(sources.len());
        for (path, (source, rendered)) in sources.iter().zip(read) {
            problems.extend(rendered.problems.iter().cloned());
            pages.push(page(path, source, rendered, &config));
        }
        if pages.is_empty() && problems.iter().all(|problem| problem.severity < Severity::Error) {
            let problem = Problem::error(Kind::Navigation, &docs, (0, 0), "there is no page");
            problems.push(problem.fix("write index.md"));
        }
        let mut site = Self { config, nav, pages, assets, ..Self::default() };
        site.order();
        problems.extend(site.dead_anchors());
        problems.sort();
        problems.dedup();
        (site, problems)
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The site's name.
    pub fn name(&self) -> &str {
        &self.config.site_name
    }

    /// The navigation.
    pub fn nav(&self) -> &Nav {
        &self.nav
    }

    /// All pages: those of the navigation in its order, then the others by path.
    pub fn pages(&self) -> &[Page] {
        &self.pages
    }

    /// The page of the source at `path` (`how-to/release.md`), or the one served at `path` (`how-to/release/`; empty is the
    /// home page).
    pub fn page(&self, path: &str) -> Option<&Page> {
        let served = || {
            let path = path.trim_start_matches('/');
            let path = path.strip_suffix("index.html").unwrap_or(path);
            let slash = format!("{path}/");
            self.by_url.get(path).or_else(|| self.by_url.get(slash.as_str()))
        };
        self.by_path.get(path).or_else(served).and_then(|index| self.pages.get(*index))
    }

    /// The home page: the one served at the root, else the first.
    pub fn home(&self) -> Option<&Page> {
        self.page("").or_else(|| self.pages.first())
    }

    /// The file at `path` (from `docs_dir`) that is no page.
    pub fn asset(&self, path: &str) -> Option<&Asset> {
        self.assets.get(path)
    }

    /// All files that are no pages, by path from `docs_dir`.
    pub fn assets(&self) -> impl Iterator<Item = (&str, &Asset)> {
        self.assets.iter().map(|(path, asset)| (path.as_str(), asset))
    }

    /// What a search finds, in reading order.
    pub fn search_entries(&self) -> Vec<SearchEntry> {
        self.pages.iter().flat_map(search::entries).collect()
    }

    /// Puts pages in reading order, and each between its neighbours.
    fn order(&mut self) {
        let listed: Vec<(String, Option<String>, Vec<String>)> = self
            .nav
            .pages()
            .into_iter()
            .map(|(path, title, around)| {
                (path.to_owned(), title.map(str::to_owned), around.into_iter().map(str::to_owned).collect())
            })
            .collect();
        let rank: BTreeMap<&str, usize> =
            listed.iter().enumerate().map(|(index, (path, ..))| (path.as_str(), index)).collect();
        self.pages.sort_by(|a, b| {
            let of = |page: &Page| rank.get(page.path.as_str()).copied().unwrap_or(usize::MAX);
            of(a).cmp(&of(b)).then_with(|| a.path.cmp(&b.path))
        });
        for (page, (_, title, around)) in self.pages.iter_mut().zip(&listed) {
            if let Some(title) = title {
                page.title.clone_from(title);
            }
            page.sections.clone_from(around);
        }
        for page in &mut self.pages {
            let around: Vec<&str> = page.sections.iter().map(String::as_str).collect();
            page.quadrant = Quadrant::of(&page.path, &around);
        }
        let refs: Vec<PageRef> = self.pages.iter().take(listed.len()).map(PageRef::from).collect();
        for (index, page) in self.pages.iter_mut().take(listed.len()).enumerate() {
            page.previous = index.checked_sub(1).and_then(|before| refs.get(before)).cloned();
            page.next = refs.get(index + 1).cloned();
        }
        self.by_path = self.pages.iter().enumerate().map(|(index, page)| (page.path.clone(), index)).collect();
        self.by_url = self.pages.iter().enumerate().map(|(index, page)| (page.url.clone(), index)).collect();
    }

    /// Links to parts of pages that those do not have.
    fn dead_anchors(&self) -> Vec<Problem> {
        let links = self.pages.iter().flat_map(|page| page.links.iter().map(move |link| (page, link)));
        links
            .filter_map(|(page, link)| {
                let target = self.by_path.get(&link.page).and_then(|index| self.pages.get(*index))?;
                if target.ids.binary_search(&link.anchor).is_ok() {
                    return None;
                }
                let message =
                    format!("the link `{}` leads nowhere: {} has no part `{}`", link.written, link.page, link.anchor);
                let near = target.ids.iter().find(|id| id.contains(&link.anchor) || link.anchor.contains(id.as_str()));
                let fix = near.map_or_else(
                    || "link to one of its headings, or to the page".to_owned(),
                    |near| format!("did you mean #{near}?"),
                );
                Some(Problem::error(Kind::Link, &page.source, link.at, message).fix(fix))
            })
            .collect()
    }
}

impl From<&Page> for PageRef {
    fn from(page: &Page) -> Self {
        Self { path: page.path.clone(), url: page.url.clone(), title: page.title.clone() }
    }
}

/// The text of a page; `left` is what the site may still weigh.
fn text(world: &dyn World, source: &str, left: &mut usize) -> Result<String, Problem> {
    let failed = |message: String, fix: &str| Problem::error(Kind::Size, source, (0, 0), message).fix(fix);
    let bytes = world
        .read(source)
        .map_err(|error| failed(error.to_string(), "keep pages small, as files of the repository"))?;
    *left = left.checked_sub(bytes.len()).ok_or_else(|| {
        failed(
            format!("the pages of the site are more than {BYTES_LIMIT} bytes: this one is left out"),
            "split the site",
        )
    })?;
    String::from_utf8(bytes).map_err(|_| failed("the page is not UTF-8".to_owned(), "save it as UTF-8"))
}

fn render(source: &str, text: &str, links: &Links<'_>) -> Rendered {
    let mut rendered = markdown::render(source, text, links);
    let lines = text.lines().count();
    if lines > LINES_LIMIT {
        let message = format!("the page has {lines} lines; nobody reads more than {LINES_LIMIT}");
        rendered.problems.push(Problem::warning(Kind::Size, source, (1, 1), message).fix("split it"));
    }
    rendered
}

fn page(path: &str, source: String, rendered: Rendered, config: &Config) -> Page {
    let name = karat_source::split(path).1;
    let stem = name.strip_suffix(".md").unwrap_or(name);
    let address = url(path, config.use_directory_urls);
    let home = matches!(path, "index.md" | "README.md");
    let title = rendered.meta_title.or(rendered.title);
    let title = title.unwrap_or_else(|| if home { "Home".to_owned() } else { title_of(stem) });
    Page {
        path: path.to_owned(),
        source,
        url: address,
        title,
        description: rendered.description,
        html: rendered.html,
        toc: rendered.headings,
        edit_url: config.edit_url(path),
        text: rendered.sections,
        links: rendered.links,
        ids: rendered.ids,
        ..Page::default()
    }
}

/// What is below `docs_dir`.
struct Listing<'l> {
    world: &'l dyn World,
    docs: &'l str,
    config: &'l Config,
    pages: Vec<String>,
    assets: BTreeMap<String, Asset>,
    problems: &'l mut Vec<Problem>,
}

impl Listing<'_> {
    fn walk(&mut self) {
        let mut open = vec![(String::new(), 0)];
        let mut visited = 0;
        let excluded = Ignored::new(&self.config.exclude);
        while let Some((folder, depth)) = open.pop() {
            let here = join(self.docs, &folder);
            let entries = match self.world.list(&here) {
                Ok(entries) => entries,
                Err(error) => {
                    let message = error.to_string();
                    self.tell(&here, Kind::Config, message, "keep the pages in a folder of the repository");
                    continue;
                }
            };
            let has_index = entries.iter().any(|entry| entry.name == "index.md");
            for entry in entries {
                visited += 1;
                if visited > FILES_LIMIT || self.pages.len() >= PAGES_LIMIT {
                    let message =
                        format!("more than {PAGES_LIMIT} pages or {FILES_LIMIT} files: the others are left out");
                    self.tell(self.docs, Kind::Size, message, "split the site");
                    return;
                }
                let path = join(&folder, &entry.name);
                // MkDocs leaves these out by itself.
                if entry.name.starts_with('.')
                    || path == "templates"
                    || excluded.has(&path, entry.kind == EntryKind::Folder)
                {
                    continue;
                }
                match entry.kind {
                    EntryKind::Folder if depth < FOLDERS => open.push((path, depth + 1)),
                    EntryKind::Folder => {
                        let message = format!("folders deeper than {FOLDERS} are not read");
                        self.tell(&join(self.docs, &path), Kind::Size, message, "make it flatter");
                    }
                    EntryKind::File if entry.name.ends_with(".md") => {
                        if has_index && entry.name == "README.md" {
                            let message = "there is an index.md beside it, so README.md is not shown".to_owned();
                            let problem = Problem::warning(Kind::Navigation, &join(self.docs, &path), (0, 0), message);
                            self.problems.push(problem.fix("keep one of them"));
                        } else {
                            self.pages.push(path);
                        }
                    }
                    EntryKind::File => {
                        let source = join(self.docs, &path);
                        self.assets.insert(path, Asset { source, media_type: media_type(&entry.name) });
                    }
                    EntryKind::Escape => {
                        let message = "a link that leads out of the repository is not followed".to_owned();
                        self.tell(&join(self.docs, &path), Kind::Refused, message, "copy the file here");
                    }
                    EntryKind::Special => {}
                }
            }
        }
    }

    fn tell(&mut self, file: &str, kind: Kind, message: String, fix: &str) {
        self.problems.push(Problem::error(kind, file, (0, 0), message).fix(fix));
    }
}

/// What a browser may do with a file: show images, read text, keep everything else.
fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "avif" => "image/avif",
        "gif" => "image/gif",
        "ico" => "image/x-icon",
        "jpeg" | "jpg" => "image/jpeg",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "webp" => "image/webp",
        "csv" => "text/csv; charset=utf-8",
        "json" => "application/json",
        "txt" | "yaml" | "yml" | "toml" | "rego" | "sql" => "text/plain; charset=utf-8",
        "pdf" => "application/pdf",
        _ => "application/octet-stream",
    }
}
