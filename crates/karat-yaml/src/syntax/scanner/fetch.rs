//! One token at a time, by the character that it starts with.

use super::super::chars::{ALPHA, BLANK, INDICATOR, is};
use super::super::token::{NO_KEY, Text, Token, TokenKind};
use super::{Scan, Scanner, SimpleKey};

impl Scanner<'_> {
    pub(super) fn fetch_next(&mut self) -> Scan<()> {
        self.skip_to_token();
        self.unroll_indent(self.column() as i64);
        let start = self.mark();
        let first = self.byte(0);
        if first == 0 {
            return self.fetch_stream_end();
        }
        if start.column == 0 {
            if first == b'%' {
                return self.fetch_directive();
            }
            if self.is_document_indicator() {
                let kind = if first == b'-' { TokenKind::DocumentStart } else { TokenKind::DocumentEnd };
                return self.fetch_document_indicator(kind);
            }
        }
        let in_flow = self.flow_level > 0;
        match first {
            b'[' => self.fetch_flow_start(TokenKind::FlowSequence),
            b'{' => self.fetch_flow_start(TokenKind::FlowMapping),
            b']' => self.fetch_flow_end(TokenKind::FlowSequenceEnd),
            b'}' => self.fetch_flow_end(TokenKind::FlowMappingEnd),
            b',' => {
                self.remove_simple_key()?;
                self.simple_key_allowed = true;
                self.at += 1;
                self.push(TokenKind::FlowEntry, start);
                Ok(())
            }
            b'-' if self.is_blankz(1) => self.fetch_block_entry(),
            b'?' if in_flow || self.is_blankz(1) => self.fetch_key(),
            b':' if in_flow || self.is_blankz(1) => self.fetch_value(),
            b'*' => self.fetch_anchor(TokenKind::Alias),
            b'&' => self.fetch_anchor(TokenKind::Anchor),
            b'!' => {
                self.save_simple_key()?;
                self.simple_key_allowed = false;
                let kind = self.scan_tag()?;
                self.push(kind, start);
                Ok(())
            }
            b'|' | b'>' if !in_flow => {
                self.remove_simple_key()?;
                self.simple_key_allowed = true;
                let (kind, end) = self.scan_block_scalar(first == b'|')?;
                self.push_until(kind, start, end);
                Ok(())
            }
            b'\'' | b'"' => {
                self.save_simple_key()?;
                self.simple_key_allowed = false;
                let kind = self.scan_quoted(first)?;
                self.push(kind, start);
                Ok(())
            }
            _ if self.may_start_plain(first) => {
                self.save_simple_key()?;
                self.simple_key_allowed = false;
                let (kind, end) = self.scan_plain()?;
                self.push_until(kind, start, end);
                Ok(())
            }
            _ => self.fault("found character that cannot start any token", start),
        }
    }

    fn may_start_plain(&self, first: u8) -> bool {
        !(self.is_blankz(0) || is(first, INDICATOR))
            || first == b'-' && !is(self.byte(1), BLANK)
            || self.flow_level == 0 && (first == b'?' || first == b':') && !self.is_blankz(1)
    }

    fn fetch_stream_end(&mut self) -> Scan<()> {
        if self.column() != 0 {
            self.line += 1;
            self.line_start = self.at;
        }
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        self.push(TokenKind::StreamEnd, self.mark());
        Ok(())
    }

    fn fetch_directive(&mut self) -> Scan<()> {
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.mark();
        let kind = self.scan_directive()?;
        self.push(kind, start);
        Ok(())
    }

    fn fetch_document_indicator(&mut self, kind: TokenKind) -> Scan<()> {
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.mark();
        self.at += 3;
        self.push(kind, start);
        Ok(())
    }

    fn fetch_flow_start(&mut self, kind: TokenKind) -> Scan<()> {
        self.save_simple_key()?;
        self.simple_keys.push(SimpleKey { token: self.taken + self.tokens.len(), ..SimpleKey::default() });
        self.flow_level += 1;
        let start = self.mark();
        if self.flow_level > self.depth_limit {
            return self.fault(crate::limits::TOO_DEEP, start);
        }
        self.simple_key_allowed = true;
        self.at += 1;
        self.push(kind, start);
        Ok(())
    }

    fn fetch_flow_end(&mut self, kind: TokenKind) -> Scan<()> {
        self.remove_simple_key()?;
        if self.flow_level > 0 {
            self.flow_level -= 1;
            // go-yaml forgets here which token the level's key started with. Before the level has one, that is the
            // opening bracket: so an empty collection is no key, however it goes on.
            if let Some(level) = self.simple_keys.pop()
                && let Some(index) = level.token.checked_sub(self.taken)
                && let Some(token) = self.tokens.get_mut(index)
            {
                token.key_level = NO_KEY;
            }
        }
        self.simple_key_allowed = false;
        let start = self.mark();
        self.at += 1;
        self.push(kind, start);
        Ok(())
    }

    fn fetch_block_entry(&mut self) -> Scan<()> {
        let start = self.mark();
        // In flow context the grammar reports it, with its context.
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return self.fault("block sequence entries are not allowed in this context", start);
            }
            self.roll_indent(self.column(), None, TokenKind::BlockSequence, start)?;
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        self.at += 1;
        self.push(TokenKind::BlockEntry, start);
        Ok(())
    }

    fn fetch_key(&mut self) -> Scan<()> {
        let start = self.mark();
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return self.fault("mapping keys are not allowed in this context", start);
            }
            self.roll_indent(self.column(), None, TokenKind::BlockMapping, start)?;
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = self.flow_level == 0;
        self.at += 1;
        self.push(TokenKind::Key, start);
        Ok(())
    }

    fn fetch_value(&mut self) -> Scan<()> {
        let start = self.mark();
        let level = self.simple_keys.len() - 1;
        if self.is_key_valid(level)? {
            let key = self.simple_keys[level];
            let token = Token { kind: TokenKind::Key, start: key.mark, end: key.mark, key_level: NO_KEY };
            self.insert(key.token, token);
            self.roll_indent(key.mark.column as usize, Some(key.token), TokenKind::BlockMapping, key.mark)?;
            self.simple_keys[level].possible = false;
            self.simple_key_allowed = false;
        } else {
            if self.flow_level == 0 {
                if !self.simple_key_allowed {
                    return self.fault("mapping values are not allowed in this context", start);
                }
                self.roll_indent(self.column(), None, TokenKind::BlockMapping, start)?;
            }
            self.simple_key_allowed = self.flow_level == 0;
        }
        self.at += 1;
        self.push(TokenKind::Value, start);
        Ok(())
    }

    fn fetch_anchor(&mut self, kind: fn(Text) -> TokenKind) -> Scan<()> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.mark();
        self.at += 1;
        let from = self.at;
        while is(self.byte(0), ALPHA) {
            self.at += 1;
        }
        let ends = self.is_blankz(0) || matches!(self.byte(0), b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`');
        if self.at == from || !ends {
            return self.fault("did not find expected alphabetic or numeric character", start);
        }
        self.push(kind(Text::source(from, self.at)), start);
        Ok(())
    }
}
