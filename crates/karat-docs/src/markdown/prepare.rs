//! Before the parser: what MkDocs' dialect has and CommonMark has not, rewritten line by line.
//!
//! Admonitions (`!!! note`), details (`??? note`) and tabs (`=== "Go"`) are marked by a line and hold what is indented by four
//! under it. They become fenced containers (`:::: 7`), whose number is that of a [`Container`] kept beside the text. The
//! work is linear in the text.

use karat_yaml::Node;

use super::LINES_LIMIT;
use super::tables::escape_pipes;
use crate::problem::{Kind, Problem};
use crate::yaml;

/// Containers within containers, at most.
const DEPTH: usize = 32;
/// Quotes and list markers at the start of one line, at most.
const MARKERS: usize = 64;

/// What a marker line opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Container {
    /// `!!! note "Title"`: its classes, and its title if it has one.
    Admonition { classes: Vec<String>, title: Option<String> },
    /// `??? note "Title"`, `???+` for open.
    Details { classes: Vec<String>, title: String, open: bool },
    /// `=== "Title"`; `===!` begins a new set, `===+` is the one that shows first.
    Tab { title: String, fresh: bool, chosen: bool },
}

/// A page as the parser gets it.
#[derive(Debug, Default)]
pub(super) struct Prepared {
    pub(super) text: String,
    /// The line of the source for each line of `text`.
    pub(super) lines: Vec<u32>,
    pub(super) containers: Vec<Container>,
    /// `*[HTML]: HyperText Markup Language`, sorted by what is abbreviated.
    pub(super) abbreviations: Vec<(String, String)>,
    pub(super) title: Option<String>,
    pub(super) description: Option<String>,
    pub(super) problems: Vec<Problem>,
}

impl Prepared {
    /// The line of the source that a line of the text (from 1) is from.
    pub(super) fn line(&self, line: usize) -> u32 {
        let index = line.saturating_sub(1).min(self.lines.len().saturating_sub(1));
        self.lines.get(index).copied().unwrap_or(1)
    }
}

/// Reads the page in `file`.
pub(super) fn prepare(file: &str, source: &str) -> Prepared {
    let source = source.strip_prefix('\u{feff}').unwrap_or(source);
    let source = source.replace("\r\n", "\n").replace('\r', "\n");
    let mut page = Page { file, out: Prepared::default(), frames: vec![Frame::default()], blank: 0, html: Vec::new() };
    let lines: Vec<&str> = source.lines().collect();
    if let Some(why) = unreadable(&lines) {
        let problem = Problem::error(Kind::Size, file, (why.0, 1), why.1);
        page.out.problems.push(problem.fix("split the page"));
        page.verbatim(&lines);
        return page.out;
    }
    let skip = page.front_matter(&lines);
    for (index, line) in lines.iter().enumerate().skip(skip) {
        page.line(number(index), line);
    }
    page.close(0, number(lines.len().saturating_sub(1)));
    page.out.abbreviations.sort();
    page.out.abbreviations.dedup_by(|a, b| a.0 == b.0);
    page.out
}

fn number(index: usize) -> u32 {
    u32::try_from(index + 1).unwrap_or(u32::MAX)
}

/// Why a page is shown as text only: its line, and what is wrong.
fn unreadable(lines: &[&str]) -> Option<(u32, String)> {
    if lines.len() > LINES_LIMIT {
        let message = format!("{} lines are more than {LINES_LIMIT}: the page is shown as plain text", lines.len());
        return Some((1, message));
    }
    let deep = lines.iter().position(|line| markers(line) > MARKERS)?;
    let message = format!("quotes and lists nested deeper than {MARKERS}: the page is shown as plain text");
    Some((number(deep), message))
}

/// How many quotes and list items a line opens.
fn markers(line: &str) -> usize {
    let mut count = 0;
    let mut bytes = line.bytes().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b' ' | b'\t' => {}
            b'>' => count += 1,
            b'-' | b'*' | b'+' if matches!(bytes.peek(), None | Some(b' ' | b'\t')) => count += 1,
            b'0'..=b'9' => {
                while bytes.next_if(u8::is_ascii_digit).is_some() {}
                if bytes.next_if(|byte| matches!(byte, b'.' | b')')).is_none() {
                    return count;
                }
                count += 1;
            }
            _ => return count,
        }
    }
    count
}

/// A container that is open; the first frame is the page.
#[derive(Default)]
struct Frame {
    /// Where its content begins, in columns of the source.
    content: usize,
    /// Where its marker stands, in columns of the text.
    marker: usize,
    /// How many colons its fence has.
    fence: usize,
    /// The fence of code that is open: its character and length.
    code: Option<(u8, usize)>,
    /// Whether a list goes on here, so that deeper indentation is not code.
    list: bool,
}

struct Page<'p> {
    file: &'p str,
    out: Prepared,
    frames: Vec<Frame>,
    /// Blank lines that wait for what comes after them.
    blank: usize,
    /// Elements with Markdown in them: name and how they stand.
    html: Vec<String>,
}

