//! Migrations: numbered SQL files, and which of their statements the version that runs now cannot survive.
//!
//! While a canary runs, the old version and the new one work on one schema. So a schema is first expanded (what is new may
//! be absent), and contracted in a later release, when nothing reads what goes. A file that contracts says so, and why it may:
//! `-- contract: nothing reads it since 1.4.0`.

use std::ops::Range;
use std::sync::LazyLock;

use ecow::EcoString;
use regex::Regex;

use crate::text::Text;
use crate::{Fact, Place};

/// A migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// The file.
    pub file: EcoString,
    /// The number that its name begins with; empty if it has none.
    pub number: EcoString,
    /// The database that it is for, if its name says one: `0002_trail.sqlite.sql`.
    pub dialect: EcoString,
    /// What the comment `-- contract: …` says.
    pub contract: Option<EcoString>,
    /// Its statements.
    pub statements: Vec<Statement>,
}

/// A statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Its first words.
    pub text: EcoString,
    /// What it does to the version that runs now, if anything: `drops a column`.
    pub breaks: Option<&'static str>,
    /// Where it starts.
    pub place: Place,
}

/// Whether a file is a migration: SQL in a folder `migrations`. Those that take one back are not applied by a release.
pub(crate) fn is_migration(path: &str) -> bool {
    let mut folders = path.split('/').rev().skip(1);
    path.ends_with(".sql") && !path.ends_with(".down.sql") && folders.any(|folder| folder == "migrations")
}

/// What breaks the version that runs now, by how a statement reads in small letters and single spaces.
const BREAKS: &[(&str, &str)] = &[
    (r"^drop (table|view|materialized view|schema|type|sequence)\b", "drops what the version that runs now may read"),
    (r"^truncate\b", "empties a table"),
    (r"^delete from \S+$", "empties a table"),
    (r"^alter table .*\bdrop column\b", "drops a column"),
    (r"^alter table (if exists )?(only )?\S+ drop (if exists )?\S+$", "drops a column"),
    (r"^alter (table|view|type|sequence|index) .*\brename\b", "renames what the version that runs now may read"),
    (r"^alter table .*\balter( column)? \S+ (set data )?type\b", "changes the type of a column"),
    (r"^alter table .*\balter( column)? \S+ set not null\b", "forbids null in a column that may hold it"),
    (r"^alter table .*\badd (constraint|check|unique|foreign|primary)\b", "adds a constraint that rows may violate"),
];

static COMPILED: LazyLock<Vec<(Regex, &'static str)>> =
    LazyLock::new(|| BREAKS.iter().filter_map(|(pattern, what)| Some((Regex::new(pattern).ok()?, *what))).collect());

impl Migration {
    /// Reads a migration.
    pub(crate) fn parse(text: &Text<'_>) -> Self {
        let name = karat_source::split(&text.file).1;
        let digits = name.trim_start_matches(['V', 'v']).bytes().take_while(u8::is_ascii_digit).count();
        let number = name.trim_start_matches(['V', 'v']).get(..digits).unwrap_or_default();
        let (statements, comments) = split(text.text);
        let contract = comments.into_iter().find_map(|comment| comment.trim().strip_prefix("contract:"));
        Self {
            file: text.file.clone(),
            number: number.into(),
            dialect: name.trim_end_matches(".sql").rsplit_once('.').map_or("", |(_, dialect)| dialect).into(),
            contract: contract.map(|reason| reason.trim().into()),
            statements: statements.into_iter().filter_map(|(range, words)| statement(text, range, &words)).collect(),
        }
    }
}

fn statement(text: &Text<'_>, range: Range<usize>, words: &str) -> Option<Statement> {
    let plain = words.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    if plain.is_empty() {
        return None;
    }
    let known = COMPILED.iter().find(|(regex, _)| regex.is_match(&plain)).map(|(_, what)| *what);
    Some(Statement {
        text: plain.split(' ').take(6).collect::<Vec<_>>().join(" ").into(),
        breaks: known.or_else(|| adds_what_must_be_there(&plain)),
        place: text.place(range),
    })
}

/// `add column … not null` without a default: the version that runs now inserts rows without it.
fn adds_what_must_be_there(plain: &str) -> Option<&'static str> {
    let columns = plain.strip_prefix("alter table ")?;
    let wrong = columns.split(" add ").skip(1).any(|column| {
        let column = column.trim();
        let is_column =
            !["constraint ", "check ", "unique ", "foreign ", "primary "].iter().any(|k| column.starts_with(k));
        is_column && column.contains("not null") && !column.contains("default") && !column.contains("generated")
    });
    wrong.then_some("adds a column that the version that runs now does not fill")
}

