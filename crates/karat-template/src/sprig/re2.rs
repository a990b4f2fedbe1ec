//! RE2 syntax, as Go's `regexp` reads it, turned into the syntax of the `regex` crate.
//!
//! Both run in linear time and prefer the leftmost-first match, so only the syntax differs: Go's `\d`, `\w`, `\s` and
//! `\b` are ASCII, `{` that starts no repetition is a literal, repetitions are limited, classes do not nest, and some of
//! what one takes the other refuses.

/// A pattern in the `regex` crate's syntax.
pub(super) struct Translated {
    /// The pattern. Groups have no names.
    pub(super) pattern: String,
    /// The names of the groups, from group 0 on; most are empty.
    pub(super) names: Vec<String>,
}

/// The largest repetition count, and the largest product of nested ones.
const MAX_REPEAT: u32 = 1000;

/// The longest pattern, in bytes: a limit of ours.
const MAX_PATTERN: usize = 100_000;

/// Translates a pattern, or says, as Go does, what is wrong with it.
pub(super) fn translate(pattern: &[u8]) -> Result<Translated, String> {
    if pattern.len() > MAX_PATTERN {
        return Err(wrong("expression too large", &String::from_utf8_lossy(&pattern[..80])));
    }
    let text = std::str::from_utf8(pattern)
        .map_err(|error| wrong("invalid UTF-8", &String::from_utf8_lossy(&pattern[error.valid_up_to()..])))?;
    let mut parser = Parser {
        whole: text,
        rest: text,
        out: String::with_capacity(text.len() * 2),
        names: vec![String::new()],
        groups: vec![Group::default()],
    };
    parser.run()?;
    Ok(Translated { pattern: parser.out, names: parser.names })
}

fn wrong(what: &str, expression: &str) -> String {
    format!("error parsing regexp: {what}: `{expression}`")
}

struct Parser<'a> {
    whole: &'a str,
    rest: &'a str,
    out: String,
    names: Vec<String>,
    /// The open groups; the first is the whole pattern.
    groups: Vec<Group>,
}

/// What is known of an open group.
#[derive(Default)]
struct Group {
    /// The largest product of repetition counts within.
    repeats: u32,
    /// What a repetition operator would apply to.
    last: Option<Atom>,
}

#[derive(Clone, Copy)]
struct Atom {
    /// The largest product of repetition counts within.
    repeats: u32,
    /// Where it ends in the output. Flags may have been set since: `a(?i)*` repeats `a`.
    end: usize,
}

impl<'a> Parser<'a> {
    fn run(&mut self) -> Result<(), String> {
        // The text of the repetition operator just before, if there is one.
        let mut last_repeat: Option<&'a str> = None;
        while let Some(first) = self.rest.chars().next() {
            let before = self.rest;
            let mut repeat = None;
            match first {
                '(' if self.rest.starts_with("(?") => self.flags()?,
                '(' => {
                    self.names.push(String::new());
                    self.open("(", 1);
                }
                '|' => {
                    self.emit("|", 1);
                    self.group().last = None;
                }
                ')' => self.close()?,
                '^' | '$' | '.' => self.atom(&first.to_string(), 1),
                '[' => self.class()?,
                '*' | '+' | '?' => {
                    self.repeat(before, 1, None, last_repeat)?;
                    repeat = Some(before);
                }
                '{' => match counts(before) {
                    Some((length, counts)) => {
                        self.repeat(before, length, Some(counts), last_repeat)?;
                        repeat = Some(before);
                    }
                    None => self.literal('{', 1),
                },
                '\\' => self.escape()?,
                char => self.literal(char, char.len_utf8()),
            }
            last_repeat = repeat;
        }
        if self.groups.len() > 1 {
            return Err(wrong("missing closing )", self.whole));
        }
        Ok(())
    }

    fn group(&mut self) -> &mut Group {
        if self.groups.is_empty() {
            self.groups.push(Group::default());
        }
        let last = self.groups.len() - 1;
        &mut self.groups[last]
    }

    /// Writes `text` for the next `length` bytes of the pattern.
    fn emit(&mut self, text: &str, length: usize) {
        self.out.push_str(text);
        self.rest = &self.rest[length..];
    }

    fn atom(&mut self, text: &str, length: usize) {
        self.emit(text, length);
        let end = self.out.len();
        self.group().last = Some(Atom { repeats: 1, end });
    }

