//! What may stand in a page: an allow-list of elements, attributes and schemes.
//!
//! Two lines of defence, independent of each other. The writer of pages takes raw HTML apart and writes only what these lists
//! have, balanced; then [`clean`] parses the whole page as a browser does (ammonia, on html5ever) and keeps only what the lists
//! have, so that a mistake of the first line executes nothing.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};

/// The elements that a page may hold.
pub(crate) const TAGS: [&str; 65] = [
    "a",
    "abbr",
    "article",
    "aside",
    "b",
    "bdi",
    "bdo",
    "blockquote",
    "br",
    "caption",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "details",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "i",
    "img",
    "input",
    "ins",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "samp",
    "section",
    "small",
    "span",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "time",
    "tr",
    "u",
    "ul",
    "var",
    "wbr",
];

/// Elements whose content is no text of the page: it goes with them.
pub(crate) const WITH_CONTENT: [&str; 17] = [
    "applet", "audio", "embed", "frameset", "iframe", "math", "noembed", "noframes", "noscript", "object", "script",
    "style", "svg", "template", "textarea", "title", "video",
];

/// Attributes that any element may have.
const GENERIC: [&str; 5] = ["class", "dir", "id", "lang", "title"];

/// Attributes that some elements may have.
const OF_TAG: [(&str, &[&str]); 14] = [
    ("a", &["aria-label", "href"]),
    ("bdo", &["dir"]),
    ("col", &["span"]),
    ("colgroup", &["span"]),
    ("del", &["cite", "datetime"]),
    ("details", &["name", "open"]),
    ("img", &["alt", "height", "src", "width"]),
    ("input", &["checked"]),
    ("ins", &["cite", "datetime"]),
    ("ol", &["reversed", "start", "type"]),
    ("q", &["cite"]),
    ("td", &["colspan", "headers", "rowspan"]),
    ("th", &["abbr", "colspan", "headers", "rowspan", "scope"]),
    ("time", &["datetime"]),
];

/// The schemes of addresses.
const SCHEMES: [&str; 4] = ["http", "https", "mailto", "tel"];

/// Whether any element may have the attribute.
pub(crate) fn is_generic(name: &str) -> bool {
    GENERIC.contains(&name)
}

/// Whether an element of raw HTML may have the attribute.
pub(crate) fn is_allowed(tag: &str, attribute: &str) -> bool {
    is_generic(attribute) || OF_TAG.iter().any(|(name, own)| *name == tag && own.contains(&attribute))
}

/// The scheme of an address.
pub(crate) enum Scheme {
    /// None: the address is relative.
    None,
    /// One that may be followed.
    Allowed,
    /// Any other, in lower case.
    Refused(String),
}

/// The scheme of an address as a browser sees it: white space and control characters do not count.
pub(crate) fn scheme(url: &str) -> Scheme {
    let seen: String = url.chars().filter(|character| !character.is_whitespace() && !character.is_control()).collect();
    // `//host` has the scheme of the page.
    if seen.replace('\\', "/").starts_with("//") {
        return Scheme::Allowed;
    }
    let head = seen.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let Some((scheme, _)) = head.split_once(':') else { return Scheme::None };
    let scheme = scheme.to_ascii_lowercase();
    if SCHEMES.contains(&scheme.as_str()) { Scheme::Allowed } else { Scheme::Refused(scheme) }
}

/// HTML of any origin as HTML that may be shown: what the lists do not have is gone, all elements are closed.
pub fn clean(html: &str) -> String {
    CLEANER.clean(html).to_string()
}

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::empty();
    builder
        .tags(HashSet::from(TAGS))
        .clean_content_tags(HashSet::from(WITH_CONTENT))
        .generic_attributes(HashSet::from(GENERIC))
        .tag_attributes(OF_TAG.iter().map(|(tag, own)| (*tag, own.iter().copied().collect())).collect())
        .url_schemes(HashSet::from(SCHEMES))
        .url_relative(UrlRelative::PassThrough)
        .link_rel(Some("noopener noreferrer"))
        // The only control is the box of a task, and nobody can use it.
        .tag_attribute_values(HashMap::from([("input", HashMap::from([("type", HashSet::from(["checkbox"]))]))]))
        .set_tag_attribute_values(HashMap::from([("input", HashMap::from([("disabled", "")]))]))
        // No page asks another server for anything.
        .attribute_filter(|tag, attribute, value| match (tag, attribute) {
            ("img", "src") if !matches!(scheme(value), Scheme::None) => None,
            _ => Some(value.into()),
        })
        .strip_comments(true);
    builder
});

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn what_runs_is_gone() {
        for (dirty, cleaned) in [
            ("<p onclick=\"a()\">a<script>b()</script></p>", "<p>a</p>"),
            ("<a href=\"java&#10;script:a()\">a</a>", "<a rel=\"noopener noreferrer\">a</a>"),
            ("<input type=\"password\" name=\"p\">", "<input disabled=\"\">"),
            ("<svg><a href=\"x\"></a></svg>b", "b"),
            ("<p><b>a", "<p><b>a</b></p>"),
        ] {
            assert_eq!(clean(dirty), cleaned);
        }
    }
}
