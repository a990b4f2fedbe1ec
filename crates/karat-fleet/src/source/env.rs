//! `$ARGOCD_APP_NAME` and its like in value files and parameters, as Argo CD's build environment replaces them.

use crate::application::{Source, Spec};

/// The build environment of one source.
pub(crate) struct Env<'a> {
    pub(crate) spec: &'a Spec,
    pub(crate) source: &'a Source,
}

impl Env<'_> {
    /// Go's `os.Expand`: `$NAME` and `${NAME}`, unknown ones empty, `$$` a dollar.
    pub(crate) fn expand(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            let after = &rest[at + 1..];
            if after.is_empty() {
                out.push('$');
                rest = after;
                continue;
            }
            let (name, length) = shell_name(after);
            match (name, length) {
                // Bad syntax: the characters are eaten. `$` before something that is no name stays.
                ("", 0) => out.push('$'),
                ("", _) => {}
                ("$", _) => out.push('$'),
                (name, _) => out.push_str(&self.value(name)),
            }
            rest = &after[length..];
        }
        out.push_str(rest);
        out
    }

    fn value(&self, name: &str) -> String {
        // The commit is not known here; the revision that was asked for stands for it.
        let revision = &self.source.target_revision;
        let short = |length: usize| revision.chars().take(length).collect();
        match name {
            "ARGOCD_APP_NAME" => self.spec.name.to_string(),
            "ARGOCD_APP_NAMESPACE" => self.spec.destination.namespace.to_string(),
            "ARGOCD_APP_PROJECT_NAME" => self.spec.project.to_string(),
            "ARGOCD_APP_REVISION" | "ARGOCD_APP_SOURCE_TARGET_REVISION" => revision.to_string(),
            "ARGOCD_APP_REVISION_SHORT" => short(7),
            "ARGOCD_APP_REVISION_SHORT_8" => short(8),
            "ARGOCD_APP_SOURCE_REPO_URL" => self.source.repo_url.to_string(),
            "ARGOCD_APP_SOURCE_PATH" => self.source.path.to_string(),
            _ => String::new(),
        }
    }
}

/// The name that begins a text after `$`, and how much of the text it takes.
fn shell_name(text: &str) -> (&str, usize) {
    let special = |c: char| matches!(c, '*' | '#' | '$' | '@' | '!' | '?' | '-') || c.is_ascii_digit();
    if let Some(braced) = text.strip_prefix('{') {
        let mut chars = braced.chars();
        if let (Some(c), Some('}')) = (chars.next(), chars.next())
            && special(c)
        {
            return (&braced[..c.len_utf8()], 3);
        }
        return match braced.find('}') {
            Some(0) => ("", 2),
            Some(end) => (&braced[..end], end + 2),
            None => ("", 1),
        };
    }
    if let Some(c) = text.chars().next()
        && special(c)
    {
        return (&text[..1], 1);
    }
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
    (&text[..end], end)
}
