//! Tokens into templates: text/template's grammar, with its messages.
//!
//! Variables become slots of a frame and functions are bound here, so that execution looks nothing up. Go keeps one
//! list of the variables it has seen, assigned ones included, and asks the dynamic stack when it executes; where the
//! two disagree (`{{$x = 1}}` without a declaration) the slot is missing and execution says so, as in Go.

mod pipeline;
mod tokens;

use rustc_hash::FxHashMap;

use self::tokens::Tree;
use crate::ast::{Arm, Branch, Call, List, Loop, Node, Template};
use crate::lex::{Keyword, Lexer, Token, TokenKind};
use crate::{FuncMap, ParseError, ParseProblem, Str, quote};

/// How deep parentheses and blocks may nest. Go allows 10,000 parentheses; nobody writes 200.
const MAX_DEPTH: usize = 200;

type Result<T> = std::result::Result<T, Box<ParseError>>;

/// Parses `text`, found in the file `name`: the templates it defines, in order, and the one of that name, which is the
/// text itself.
pub(crate) fn parse(name: &Str, text: &Str, functions: &FuncMap) -> Result<(Vec<Template>, Template)> {
    let mut lexer = Lexer::new(text);
    lexer.break_keyword = functions.get("break").is_none();
    lexer.continue_keyword = functions.get("continue").is_none();
    let mut parser = Parser {
        file: name,
        text,
        functions,
        lexer,
        tree: Tree::default(),
        templates: Vec::new(),
        places: FxHashMap::default(),
        depth: 0,
    };
    let root = parser.file()?;
    parser.add(name.clone(), root)?;
    let main = parser.templates.remove(parser.places[name]);
    Ok((parser.templates, main))
}

struct Parser<'t> {
    file: &'t Str,
    text: &'t Str,
    functions: &'t FuncMap,
    lexer: Lexer<'t>,
    tree: Tree,
    templates: Vec<Template>,
    /// The index of each in `templates`.
    places: FxHashMap<Str, usize>,
    depth: usize,
}

/// What stands between text: a node, or what ends a list of them.
enum Item {
    Node(Node),
    Else,
    End,
}

impl Item {
    fn name(&self) -> &'static str {
        match self {
            Self::Else => "{{else}}",
            Self::End => "{{end}}",
            Self::Node(_) => "node",
        }
    }
}