impl Page<'_> {
    fn push(&mut self, source: u32, indent: usize, text: &str) {
        self.out.text.extend(std::iter::repeat_n(' ', indent));
        self.out.text.push_str(text);
        self.out.text.push('\n');
        self.out.lines.push(source);
    }

    fn blanks(&mut self, source: u32) {
        for _ in 0..std::mem::take(&mut self.blank) {
            self.push(source, 0, "");
        }
    }

    fn verbatim(&mut self, lines: &[&str]) {
        let longest = lines.iter().map(|line| line.bytes().filter(|byte| *byte == b'`').count()).max().unwrap_or(0);
        let fence = "`".repeat(longest.max(2) + 1);
        self.push(1, 0, &format!("{fence}text"));
        for (index, line) in lines.iter().enumerate() {
            self.push(number(index), 0, line);
        }
        self.push(number(lines.len()), 0, &fence);
    }

    /// Closes all containers above `keep`.
    fn close(&mut self, keep: usize, source: u32) {
        while self.frames.len() > keep + 1 {
            if let Some(frame) = self.frames.pop() {
                self.push(source, frame.marker, &":".repeat(frame.fence));
            }
        }
    }

    fn front_matter(&mut self, lines: &[&str]) -> usize {
        if lines.first().is_none_or(|line| line.trim_end() != "---") {
            return 0;
        }
        let rest = &lines[1..];
        let Some(end) = rest.iter().position(|line| matches!(line.trim_end(), "---" | "...")) else { return 0 };
        let text = rest[..end].join("\n");
        let Ok(Some(document)) = yaml::read(text.as_bytes()) else { return 0 };
        let root = document.root();
        if root.kind() != karat_yaml::Kind::Map {
            return 0;
        }
        let say = |key: &str| root.get(key).and_then(|node: Node<'_>| yaml::text(node)).filter(|text| !text.is_empty());
        self.out.title = say("title");
        self.out.description = say("description");
        end + 2
    }

    fn line(&mut self, source: u32, line: &str) {
        let (indent, rest) = indentation(line);
        if rest.is_empty() {
            self.blank += 1;
            return;
        }
        let keep = self.frames.iter().rposition(|frame| frame.content <= indent).unwrap_or(0);
        if keep + 1 < self.frames.len() {
            self.close(keep, source);
        }
        self.blanks(source);
        let depth = self.frames.len() - 1;
        let Some(frame) = self.frames.last_mut() else { return };
        let column = indent - (4 * depth).min(indent);
        let within = indent - frame.content;
        if let Some((character, length)) = frame.code {
            if is_closing(rest, character, length) {
                frame.code = None;
            }
            // Within a fence the blanks are the code's own: those of the container are taken off, tabs stay.
            let kept = strip_columns(line, 4 * depth);
            return self.push(source, 0, kept);
        }
        if let Some(fence) = opening(rest) {
            frame.code = Some(fence);
            return self.push(source, column, rest);
        }
        let item = is_item(rest);
        frame.list = item || (frame.list && within > 0);
        if within >= 4 && !frame.list && !item {
            let kept = strip_columns(line, 4 * depth);
            return self.push(source, 0, kept);
        }
        if let Some(container) = container(rest) {
            return self.open(source, indent, column, container);
        }
        self.text(source, column, rest);
    }

    fn open(&mut self, source: u32, indent: usize, column: usize, container: Container) {
        if self.frames.len() > DEPTH {
            let message = format!("admonitions and tabs are nested deeper than {DEPTH}");
            self.out.problems.push(Problem::error(Kind::Size, self.file, (source, 1), message).fix("make it flatter"));
            return self.push(source, column, "");
        }
        let fence = 3 + DEPTH + 1 - self.frames.len();
        let number = self.out.containers.len();
        self.out.containers.push(container);
        self.push(source, column, &format!("{} {number}", ":".repeat(fence)));
        self.frames.push(Frame { content: indent + 4, marker: column, fence, ..Frame::default() });
    }

    fn text(&mut self, source: u32, column: usize, rest: &str) {
        if let Some((short, long)) = abbreviation(rest) {
            self.out.abbreviations.push((short.to_owned(), long.to_owned()));
            return self.push(source, 0, "");
        }
        if is_snippet(rest) {
            let message = "a snippet is refused: a page is what its file says, and no other file is read into it";
            let problem = Problem::error(Kind::Refused, self.file, (source, 1), message);
            self.out.problems.push(problem.fix("write the text here, or link to the page that has it"));
            return self.push(source, column, &format!("`` {} ``", rest.trim_end().replace('`', "'")));
        }
        if rest.starts_with(":::") {
            return self.push(source, column, &format!("\\{rest}"));
        }
        if let Some(name) = closing_element(rest)
            && self.html.last().is_some_and(|open| open == name)
        {
            self.html.pop();
            self.push(source, 0, "");
            self.push(source, column, rest);
            return self.push(source, 0, "");
        }
        let element = markdown_element(rest);
        self.push(source, column, &escape_pipes(rest));
        if let Some(name) = element {
            self.html.push(name.to_owned());
            self.push(source, 0, "");
        }
    }
}

