//! Tokens to the trees of documents: a machine with an explicit stack, so that depth costs no stack. The productions are
//! in `grammar`.

mod grammar;

use std::collections::HashMap;

use super::input::Input;
use super::scanner::{Fault, Scan, Scanner};
use super::token::{Mark, Text, Token, TokenKind};
use super::tree::{Kind, Properties, Record, Style, Tree};
use crate::limits::{MAX_DEPTH, TOO_DEEP};
use crate::{Dialect, Error, Position};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    BlockNode,
    DocumentContent,
    DocumentEnd,
    BlockSequenceFirst,
    BlockSequence,
    Indentless,
    BlockMappingFirst,
    BlockMappingKey,
    BlockMappingValue,
    FlowSequenceFirst,
    FlowSequence,
    PairKey,
    PairValue,
    PairEnd,
    FlowMappingFirst,
    FlowMappingKey,
    FlowMappingValue,
    FlowMappingEmptyValue,
}

const TAGS_TOO_LONG: &str = "tags are longer than the document, %TAG prefixes followed";

const STANDARD_TAGS: &[u8] = b"tag:yaml.org,2002:";

/// Reads the documents of a stream, one at a time: what comes after a document is not looked at before it is asked for.
pub(crate) struct Builder<'s> {
    scanner: Scanner<'s>,
    ascii: bool,
    fault: Option<(&'static str, usize)>,
    dialect: Dialect,
    state: State,
    states: Vec<State>,
    records: Vec<Record>,
    properties: Vec<Properties>,
    /// The collections that are not closed yet.
    open: Vec<(u32, Mark)>,
    anchors: HashMap<Vec<u8>, u32>,
    /// What `%TAG` directives say.
    handles: HashMap<Vec<u8>, Vec<u8>>,
    first: bool,
    /// The last place that was turned into characters.
    last: (Mark, u32),
    /// Where the last thing that is written ends: block collections end there.
    end: u32,
    unknown_anchor: Option<Vec<u8>>,
}

impl<'s> Builder<'s> {
    pub(crate) fn new(input: &'s Input<'_>, dialect: Dialect) -> Self {
        Self {
            scanner: Scanner::new(&input.text, input.start, MAX_DEPTH),
            ascii: input.ascii,
            fault: input.fault,
            dialect,
            state: State::BlockNode,
            states: Vec::new(),
            records: Vec::with_capacity(input.text.len() / 24),
            properties: Vec::new(),
            open: Vec::new(),
            anchors: HashMap::new(),
            handles: HashMap::new(),
            first: true,
            last: (Mark::default(), 0),
            end: 0,
            unknown_anchor: None,
        }
    }

    /// The next document, `None` after the last one.
    pub(crate) fn next_document(&mut self) -> Result<Option<Tree>, Error> {
        let outcome = self.build();
        // What cannot be decoded is found before anything that is wrong beside it.
        if let Some((message, offset)) = self.fault
            && self.scanner.at + 4 > self.scanner.source.len()
        {
            let mark = self.scanner.mark();
            let position = Position { offset, line: mark.line + 1, column: self.column(mark) + 1 };
            return Err(Error::Syntax { message: message.into(), go_line: 0, position, since: position });
        }
        outcome.map_err(|fault| self.explain(&fault))
    }

    fn explain(&mut self, fault: &Fault) -> Error {
        let position = self.position(fault.mark);
        let since = self.position(fault.context);
        if fault.message == TOO_DEEP || fault.message == TAGS_TOO_LONG {
            return Error::Limit { message: fault.message.into(), position: Some(position) };
        }
        let message = match self.unknown_anchor.take() {
            Some(name) => {
                let name = String::from_utf8_lossy(&name);
                return Error::Value { message: format!("unknown anchor '{name}' referenced"), position };
            }
            None => fault.message.to_owned(),
        };
        let go_line = match fault.mark.line {
            0 => 0,
            line => line + u32::from(fault.from_scanner),
        };
        Error::Syntax { message, go_line, position, since }
    }

    fn position(&mut self, mark: Mark) -> Position {
        Position { offset: mark.at as usize, line: mark.line + 1, column: self.column(mark) + 1 }
    }

    /// The column in characters. Places come in reading order, so each byte is counted about once.
    fn column(&mut self, mark: Mark) -> u32 {
        if self.ascii {
            return mark.column;
        }
        let line_start = mark.at - mark.column;
        let (known, column) = self.last;
        let (from, base) =
            if known.at >= line_start && known.at <= mark.at { (known.at, column) } else { (line_start, 0) };
        let bytes = self.scanner.source.get(from as usize..mark.at as usize).unwrap_or_default();
        let column = base + bytes.iter().filter(|&b| b & 0xC0 != 0x80).count() as u32;
        self.last = (mark, column);
        column
    }