    fn literal(&mut self, char: char, length: usize) {
        self.atom(&regex::escape(char.encode_utf8(&mut [0; 4])), length);
    }

    fn open(&mut self, text: &str, length: usize) {
        self.emit(text, length);
        self.groups.push(Group::default());
    }

    fn close(&mut self) -> Result<(), String> {
        if self.groups.len() < 2 {
            return Err(wrong("unexpected )", self.whole));
        }
        let repeats = self.groups.pop().map_or(1, |group| group.repeats);
        self.emit(")", 1);
        let end = self.out.len();
        let outer = self.group();
        outer.last = Some(Atom { repeats, end });
        outer.repeats = outer.repeats.max(repeats);
        Ok(())
    }

    /// A repetition operator of `length` bytes; `counts` are those in braces.
    fn repeat(
        &mut self,
        before: &'a str,
        length: usize,
        counts: Option<(u32, Option<u32>)>,
        last_repeat: Option<&'a str>,
    ) -> Result<(), String> {
        let operator = &before[..length];
        if let Some((low, high)) = counts
            && (low > MAX_REPEAT || high.is_some_and(|high| high > MAX_REPEAT || low > high))
        {
            return Err(wrong("invalid repeat count", operator));
        }
        let lazy = usize::from(before[length..].starts_with('?'));
        let after = &before[length + lazy..];
        if let Some(last) = last_repeat {
            return Err(wrong("invalid nested repetition operator", &last[..last.len() - after.len()]));
        }
        let Some(atom) = self.group().last else {
            return Err(wrong("missing argument to repetition operator", &before[..length + lazy]));
        };
        let factor = counts.map_or(1, |(low, high)| high.unwrap_or(low)).max(1);
        let repeats = if counts == Some((0, Some(0))) { 1 } else { atom.repeats.max(1).saturating_mul(factor) };
        if repeats > MAX_REPEAT {
            return Err(wrong("invalid repeat count", operator));
        }
        let whole = &before[..length + lazy];
        self.out.insert_str(atom.end, whole);
        self.rest = after;
        let group = self.group();
        group.last = Some(Atom { repeats, end: atom.end + whole.len() });
        group.repeats = group.repeats.max(repeats);
        Ok(())
    }

