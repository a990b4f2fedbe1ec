//! A Go file as a tree, by the grammar of tree-sitter, and what that grammar does not know of Go.

use std::borrow::Cow;
use std::ops::ControlFlow;

use tree_sitter::{ParseOptions, ParseState, Parser, Tree};

use crate::text::Text;
use crate::{Place, Problem};

/// The largest file that is read as Go; larger ones are data that somebody generated. In one that is nothing but errors, the
/// parser looks for what was meant in a time that grows with the square of its size.
pub(crate) const LIMIT: usize = 1 << 20;

/// How often a parse may come up for breath; about a hundred steps each. The largest file has half as many.
const BREATHS: u32 = 100_000;

const NOT_GO: &str = "not Go: `gofmt` says what is wrong";

/// The tree of a file; its ranges are those of the text.
pub(super) fn parse(text: &Text<'_>) -> Result<Tree, Problem> {
    let mut source = Cow::Borrowed(text.text);
    // The grammar wants a last line to end.
    if !source.ends_with('\n') {
        source.to_mut().push('\n');
    }
    let tree = tree(&source, text)?;
    if !tree.root_node().has_error() {
        return Ok(tree);
    }
    let without = without_new_values(&source);
    let again = without.as_deref().map(|source| self::tree(source, text)).transpose()?;
    again.filter(|tree| !tree.root_node().has_error()).ok_or_else(|| broken(&tree, text))
}

fn tree(source: &str, text: &Text<'_>) -> Result<Tree, Problem> {
    let mut parser = Parser::new();
    let language = parser.set_language(&tree_sitter_go::LANGUAGE.into());
    language.map_err(|error| Problem { place: Place::whole(text.file.clone()), message: error.to_string() })?;
    let bytes = source.as_bytes();
    let (mut breaths, mut reached) = (0, 0);
    let mut breathe = |state: &ParseState| {
        breaths += 1;
        reached = state.current_byte_offset();
        if breaths > BREATHS { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let options = ParseOptions::new().progress_callback(&mut breathe);
    let tree = parser.parse_with_options(&mut |at, _| bytes.get(at..).unwrap_or_default(), None, Some(options));
    tree.ok_or_else(|| text.problem(reached..reached, NOT_GO))
}

/// The first place that is not Go.
fn broken(tree: &Tree, text: &Text<'_>) -> Problem {
    let mut cursor = tree.walk();
    loop {
        let node = cursor.node();
        if node.is_error() || node.is_missing() {
            return text.problem(node.byte_range(), NOT_GO);
        }
        // Only into what holds the error.
        if node.has_error() && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return text.problem(0..0, NOT_GO);
            }
        }
    }
}

/// For the grammar, `new` and `make` take a type. Since Go 1.26 `new` takes values too, and a package may call its own function
/// so: those calls under another name, as long; nothing if there are none.
fn without_new_values(source: &str) -> Option<String> {
    let mut other: Option<String> = None;
    for (name, otherwise) in [("new(", "New("), ("make(", "Make(")] {
        for (at, _) in source.match_indices(name) {
            let inside = |before: char| before.is_alphanumeric() || matches!(before, '_' | '.');
            if !source[..at].ends_with(inside) && is_value(argument(&source[at + name.len()..])) {
                let other = other.get_or_insert_with(|| source.to_owned());
                other.replace_range(at..at + name.len(), otherwise);
            }
        }
    }
    other
}

/// The longest argument that is looked at.
const ARGUMENT: usize = 512;

/// The first argument of a call.
fn argument(rest: &str) -> &str {
    let mut depth = 0_usize;
    let mut quote = None;
    let mut escaped = false;
    for (at, byte) in rest.bytes().enumerate().take(ARGUMENT) {
        match (quote, byte) {
            (Some(_), _) if escaped => escaped = false,
            (Some(open), b'\\') if open != b'`' => escaped = true,
            (Some(open), _) => quote = Some(open).filter(|open| *open != byte),
            (None, b'"' | b'\'' | b'`') => quote = Some(byte),
            (None, b'(' | b'[' | b'{') => depth += 1,
            (None, b')' | b',') if depth == 0 => return rest[..at].trim(),
            (None, b')' | b']' | b'}') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    ""
}

/// Whether an argument is a value and no type, by how it begins and ends.
fn is_value(argument: &str) -> bool {
    let name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
    let rest = argument.trim_start_matches(name).trim_start();
    let first = &argument[..argument.len() - argument.trim_start_matches(name).len()];
    match first {
        "" if argument.starts_with(['[', '*', '(', '<']) => is_literal(argument),
        "" => !argument.is_empty(),
        "struct" | "interface" => argument.contains("}{"),
        "map" | "chan" | "func" => is_literal(argument),
        _ if first.starts_with(|c: char| c.is_ascii_digit()) => true,
        // `List[int]` is a type, `List[int]{}` a value of it.
        _ if rest.starts_with('[') => !rest.ends_with(']'),
        _ => !rest.is_empty(),
    }
}

fn is_literal(argument: &str) -> bool {
    argument.ends_with('}') && !argument.ends_with("struct{}") && !argument.ends_with("interface{}")
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::text::Text;

    #[test]
    fn go_of_today_is_go() {
        let read = |body: &str, after: &str| {
            parse(&Text::new("a.go", &format!("package a\n\nfunc f() {{\n\t{body}\n}}{after}"))).map(|_| ())
        };
        for body in [
            "_ = new(T)",
            "_, _ = new(attribute.Set{}), new([]int)",
            "_, _ = new(\"a)\"), make(map[string]struct{}, 3)",
            "_ = new(f(x))",
            "_ = new(List[int]{})",
            "_ = new([]int{1}); _ = new(*T)",
            "_ = make(n - 1); _ = make(chan struct{})",
            "_ = new(struct{ a int }); _ = new(struct{}{}); _ = new(3)",
            "_ = new(-1); _ = renew(T{}); for i := range 3 { _ = i }",
        ] {
            assert_eq!(read(body, "\n"), Ok(()), "{body}");
        }
        assert_eq!(read("", "\n\nconst (\n\ta = 1\n)"), Ok(()));
        let problem = read("_ = new(T{}); x := := 1", "\n").unwrap_err();
        assert_eq!((problem.place.line, problem.message.contains("not Go")), (4, true), "{problem}");
    }
}