/// The statements of a text, each with where it is, without comments and with texts emptied; and the comments of lines.
fn split(text: &str) -> (Vec<(Range<usize>, String)>, Vec<&str>) {
    let (mut statements, mut comments) = (Vec::new(), Vec::new());
    let (mut start, mut words) = (None, String::new());
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let first = rest.chars().next().unwrap_or(' ');
        if let Some(comment) = rest.strip_prefix("--") {
            let comment = comment.lines().next().unwrap_or_default();
            comments.push(comment);
            at += 2 + comment.len();
            words.push(' ');
            continue;
        }
        if rest.starts_with("/*") {
            at += comment(rest);
            words.push(' ');
            continue;
        }
        if first != ';' && !first.is_whitespace() && start.is_none() {
            start = Some(at);
        }
        at += match first {
            ';' => {
                statements.extend(start.take().map(|start| (start..at + 1, std::mem::take(&mut words))));
                words.clear();
                1
            }
            '\'' => {
                let escapes = words.ends_with(['e', 'E']) && !words[..words.len() - 1].ends_with(is_of_name);
                words.push_str("''");
                quoted(rest, escapes)
            }
            '"' => {
                let end = rest[1..].find('"').map_or(rest.len(), |end| end + 2);
                words.push_str(&rest[..end]);
                end
            }
            '$' => match dollar_quote(rest) {
                Some(length) => {
                    words.push_str("''");
                    length
                }
                None => {
                    words.push('$');
                    1
                }
            },
            other => {
                words.push(other);
                other.len_utf8()
            }
        };
    }
    statements.extend(start.map(|start| (start..text.len(), words)));
    (statements, comments)
}

/// How long the comment is that starts here. PostgreSQL's are nested.
fn comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(found) = rest[at..].find(['/', '*']) {
        at += found;
        match &rest.as_bytes()[at..rest.len().min(at + 2)] {
            b"/*" => depth += 1,
            b"*/" if depth == 1 => return at + 2,
            b"*/" => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
    }
    rest.len()
}

/// How long the text in quotes is that starts here; in PostgreSQL's `E'…'` a backslash keeps a quote from ending it.
fn quoted(rest: &str, escapes: bool) -> usize {
    let mut bytes = rest.bytes().enumerate().skip(1);
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\'' => return at + 1,
            b'\\' if escapes => drop(bytes.next()),
            _ => {}
        }
    }
    rest.len()
}

fn is_of_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// How long the text in dollars is that starts here: `$$…$$`, `$body$…$body$`.
fn dollar_quote(rest: &str) -> Option<usize> {
    let end = rest[1..].find('$')? + 2;
    let tag = &rest[..end];
    let name = &tag[1..tag.len() - 1];
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        || name.starts_with(|first: char| first.is_ascii_digit())
    {
        return None;
    }
    Some(rest[end..].find(tag).map_or(rest.len(), |close| end + close + end))
}

impl From<&Migration> for Fact {
    fn from(migration: &Migration) -> Self {
        let statement = |statement: &Statement| {
            Self::map([
                ("text", Self::from(&statement.text)),
                ("breaks", statement.breaks.unwrap_or_default().into()),
                ("contract", migration.contract.as_ref().is_some_and(|reason| !reason.is_empty()).into()),
            ])
            .at(&statement.place)
        };
        let first = migration.statements.first().map(|statement| statement.place.clone());
        Self::map([
            ("path", Self::from(&migration.file)),
            ("folder", karat_source::parent(&migration.file).into()),
            ("number", Self::from(&migration.number)),
            ("dialect", Self::from(&migration.dialect)),
            ("contract", migration.contract.as_ref().into()),
            ("statements", Self::list(migration.statements.iter().map(statement))),
        ])
        .at(&first.unwrap_or_else(|| Place::whole(migration.file.clone())))
    }
}
