//! Links between pages, resolved as MkDocs resolves them.

use std::collections::BTreeSet;

use karat_source::{clean, join, parent};

use crate::page::Link;
use crate::problem::{Kind, Problem};
use crate::sanitise::{Scheme, scheme};

/// What a page may link to, and where the page is.
pub(crate) struct Links<'l> {
    /// The page's path from `docs_dir`; `None` for Markdown that is no page.
    pub(crate) page: Option<&'l str>,
    /// All pages, sorted.
    pub(crate) pages: &'l [String],
    /// All other files.
    pub(crate) assets: &'l BTreeSet<String>,
    pub(crate) directory_urls: bool,
}

/// What a link became.
#[derive(Debug, Default)]
pub(crate) struct Resolved {
    /// What stands in the HTML; `None` if it is refused.
    pub(crate) href: Option<String>,
    /// Whether it leaves the site.
    pub(crate) external: bool,
    /// To be checked when all pages are known.
    pub(crate) link: Option<Link>,
    pub(crate) problem: Option<Problem>,
}

static NO_ASSETS: BTreeSet<String> = BTreeSet::new();

impl Links<'static> {
    /// No pages at all.
    pub(crate) fn none() -> Self {
        Self { page: None, pages: &[], assets: &NO_ASSETS, directory_urls: true }
    }
}

impl Links<'_> {
    /// Resolves `written` at a place of `file`.
    pub(crate) fn resolve(&self, file: &str, written: &str, at: (u32, u32)) -> Resolved {
        let as_is = |external| Resolved { href: Some(written.to_owned()), external, ..Resolved::default() };
        match scheme(written) {
            Scheme::Allowed => return as_is(true),
            Scheme::Refused(scheme) => {
                let message = format!("a link with the scheme `{scheme}:` is refused");
                let problem = Problem::error(Kind::Refused, file, at, message).fix("link to a page, or to https");
                return Resolved { problem: Some(problem), ..Resolved::default() };
            }
            Scheme::None => {}
        }
        let (before, anchor) = written.split_once('#').map_or((written, None), |(path, anchor)| (path, Some(anchor)));
        let (path, query) = before.split_once('?').map_or((before, None), |(path, query)| (path, Some(query)));
        let Some(page) = self.page else { return as_is(false) };
        if path.is_empty() {
            let link = anchor.filter(|anchor| !anchor.is_empty()).map(|anchor| self.link(page, anchor, written, at));
            return Resolved { link, ..as_is(false) };
        }
        if path.starts_with(['/', '\\']) {
            let message = format!("the link `{written}` starts at the server's root, where the site may not be");
            let problem = Problem::warning(Kind::Link, file, at, message).fix("link to the file, from this one");
            return Resolved { problem: Some(problem), ..as_is(false) };
        }
        let target = clean(&join(parent(page), &decode(path)));
        let known = target.as_ref().filter(|target| self.has_page(target) || self.assets.contains(*target));
        let Some(target) = known else {
            let missing = target.as_deref().unwrap_or(path);
            let message = format!("the link `{written}` leads nowhere: there is no {missing} in the documentation");
            let fix = self.guess(page, path).map_or_else(
                || "link to a file below docs_dir, or to the full address of what is elsewhere".to_owned(),
                |guess| format!("did you mean {guess}?"),
            );
            return Resolved { problem: Some(Problem::error(Kind::Link, file, at, message).fix(fix)), ..as_is(false) };
        };
        let mut href = relative(&self.url(page), &self.url(target));
        if let Some(query) = query {
            href.push('?');
            href.push_str(query);
        }
        let mut link = None;
        if let Some(anchor) = anchor {
            href.push('#');
            href.push_str(anchor);
            if self.has_page(target) && !anchor.is_empty() {
                link = Some(self.link(target, anchor, written, at));
            }
        }
        Resolved { href: Some(href), external: false, link, problem: None }
    }

    fn has_page(&self, path: &str) -> bool {
        self.pages.binary_search_by(|page| page.as_str().cmp(path)).is_ok()
    }

    fn link(&self, page: &str, anchor: &str, written: &str, at: (u32, u32)) -> Link {
        Link { page: page.to_owned(), anchor: decode(anchor), written: written.to_owned(), at }
    }

    /// What the author may have meant.
    fn guess(&self, page: &str, path: &str) -> Option<String> {
        let stem = path.trim_end_matches('/').trim_end_matches(".html");
        let tries = [format!("{stem}.md"), format!("{stem}/index.md"), format!("{stem}/README.md")];
        let found = |tried: &String| clean(&join(parent(page), tried)).is_some_and(|target| self.has_page(&target));
        tries.into_iter().find(found)
    }

    /// Where the source at `path` is served, from the site's root.
    pub(crate) fn url(&self, path: &str) -> String {
        url(path, self.directory_urls)
    }
}

/// Where MkDocs serves the source at `path`: `a/b.md` at `a/b/`, an index at its folder, any other file where it is.
pub(crate) fn url(path: &str, directory_urls: bool) -> String {
    let Some(stem) = path.strip_suffix(".md") else { return path.to_owned() };
    let (folder, name) = karat_source::split(stem);
    let is_index = matches!(name, "index" | "README");
    match (directory_urls, is_index) {
        (true, true) if folder.is_empty() => String::new(),
        (true, true) => format!("{folder}/"),
        (true, false) => format!("{stem}/"),
        (false, true) => join(folder, "index.html"),
        (false, false) => format!("{stem}.html"),
    }
}

/// The way from one address to another, both from the site's root.
fn relative(from: &str, to: &str) -> String {
    let here: Vec<&str> = from.split('/').collect();
    let here = &here[..here.len() - 1];
    let there: Vec<&str> = to.split('/').collect();
    let (folders, name) = there.split_at(there.len() - 1);
    let common = here.iter().zip(folders).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..", here.len() - common);
    let down = folders[common..].iter().copied();
    let mut parts: Vec<&str> = up.chain(down).collect();
    let name = name.first().copied().unwrap_or_default();
    if name.is_empty() {
        return if parts.is_empty() { "./".to_owned() } else { format!("{}/", parts.join("/")) };
    }
    parts.push(name);
    parts.join("/")
}

/// `%20` and the like, resolved; what is no escape stays.
fn decode(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digits = bytes.get(at + 1..at + 3).and_then(|digits| std::str::from_utf8(digits).ok());
        let code = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (bytes[at], code) {
            (b'%', Some(code)) => {
                out.push(code);
                at += 3;
            }
            (byte, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::{decode, relative, url};

    #[test]
    fn addresses_are_those_of_mkdocs() {
        for (path, address) in
            [("index.md", ""), ("a.md", "a/"), ("a/README.md", "a/"), ("a/b.md", "a/b/"), ("x.png", "x.png")]
        {
            assert_eq!(url(path, true), address);
        }
        assert_eq!(url("a/README.md", false), "a/index.html");
        for (from, to, way) in [
            ("", "a/", "a/"),
            ("a/", "", "../"),
            ("a/b/", "a/c/", "../c/"),
            ("a/", "a/", "./"),
            ("a/b/", "x.png", "../../x.png"),
            ("a.html", "b/c.html", "b/c.html"),
        ] {
            assert_eq!(relative(from, to), way, "{from} {to}");
        }
        assert_eq!(decode("a%20b%zz%"), "a b%zz%");
    }
}
