//! The head of a document without parsing it: most of what charts print is plain block YAML, and reading it takes as long
//! as rendering it.
//!
//! This reads a subset in one pass: block mappings and sequences, one-line plain and quoted scalars, block scalars, short flow
//! sequences. What it takes is valid to go-yaml and has the head that it says; of everything else it says nothing, and
//! the parser decides. The tests hold it against the parser on real and on broken documents.

use karat_yaml::{Map, Value};

use crate::manifest::Head;

/// The head of a document, if it is plain enough.
pub(crate) fn read(text: &[u8]) -> Option<Head> {
    // One look at all bytes is quicker than one at each line.
    let plain = text.iter().all(|byte| (b' '..=b'~').contains(byte) || *byte == b'\n');
    let mut reader = Reader {
        text: std::str::from_utf8(text).ok()?,
        plain,
        at: 0,
        open: Vec::new(),
        pending: None,
        root: Map::new(),
        metadata: None,
        annotated: false,
        annotations: Vec::new(),
    };
    while reader.at < reader.text.len() {
        reader.line()?;
    }
    // A document without anything in it, or one that is not a mapping, has its own rules.
    matches!(reader.open.first(), Some(Open { kind: Kind::Map, indent: 0, .. })).then(|| reader.finish())
}

/// An open collection and what it is the value of.
struct Open {
    indent: usize,
    kind: Kind,
    place: Place,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Map,
    Sequence,
}

/// What a collection or value is to the head.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    Metadata,
    Annotations,
    /// A text of the head: must not be a collection.
    Text,
    Elsewhere,
}

/// What the head needs of a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    Nothing,
    /// It must be a text.
    Text,
    /// It may be an integer, which is spelled as it is printed.
    Spelling,
}

/// A key or dash without a value so far: the next line may be it.
struct Pending {
    indent: usize,
    place: Place,
    /// Of a key, a sequence may begin at the key's own column.
    of_key: bool,
}

struct Reader<'a> {
    text: &'a str,
    /// All of it is printable ASCII.
    plain: bool,
    at: usize,
    open: Vec<Open>,
    pending: Option<Pending>,
    root: Map,
    metadata: Option<Map>,
    annotated: bool,
    annotations: Vec<(String, String)>,
}

const DEPTH_LIMIT: usize = 64;