    fn error<T>(&self, message: &'static str, mark: Mark, context: Mark) -> Scan<T> {
        Err(Fault { message, mark, context, from_scanner: false })
    }

    fn build(&mut self) -> Scan<Option<Tree>> {
        let Some(start) = self.start_document()? else { return Ok(None) };
        while self.state != State::DocumentEnd {
            self.step()?;
        }
        if self.scanner.peek()?.kind == TokenKind::DocumentEnd {
            self.scanner.take();
        }
        self.handles.clear();
        self.anchors.clear();
        let start = Mark { column: self.column(start), ..start };
        Ok(Some(Tree {
            records: std::mem::take(&mut self.records),
            properties: std::mem::take(&mut self.properties),
            cooked: std::mem::take(&mut self.scanner.cooked),
            start,
        }))
    }

    /// Directives and `---`; `None` at the end of the stream. Only the first document may come without `---`.
    fn start_document(&mut self) -> Scan<Option<Mark>> {
        let mut token = self.scanner.peek()?;
        while !self.first && token.kind == TokenKind::DocumentEnd {
            self.scanner.take();
            token = self.scanner.peek()?;
        }
        let start = token.start;
        let implicit = std::mem::take(&mut self.first)
            && !matches!(
                token.kind,
                TokenKind::Version { .. } | TokenKind::TagDirective | TokenKind::DocumentStart | TokenKind::StreamEnd
            );
        self.states.push(State::DocumentEnd);
        if implicit {
            self.state = State::BlockNode;
            return Ok(Some(start));
        }
        if token.kind == TokenKind::StreamEnd {
            return Ok(None);
        }
        token = self.read_directives()?;
        if token.kind != TokenKind::DocumentStart {
            return self.error("did not find expected <document start>", token.start, start);
        }
        self.scanner.take();
        self.state = State::DocumentContent;
        Ok(Some(start))
    }

    fn read_directives(&mut self) -> Scan<Token> {
        let mut version = false;
        let mut token = self.scanner.peek()?;
        loop {
            match token.kind {
                TokenKind::Version { major, minor } => {
                    if std::mem::replace(&mut version, true) {
                        return self.error("found duplicate %YAML directive", token.start, token.start);
                    }
                    if major != 1 || !(minor == 1 || minor == 2 && self.dialect == Dialect::Core12) {
                        return self.error("found incompatible YAML document", token.start, token.start);
                    }
                }
                TokenKind::TagDirective => {
                    if let Some((handle, prefix)) = self.scanner.directives.pop_front()
                        && self.handles.insert(handle, prefix).is_some()
                    {
                        return self.error("found duplicate %TAG directive", token.start, token.start);
                    }
                }
                _ => break,
            }
            self.scanner.take();
            token = self.scanner.peek()?;
        }
        Ok(token)
    }

    fn record(&mut self, kind: Kind, start: Mark, end: Mark, text: Text, properties: u32) -> u32 {
        let id = self.records.len() as u32;
        let start = if self.ascii { start } else { Mark { column: self.column(start), ..start } };
        self.records.push(Record { kind, start, end: end.at, next: id + 1, text, properties, target: 0 });
        id
    }

    /// An absent node.
    fn empty(&mut self, mark: Mark, next: State) {
        self.record(Kind::Scalar(Style::Plain), mark, mark, Text::default(), 0);
        self.state = next;
    }

    fn open(&mut self, kind: Kind, start: Mark, properties: u32, next: State) -> Scan<()> {
        let id = self.record(kind, start, start, Text::default(), properties);
        self.name(properties, id);
        if self.open.len() >= MAX_DEPTH {
            return self.error(TOO_DEEP, start, start);
        }
        self.open.push((id, start));
        self.state = next;
        Ok(())
    }

    /// Ends the innermost collection: where its closing bracket ends, or with the last thing in it.
    fn close(&mut self, bracket: Option<Mark>) {
        let next = self.records.len() as u32;
        if let Some(mark) = bracket {
            self.end = mark.at;
        }
        if let Some((id, _)) = self.open.pop() {
            let record = &mut self.records[id as usize];
            record.next = next;
            record.end = record.end.max(self.end);
        }
    }

    fn name(&mut self, properties: u32, id: u32) {
        if properties > 0 {
            let anchor = self.properties[properties as usize - 1].anchor;
            if !anchor.is_empty() {
                let name = anchor.of(self.scanner.source, &self.scanner.cooked).to_vec();
                self.anchors.insert(name, id);
            }
        }
    }

    fn pop_state(&mut self) {
        self.state = self.states.pop().unwrap_or(State::DocumentEnd);
    }
}
