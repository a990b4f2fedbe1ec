//! Rendered text to documents: split, heads read, hooks told from manifests, both sorted in the order of installation.

use std::collections::BTreeMap;

use karat_yaml::{Str, Value};

use crate::decode::Fields;
use crate::profile::SplitRule;
use crate::{Error, Profile, quick, yaml};

/// One document of a render.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The template, with the path of its chart: `app/charts/db/templates/service.yaml`.
    pub path: String,
    /// The text as it is printed, without separator and source comment.
    pub text: Str,
    /// `apiVersion`; empty if the document has none.
    pub api_version: String,
    /// `kind`; empty if the document has none.
    pub kind: String,
    /// `metadata.name`; empty if the document has none.
    pub name: String,
    /// What the text says, as far as it was read: `apiVersion`, `kind`, and of `metadata` the `name`, `generateName` and
    /// `namespace`; of an object with `items`, a list, all of it.
    pub head: Value,
    /// What part of the output it is.
    pub part: Part,
}

/// What part of the output a document is; they are printed in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// A whole file of a `crds/` folder, as it lies there: Helm neither renders nor reads it, so `api_version`, `kind`
    /// and `name` are empty, `head` is null, and the text may be several documents.
    Crd,
    /// An object that is installed.
    Manifest,
    /// An object that is installed at certain events only.
    Hook(Hook),
}

/// The annotations of a hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// When it runs.
    pub events: Vec<HookEvent>,
    /// The order among hooks of one event, lowest first.
    pub weight: i64,
    /// `before-hook-creation`, `hook-succeeded`, `hook-failed`; as written, in lower case.
    pub delete_policies: Vec<String>,
    /// `hook-succeeded`, `hook-failed`; as written, in lower case.
    pub output_log_policies: Vec<String>,
}

/// When a hook runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are Helm's")]
pub enum HookEvent {
    PreInstall,
    PostInstall,
    PreDelete,
    PostDelete,
    PreUpgrade,
    PostUpgrade,
    PreRollback,
    PostRollback,
    Test,
}

impl HookEvent {
    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "pre-install" => Self::PreInstall,
            "post-install" => Self::PostInstall,
            "pre-delete" => Self::PreDelete,
            "post-delete" => Self::PostDelete,
            "pre-upgrade" => Self::PreUpgrade,
            "post-upgrade" => Self::PostUpgrade,
            "pre-rollback" => Self::PreRollback,
            "post-rollback" => Self::PostRollback,
            "test" | "test-success" => Self::Test,
            _ => return None,
        })
    }
}

impl Document {
    /// Whether `--skip-tests` leaves it out.
    pub fn is_test(&self) -> bool {
        matches!(&self.part, Part::Hook(hook) if hook.events.contains(&HookEvent::Test))
    }
}

/// What Helm reads of a document.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Head {
    pub(crate) api_version: String,
    pub(crate) kind: String,
    pub(crate) name: String,
    /// The annotations that are Helm's.
    pub(crate) annotations: Vec<(String, String)>,
    /// See [`Document::head`].
    pub(crate) object: Value,
}

