//! Raw HTML: what is allowed, balanced within what we opened around it.

use super::{DEPTH, Open, RAW, VOID, Writer};
use crate::markdown::raw::{self, Part};
use crate::markdown::{escape, plain};
use crate::problem::Kind;

impl Writer<'_> {
    pub(super) fn raw(&mut self, html: &str, at: (u32, u32)) {
        for part in raw::parts(html) {
            match part {
                Part::Text(text) => self.raw_text(text),
                Part::Refused { what } => {
                    let message = format!("{what} is refused");
                    self.tell(Kind::Refused, at, &message, "write it as Markdown");
                }
                Part::Open { name, attributes, void } => {
                    self.raw += 1;
                    if self.raw > RAW {
                        if self.raw == RAW + 1 {
                            let message = format!("more than {RAW} raw tags: the others are left out");
                            self.tell(Kind::Size, at, &message, "write it as Markdown");
                        }
                        continue;
                    }
                    let own = self.raw_link(&name, attributes, at);
                    self.out.push('<');
                    self.out.push_str(&name);
                    self.out.push_str(&own);
                    self.out.push('>');
                    let void = VOID.contains(&name.as_str()) || (void && name == "a");
                    if !VOID.contains(&name.as_str()) {
                        if void || self.open.len() > DEPTH * 2 {
                            self.close(&name);
                        } else {
                            self.open.push(Open::Raw(name));
                        }
                    }
                }
                Part::Close { name } => self.raw_close(&name),
            }
        }
    }

    /// An image of raw HTML does not ask another server either.
    pub(super) fn raw_link(&mut self, name: &str, attributes: String, at: (u32, u32)) -> String {
        let source = attributes.split(" src=\"").nth(1).and_then(|rest| rest.split('"').next()).map(plain);
        match source {
            Some(source)
                if name == "img" && matches!(crate::sanitise::scheme(&source), crate::sanitise::Scheme::Allowed) =>
            {
                self.tell(Kind::Refused, at, "an image of another server is refused", "keep the image beside the page");
                attributes.split(" src=\"").next().unwrap_or_default().to_owned()
            }
            _ => attributes,
        }
    }

    /// Text of raw HTML: entities stay, everything else is text.
    pub(super) fn raw_text(&mut self, text: &str) {
        for (index, piece) in text.split('&').enumerate() {
            if index > 0 {
                let name = piece.split(';').next().unwrap_or_default();
                let is_name = piece.len() > name.len()
                    && !name.is_empty()
                    && name.len() < 32
                    && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'#');
                self.out.push_str(if is_name { "&" } else { "&amp;" });
            }
            escape(&mut self.out, piece);
        }
    }

    /// Closes the nearest raw element of that name, unless one of ours is nearer.
    pub(super) fn raw_close(&mut self, name: &str) {
        let ours = self.open.iter().rposition(|open| matches!(open, Open::Own)).map_or(0, |at| at + 1);
        let found = self.open[ours..].iter().rposition(|open| matches!(open, Open::Raw(raw) if raw == name));
        let Some(found) = found else { return };
        while self.open.len() > ours + found {
            if let Some(Open::Raw(raw)) = self.open.pop() {
                self.close(&raw);
            }
        }
    }
}
