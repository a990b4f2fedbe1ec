//! Credentials in plain text, by the formats that their issuers gave them so that they can be found.
//!
//! High signal only: a key of a known form, random enough to be real. A password in a variable called `password` is for a
//! reader to judge; a format with a prefix and a length is not a matter of opinion.

use std::sync::OnceLock;

use ecow::EcoString;
use regex::Regex;

use crate::text::Text;
use crate::{Fact, Place};

/// Something that looks like a credential. What it says is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// What it is of.
    pub kind: &'static str,
    /// Its first characters, by which its owner knows it.
    pub start: EcoString,
    /// Where it is.
    pub place: Place,
}

/// A known form.
struct Form {
    kind: &'static str,
    /// Texts of which a file that holds one holds at least one: most files hold none, and no expression is needed for them.
    marks: &'static [&'static str],
    pattern: &'static str,
    /// The least entropy of its secret part, in bits for each character: prefixes followed by `xxxx` or `EXAMPLE` are none.
    entropy: f64,
}

/// The first group, or else all of it, is the secret part.
const FORMS: &[Form] = &[
    Form {
        kind: "an AWS access key",
        marks: &["AKIA", "ASIA"],
        pattern: r"\b(?:AKIA|ASIA)([A-Z2-7]{16})\b",
        entropy: 3.0,
    },
    Form {
        kind: "an AWS secret access key",
        marks: &["secret", "SECRET", "Secret"],
        pattern: r#"(?i)aws_?secret_?(?:access_?)?key["']?\s*[:=]\s*["']?([A-Za-z0-9/+]{40})\b"#,
        entropy: 4.2,
    },
    Form {
        kind: "a GitHub token",
        marks: &["ghp_", "gho_", "ghu_", "ghs_", "ghr_"],
        pattern: r"\bgh[pousr]_([A-Za-z0-9]{36,251})\b",
        entropy: 3.5,
    },
    Form {
        kind: "a GitHub token",
        marks: &["github_pat_"],
        pattern: r"\bgithub_pat_([A-Za-z0-9_]{82})\b",
        entropy: 3.5,
    },
    Form {
        kind: "a GitLab token",
        marks: &["glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glsoat-"],
        pattern: r"\bgl(?:pat|dt|rt|cbt|ptt|soat)-([A-Za-z0-9_-]{20,60})\b",
        entropy: 3.5,
    },
    Form { kind: "a Slack token", marks: &["xox"], pattern: r"\bxox[abeoprs]-([A-Za-z0-9-]{20,250})", entropy: 3.0 },
    Form {
        kind: "a Slack webhook",
        marks: &["hooks.slack.com"],
        pattern: r"https://hooks\.slack\.com/services/T[A-Z0-9]{8,}/B[A-Z0-9]{8,}/([A-Za-z0-9]{24})",
        entropy: 3.5,
    },
    Form { kind: "a Stripe key", marks: &["k_live_"], pattern: r"\b[rs]k_live_([A-Za-z0-9]{20,247})\b", entropy: 3.5 },
    Form { kind: "a Google API key", marks: &["AIza"], pattern: r"\bAIza([A-Za-z0-9_-]{35})\b", entropy: 3.8 },
    Form { kind: "an npm token", marks: &["npm_"], pattern: r"\bnpm_([A-Za-z0-9]{36})\b", entropy: 3.5 },
    Form {
        kind: "a PyPI token",
        marks: &["pypi-AgEI"],
        pattern: r"\bpypi-AgEIcHlwaS5vcmc([A-Za-z0-9_-]{50,1000})",
        entropy: 3.8,
    },
    Form { kind: "a crates.io token", marks: &["cio"], pattern: r"\bcio([A-Za-z0-9]{32})\b", entropy: 4.0 },
    Form {
        kind: "a Docker Hub token",
        marks: &["dckr_"],
        pattern: r"\bdckr_(?:pat|oat)_([A-Za-z0-9_-]{27,})",
        entropy: 3.5,
    },
    Form {
        kind: "a Vault token",
        marks: &["hvs.", "hvb.", "hvr."],
        pattern: r"\bhv[sbr]\.([A-Za-z0-9_-]{24,300})",
        entropy: 3.8,
    },
    Form {
        kind: "a SendGrid key",
        marks: &["SG."],
        pattern: r"\bSG\.([A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43})\b",
        entropy: 4.0,
    },
    Form { kind: "a DigitalOcean token", marks: &["_v1_"], pattern: r"\bdo[opr]_v1_([a-f0-9]{64})\b", entropy: 3.0 },
    Form {
        kind: "an OpenAI key",
        marks: &["T3BlbkFJ"],
        pattern: r"\bsk-(?:proj-|svcacct-)?([A-Za-z0-9_-]{20,}T3BlbkFJ[A-Za-z0-9_-]{20,})",
        entropy: 3.8,
    },
    Form {
        kind: "an Anthropic key",
        marks: &["sk-ant-"],
        pattern: r"\bsk-ant-(?:api|admin)[0-9]{2}-([A-Za-z0-9_-]{80,})",
        entropy: 3.8,
    },
    Form {
        kind: "an Azure storage key",
        marks: &["AccountKey="],
        pattern: r"AccountKey=([A-Za-z0-9+/]{86}==)",
        entropy: 4.5,
    },
    Form {
        kind: "an age key",
        marks: &["AGE-SECRET-KEY-1"],
        pattern: r"\bAGE-SECRET-KEY-1([QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58})\b",
        entropy: 3.5,
    },
    Form { kind: "a Twilio key", marks: &["SK"], pattern: r"\bSK([a-f0-9]{32})\b", entropy: 3.2 },
    Form {
        kind: "a private key",
        marks: &["PRIVATE KEY"],
        pattern: r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----(?:\\n|\\r|\s)*((?:[A-Za-z0-9+/=]|\\n|\s){64,})",
        entropy: 3.5,
    },
    Form {
        kind: "a password in a URL",
        marks: &["://"],
        pattern: r#"\b[a-z][a-z0-9+.-]{2,20}://[^\s:/@"'{}$<>]{1,64}:([^\s:/@"'{}$<>]{12,128})@[a-zA-Z0-9.-]+\.[a-z]{2,}"#,
        entropy: 3.3,
    },
];