impl Parser<'_> {
    fn file(&mut self) -> Result<List> {
        let mut root = List::new();
        loop {
            match self.peek().kind {
                TokenKind::End => return Ok(root),
                TokenKind::LeftDelim => {
                    let delim = self.next();
                    if self.next_non_space().kind == TokenKind::Keyword(Keyword::Define) {
                        self.definition()?;
                        continue;
                    }
                    self.backup2(delim);
                }
                _ => {}
            }
            match self.text_or_action()? {
                Item::Node(node) => root.push(node),
                stray => return self.fail(ParseProblem::Stray(stray.name())),
            }
        }
    }

    /// Parses another template in the middle of this one.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let outer = std::mem::take(&mut self.tree);
        let parsed = parse(self)?;
        self.tree = outer;
        Ok(parsed)
    }

    fn definition(&mut self) -> Result<()> {
        self.nested(|parser| {
            const CONTEXT: &str = "define clause";
            let token = parser.next_non_space();
            let name = parser.template_name(token, CONTEXT)?;
            parser.expect(TokenKind::RightDelim, CONTEXT)?;
            let stray = parser.body(name)?;
            parser.no_stray(stray, CONTEXT)
        })
    }

    /// The rest of a definition; what ended it, if not `end`.
    fn body(&mut self, name: Str) -> Result<Option<&'static str>> {
        let (root, end) = self.list()?;
        match end {
            Item::End => self.add(name, root).map(|()| None),
            stray => Ok(Some(stray.name())),
        }
    }

    fn no_stray(&self, stray: Option<&'static str>, context: &'static str) -> Result<()> {
        match stray {
            None => Ok(()),
            Some(stray) => self.fail(ParseProblem::Unexpected { token: stray.to_owned(), context }),
        }
    }

    fn add(&mut self, name: Str, root: List) -> Result<()> {
        let template =
            Template { name, file: self.file.clone(), text: self.text.clone(), root, slots: self.tree.slots };
        let old = self.places.get(&template.name).map(|place| &mut self.templates[*place]);
        match old {
            None => {
                self.places.insert(template.name.clone(), self.templates.len());
                self.templates.push(template);
            }
            Some(old) if old.is_empty() => *old = template,
            Some(_) if template.is_empty() => {}
            Some(_) => return self.fail(ParseProblem::Redefined(template.name)),
        }
        Ok(())
    }

    fn list(&mut self) -> Result<(List, Item)> {
        let mut list = List::new();
        while self.peek_non_space().kind != TokenKind::End {
            match self.text_or_action()? {
                Item::Node(node) => list.push(node),
                end => return Ok((list, end)),
            }
        }
        self.fail(ParseProblem::UnexpectedEnd)
    }

    fn text_or_action(&mut self) -> Result<Item> {
        let token = self.next_non_space();
        match token.kind {
            TokenKind::Text => Ok(Item::Node(Node::Text(token.span()))),
            TokenKind::LeftDelim => {
                self.tree.action = Some(token.start);
                let item = self.action();
                self.tree.action = None;
                item
            }
            _ => self.unexpected(token, "input"),
        }
    }

    fn action(&mut self) -> Result<Item> {
        let token = self.next_non_space();
        let TokenKind::Keyword(keyword) = token.kind else {
            self.backup();
            return Ok(Item::Node(Node::Action(self.pipeline("command", TokenKind::RightDelim)?)));
        };
        let node = match keyword {
            Keyword::Block => self.block()?,
            Keyword::Break => self.leave("{{break}}", Node::Break)?,
            Keyword::Continue => self.leave("{{continue}}", Node::Continue)?,
            Keyword::If => Node::If(self.branch(keyword, "if")?),
            Keyword::With => Node::With(self.branch(keyword, "with")?),
            Keyword::Range => self.range()?,
            Keyword::Template => self.template()?,
            Keyword::End => {
                self.expect(TokenKind::RightDelim, "end")?;
                return Ok(Item::End);
            }
            Keyword::Else => {
                let next = self.peek_non_space().kind;
                if !matches!(next, TokenKind::Keyword(Keyword::If | Keyword::With)) {
                    self.expect(TokenKind::RightDelim, "else")?;
                }
                return Ok(Item::Else);
            }
            Keyword::Define => {
                self.backup();
                return self.pipeline("command", TokenKind::RightDelim).map(|pipe| Item::Node(Node::Action(pipe)));
            }
        };
        Ok(Item::Node(node))
    }

    fn leave(&mut self, name: &'static str, node: Node) -> Result<Node> {
        let token = self.next_non_space();
        match token.kind {
            TokenKind::RightDelim if self.tree.ranges == 0 => self.fail(ParseProblem::OutsideRange(name)),
            TokenKind::RightDelim => Ok(node),
            _ => self.unexpected(token, name),
        }
    }

    /// Runs `parse` one level deeper; its variables end with it.
    fn scope<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let (known, declared) = (self.tree.known.stack.len(), self.tree.declared.stack.len());
        self.deeper(|parser| {
            let parsed = parse(parser)?;
            parser.tree.known.truncate(known);
            parser.tree.declared.truncate(declared);
            Ok(parsed)
        })
    }

    fn deeper<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth == MAX_DEPTH {
            return self.fail(ParseProblem::TooDeep);
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    fn branch(&mut self, keyword: Keyword, context: &'static str) -> Result<Branch> {
        self.scope(|parser| {
            let mut arms = Vec::new();
            loop {
                let pipe = parser.pipeline(context, TokenKind::RightDelim)?;
                let (list, end) = parser.list()?;
                arms.push(Arm { pipe, list });
                if matches!(end, Item::End) {
                    return Ok(Branch { arms, otherwise: None });
                }
                if parser.peek().kind != TokenKind::Keyword(keyword) {
                    return Ok(Branch { arms, otherwise: Some(parser.last_list()?) });
                }
                parser.next();
            }
        })
    }

    fn last_list(&mut self) -> Result<List> {
        match self.list()? {
            (list, Item::End) => Ok(list),
            (_, stray) => self.fail(ParseProblem::ExpectedEnd(stray.name())),
        }
    }

    fn range(&mut self) -> Result<Node> {
        self.scope(|parser| {
            let pipe = parser.pipeline("range", TokenKind::RightDelim)?;
            parser.tree.ranges += 1;
            let (list, end) = parser.list()?;
            parser.tree.ranges -= 1;
            let otherwise = match end {
                Item::End => None,
                _ => Some(parser.last_list()?),
            };
            Ok(Node::Range(Box::new(Loop { pipe, list, otherwise })))
        })
    }

    fn block(&mut self) -> Result<Node> {
        const CONTEXT: &str = "block clause";
        let token = self.next_non_space();
        let name = self.template_name(token, CONTEXT)?;
        let pipe = Some(self.pipeline(CONTEXT, TokenKind::RightDelim)?);
        let stray = self.deeper(|parser| parser.nested(|parser| parser.body(name.clone())))?;
        self.no_stray(stray, CONTEXT)?;
        let id = self.id();
        Ok(Node::Template(Box::new(Call { id, span: token.span(), name, pipe })))
    }

    fn template(&mut self) -> Result<Node> {
        const CONTEXT: &str = "template clause";
        let token = self.next_non_space();
        let name = self.template_name(token, CONTEXT)?;
        let mut pipe = None;
        if self.next_non_space().kind != TokenKind::RightDelim {
            self.backup();
            pipe = Some(self.pipeline(CONTEXT, TokenKind::RightDelim)?);
        }
        let id = self.id();
        Ok(Node::Template(Box::new(Call { id, span: token.span(), name, pipe })))
    }

    fn template_name(&mut self, token: Token, context: &'static str) -> Result<Str> {
        match token.kind {
            TokenKind::String | TokenKind::RawString => self.unquote(token),
            _ => self.unexpected(token, context),
        }
    }

    fn unquote(&self, token: Token) -> Result<Str> {
        match quote::unquote(self.slice(token)) {
            Some(text) => Ok(text.into()),
            None => self.fail(ParseProblem::Literal("invalid syntax".into())),
        }
    }
}