impl Head {
    fn annotation(&self, name: &str) -> Option<&str> {
        self.annotations.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// The documents of rendered files, by path: manifests, then hooks, each in the order of installation.
pub(crate) fn documents(
    files: &BTreeMap<&str, Str>,
    profile: Profile,
    warnings: &mut Vec<String>,
) -> Result<Vec<Document>, Error> {
    let (mut manifests, mut hooks) = (Vec::new(), Vec::new());
    for (path, text) in files {
        for text in split(text, profile.split_rule()) {
            let Some(document) = read(path, text, warnings)? else { continue };
            if document.part == Part::Manifest { manifests.push(document) } else { hooks.push(document) }
        }
    }
    // Stable: what is of one kind stays in the order of paths and of places in the file.
    let order = |a: &Document, b: &Document| {
        let (rank_a, rank_b) = (rank(&a.kind, profile), rank(&b.kind, profile));
        rank_a
            .cmp(&rank_b)
            .then_with(|| if rank_a == UNKNOWN { a.kind.cmp(&b.kind) } else { std::cmp::Ordering::Equal })
    };
    manifests.sort_by(order);
    hooks.sort_by(order);
    manifests.append(&mut hooks);
    Ok(manifests)
}

/// Splits a rendered file at its `---`. What is only white space goes.
pub(crate) fn split(text: &[u8], rule: SplitRule) -> Vec<&[u8]> {
    let parts = match rule {
        SplitRule::LineStart => at_line_starts(trim_start(text)),
        SplitRule::Trimmed => after_line_ends(trim(text)),
    };
    let cut = |part| match rule {
        SplitRule::LineStart => trim_start(part),
        SplitRule::Trimmed => trim(part),
    };
    parts.into_iter().filter(|part| !trim(part).is_empty()).map(cut).collect()
}

/// At every `---` that starts a line, whatever follows it.
fn at_line_starts(text: &[u8]) -> Vec<&[u8]> {
    let (mut parts, mut start, mut line) = (Vec::new(), 0, 0);
    while line < text.len() {
        if text[line..].starts_with(b"---") {
            parts.push(&text[start..line]);
            let after = &text[line + 3..];
            start = line + 3 + after.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        }
        line = text[line..].iter().position(|byte| *byte == b'\n').map_or(text.len(), |end| line + end + 1);
    }
    parts.push(&text[start..]);
    parts
}

/// At every `---` after a line end. A separator takes the white space after it along, so that of two in a row the
/// second is text.
fn after_line_ends(text: &[u8]) -> Vec<&[u8]> {
    let skip = |rest: &[u8]| rest.iter().take_while(|byte| is_go_space(**byte)).count();
    let (mut parts, mut start) = (Vec::new(), 0);
    if text.starts_with(b"---") {
        start = 3 + skip(&text[3..]);
    }
    let mut at = start;
    while let Some(end) = text[at..].iter().position(|byte| *byte == b'\n') {
        at += end + 1;
        if text[at..].starts_with(b"---") {
            parts.push(&text[start..at - 1]);
            start = at + 3 + skip(&text[at + 3..]);
            at = start;
        }
    }
    parts.push(&text[start..]);
    parts
}

/// `\s` of Go's regular expressions.
fn is_go_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\x0c' | b'\r')
}

/// `strings.TrimSpace` on bytes: Unicode's white space.
pub(crate) fn trim(text: &[u8]) -> &[u8] {
    let text = trim_start(text);
    let mut end = text.len();
    while end > 0 {
        let mut start = end - 1;
        while start > 0 && end - start < 4 && text[start] & 0xc0 == 0x80 {
            start -= 1;
        }
        match std::str::from_utf8(&text[start..end]).ok().and_then(|last| last.chars().next()) {
            Some(c) if c.is_whitespace() => end = start,
            _ => break,
        }
    }
    &text[..end]
}

fn trim_start(text: &[u8]) -> &[u8] {
    let mut rest = text;
    loop {
        match rest.first() {
            Some(byte) if byte.is_ascii() => {
                if !matches!(byte, b' ' | b'\t'..=b'\r') {
                    return rest;
                }
                rest = &rest[1..];
            }
            Some(_) => {
                let Some(c) = rest.utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next()) else {
                    return rest;
                };
                if !c.is_whitespace() {
                    return rest;
                }
                rest = &rest[c.len_utf8()..];
            }
            None => return rest,
        }
    }
}

/// Reads the head of a document; `None` for a hook with a word that no Helm knows, which disappears.
fn read(path: &str, text: &[u8], warnings: &mut Vec<String>) -> Result<Option<Document>, Error> {
    let head = match quick::read(text) {
        Some(head) => head,
        None => parse(text).map_err(|message| Error::Manifest { path: path.to_owned(), message })?,
    };
    let part = match head.annotation("helm.sh/hook") {
        None => Part::Manifest,
        Some(words) => {
            let events = words.split(',').map(|word| HookEvent::parse(&word.trim().to_lowercase()));
            let Some(events) = events.collect::<Option<Vec<_>>>() else {
                warnings.push(format!("{path}: dropped: unknown hook {words:?}"));
                return Ok(None);
            };
            Part::Hook(hook(events, &head))
        }
    };
    let Head { api_version, kind, name, object, .. } = head;
    Ok(Some(Document { path: path.to_owned(), text: text.into(), api_version, kind, name, head: object, part }))
}

