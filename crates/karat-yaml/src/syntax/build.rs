//! The grammar: tokens to the tree of a document. A machine with an explicit stack, so that depth costs no stack.

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

    fn step(&mut self) -> Scan<()> {
        match self.state {
            State::BlockNode => self.node(true, false),
            State::DocumentContent => self.document_content(),
            State::DocumentEnd => Ok(()),
            State::BlockSequenceFirst | State::BlockSequence => self.block_sequence(),
            State::Indentless => self.indentless_sequence(),
            State::BlockMappingFirst | State::BlockMappingKey => self.block_mapping_key(),
            State::BlockMappingValue => self.block_mapping_value(),
            State::FlowSequenceFirst => self.flow_sequence(true),
            State::FlowSequence => self.flow_sequence(false),
            State::PairKey => self.pair_key(),
            State::PairValue => self.pair_value(),
            State::PairEnd => {
                self.scanner.peek()?;
                self.close(None);
                self.state = State::FlowSequence;
                Ok(())
            }
            State::FlowMappingFirst => self.flow_mapping_key(true),
            State::FlowMappingKey => self.flow_mapping_key(false),
            State::FlowMappingValue => self.flow_mapping_value(false),
            State::FlowMappingEmptyValue => self.flow_mapping_value(true),
        }
    }

    // Records.

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

    // The grammar.

    fn document_content(&mut self) -> Scan<()> {
        let token = self.scanner.peek()?;
        match token.kind {
            TokenKind::Version { .. }
            | TokenKind::TagDirective
            | TokenKind::DocumentStart
            | TokenKind::DocumentEnd
            | TokenKind::StreamEnd => {
                self.pop_state();
                self.empty(token.start, self.state);
                Ok(())
            }
            _ => self.node(true, false),
        }
    }

    fn node(&mut self, block: bool, indentless: bool) -> Scan<()> {
        let mut token = self.scanner.peek()?;
        let start = token.start;
        if let TokenKind::Alias(name) = token.kind {
            return self.alias(name, token);
        }
        let mut properties = 0;
        if matches!(token.kind, TokenKind::Anchor(_) | TokenKind::Tag { .. }) {
            (properties, token) = self.node_properties(token)?;
        }
        match token.kind {
            TokenKind::BlockEntry if indentless => self.open(Kind::Seq, start, properties, State::Indentless),
            TokenKind::Scalar(text, style) => {
                self.pop_state();
                self.end = token.end.at;
                let id = self.record(Kind::Scalar(style), start, token.end, text, properties);
                self.name(properties, id);
                self.scanner.take();
                Ok(())
            }
            TokenKind::FlowSequence => self.open(Kind::Seq, start, properties, State::FlowSequenceFirst),
            TokenKind::FlowMapping => self.open(Kind::Map, start, properties, State::FlowMappingFirst),
            TokenKind::BlockSequence if block => self.open(Kind::Seq, start, properties, State::BlockSequenceFirst),
            TokenKind::BlockMapping if block => self.open(Kind::Map, start, properties, State::BlockMappingFirst),
            _ if properties > 0 => {
                self.pop_state();
                let end = Mark { at: self.end, ..start };
                let id = self.record(Kind::Scalar(Style::Plain), start, end, Text::default(), properties);
                self.name(properties, id);
                Ok(())
            }
            _ => self.error("did not find expected node content", token.start, start),
        }
    }

    fn alias(&mut self, name: Text, token: Token) -> Scan<()> {
        self.pop_state();
        let bytes = name.of(self.scanner.source, &self.scanner.cooked);
        let Some(&target) = self.anchors.get(bytes) else {
            self.unknown_anchor = Some(bytes.to_vec());
            return self.error("unknown anchor referenced", token.start, token.start);
        };
        self.end = token.end.at;
        let id = self.record(Kind::Alias, token.start, token.end, name, 0);
        self.records[id as usize].target = target;
        self.scanner.take();
        Ok(())
    }

    /// An anchor, a tag, or both in either order, and the token after them.
    fn node_properties(&mut self, first: Token) -> Scan<(u32, Token)> {
        let mut properties = Properties::default();
        let (mut anchored, mut tag) = (false, None);
        let mut token = first;
        loop {
            match token.kind {
                TokenKind::Anchor(name) if !anchored => {
                    anchored = true;
                    properties.anchor = name;
                }
                TokenKind::Tag { handle, suffix } if tag.is_none() => tag = Some((handle, suffix, token.start)),
                _ => break,
            }
            self.end = token.end.at;
            self.scanner.take();
            token = self.scanner.peek()?;
        }
        if let Some((handle, suffix, mark)) = tag {
            properties.tag = self.full_tag(handle, suffix, mark, first.start)?;
        }
        self.properties.push(properties);
        Ok((self.properties.len() as u32, token))
    }

    fn full_tag(&mut self, handle: Text, suffix: Text, mark: Mark, context: Mark) -> Scan<Text> {
        if handle.is_empty() {
            return Ok(suffix);
        }
        let (source, cooked) = (self.scanner.source, &mut self.scanner.cooked);
        let name = handle.of(source, cooked);
        let prefix: &[u8] = match (self.handles.get(name), name) {
            (Some(prefix), _) => prefix,
            (None, b"!") => b"!",
            (None, b"!!") => STANDARD_TAGS,
            _ => return self.error("found undefined tag handle", mark, context),
        };
        // A long prefix, used often, is a bomb.
        if cooked.len() + prefix.len() > 4 * source.len() + 4096 {
            return self.error(TAGS_TOO_LONG, mark, context);
        }
        let suffix = suffix.of(source, cooked).to_vec();
        let from = cooked.len();
        cooked.extend_from_slice(prefix);
        cooked.extend_from_slice(&suffix);
        Ok(Text::cooked(from, cooked.len()))
    }

    fn block_sequence(&mut self) -> Scan<()> {
        if self.state == State::BlockSequenceFirst {
            self.scanner.peek()?;
            self.scanner.take();
        }
        let token = self.scanner.peek()?;
        match token.kind {
            TokenKind::BlockEntry => {
                self.scanner.take();
                self.end = token.end.at;
                match self.scanner.peek()?.kind {
                    TokenKind::BlockEntry | TokenKind::BlockEnd => self.empty(token.end, State::BlockSequence),
                    _ => {
                        self.states.push(State::BlockSequence);
                        return self.node(true, false);
                    }
                }
            }
            TokenKind::BlockEnd => {
                self.pop_state();
                self.close(None);
                self.scanner.take();
            }
            _ => return self.error("did not find expected '-' indicator", token.start, self.context()),
        }
        Ok(())
    }

    /// Where the innermost collection starts.
    fn context(&self) -> Mark {
        self.open.last().map_or(Mark::default(), |&(_, start)| start)
    }

    /// Items at the indentation of the key they belong to.
    fn indentless_sequence(&mut self) -> Scan<()> {
        let token = self.scanner.peek()?;
        if token.kind != TokenKind::BlockEntry {
            self.pop_state();
            self.close(None);
            return Ok(());
        }
        self.scanner.take();
        self.end = token.end.at;
        match self.scanner.peek()?.kind {
            TokenKind::BlockEntry | TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd => {
                self.empty(token.end, State::Indentless);
                Ok(())
            }
            _ => {
                self.states.push(State::Indentless);
                self.node(true, false)
            }
        }
    }

    fn block_mapping_key(&mut self) -> Scan<()> {
        if self.state == State::BlockMappingFirst {
            self.scanner.peek()?;
            self.scanner.take();
        }
        let token = self.scanner.peek()?;
        match token.kind {
            TokenKind::Key => {
                self.scanner.take();
                self.block_mapping_part(token.end, State::BlockMappingValue)
            }
            TokenKind::BlockEnd => {
                self.pop_state();
                self.close(None);
                self.scanner.take();
                Ok(())
            }
            _ => self.error("did not find expected key", token.start, self.context()),
        }
    }

    fn block_mapping_value(&mut self) -> Scan<()> {
        let token = self.scanner.peek()?;
        if token.kind != TokenKind::Value {
            self.empty(token.start, State::BlockMappingKey);
            return Ok(());
        }
        self.scanner.take();
        self.end = token.end.at;
        self.block_mapping_part(token.end, State::BlockMappingKey)
    }

    /// A key or a value, which may be absent.
    fn block_mapping_part(&mut self, mark: Mark, next: State) -> Scan<()> {
        match self.scanner.peek()?.kind {
            TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd => {
                self.empty(mark, next);
                Ok(())
            }
            _ => {
                self.states.push(next);
                self.node(true, true)
            }
        }
    }

    fn flow_sequence(&mut self, first: bool) -> Scan<()> {
        if first {
            self.scanner.peek()?;
            self.scanner.take();
        }
        let mut token = self.scanner.peek()?;
        if token.kind != TokenKind::FlowSequenceEnd && !first {
            if token.kind != TokenKind::FlowEntry {
                return self.error("did not find expected ',' or ']'", token.start, self.context());
            }
            self.scanner.take();
            token = self.scanner.peek()?;
        }
        match token.kind {
            TokenKind::FlowSequenceEnd => {
                self.pop_state();
                self.close(Some(token.end));
                self.scanner.take();
                Ok(())
            }
            // `[a: b]` is a mapping of one entry.
            TokenKind::Key => {
                self.open(Kind::Map, token.start, 0, State::PairKey)?;
                self.scanner.take();
                Ok(())
            }
            _ => {
                self.states.push(State::FlowSequence);
                self.node(false, false)
            }
        }
    }

    fn pair_key(&mut self) -> Scan<()> {
        let token = self.scanner.peek()?;
        match token.kind {
            TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowSequenceEnd => {
                // go-yaml passes the token here, whatever it is.
                self.scanner.take();
                self.empty(token.end, State::PairValue);
                Ok(())
            }
            _ => {
                self.states.push(State::PairValue);
                self.node(false, false)
            }
        }
    }

    fn pair_value(&mut self) -> Scan<()> {
        let token = self.scanner.peek()?;
        if token.kind == TokenKind::Value {
            self.scanner.take();
            if !matches!(self.scanner.peek()?.kind, TokenKind::FlowEntry | TokenKind::FlowSequenceEnd) {
                self.states.push(State::PairEnd);
                return self.node(false, false);
            }
        }
        self.empty(token.start, State::PairEnd);
        Ok(())
    }

    fn flow_mapping_key(&mut self, first: bool) -> Scan<()> {
        if first {
            self.scanner.peek()?;
            self.scanner.take();
        }
        let mut token = self.scanner.peek()?;
        if token.kind != TokenKind::FlowMappingEnd && !first {
            if token.kind != TokenKind::FlowEntry {
                return self.error("did not find expected ',' or '}'", token.start, self.context());
            }
            self.scanner.take();
            token = self.scanner.peek()?;
        }
        match token.kind {
            TokenKind::FlowMappingEnd => {
                self.pop_state();
                self.close(Some(token.end));
                self.scanner.take();
                Ok(())
            }
            TokenKind::Key => {
                self.scanner.take();
                token = self.scanner.peek()?;
                self.flow_mapping_part(token, State::FlowMappingValue)
            }
            _ => {
                self.states.push(State::FlowMappingEmptyValue);
                self.node(false, false)
            }
        }
    }

    fn flow_mapping_value(&mut self, empty: bool) -> Scan<()> {
        let mut token = self.scanner.peek()?;
        if empty || token.kind != TokenKind::Value {
            self.empty(token.start, State::FlowMappingKey);
            return Ok(());
        }
        self.scanner.take();
        token = self.scanner.peek()?;
        match token.kind {
            TokenKind::FlowEntry | TokenKind::FlowMappingEnd => {
                self.empty(token.start, State::FlowMappingKey);
                Ok(())
            }
            _ => {
                self.states.push(State::FlowMappingKey);
                self.node(false, false)
            }
        }
    }

    fn flow_mapping_part(&mut self, token: Token, next: State) -> Scan<()> {
        match token.kind {
            TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowMappingEnd => {
                self.empty(token.start, next);
                Ok(())
            }
            _ => {
                self.states.push(next);
                self.node(false, false)
            }
        }
    }
}