impl<'a> Reader<'a> {
    /// Takes the next line off the text.
    fn next_line(&mut self) -> &'a str {
        let rest = &self.text[self.at..];
        let (line, next) = match rest.find('\n') {
            Some(end) => (&rest[..end], end + 1),
            None => (rest, rest.len()),
        };
        self.at += next;
        line
    }

    fn line(&mut self) -> Option<()> {
        let line = self.next_line();
        let content = line.trim_start_matches(' ');
        if content.is_empty() || content.starts_with('#') {
            return self.printable(content).then_some(());
        }
        if !self.printable(content) || line.starts_with("---") || line.starts_with("...") || line.starts_with('%') {
            return None;
        }
        self.entry(line.len() - content.len(), content)
    }

    /// Whether a line has only characters that go-yaml prints and does not take for white space or line ends.
    fn printable(&self, line: &str) -> bool {
        self.plain
            || line.chars().all(|c| {
                matches!(c, ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
                    && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
            })
    }

    /// What begins at a column: a dash, or a key.
    fn entry(&mut self, column: usize, content: &'a str) -> Option<()> {
        while self.open.last().is_some_and(|open| open.indent > column) {
            self.open.pop();
        }
        let pending = self.pending.take();
        if content == "-" || content.starts_with("- ") {
            self.item(column, content, pending)
        } else {
            self.key(column, content, pending)
        }
    }

    fn push(&mut self, indent: usize, kind: Kind, place: Place) -> Option<()> {
        let misplaced = place == Place::Text || (kind == Kind::Sequence && place != Place::Elsewhere);
        if misplaced || self.open.len() >= DEPTH_LIMIT {
            return None;
        }
        self.open.push(Open { indent, kind, place });
        Some(())
    }

    fn item(&mut self, column: usize, content: &'a str, pending: Option<Pending>) -> Option<()> {
        let continues = matches!(self.open.last(), Some(open) if open.indent == column && open.kind == Kind::Sequence);
        match pending {
            Some(pending) if pending.indent < column || (pending.of_key && pending.indent == column) => {
                // After an empty dash, a dash in the same column is the next item; a deeper one is its value.
                self.push(column, Kind::Sequence, pending.place)?;
            }
            _ if continues => {}
            _ => return None,
        }
        let rest = content[1..].trim_start_matches(' ');
        let inner = column + content.len() - rest.len();
        if rest.is_empty() || rest.starts_with('#') {
            self.pending = Some(Pending { indent: column, place: Place::Elsewhere, of_key: false });
            return Some(());
        }
        if rest == "-" || rest.starts_with("- ") {
            self.pending = Some(Pending { indent: column, place: Place::Elsewhere, of_key: false });
            let pending = self.pending.take();
            return self.item(inner, rest, pending);
        }
        if split_key(rest).is_some() {
            self.push(inner, Kind::Map, Place::Elsewhere)?;
            return self.key(inner, rest, None);
        }
        self.value(column, rest, Place::Elsewhere, Need::Nothing).map(drop)
    }

    fn key(&mut self, column: usize, content: &'a str, pending: Option<Pending>) -> Option<()> {
        if content.starts_with(['{', '[']) {
            // A short collection on a line of its own is what the key or dash before it was waiting for.
            let pending = pending.filter(|pending| pending.indent < column)?;
            let fits = pending.place == Place::Elsewhere || (content == "{}" && pending.place != Place::Text);
            return (fits && flow_ends(content)).then_some(());
        }
        let (key, rest) = split_key(content)?;
        if let Some(pending) = pending.filter(|pending| pending.indent < column) {
            self.push(column, Kind::Map, pending.place)?;
        } else if self.open.is_empty() {
            self.push(column, Kind::Map, Place::Root)?;
            if column > 0 {
                return None;
            }
        } else {
            // A sequence in the column of its key ends where the next key begins.
            if matches!(self.open.last(), Some(open) if open.indent == column && open.kind == Kind::Sequence) {
                self.open.pop();
            }
            if !matches!(self.open.last(), Some(open) if open.indent == column && open.kind == Kind::Map) {
                return None;
            }
        }
        let place = self.place_of(key)?;
        let rest = rest.trim_start_matches(' ');
        if rest.is_empty() || rest.starts_with('#') {
            self.pending = Some(Pending { indent: column, place, of_key: true });
            return self.keep(key, None);
        }
        let value = self.value(column, rest, place, self.needs(key))?;
        self.keep(key, Some(value))
    }

    /// What the value of a key is to the head. Keys that Go would take for one of its fields although they are spelled
    /// otherwise are left to the parser.
    fn place_of(&self, key: &str) -> Option<Place> {
        let fields: &[(&str, Place)] = match self.open.last()?.place {
            Place::Root => &[("apiVersion", Place::Text), ("kind", Place::Text), ("metadata", Place::Metadata)],
            Place::Metadata => &[
                ("name", Place::Text),
                ("annotations", Place::Annotations),
                ("generateName", Place::Text),
                ("namespace", Place::Text),
            ],
            Place::Annotations => return Some(Place::Text),
            Place::Text | Place::Elsewhere => return Some(Place::Elsewhere),
        };
        match fields.iter().find(|(field, _)| field.eq_ignore_ascii_case(key)) {
            Some((field, place)) => (*field == key).then_some(*place),
            None => Some(Place::Elsewhere),
        }
    }

    /// Keeps a value of the head; none is a null. A key that comes again is left to the parser, and so is a list.
    fn keep(&mut self, key: &str, value: Option<&str>) -> Option<()> {
        let entry = value.map_or(Value::Null, Value::from);
        match (self.open.last()?.place, key) {
            (Place::Root, "apiVersion" | "kind") => self.root.insert(key.into(), entry).is_none(),
            (Place::Root, "metadata") => self.metadata.replace(Map::new()).is_none(),
            (Place::Root, "items") => false,
            (Place::Metadata, "name" | "generateName" | "namespace") => {
                self.metadata.as_mut()?.insert(key.into(), entry).is_none()
            }
            (Place::Metadata, "annotations") => !std::mem::replace(&mut self.annotated, true),
            (Place::Annotations, key) if key.starts_with("helm.sh/") => {
                let again = self.annotations.iter().any(|(known, _)| known == key);
                self.annotations.push((key.to_owned(), value.unwrap_or_default().to_owned()));
                !again
            }
            _ => true,
        }
        .then_some(())
    }

    fn finish(mut self) -> Head {
        let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
        let name = text(self.metadata.as_ref().and_then(|metadata| metadata.get(&b"name"[..])));
        if let Some(metadata) = self.metadata {
            self.root.insert("metadata".into(), Value::Map(metadata));
        }
        Head {
            api_version: text(self.root.get(&b"apiVersion"[..])),
            kind: text(self.root.get(&b"kind"[..])),
            name,
            annotations: self.annotations,
            object: Value::Map(self.root),
        }
    }

    /// Whether the head has the value of a key of the current mapping.
    fn needs(&self, key: &str) -> Need {
        match self.open.last().map(|open| open.place) {
            Some(Place::Root) if matches!(key, "apiVersion" | "kind") => Need::Text,
            Some(Place::Metadata) if matches!(key, "name" | "generateName" | "namespace") => Need::Text,
            Some(Place::Annotations) if key.starts_with("helm.sh/") => Need::Spelling,
            _ => Need::Nothing,
        }
    }

    /// A value on the line of its key or dash, which is at `column`: its text, if that is needed.
    fn value(&mut self, column: usize, rest: &'a str, place: Place, need: Need) -> Option<&'a str> {
        let first = rest.bytes().next()?;
        let collection = matches!(place, Place::Metadata | Place::Annotations);
        match first {
            b'"' | b'\'' if !collection => {
                let end = quoted(rest)?;
                ends_here(&rest[end..]).then_some(())?;
                let inner = &rest[1..end - 1];
                let plain = !inner.contains(['\\', '\'']);
                (need == Need::Nothing || plain).then_some(inner)
            }
            b'|' | b'>' if !collection && need == Need::Nothing => self.block(column, rest),
            b'{' if collection => (rest.starts_with("{}") && ends_here(&rest[2..])).then_some(""),
            b'{' | b'[' => (place == Place::Elsewhere && flow_ends(rest)).then_some(""),
            _ if collection => None,
            _ => plain(rest, need),
        }
    }

    /// A block scalar: the lines that are deeper than `column`.
    fn block(&mut self, column: usize, header: &str) -> Option<&'a str> {
        let after = header[1..].strip_prefix(['-', '+']).unwrap_or(&header[1..]);
        if !ends_here(after) {
            return None;
        }
        let mut indent = None;
        let mut widest_blank = 0;
        while self.at < self.text.len() {
            let start = self.at;
            let line = self.next_line();
            let content = line.trim_start_matches(' ');
            let depth = line.len() - content.len();
            if content.is_empty() {
                widest_blank = widest_blank.max(depth);
                continue;
            }
            if !self.printable(content) {
                return None;
            }
            match indent {
                None if depth > column && depth >= widest_blank => indent = Some(depth),
                Some(indent) if depth >= indent => {}
                _ if depth <= column && (indent.is_some() || widest_blank == 0) => {
                    self.at = start;
                    break;
                }
                _ => return None,
            }
        }
        Some("")
    }
}