    /// `(?P<name>`, `(?<name>`, `(?flags)` and `(?flags:`.
    fn flags(&mut self) -> Result<(), String> {
        let start = self.rest;
        let name = start.strip_prefix("(?P<").or_else(|| start.strip_prefix("(?<"));
        if let Some(name) = name.filter(|name| !name.is_empty()) {
            let Some(end) = name.find('>') else {
                return Err(wrong("invalid named capture", start));
            };
            let length = start.len() - name.len() + end + 1;
            let name = &name[..end];
            if name.is_empty() || !name.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric()) {
                return Err(wrong("invalid named capture", &start[..length]));
            }
            self.names.push(name.to_owned());
            self.open("(", length);
            return Ok(());
        }
        let (mut on, mut off, mut negative) = (String::new(), String::new(), false);
        for (at, char) in start.char_indices().skip(2) {
            match char {
                'i' | 'm' | 's' | 'U' => {
                    let flags = if negative { &mut off } else { &mut on };
                    if !flags.contains(char) {
                        flags.push(char);
                    }
                }
                '-' if !negative => negative = true,
                ':' | ')' if !negative || !off.is_empty() => {
                    on.retain(|flag| !off.contains(flag));
                    let minus = if off.is_empty() { "" } else { "-" };
                    match char {
                        ':' => self.open(&format!("(?{on}{minus}{off}:"), at + 1),
                        _ if on.is_empty() && off.is_empty() => self.emit("", at + 1),
                        _ => self.emit(&format!("(?{on}{minus}{off})"), at + 1),
                    }
                    return Ok(());
                }
                _ => return Err(wrong("invalid or unsupported Perl syntax", &start[..at + char.len_utf8()])),
            }
        }
        Err(wrong("invalid or unsupported Perl syntax", start))
    }

    /// A backslash outside a class.
    fn escape(&mut self) -> Result<(), String> {
        let start = self.rest;
        match start[1..].chars().next() {
            Some('A') => self.atom(r"\A", 2),
            Some('z') => self.atom(r"\z", 2),
            Some('b') => self.atom(r"(?-u:\b)", 2),
            Some('B') => self.atom(r"(?-u:\B)", 2),
            Some('C') => return Err(wrong("invalid escape sequence", &start[..2])),
            Some('Q') => {
                let quoted = &start[2..];
                let (text, length) = match quoted.find(r"\E") {
                    Some(end) => (&quoted[..end], 2 + end + 2),
                    None => (quoted, start.len()),
                };
                for char in text.chars() {
                    self.literal(char, 0);
                }
                self.rest = &start[length..];
            }
            _ => {
                if let Some((class, length)) = class_escape(start)? {
                    self.atom(&format!("[{class}]"), length);
                } else {
                    let (char, length) = character_escape(start)?;
                    match char::from_u32(char) {
                        Some(char) => self.literal(char, length),
                        None => self.atom(NOTHING, length),
                    }
                }
            }
        }
        Ok(())
    }

    /// A class in brackets.
    fn class(&mut self) -> Result<(), String> {
        let start = self.rest;
        let mut rest = &start[1..];
        let negated = rest.starts_with('^');
        rest = rest.strip_prefix('^').unwrap_or(rest);
        let mut items = String::new();
        let mut first = true;
        while first || !rest.starts_with(']') {
            first = false;
            if let Some((item, length)) = posix_class(rest)? {
                items.push_str(item);
                rest = &rest[length..];
                continue;
            }
            if let Some((item, length)) = class_escape(rest)? {
                items.push_str(&item);
                rest = &rest[length..];
                continue;
            }
            let range = rest;
            let (low, length) = class_character(rest, start)?;
            rest = &rest[length..];
            let mut high = low;
            if rest.starts_with('-') && rest.len() > 1 && !rest.starts_with("-]") {
                let (end, length) = class_character(&rest[1..], start)?;
                rest = &rest[1 + length..];
                high = end;
                if high < low {
                    return Err(wrong("invalid character class range", &range[..range.len() - rest.len()]));
                }
            }
            push_range(&mut items, low, high);
        }
        let length = start.len() - rest.len() + 1;
        match (items.is_empty(), negated) {
            (true, false) => self.atom(NOTHING, length),
            (true, true) => self.atom(r"[\x{0}-\x{10FFFF}]", length),
            (false, _) => self.atom(&format!("[{}{items}]", if negated { "^" } else { "" }), length),
        }
        Ok(())
    }
}

/// A class that nothing is in.
const NOTHING: &str = r"[^\x{0}-\x{10FFFF}]";

/// Adds a range to a class, without the surrogates in it: no text has them.
fn push_range(items: &mut String, low: u32, high: u32) {
    for (low, high) in [(low, high.min(0xD7FF)), (low.max(0xE000), high)] {
        if low <= high {
            items.push_str(&format!(r"\x{{{low:X}}}-\x{{{high:X}}}"));
        }
    }
}

/// `{n}`, `{n,}` or `{n,m}` at the start of a text: its length and the counts; too large a count is `u32::MAX`.
fn counts(text: &str) -> Option<(usize, (u32, Option<u32>))> {
    let length = text[1..].bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b',').count();
    let inside = text[1..].split_at(length).0;
    if !text[1 + length..].starts_with('}') {
        return None;
    }
    let number = |digits: &str| {
        let fine = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        (fine && (digits == "0" || !digits.starts_with('0'))).then(|| digits.parse().unwrap_or(u32::MAX))
    };
    let counts = match inside.split_once(',') {
        None => (number(inside)?, Some(number(inside)?)),
        Some((low, "")) => (number(low)?, None),
        Some((low, high)) => (number(low)?, Some(number(high)?)),
    };
    Some((inside.len() + 2, counts))
}

/// `\d` and its like, and `\p{...}`: what to write inside brackets.
fn class_escape(text: &str) -> Result<Option<(String, usize)>, String> {
    let Some(letter) = text.strip_prefix('\\').and_then(|rest| rest.chars().next()) else {
        return Ok(None);
    };
    let class = match letter {
        'd' => "0-9",
        'D' => "[^0-9]",
        's' => r"\t\n\x0C\r\x20",
        'S' => r"[^\t\n\x0C\r\x20]",
        'w' => "0-9A-Za-z_",
        'W' => "[^0-9A-Za-z_]",
        'p' | 'P' => return unicode_class(text, letter == 'P'),
        _ => return Ok(None),
    };
    Ok(Some((class.to_owned(), 2)))
}