/// The expressions of the forms, each compiled when a file first holds one of its marks.
static COMPILED: [OnceLock<Option<Regex>>; FORMS.len()] = [const { OnceLock::new() }; FORMS.len()];

fn compiled(at: usize) -> Option<&'static Regex> {
    // What keys are made of is ASCII, and so are their ends.
    let compile = || Regex::new(&FORMS[at].pattern.replace(r"\b", r"(?-u:\b)")).ok();
    COMPILED[at].get_or_init(compile).as_ref()
}

/// The credentials in a file.
pub(crate) fn find(text: &Text<'_>) -> Vec<Secret> {
    let mut found = Vec::new();
    for (at, form) in FORMS.iter().enumerate() {
        if !form.marks.iter().any(|mark| text.text.contains(mark)) {
            continue;
        }
        let Some(regex) = compiled(at) else { continue };
        for hit in regex.captures_iter(text.text) {
            let Some(whole) = hit.get(0) else { continue };
            let secret = hit.get(1).unwrap_or(whole);
            if entropy(secret.as_str()) < form.entropy || is_placeholder(whole.as_str()) {
                continue;
            }
            found.push(Secret {
                kind: form.kind,
                start: whole.as_str().chars().take(4).collect(),
                place: text.place(whole.range()),
            });
        }
    }
    found.sort_by(|a, b| a.place.cmp(&b.place));
    found
}

/// Words that those write who show what a key looks like.
fn is_placeholder(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["example", "placeholder", "changeme", "redacted", "your-", "dummy"].iter().any(|word| text.contains(word))
}

/// Shannon's entropy, in bits for each character.
fn entropy(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    text.bytes().for_each(|byte| counts[usize::from(byte)] += 1);
    let all = f64::from(u32::try_from(text.len()).unwrap_or(u32::MAX));
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / all)
        .map(|share| -share * share.log2())
        .sum()
}

impl From<&Secret> for Fact {
    fn from(secret: &Secret) -> Self {
        Self::map([
            ("kind", Self::from(secret.kind)),
            ("start", Self::from(&secret.start)),
            ("file", Self::from(&secret.place.file)),
        ])
        .at(&secret.place)
    }
}

#[cfg(test)]
mod tests {
    use super::{FORMS, compiled};

    #[test]
    fn every_form_compiles_and_has_marks() {
        for (at, form) in FORMS.iter().enumerate() {
            assert!(compiled(at).is_some() && !form.marks.is_empty(), "{}", form.kind);
        }
    }
}