/// Nothing, or a comment.
fn ends_here(rest: &str) -> bool {
    let trimmed = rest.trim_start_matches(' ');
    trimmed.is_empty() || (trimmed.starts_with('#') && trimmed.len() < rest.len())
}

/// A simple key and what comes after its colon.
fn split_key(content: &str) -> Option<(&str, &str)> {
    let (key, rest) = if content.starts_with(['"', '\'']) {
        let end = quoted(content)?;
        let key = &content[1..end - 1];
        if key.contains(['\\', '\'', '"']) {
            return None;
        }
        (key, &content[end..])
    } else {
        let belongs = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'/' | b'-');
        let end = content.bytes().take_while(belongs).count();
        let key = &content[..end];
        let odd = key.is_empty() || key.starts_with(['-', '.']) || key.eq_ignore_ascii_case("null");
        if odd {
            return None;
        }
        (key, &content[end..])
    };
    let rest = rest.strip_prefix(':')?;
    (key.len() <= 128 && (rest.is_empty() || rest.starts_with(' '))).then_some((key, rest))
}

/// The length of a quoted scalar at the start of a text.
fn quoted(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let quote = *bytes.first()?;
    let mut at = 1;
    loop {
        let byte = *bytes.get(at)?;
        if byte == b'\\' && quote == b'"' {
            if !matches!(bytes.get(at + 1)?, b'"' | b'\\' | b'/' | b'n' | b't' | b'r') {
                return None;
            }
            at += 2;
        } else if byte == quote {
            if quote == b'\'' && bytes.get(at + 1) == Some(&b'\'') {
                at += 2;
            } else {
                return Some(at + 1);
            }
        } else {
            at += 1;
        }
    }
}

