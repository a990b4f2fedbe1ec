//! Dockerfiles, as <https://docs.docker.com/reference/dockerfile/> says them: stages, bases, instructions.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ecow::EcoString;
use karat_source::split;

use crate::text::Text;
use crate::{At, Fact, Place, Problem};

/// A Dockerfile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dockerfile {
    /// The file.
    pub file: EcoString,
    /// Its stages; the last is the image.
    pub stages: Vec<Stage>,
}

/// A stage: a `FROM` and what follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// The image that it starts from, with the defaults of arguments put in; `scratch` is none.
    pub base: At<EcoString>,
    /// Its name, if it has one.
    pub name: Option<EcoString>,
    /// Whether it starts from an earlier stage.
    pub earlier: bool,
    /// The instructions after its `FROM`.
    pub instructions: Vec<Instruction>,
}

/// An instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// The keyword, in capitals.
    pub keyword: EcoString,
    /// What follows it, on one line, without flags.
    pub text: EcoString,
    /// Whether that is a list, which no shell reads.
    pub exec: bool,
    /// The images, none of them an earlier stage, that it takes files from: `COPY --from`, `RUN --mount=from=`.
    pub images: Vec<EcoString>,
    /// Where it starts.
    pub place: Place,
}

/// Whether a file is a Dockerfile, by its name.
pub(crate) fn is_dockerfile(path: &str) -> bool {
    let name = split(path).1;
    let named = |word: &str| {
        name == word
            || name.strip_suffix(word).is_some_and(|rest| rest.ends_with('.'))
            || name.strip_prefix(word).is_some_and(|rest| rest.starts_with('.') && !rest.ends_with("ignore"))
    };
    named("Dockerfile") || named("Containerfile")
}

/// The lines of one instruction, as they are read.
struct Raw<'t> {
    first: &'t str,
    text: String,
}

impl Dockerfile {
    /// Reads a Dockerfile. What is no instruction is passed over: the build refuses it.
    ///
    /// # Errors
    /// It makes no image: no `FROM`, or one that names nothing.
    pub(crate) fn parse(text: &Text<'_>) -> Result<Self, Problem> {
        let mut dockerfile = Self { file: text.file.clone(), stages: Vec::new() };
        let mut defaults: BTreeMap<String, String> = BTreeMap::new();
        let mut names: BTreeSet<EcoString> = BTreeSet::new();
        for raw in instructions(text.text) {
            let (keyword, rest) = raw.text.split_once(char::is_whitespace).unwrap_or((&raw.text, ""));
            let keyword = keyword.to_ascii_uppercase();
            let (flags, rest) = flags(rest.trim());
            let place = text.of(raw.first.trim());
            if keyword == "FROM" {
                let mut words = rest.split_whitespace();
                let Some(base) = words.next() else {
                    let message = "`FROM` names no image: `FROM scratch`, or an image by its digest";
                    return Err(Problem { place, message: message.to_owned() });
                };
                let base = expand(base, &defaults);
                let name = words.nth(1).map(EcoString::from);
                let earlier = names.contains(base.to_lowercase().as_str());
                names.extend(name.as_ref().map(|name: &EcoString| name.to_lowercase()));
                let base = At::new(base, place);
                dockerfile.stages.push(Stage { base, name, earlier, instructions: Vec::new() });
                continue;
            }
            // Stages are named in any case, and numbered.
            let is_stage = |from: &str| names.contains(from.to_lowercase().as_str()) || from.parse::<u32>().is_ok();
            match dockerfile.stages.last_mut() {
                Some(stage) => stage.instructions.push(Instruction {
                    images: sources(&keyword, flags).filter(|from| !is_stage(from)).map(EcoString::from).collect(),
                    exec: karat_yaml::from_json_list(rest.as_bytes(), karat_yaml::Numbers::Kept).is_ok(),
                    keyword: keyword.into(),
                    text: rest.into(),
                    place,
                }),
                None if keyword == "ARG" => {
                    if let Some((name, value)) = rest.split_once('=') {
                        let value = expand(value.trim_matches(['"', '\'']), &defaults);
                        defaults.insert(name.to_owned(), value);
                    }
                }
                None => {}
            }
        }
        if dockerfile.stages.is_empty() {
            return Err(text.problem(0..0, "no `FROM`: an image starts from `scratch` or another image"));
        }
        Ok(dockerfile)
    }
}

/// The instructions of a Dockerfile: lines joined, comments and the bodies of here-documents left out.
fn instructions(text: &str) -> Vec<Raw<'_>> {
    let mut escape = '\\';
    let mut found: Vec<Raw<'_>> = Vec::new();
    let mut directives = true;
    let mut open: Option<Raw<'_>> = None;
    let mut ends: VecDeque<String> = VecDeque::new();
    for line in text.lines() {
        if let Some(end) = ends.front() {
            if line.trim_start_matches('\t').trim_end() == end {
                ends.pop_front();
            }
            continue;
        }
        let trimmed = line.trim();
        if let Some(comment) = trimmed.strip_prefix('#') {
            // Directives stand before everything else.
            if let Some((name, value)) = comment.split_once('=').filter(|_| directives)
                && name.trim().eq_ignore_ascii_case("escape")
            {
                escape = value.trim().chars().next().unwrap_or(escape);
            }
            continue;
        }
        if trimmed.is_empty() {
            continue;
        }
        directives = false;
        let continued = trimmed.strip_suffix(escape);
        let part = continued.unwrap_or(trimmed).trim_end();
        let raw = match open.take() {
            Some(mut raw) => {
                raw.text.push(' ');
                raw.text.push_str(part.trim_start());
                raw
            }
            None => Raw { first: line, text: part.to_owned() },
        };
        if continued.is_some() {
            open = Some(raw);
            continue;
        }
        ends = here_documents(&raw.text);
        found.push(raw);
    }
    found.extend(open);
    found
}

