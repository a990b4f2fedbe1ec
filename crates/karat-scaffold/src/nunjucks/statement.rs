//! The grammar of blocks.

use std::rc::Rc;

use super::Error;
use super::ast::{At, Expr, For, Kind, Macro, Node};
use super::budget::DEPTH;
use super::expression::Parser;
use super::lexer::tag;
use super::scan::{Piece, PieceKind, Syntax, scan};

/// The nodes of a template.
pub(super) fn parse(text: &str, syntax: Syntax) -> Result<Vec<Node>, Error> {
    let mut blocks = Blocks { pieces: scan(text, syntax)?, next: 0, depth: 0, names: Vec::new() };
    let (nodes, stop) = blocks.body(&[])?;
    match stop {
        None => Ok(nodes),
        Some(stop) => Err(Error::new(format!("`{}` closes nothing", stop.name), stop.at)),
    }
}

/// The tag that ended a body.
struct Stop {
    name: String,
    rest: String,
    at: At,
    inner: At,
}

struct Blocks<'t> {
    pieces: Vec<Piece<'t>>,
    next: usize,
    depth: usize,
    /// Of `{% block %}`: each may stand once.
    names: Vec<String>,
}

/// Tags that only end or continue another.
const STOPS: [&str; 13] = [
    "elif",
    "elseif",
    "else",
    "endif",
    "endfor",
    "endset",
    "endmacro",
    "endcall",
    "endfilter",
    "endblock",
    "case",
    "default",
    "endswitch",
];