/// A plain scalar.
fn plain(rest: &str, need: Need) -> Option<&str> {
    let value = rest.find(" #").map_or(rest, |comment| &rest[..comment]).trim_end_matches(' ');
    let first = value.bytes().next()?;
    let starts = first.is_ascii_alphanumeric()
        || matches!(first, b'_' | b'/' | b'~' | b'$' | b'(' | b'+' | b'^' | b'.')
        || (matches!(first, b'-' | b':')
            && value.len() > 1
            && value.as_bytes()[1] != b' '
            && !value.starts_with("--- "));
    // Infinities and the like are numbers that have no JSON.
    let number = value.trim_start_matches(['+', '-']);
    let no_json = [".inf", ".nan"].iter().any(|word| word.eq_ignore_ascii_case(number));
    if !starts || value.contains(": ") || value.ends_with(':') || no_json {
        return None;
    }
    if need != Need::Nothing {
        let integer = number.len() <= 18
            && number.bytes().all(|byte| byte.is_ascii_digit())
            && !value.starts_with('+')
            && (number == "0" && number.len() == value.len() || !number.starts_with('0'));
        let word = first.is_ascii_alphabetic() || matches!(first, b'_' | b'/' | b'$' | b'(' | b'^');
        let special = ["true", "false", "yes", "no", "on", "off", "y", "n", "null"];
        if !(word || integer && need == Need::Spelling)
            || special.iter().any(|special| special.eq_ignore_ascii_case(value))
        {
            return None;
        }
    }
    Some(value)
}

/// A flow collection that ends on its line, with nothing after it.
fn flow_ends(rest: &str) -> bool {
    flow(rest, 0).is_some_and(ends_here)
}

/// What follows a short flow collection or scalar: `{a: 1, b: [x, "y"]}`.
fn flow(rest: &str, depth: usize) -> Option<&str> {
    let close = match rest.bytes().next()? {
        _ if depth > 8 => return None,
        b'{' => '}',
        b'[' => ']',
        b'"' | b'\'' => return Some(&rest[quoted(rest)?..]),
        _ => return flow_word(rest),
    };
    let mut rest = rest[1..].trim_start_matches(' ');
    if let Some(after) = rest.strip_prefix(close) {
        return Some(after);
    }
    loop {
        if close == '}' {
            let after = if rest.starts_with(['"', '\'']) { &rest[quoted(rest)?..] } else { flow_word(rest)? };
            let key = &rest[..rest.len() - after.len()];
            rest = after.strip_prefix(": ").filter(|_| !key.eq_ignore_ascii_case("null"))?.trim_start_matches(' ');
        }
        rest = flow(rest, depth + 1)?.trim_start_matches(' ');
        if let Some(after) = rest.strip_prefix(close) {
            return Some(after);
        }
        rest = rest.strip_prefix(", ")?.trim_start_matches(' ');
    }
}