/// The words that end the here-documents that an instruction begins: `RUN <<EOF`, `COPY <<-"EOF" /to`.
fn here_documents(text: &str) -> VecDeque<String> {
    let keyword = text.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
    if !matches!(keyword.as_str(), "RUN" | "COPY" | "ADD") {
        return VecDeque::new();
    }
    text.split_whitespace()
        .filter_map(|word| word.strip_prefix("<<"))
        .map(|word| word.trim_start_matches('-').trim_matches(['"', '\'']).to_owned())
        .filter(|word| word.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_'))
        .collect()
}

/// The flags that stand before what an instruction says, and what it says.
fn flags(text: &str) -> (&str, &str) {
    let mut rest = text;
    while rest.starts_with("--") {
        rest = rest.split_once(char::is_whitespace).map_or("", |(_, rest)| rest.trim_start());
    }
    text.split_at(text.len() - rest.len())
}

/// Where the flags of an instruction say that files come from.
fn sources<'f>(keyword: &str, flags: &'f str) -> impl Iterator<Item = &'f str> {
    let (flag, option) = if keyword == "RUN" { ("--mount=", "from=") } else { ("--from=", "") };
    let values = flags.split_whitespace().filter_map(move |word| word.strip_prefix(flag));
    values.flat_map(|value| value.split(',')).filter_map(move |part| part.strip_prefix(option))
}

/// The longest text that arguments are put into: they can double each other.
const EXPANDED: usize = 4096;

/// `text` with `$NAME`, `${NAME}` and `${NAME:-default}` put in, once; what has no default stays as it is.
fn expand(text: &str, defaults: &BTreeMap<String, String>) -> String {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$').filter(|_| expanded.len() < EXPANDED) {
        expanded.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let (name, end, otherwise) = match after.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
            Some((inner, _)) => {
                let (name, otherwise) =
                    inner.split_once(":-").map_or((inner, None), |(name, value)| (name, Some(value)));
                (name, inner.len() + 2, otherwise)
            }
            None => {
                let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
                (&after[..end], end, None)
            }
        };
        match defaults.get(name).map(String::as_str).filter(|value| !value.is_empty()).or(otherwise) {
            Some(value) => expanded.push_str(value),
            None => expanded.push_str(&rest[at..at + 1 + end]),
        }
        rest = &after[end..];
    }
    expanded.push_str(rest);
    expanded
}

/// Whether an image is named by its digest.
pub fn is_pinned(image: &str) -> bool {
    let digest = image.split_once("@sha256:").map(|(_, digest)| digest);
    digest.is_some_and(|digest| digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

impl Stage {
    /// The last user that it says, if any.
    fn user(&self) -> Option<&Instruction> {
        self.instructions.iter().rev().find(|instruction| instruction.keyword == "USER")
    }
}

impl From<&Dockerfile> for Fact {
    fn from(dockerfile: &Dockerfile) -> Self {
        let last = dockerfile.stages.len().saturating_sub(1);
        let stages = dockerfile.stages.iter().enumerate().map(|(at, stage)| stage_fact(stage, at == last));
        let start = dockerfile.stages.last().map(|stage| stage.base.place.clone());
        Self::map([("path", Self::from(&dockerfile.file)), ("stages", Self::list(stages))])
            .at(&start.unwrap_or_else(|| Place::whole(dockerfile.file.clone())))
    }
}

fn stage_fact(stage: &Stage, last: bool) -> Fact {
    let image = |image: &EcoString| Fact::map([("name", Fact::from(image)), ("pinned", is_pinned(image).into())]);
    let instruction = |instruction: &Instruction| {
        Fact::map([
            ("keyword", Fact::from(&instruction.keyword)),
            ("text", Fact::from(&instruction.text)),
            ("exec", instruction.exec.into()),
            ("images", Fact::list(instruction.images.iter().map(image))),
        ])
        .at(&instruction.place)
    };
    let user = stage.user().map(|user| Fact::from(&user.text).at(&user.place));
    Fact::map([
        ("base", Fact::from(&stage.base)),
        ("name", stage.name.as_ref().into()),
        ("earlier", stage.earlier.into()),
        ("pinned", is_pinned(&stage.base.value).into()),
        ("last", last.into()),
        ("user", user.unwrap_or_default()),
        ("instructions", Fact::list(stage.instructions.iter().map(instruction))),
    ])
    .at(&stage.base.place)
}