impl Blocks<'_> {
    /// Nodes up to one of `stops`, or up to the end if none comes.
    fn body(&mut self, stops: &[&str]) -> Result<(Vec<Node>, Option<Stop>), Error> {
        if self.depth == DEPTH {
            let at = self.pieces.get(self.next).map_or(At { line: 1, column: 1 }, |piece| piece.at);
            return Err(Error::new(format!("blocks are nested more than {DEPTH} deep"), at));
        }
        self.depth += 1;
        let body = self.nodes(stops);
        self.depth -= 1;
        body
    }

    fn nodes(&mut self, stops: &[&str]) -> Result<(Vec<Node>, Option<Stop>), Error> {
        let mut nodes = Vec::new();
        while let Some(piece) = self.pieces.get_mut(self.next) {
            self.next += 1;
            let (text, at, inner) = (std::mem::take(&mut piece.text), piece.at, piece.inner);
            match piece.kind {
                PieceKind::Text => nodes.push(Node::Text(Rc::from(&*text))),
                PieceKind::Output => nodes.push(Node::Output(Parser::new(&text, inner)?.whole()?)),
                PieceKind::Block => {
                    let (name, rest) = tag(&text);
                    let skipped = text.len() - text[name.len()..].trim_start_matches(super::lexer::is_space).len();
                    let inner = super::scan::Places::new(&text, inner).at(skipped);
                    if stops.contains(&name) {
                        let bare = !matches!(name, "elif" | "elseif" | "case" | "endblock");
                        if bare && !rest.is_empty() {
                            return Err(Error::new(format!("nothing may follow `{name}`"), inner));
                        }
                        return Ok((nodes, Some(Stop { name: name.into(), rest: rest.into(), at, inner })));
                    }
                    nodes.push(self.block(name, rest, at, inner)?);
                }
            }
        }
        Ok((nodes, None))
    }

    /// Nodes up to `stops`, one of which must come.
    fn closed(&mut self, opened: &str, at: At, stops: &[&str]) -> Result<(Vec<Node>, Stop), Error> {
        let (nodes, stop) = self.body(stops)?;
        let end = stops.last().copied().unwrap_or_default();
        Ok((nodes, stop.ok_or_else(|| Error::new(format!("`{opened}` is not closed by `{end}`"), at))?))
    }

    fn block(&mut self, name: &str, rest: &str, at: At, inner: At) -> Result<Node, Error> {
        match name {
            "if" => self.conditional(rest, at, inner),
            "for" => {
                let (targets, list) = Parser::new(rest, inner)?.for_header()?;
                if matches!(targets.as_slice(), [one] if &**one == "loop") {
                    return Err(Error::new("`loop` is what the loop itself is called", inner));
                }
                let (body, stop) = self.closed("for", at, &["else", "endfor"])?;
                let otherwise = if stop.name == "else" { self.closed("for", at, &["endfor"])?.0 } else { Vec::new() };
                Ok(Node::For(Box::new(For { targets, list, body, otherwise, at })))
            }
            "set" => {
                let (targets, value) = Parser::new(rest, inner)?.set_header()?;
                let value = match value {
                    Some(value) => value,
                    None => captured(self.closed("set", at, &["endset"])?.0, at),
                };
                Ok(Node::Set { targets, value })
            }
            "macro" => {
                let (name, parameters) = Parser::new(rest, inner)?.macro_header()?;
                let body = self.closed("macro", at, &["endmacro"])?.0;
                Ok(Node::Macro(Rc::new(Macro { name, parameters, body })))
            }
            "call" => {
                let (parameters, call) = Parser::new(rest, inner)?.call_header()?;
                let Kind::Call { target, arguments } = call.kind else {
                    return Err(Error::new("a call block calls a macro: `{% call name() %}`", inner));
                };
                let body = self.closed("call", at, &["endcall"])?.0;
                let caller = Rc::new(Macro { name: "caller".into(), parameters, body });
                Ok(Node::Call { target: *target, arguments, caller, at })
            }
            "filter" => {
                let body = self.closed("filter", at, &["endfilter"])?.0;
                Ok(Node::Output(Parser::new(rest, inner)?.filter_header(captured(body, at))?))
            }
            "block" => {
                let [block] = &*Parser::new(rest, inner)?.whole_targets()? else {
                    return Err(Error::new("a block has one name", inner));
                };
                if self.names.iter().any(|known| **known == **block) {
                    return Err(Error::new(format!("the block `{block}` is there already"), at));
                }
                self.names.push(block.to_string());
                let (body, stop) = self.closed("block", at, &["endblock"])?;
                if !stop.rest.is_empty() && *stop.rest != **block {
                    return Err(Error::new(format!("`endblock {}` closes `block {block}`", stop.rest), stop.at));
                }
                Ok(Node::Block(body))
            }
            "switch" => self.switch(rest, at, inner),
            "include" | "import" | "from" | "extends" => {
                Err(Error::new(format!("`{name}` loads other templates, and a file of a golden path stands alone"), at))
            }
            "" => Err(Error::new("a block has a name: `{% if … %}`", at)),
            _ if STOPS.contains(&name) => Err(Error::new(format!("`{name}` closes nothing"), at)),
            _ => Err(Error::new(format!("there is no block `{name}`"), at)),
        }
    }

    fn conditional(&mut self, rest: &str, at: At, inner: At) -> Result<Node, Error> {
        let mut condition = Parser::new(rest, inner)?.whole()?;
        let mut branches = Vec::new();
        loop {
            let (body, stop) = self.closed("if", at, &["elif", "elseif", "else", "endif"])?;
            branches.push((condition, body));
            match stop.name.as_str() {
                "endif" => return Ok(Node::If { branches, otherwise: Vec::new() }),
                "else" => {
                    let otherwise = self.closed("if", at, &["endif"])?.0;
                    return Ok(Node::If { branches, otherwise });
                }
                _ => condition = Parser::new(&stop.rest, stop.inner)?.whole()?,
            }
        }
    }

    fn switch(&mut self, rest: &str, at: At, inner: At) -> Result<Node, Error> {
        const STOPS: [&str; 3] = ["case", "default", "endswitch"];
        let subject = Parser::new(rest, inner)?.whole()?;
        let (before, mut stop) = self.closed("switch", at, &STOPS)?;
        if !before.is_empty() {
            return Err(Error::new("a switch begins with `case` or `default`, without text between", at));
        }
        let mut cases = Vec::new();
        while stop.name == "case" {
            let value = Parser::new(&stop.rest, stop.inner)?.whole()?;
            let (body, next) = self.closed("switch", at, &STOPS)?;
            cases.push((value, body));
            stop = next;
        }
        let default = if stop.name == "default" { self.closed("switch", at, &["endswitch"])?.0 } else { Vec::new() };
        Ok(Node::Switch { subject, cases, default })
    }
}

fn captured(body: Vec<Node>, at: At) -> Expr {
    Expr { at, height: 1, kind: Kind::Capture(body) }
}