/// How far a line is indented in columns, a tab to the next multiple of four, and what comes after.
fn indentation(line: &str) -> (usize, &str) {
    let mut column = 0;
    for (at, byte) in line.bytes().enumerate() {
        match byte {
            b' ' => column += 1,
            b'\t' => column += 4 - column % 4,
            _ => return (column, &line[at..]),
        }
    }
    (column, "")
}

/// A line without its first `columns` columns of white space.
fn strip_columns(line: &str, columns: usize) -> &str {
    let mut column = 0;
    for (at, byte) in line.bytes().enumerate() {
        if column >= columns {
            return &line[at..];
        }
        match byte {
            b' ' => column += 1,
            b'\t' => column += 4 - column % 4,
            _ => return &line[at..],
        }
    }
    ""
}

fn opening(rest: &str) -> Option<(u8, usize)> {
    let character = *rest.as_bytes().first()?;
    let length = rest.bytes().take_while(|byte| *byte == character).count();
    let info = &rest[length..];
    (length >= 3 && (character == b'~' || (character == b'`' && !info.contains('`')))).then_some((character, length))
}

fn is_closing(rest: &str, character: u8, length: usize) -> bool {
    let run = rest.bytes().take_while(|byte| *byte == character).count();
    run >= length && rest[run..].trim().is_empty()
}

fn is_item(rest: &str) -> bool {
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let marker = if digits > 0 { &rest[digits..] } else { rest };
    let marks: &[char] = if digits > 0 { &['.', ')'] } else { &['-', '*', '+', ':'] };
    marker.strip_prefix(marks).is_some_and(|after| after.is_empty() || after.starts_with([' ', '\t']))
        || rest.starts_with("[^") && rest.contains("]:")
}

/// What a marker line opens.
fn container(rest: &str) -> Option<Container> {
    let rest = rest.trim_end();
    if let Some(after) = rest.strip_prefix("!!!") {
        let (classes, title) = classes_and_title(after)?;
        let first = classes.first()?.clone();
        let title = title.map_or_else(|| Some(capital(&first)), |title| Some(title).filter(|title| !title.is_empty()));
        return Some(Container::Admonition { classes, title });
    }
    if let Some(after) = rest.strip_prefix("???") {
        let (after, open) = after.strip_prefix('+').map_or((after, false), |after| (after, true));
        let (classes, title) = classes_and_title(after)?;
        let title = title.or_else(|| classes.first().map(|first| capital(first)))?;
        return Some(Container::Details { classes, title, open });
    }
    let after = rest.strip_prefix("===")?;
    let flags = after.len() - after.trim_start_matches(['!', '+']).len();
    let (flags, after) = after.split_at(flags);
    let title = quoted(after.trim_start_matches(' '))?;
    Some(Container::Tab { title: title.to_owned(), fresh: flags.contains('!'), chosen: flags.contains('+') })
}

fn classes_and_title(after: &str) -> Option<(Vec<String>, Option<String>)> {
    let (names, title) = match after.find('"') {
        None => (after, None),
        Some(at) => (&after[..at], Some(quoted(&after[at..])?.to_owned())),
    };
    let classes: Vec<String> = names.split(' ').filter(|name| !name.is_empty()).map(str::to_lowercase).collect();
    let is_name = |name: &String| name.chars().all(|character| character.is_alphanumeric() || "_-".contains(character));
    (classes.iter().all(is_name) && (!classes.is_empty() || title.is_some())).then_some((classes, title))
}

fn quoted(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    (!inner.contains('"')).then_some(inner)
}

fn capital(word: &str) -> String {
    let mut characters = word.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// `*[HTML]: HyperText Markup Language`.
fn abbreviation(rest: &str) -> Option<(&str, &str)> {
    let (short, long) = rest.strip_prefix("*[")?.split_once("]:")?;
    let (short, long) = (short.trim(), long.trim());
    (!short.is_empty() && !short.contains('\\') && !long.is_empty()).then_some((short, long))
}

/// `--8<-- "file"`.
fn is_snippet(rest: &str) -> bool {
    let after = rest.trim_start_matches('-');
    after.len() < rest.len() && after.starts_with("8<-")
}

/// The name of an element whose content is Markdown (`<div markdown>`), if the line is its opening tag.
fn markdown_element(rest: &str) -> Option<&str> {
    let inner = rest.trim_end().strip_prefix('<')?.strip_suffix('>')?;
    if inner.contains(['<', '>']) {
        return None;
    }
    let mut words = inner.split_ascii_whitespace();
    let name = words.next()?;
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let marked = words.any(|word| word == "markdown" || word.starts_with("markdown="));
    (is_name && marked).then_some(name)
}

fn closing_element(rest: &str) -> Option<&str> {
    rest.trim_end().strip_prefix("</")?.strip_suffix('>').map(str::trim)
}