/// A plain scalar without anything that could mean something in a flow collection.
fn flow_word(rest: &str) -> Option<&str> {
    let starts = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '/');
    let inside = |c: char| starts(c) || matches!(c, '.' | '-' | '=');
    rest.starts_with(starts).then(|| &rest[rest.find(|c| !inside(c)).unwrap_or(rest.len())..])
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use karat_yaml::Value;

    use crate::manifest::{Head, parse, split};
    use crate::profile::SplitRule;

    fn documents(folder: &Path, found: &mut Vec<Vec<u8>>) {
        for entry in fs_err::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                documents(&path, found);
            } else if path.ends_with("helm4.yaml") {
                let text = fs_err::read(&path).expect("a golden");
                found.extend(split(&text, SplitRule::LineStart).into_iter().map(<[u8]>::to_vec));
            }
        }
    }

    /// What both must agree on: of the object only the parts that are promised, a null being nothing.
    fn essence(head: Head) -> Head {
        let mut head = head;
        head.annotations.sort();
        let at = |path: &[&str]| head.object.at(path.iter().copied()).cloned().unwrap_or_default();
        let paths: &[&[&str]] = &[
            &["apiVersion"],
            &["kind"],
            &["metadata", "name"],
            &["metadata", "generateName"],
            &["metadata", "namespace"],
            &["items"],
        ];
        let parts = paths.iter().map(|path| at(path)).chain([Value::Bool(head.object.get("metadata").is_some())]);
        Head { object: Value::Seq(parts.collect()), ..head }
    }

    fn check(text: &[u8]) -> bool {
        let Some(quick) = super::read(text) else { return false };
        let shown = String::from_utf8_lossy(text);
        let parsed = parse(text).unwrap_or_else(|error| panic!("taken, but {error}:\n{shown}"));
        assert_eq!(essence(quick), essence(parsed), "{shown}");
        true
    }

    #[test]
    fn takes_plain_documents() {
        let text = "apiVersion: apps/v1 # comment\nkind: Deployment\nmetadata:\n  name: \"a-b\"\n  namespace: c\n  \
                    annotations:\n    helm.sh/hook: pre-install,post-install\n    helm.sh/hook-weight: -5\n    x: |\n      \
                    any: thing\n\n      more\nspec:\n  list:\n  - a: 1\n    b: [x, \"y\"]\n  -\n    - deep\n  empty: {}\n";
        assert!(check(text.as_bytes()));
        let head = super::read(text.as_bytes()).expect("plain");
        assert_eq!((head.kind.as_str(), head.name.as_str(), head.annotations.len()), ("Deployment", "a-b", 2));
    }

    /// Real documents and thousands of broken ones: what is taken is what the parser reads.
    #[test]
    fn agrees_with_the_parser() {
        let mut seeds = Vec::new();
        documents(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases"), &mut seeds);
        let taken = seeds.iter().filter(|text| check(text)).count();
        assert!(taken * 3 > seeds.len(), "{taken} of {} documents are plain", seeds.len());
        let rounds: usize = option_env!("KARAT_QUICK_ROUNDS").and_then(|rounds| rounds.parse().ok()).unwrap_or(20_000);
        let mut random = 0x2545_f491_4f6c_dd1d_u64;
        let mut next = |below: usize| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            (random % below.max(1) as u64) as usize
        };
        let pieces: &[&str] = &[
            " ",
            "  ",
            "\n",
            "- ",
            "-",
            ":",
            ": ",
            "#",
            " #",
            "'",
            "\"",
            "|",
            "|-",
            ">",
            "[",
            "]",
            "{}",
            "{",
            "}",
            ", ",
            "\\",
            "\t",
            "a",
            "1",
            "null",
            "~",
            "true",
            ".",
            "---",
            "&a",
            "*a",
            "!!str",
            "? ",
            "%",
            "@",
            "metadata:",
            "kind: ",
            "name: x",
            "items:",
            "annotations:",
            "helm.sh/hook: test",
            ".nan",
            "-.inf",
            "<<: ",
            "Kind: ",
        ];
        for _ in 0..rounds {
            let mut text = seeds[next(seeds.len())].clone();
            text.truncate(600);
            for _ in 0..=next(3) {
                let at = next(text.len() + 1);
                match next(4) {
                    0 if at < text.len() => drop(text.remove(at)),
                    1 => {
                        let end = (at + next(12)).min(text.len());
                        text.drain(at..end);
                    }
                    _ => {
                        let piece = pieces[next(pieces.len())];
                        text.splice(at..at, piece.bytes());
                    }
                }
            }
            check(&text);
        }
    }
}
