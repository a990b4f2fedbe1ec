//! A Go file, by the grammar of tree-sitter: what it imports, mentions and names.

use std::collections::BTreeMap;

use ecow::{EcoString, eco_format};
use tree_sitter::Node;

use super::parse;
use crate::text::Text;
use crate::{At, Place, Problem, names};

/// A Go file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// The file.
    pub file: EcoString,
    /// Its package's name.
    pub package: At<EcoString>,
    /// What it imports.
    pub imports: Vec<At<EcoString>>,
    /// What it uses of other packages (`http.NewServeMux`, by the package's own name) and of values (`.Shutdown`), where first.
    pub mentions: BTreeMap<EcoString, Place>,
    /// Texts that are dotted names, such as those of metrics, where first.
    pub texts: BTreeMap<EcoString, Place>,
    /// Environment variables that it reads, where first.
    pub environment: BTreeMap<EcoString, Place>,
    /// Names of attributes of spans, metrics and logs.
    pub attributes: Vec<At<EcoString>>,
    /// Whether it is a test.
    pub test: bool,
    /// Whether it declares nothing but what it embeds: a package around files.
    pub data: bool,
}

impl Default for At<EcoString> {
    fn default() -> Self {
        Self { value: EcoString::new(), place: Place::default() }
    }
}

impl Source {
    /// Reads a Go file.
    pub(crate) fn parse(text: &Text<'_>) -> Result<Self, Problem> {
        let tree = parse::parse(text)?;
        let test = text.file.ends_with("_test.go");
        let mut source = Self { file: text.file.clone(), test, data: true, ..Self::default() };
        let mut aliases = BTreeMap::new();
        let mut cursor = tree.walk();
        // Without recursion: a tree is as deep as its file says.
        loop {
            let node = cursor.node();
            source.visit(node, text, &mut aliases);
            if cursor.goto_first_child() {
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return Ok(source);
                }
            }
        }
    }

    fn visit<'t>(&mut self, node: Node<'_>, text: &Text<'t>, aliases: &mut BTreeMap<&'t str, EcoString>) {
        let part = |node: Node<'_>| text.text.get(node.byte_range()).unwrap_or_default();
        let place = |node: Node<'_>| text.place(node.byte_range());
        let field = |name: &str| node.child_by_field_name(name);
        match node.kind() {
            "package_clause" => {
                if let Some(name) = node.named_child(0) {
                    self.package = At::new(part(name), place(name));
                }
            }
            "import_spec" => {
                let Some(path) = field("path") else { return };
                let import = part(path).trim_matches(['"', '`']);
                if let Some(name) = field("name") {
                    aliases.insert(part(name), own_name(import).into());
                }
                self.imports.push(At::new(import, place(path)));
            }
            "function_declaration" | "method_declaration" | "type_declaration" | "const_declaration" => {
                self.data = false;
            }
            "selector_expression" => {
                if let (Some(operand), Some(name)) = (field("operand"), field("field")) {
                    let owner = (operand.kind() == "identifier").then(|| part(operand));
                    self.mention(owner, part(name), aliases, &|| place(node));
                }
            }
            "qualified_type" => {
                if let (Some(package), Some(name)) = (field("package"), field("name")) {
                    self.mention(Some(part(package)), part(name), aliases, &|| place(node));
                }
            }
            "interpreted_string_literal" | "raw_string_literal" => {
                let said = part(node).trim_matches(['"', '`']);
                if names::is_dotted(said) && !self.texts.contains_key(said) {
                    self.texts.insert(said.into(), place(node));
                }
            }
            "call_expression" => {
                self.attributes.extend(attributes(node, text));
                self.variable(node, text);
            }
            _ => {}
        }
    }

    /// `os.Getenv("NAME")`, `env.Text("NAME", …)`: a variable that is read.
    fn variable(&mut self, call: Node<'_>, text: &Text<'_>) {
        let part = |node: Node<'_>| text.text.get(node.byte_range()).unwrap_or_default();
        let Some(function) = call.child_by_field_name("function") else { return };
        let first = call.child_by_field_name("arguments").and_then(|arguments| arguments.named_child(0));
        let Some(first) = first.filter(|first| first.kind() == "interpreted_string_literal") else { return };
        let name = part(first).trim_matches('"');
        let reads = match part(function).split_once('.') {
            Some(("os", method)) => matches!(method, "Getenv" | "LookupEnv"),
            Some((owner, _)) => owner == "env" || owner == "environment",
            None => false,
        };
        if reads && names::is_variable(name) && !self.environment.contains_key(name) {
            self.environment.insert(name.into(), text.place(first.byte_range()));
        }
    }

    fn mention(
        &mut self,
        owner: Option<&str>,
        name: &str,
        aliases: &BTreeMap<&str, EcoString>,
        place: &dyn Fn() -> Place,
    ) {
        let mut add = |mention: EcoString| {
            self.mentions.entry(mention).or_insert_with(place);
        };
        // A value or a package: the file does not say which, and a reader asks for one or the other.
        add(eco_format!(".{name}"));
        if let Some(owner) = owner {
            let owner = aliases.get(owner).map_or(owner, EcoString::as_str);
            add(eco_format!("{owner}.{name}"));
        }
    }
}

