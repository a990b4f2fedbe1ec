//! The productions of the grammar: each state looks at the next token or two, adds what they say to the tree and names
//! the state that follows.

use super::super::scanner::Scan;
use super::super::token::{Mark, Text, Token, TokenKind};
use super::super::tree::{Kind, Properties, Style};
use super::{Builder, STANDARD_TAGS, State, TAGS_TOO_LONG};

impl Builder<'_> {
    pub(super) fn step(&mut self) -> Scan<()> {
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