fn hook(events: Vec<HookEvent>, head: &Head) -> Hook {
    let policies = |name| {
        let words = head.annotation(name).into_iter().flat_map(|words| words.split(','));
        words.map(|word| word.trim().to_lowercase()).collect()
    };
    Hook {
        events,
        weight: head.annotation("helm.sh/hook-weight").and_then(|weight| weight.parse().ok()).unwrap_or(0),
        delete_policies: policies("helm.sh/hook-delete-policy"),
        output_log_policies: policies("helm.sh/hook-output-log-policy"),
    }
}

/// Reads a head by parsing the whole document, as Helm does.
pub(crate) fn parse(text: &[u8]) -> Result<Head, String> {
    let value = yaml::parse(text)?;
    decode(value).map_err(|message| format!("error unmarshaling JSON: while decoding JSON: {message}"))
}

fn decode(value: Value) -> Result<Head, String> {
    let fields = Fields::of(&value, "util.SimpleHead")?;
    let metadata = fields.get("metadata").map(|value| Fields::of(value, ".metadata")).transpose()?;
    let (name, annotations) = match &metadata {
        Some(metadata) => (metadata.string("name")?, metadata.string_map("annotations")?.unwrap_or_default()),
        None => Default::default(),
    };
    let annotations = annotations.iter().map(|(key, value)| (key.lossy().into_owned(), value.lossy().into_owned()));
    Ok(Head {
        api_version: fields.string("apiVersion")?,
        kind: fields.string("kind")?,
        name,
        annotations: annotations.filter(|(key, _)| key.starts_with("helm.sh/")).collect(),
        object: value,
    })
}

const UNKNOWN: usize = usize::MAX;

/// The place of a kind in the order of installation; unknown kinds come last, by name.
fn rank(kind: &str, profile: Profile) -> usize {
    let known = INSTALL_ORDER.iter().position(|known| *known == kind);
    known.filter(|_| profile.orders_webhooks() || !kind.ends_with("WebhookConfiguration")).unwrap_or(UNKNOWN)
}

const INSTALL_ORDER: &[&str] = &[
    "PriorityClass",
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleList",
    "ClusterRoleBinding",
    "ClusterRoleBindingList",
    "Role",
    "RoleList",
    "RoleBinding",
    "RoleBindingList",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

#[cfg(test)]
mod tests {
    use super::{SplitRule, split, trim};

    fn parts(text: &str, rule: SplitRule) -> Vec<String> {
        split(text.as_bytes(), rule).into_iter().map(|part| String::from_utf8_lossy(part).into_owned()).collect()
    }

    #[test]
    fn splits_at_line_starts_and_keeps_blank_ends() {
        assert_eq!(parts("\n---\na: 1\n\n---  \nb: 2", SplitRule::LineStart), ["a: 1\n\n", "b: 2"]);
        assert_eq!(parts("---a: 1\n ---\n--- # c\n", SplitRule::LineStart), ["a: 1\n ---\n", "# c\n"]);
        assert_eq!(parts("a: |\n  ---\n  x\n", SplitRule::LineStart), ["a: |\n  ---\n  x\n"]);
    }

    #[test]
    fn splits_and_trims_as_helm_3() {
        assert_eq!(parts("\n---\na: 1\n\n---  \n\nb: 2\n", SplitRule::Trimmed), ["a: 1", "b: 2"]);
        assert_eq!(parts("---\n\n---\na: 1\n---", SplitRule::Trimmed), ["---\na: 1"]);
        assert_eq!(parts("---\n---a: 1", SplitRule::Trimmed), ["---a: 1"]);
    }

    #[test]
    fn trims_unicode_white_space() {
        assert_eq!(trim("\u{a0}\u{2028} a \u{3000}\n".as_bytes()), b"a");
        assert_eq!(trim(b"\xff \n"), b"\xff");
        assert_eq!(trim(b" \n"), b"");
    }
}
