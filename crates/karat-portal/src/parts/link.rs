//! Links: what is put into a path or a query, and which addresses of others are linked at all.

use std::fmt::{self, Write as _};

/// One part of a path, percent-encoded: what is not unreserved by RFC 3986 is encoded, `/` too.
pub fn segment(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    // A browser takes these for the folder itself and the one above, encoded or not.
    match encoded.as_str() {
        "." | ".." => String::new(),
        _ => encoded,
    }
}

/// The address, if it may be linked: one of the web or of mail. Catalog files are written by many, and `javascript:` is an address
/// too.
pub fn safe(address: &str) -> Option<&str> {
    let trimmed = address.trim();
    let scheme = trimmed.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase())?;
    let clean = !trimmed.chars().any(|c| c.is_control() || c.is_whitespace());
    (clean && matches!(scheme.as_str(), "http" | "https" | "mailto")).then_some(trimmed)
}

/// A page and the choices made on it, as they stand in its URL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    path: String,
    pairs: Vec<(String, String)>,
}

/// More choices than a page has are not read.
const MOST: usize = 64;

impl Query {
    /// The page at `path`, with the choices of a URL's query.
    pub fn read(path: &str, query: &str) -> Self {
        let pairs = form_urlencoded::parse(query.as_bytes()).into_owned().filter(|(_, value)| !value.is_empty());
        Self { path: path.to_owned(), pairs: pairs.take(MOST).collect() }
    }

    /// What was chosen.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.pairs.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
    }

    /// Everything that was chosen.
    pub fn all<'q>(&'q self, key: &str) -> impl Iterator<Item = &'q str> {
        self.pairs.iter().filter(move |(known, _)| known == key).map(|(_, value)| value.as_str())
    }

    /// The choices.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.pairs
    }

    /// The page's path.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// With one choice made otherwise; an empty value unmakes it.
    pub fn with(&self, key: &str, value: &str) -> Self {
        let mut other = self.clone();
        other.pairs.retain(|(known, _)| known != key);
        if !value.is_empty() {
            other.pairs.push((key.to_owned(), value.to_owned()));
        }
        other
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        if self.pairs.is_empty() {
            return Ok(());
        }
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.pairs).finish();
        write!(f, "?{query}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_run_something_are_not_linked() {
        for address in ["https://a.example/x?y#z", "http://a.example", "mailto:a@b.example", " HTTPS://A.example "] {
            assert!(safe(address).is_some(), "{address}");
        }
        for address in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "java\nscript:alert(1)",
            "\u{1}javascript:alert(1)",
            "data:text/html,<script>",
            "vbscript:x",
            "//a.example",
            "/within",
            "https://a.example/ x",
            "",
        ] {
            assert!(safe(address).is_none(), "{address}");
        }
    }

    #[test]
    fn parts_of_paths_stay_parts() {
        assert_eq!(segment("a/b c?é"), "a%2Fb%20c%3F%C3%A9");
        assert_eq!(segment(".."), "");
    }

    #[test]
    fn a_query_says_what_was_chosen() {
        let query = Query::read("/catalog", "kind=component&owner=&kind=api&q=a%26b");
        assert_eq!(query.get("owner"), None);
        assert_eq!(query.with("kind", "").with("sort", "-name").to_string(), "/catalog?q=a%26b&sort=-name");
        assert_eq!(Query::read("/catalog", "").to_string(), "/catalog");
    }
}