/// The name that a package mostly has: the last part of its path, without a major version.
pub(crate) fn own_name(import: &str) -> &str {
    let mut parts = import.rsplit('/');
    let last = parts.next().unwrap_or(import);
    let is_version = last
        .strip_prefix('v')
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'));
    let name = if is_version { parts.next().unwrap_or(last) } else { last };
    // gopkg.in/yaml.v3
    name.rsplit_once(".v").map_or(
        name,
        |(name, version)| {
            if version.bytes().all(|byte| byte.is_ascii_digit()) { name } else { last }
        },
    )
}

/// The functions of `log/slog` and its loggers that take names and values in turn, and those that take a message before.
const PAIRS: &[&str] = &["With", "Group"];
const MESSAGES: &[&str] = &[
    "Debug",
    "Info",
    "Warn",
    "Error",
    "Log",
    "LogAttrs",
    "DebugContext",
    "InfoContext",
    "WarnContext",
    "ErrorContext",
];

/// Attribute names that a call gives: `attribute.String("x", …)`, `slog.String("x", …)`, `log.Info("…", "x", …)`.
fn attributes(call: Node<'_>, text: &Text<'_>) -> Vec<At<EcoString>> {
    let part = |node: Node<'_>| text.text.get(node.byte_range()).unwrap_or_default();
    let Some((function, arguments)) = call.child_by_field_name("function").zip(call.child_by_field_name("arguments"))
    else {
        return Vec::new();
    };
    if function.kind() != "selector_expression" {
        return Vec::new();
    }
    let owner = function.child_by_field_name("operand").map(part).unwrap_or_default();
    let name = function.child_by_field_name("field").map(part).unwrap_or_default();
    let mut cursor = arguments.walk();
    let arguments: Vec<Node<'_>> = arguments.named_children(&mut cursor).collect();
    let literal = |node: &Node<'_>| node.kind() == "interpreted_string_literal";
    let key =
        |node: &Node<'_>| literal(node).then(|| At::new(part(*node).trim_matches('"'), text.place(node.byte_range())));
    let first = || arguments.first().and_then(key).into_iter().collect();
    match owner {
        "attribute" => first(),
        "slog" if !PAIRS.contains(&name) && !MESSAGES.contains(&name) => first(),
        _ if PAIRS.contains(&name) => {
            // `slog.Group("x", …)` begins with its own name.
            let skip = usize::from(name == "Group");
            let group = arguments.first().filter(|_| name == "Group").and_then(key);
            group.into_iter().chain(arguments.iter().skip(skip).step_by(2).filter_map(key)).collect()
        }
        _ if MESSAGES.contains(&name) => {
            let message = arguments.iter().position(literal);
            let pairs = message.map_or(&[][..], |at| arguments.get(at + 1..).unwrap_or_default());
            pairs.iter().step_by(2).filter_map(key).collect()
        }
        _ => Vec::new(),
    }
}