fn unicode_class(text: &str, negated: bool) -> Result<Option<(String, usize)>, String> {
    let Some(first) = text[2..].chars().next() else {
        return Ok(None);
    };
    let (name, length) = match first {
        '{' => match text.find('}') {
            Some(end) => (&text[3..end], end + 1),
            None => return Err(wrong("invalid character class range", text)),
        },
        char => (&text[2..2 + char.len_utf8()], 2 + char.len_utf8()),
    };
    let (name, negated) = name.strip_prefix('^').map_or((name, negated), |name| (name, !negated));
    let mut canonical = name.to_ascii_lowercase();
    canonical.retain(|char| !matches!(char, '_' | '-' | ' '));
    let sign = if negated { 'P' } else { 'p' };
    let class = match &*canonical {
        "any" => format!(r"\{sign}{{Any}}"),
        "ascii" => if negated { "[^[:ascii:]]" } else { "[:ascii:]" }.to_owned(),
        "assigned" => format!(r"\{}{{gc=Cn}}", if negated { 'p' } else { 'P' }),
        // Go looks its table of scripts up by a name without separators, so those with an underscore are not found, and
        // it does not know four-letter codes.
        _ => ["gc", "sc"]
            .into_iter()
            .map(|property| format!(r"\{sign}{{{property}={canonical}}}"))
            .find(|class| !canonical.starts_with("is") && canonical.is_ascii() && regex::Regex::new(class).is_ok())
            .ok_or_else(|| wrong("invalid character class range", &text[..length]))?,
    };
    Ok(Some((class, length)))
}

/// `[:alpha:]` and its like; both syntaxes share the names.
fn posix_class(text: &str) -> Result<Option<(&str, usize)>, String> {
    if !text.starts_with("[:") {
        return Ok(None);
    }
    let Some(end) = text[2..].find(":]") else {
        return Ok(None);
    };
    let class = &text[..end + 4];
    let name = class[2..end + 2].strip_prefix('^').unwrap_or(&class[2..end + 2]);
    const NAMES: [&str; 14] = [
        "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper",
        "word", "xdigit",
    ];
    if NAMES.contains(&name) {
        Ok(Some((class, class.len())))
    } else {
        Err(wrong("invalid character class range", class))
    }
}

/// One character of a class, perhaps escaped, and its length.
fn class_character(text: &str, whole_class: &str) -> Result<(u32, usize), String> {
    match text.chars().next() {
        None => Err(wrong("missing closing ]", whole_class)),
        Some('\\') => character_escape(text),
        Some(char) => Ok((char.into(), char.len_utf8())),
    }
}

/// An escaped character, and the length of the escape.
fn character_escape(text: &str) -> Result<(u32, usize), String> {
    let mut rest = text[1..].chars();
    let Some(char) = rest.next() else {
        return Err("error parsing regexp: trailing backslash at end of expression: ``".into());
    };
    let invalid = |rest: &str| Err(wrong("invalid escape sequence", &text[..text.len() - rest.len()]));
    let value = match char {
        'a' => 7,
        'f' => 12,
        'n' => 10,
        'r' => 13,
        't' => 9,
        'v' => 11,
        '0'..='7' => {
            let digits = rest.as_str().bytes().take(2).take_while(|byte| matches!(byte, b'0'..=b'7')).count();
            if char != '0' && digits == 0 {
                return invalid(rest.as_str());
            }
            let octal = &text[1..2 + digits];
            return Ok((u32::from_str_radix(octal, 8).unwrap_or(0), 2 + digits));
        }
        'x' if rest.as_str().starts_with('{') => {
            let inside = &rest.as_str()[1..];
            let digits = &inside[..inside.find('}').unwrap_or(0)];
            let value = u32::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'));
            match value {
                Some(value) if value <= 0x10_FFFF => return Ok((value, 4 + digits.len())),
                _ => return invalid(&inside[digits.len()..]),
            }
        }
        'x' => {
            let digits = rest.as_str().get(..2).unwrap_or_default();
            match u32::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+')) {
                Some(value) => return Ok((value, 4)),
                None => return invalid(rest.as_str()),
            }
        }
        char if char.is_ascii() && !char.is_ascii_alphanumeric() => char.into(),
        _ => return invalid(rest.as_str()),
    };
    Ok((value, 2))
}
