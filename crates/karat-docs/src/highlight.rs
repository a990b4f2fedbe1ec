//! Code with its words marked, for the languages of these repositories.
//!
//! One pass over the text, no regular expressions, no state but the current token: hostile code costs what its length
//! costs. The classes are `c` comment, `s` string, `n` number, `k` keyword, `p` property or key, `v` variable, `i` inserted,
//! `d` deleted, `h` heading or prompt.

use crate::markdown::escape;

/// More code than this in one block is not marked.
const LIMIT: usize = 256 << 10;

/// How a language writes comments, strings and words.
struct Language {
    line_comments: &'static [&'static str],
    block_comment: Option<(&'static str, &'static str)>,
    quotes: &'static [u8],
    keywords: &'static [&'static str],
    /// What ends a key: `:` in YAML, `=` in TOML.
    key: Option<u8>,
    /// Whether `$name` is a variable.
    variables: bool,
    /// Whether keywords may be written in capitals.
    capitals: bool,
}

const PLAIN: Language = Language {
    line_comments: &[],
    block_comment: None,
    quotes: b"",
    keywords: &[],
    key: None,
    variables: false,
    capitals: false,
};

const GO: Language = Language {
    line_comments: &["//"],
    block_comment: Some(("/*", "*/")),
    quotes: b"\"'`",
    keywords: &[
        "break",
        "case",
        "chan",
        "const",
        "continue",
        "default",
        "defer",
        "else",
        "error",
        "false",
        "for",
        "func",
        "go",
        "goto",
        "if",
        "import",
        "interface",
        "map",
        "nil",
        "package",
        "range",
        "return",
        "select",
        "string",
        "struct",
        "switch",
        "true",
        "type",
        "var",
    ],
    ..PLAIN
};

const RUST: Language = Language {
    line_comments: &["//"],
    block_comment: Some(("/*", "*/")),
    quotes: b"\"",
    keywords: &[
        "Self", "as", "async", "await", "break", "const", "continue", "crate", "dyn", "else", "enum", "extern",
        "false", "fn", "for", "if", "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref", "return",
        "self", "static", "struct", "super", "trait", "true", "type", "unsafe", "use", "where", "while",
    ],
    ..PLAIN
};

const SCRIPT: Language = Language {
    line_comments: &["//"],
    block_comment: Some(("/*", "*/")),
    quotes: b"\"'`",
    keywords: &[
        "abstract",
        "as",
        "async",
        "await",
        "break",
        "case",
        "catch",
        "class",
        "const",
        "continue",
        "default",
        "do",
        "else",
        "enum",
        "export",
        "extends",
        "false",
        "final",
        "finally",
        "for",
        "from",
        "function",
        "if",
        "implements",
        "import",
        "in",
        "instanceof",
        "int",
        "interface",
        "let",
        "message",
        "new",
        "null",
        "package",
        "private",
        "protected",
        "public",
        "return",
        "rpc",
        "service",
        "static",
        "string",
        "switch",
        "this",
        "throw",
        "true",
        "try",
        "typeof",
        "undefined",
        "var",
        "void",
        "while",
    ],
    ..PLAIN
};

const PYTHON: Language = Language {
    line_comments: &["#"],
    quotes: b"\"'",
    keywords: &[
        "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
        "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "not",
        "or", "pass", "raise", "return", "try", "while", "with", "yield",
    ],
    ..PLAIN
};

const SHELL: Language = Language {
    line_comments: &["#"],
    quotes: b"\"'",
    keywords: &[
        "case", "do", "done", "elif", "else", "esac", "exit", "export", "fi", "for", "function", "if", "in", "local",
        "return", "set", "then", "while",
    ],
    variables: true,
    ..PLAIN
};

const YAML: Language =
    Language { line_comments: &["#"], quotes: b"\"'", keywords: &["false", "null", "true"], key: Some(b':'), ..PLAIN };

const JSON: Language =
    Language { quotes: b"\"", keywords: &["false", "null", "true"], key: Some(b':'), line_comments: &["//"], ..PLAIN };

const TOML: Language =
    Language { line_comments: &["#", ";"], quotes: b"\"'", keywords: &["false", "true"], key: Some(b'='), ..PLAIN };

const HCL: Language = Language {
    line_comments: &["#", "//"],
    block_comment: Some(("/*", "*/")),
    quotes: b"\"",
    keywords: &[
        "data",
        "each",
        "else",
        "endif",
        "false",
        "for",
        "for_each",
        "if",
        "in",
        "local",
        "locals",
        "module",
        "null",
        "output",
        "provider",
        "resource",
        "run",
        "terraform",
        "true",
        "var",
        "variable",
    ],
    key: Some(b'='),
    ..PLAIN
};

const SQL: Language = Language {
    line_comments: &["--"],
    block_comment: Some(("/*", "*/")),
    quotes: b"'",
    keywords: &[
        "add",
        "alter",
        "and",
        "as",
        "begin",
        "by",
        "column",
        "commit",
        "create",
        "default",
        "delete",
        "drop",
        "exists",
        "from",
        "grant",
        "group",
        "having",
        "if",
        "in",
        "index",
        "inner",
        "insert",
        "into",
        "is",
        "join",
        "key",
        "left",
        "like",
        "limit",
        "not",
        "null",
        "on",
        "or",
        "order",
        "primary",
        "references",
        "role",
        "select",
        "set",
        "table",
        "to",
        "unique",
        "update",
        "using",
        "values",
        "where",
        "with",
    ],
    capitals: true,
    ..PLAIN
};

const DOCKER: Language = Language {
    line_comments: &["#"],
    quotes: b"\"'",
    keywords: &[
        "ADD",
        "ARG",
        "AS",
        "CMD",
        "COPY",
        "ENTRYPOINT",
        "ENV",
        "EXPOSE",
        "FROM",
        "HEALTHCHECK",
        "LABEL",
        "RUN",
        "SHELL",
        "USER",
        "VOLUME",
        "WORKDIR",
    ],
    variables: true,
    ..PLAIN
};

const PROMQL: Language = Language {
    line_comments: &["#"],
    quotes: b"\"'`",
    keywords: &[
        "and",
        "avg",
        "bool",
        "by",
        "count",
        "group_left",
        "group_right",
        "histogram_quantile",
        "ignoring",
        "increase",
        "max",
        "min",
        "offset",
        "on",
        "or",
        "rate",
        "sum",
        "unless",
        "vector",
        "without",
    ],
    ..PLAIN
};

const CSS: Language = Language { block_comment: Some(("/*", "*/")), quotes: b"\"'", key: Some(b':'), ..PLAIN };

fn language(name: &str) -> Option<&'static Language> {
    Some(match name {
        "go" | "golang" => &GO,
        "rust" | "rs" | "cel" => &RUST,
        "js" | "javascript" | "ts" | "typescript" | "jsx" | "tsx" | "java" | "kotlin" | "c" | "cpp" | "proto"
        | "protobuf" => &SCRIPT,
        "py" | "python" | "rego" => &PYTHON,
        "sh" | "bash" | "shell" | "zsh" | "make" | "makefile" => &SHELL,
        "yaml" | "yml" => &YAML,
        "json" | "json5" | "jsonc" => &JSON,
        "toml" | "ini" | "properties" | "env" | "dotenv" => &TOML,
        "hcl" | "tf" | "terraform" | "opentofu" => &HCL,
        "sql" | "postgresql" | "sqlite" => &SQL,
        "docker" | "dockerfile" => &DOCKER,
        "promql" => &PROMQL,
        "css" => &CSS,
        _ => return None,
    })
}

/// Writes code as HTML, its words marked if the language is known.
pub(crate) fn write(out: &mut String, name: &str, code: &str) {
    if code.len() > LIMIT {
        return escape(out, code);
    }
    match name {
        "diff" | "patch" | "udiff" => return lines(out, code, diff),
        "console" | "shell-session" | "sh-session" | "terminal" => return lines(out, code, console),
        _ => {}
    }
    match language(name) {
        Some(language) => Marking { language, code, at: 0, from: 0, out }.run(),
        None => escape(out, code),
    }
}

fn mark(out: &mut String, class: &str, text: &str) {
    out.push_str("<span class=\"");
    out.push_str(class);
    out.push_str("\">");
    escape(out, text);
    out.push_str("</span>");
}

fn lines(out: &mut String, code: &str, write: fn(&mut String, &str)) {
    for line in code.split_inclusive('\n') {
        let text = line.strip_suffix('\n').unwrap_or(line);
        write(out, text);
        out.push_str(&line[text.len()..]);
    }
}

fn diff(out: &mut String, line: &str) {
    match line.as_bytes().first() {
        Some(b'+') => mark(out, "i", line),
        Some(b'-') => mark(out, "d", line),
        Some(b'@') => mark(out, "h", line),
        _ => escape(out, line),
    }
}

/// A prompt and its command; what it answers is plain.
fn console(out: &mut String, line: &str) {
    match line.strip_prefix("$ ").or_else(|| line.strip_prefix("# ")) {
        Some(command) => {
            mark(out, "h", &line[..2]);
            Marking { language: &SHELL, code: command, at: 0, from: 0, out }.run();
        }
        None => escape(out, line),
    }
}

struct Marking<'m> {
    language: &'static Language,
    code: &'m str,
    at: usize,
    from: usize,
    out: &'m mut String,
}

impl Marking<'_> {
    fn run(mut self) {
        let bytes = self.code.as_bytes();
        while self.at < bytes.len() {
            let rest = &self.code[self.at..];
            let byte = bytes[self.at];
            let before = self.at.checked_sub(1).map(|before| bytes[before]);
            if self.is_comment(rest, before) {
                self.token("c", rest.find('\n').unwrap_or(rest.len()));
            } else if let Some((_, close)) = self.language.block_comment.filter(|(open, _)| rest.starts_with(open)) {
                self.token("c", rest[2..].find(close).map_or(rest.len(), |end| end + 2 + close.len()));
            } else if self.language.quotes.contains(&byte) {
                let length = string(rest);
                let class = if self.is_key(self.at + length) { "p" } else { "s" };
                self.token(class, length);
            } else if byte.is_ascii_digit() && !before.is_some_and(is_word) {
                self.token("n", rest.bytes().take_while(|byte| is_word(*byte) || *byte == b'.').count());
            } else if byte == b'$' && self.language.variables {
                let name = rest[1..].bytes().take_while(|byte| is_word(*byte) || matches!(byte, b'{' | b'}')).count();
                self.token("v", 1 + name);
            } else if is_word(byte) {
                self.word(rest);
            } else {
                self.at += rest.chars().next().map_or(1, char::len_utf8);
            }
        }
        escape(self.out, &self.code[self.from..]);
    }

    fn word(&mut self, rest: &str) {
        let dashes = self.language.key.is_some();
        let length =
            rest.bytes().take_while(|byte| is_word(*byte) || (dashes && matches!(byte, b'-' | b'.' | b'/'))).count();
        let word = &rest[..length];
        let keywords = self.language.keywords;
        let is_keyword = keywords.binary_search(&word).is_ok()
            || (self.language.capitals && keywords.binary_search(&word.to_ascii_lowercase().as_str()).is_ok());
        if self.is_key(self.at + length) {
            self.token("p", length);
        } else if is_keyword {
            self.token("k", length);
        } else {
            self.at += length.max(1);
        }
    }

    fn is_comment(&self, rest: &str, before: Option<u8>) -> bool {
        let alone =
            before.is_none_or(|byte| byte.is_ascii_whitespace() || matches!(byte, b';' | b'{' | b'}' | b'(' | b')'));
        self.language
            .line_comments
            .iter()
            .any(|mark| rest.starts_with(mark) && (alone || mark.len() > 1 && before != Some(b':')))
    }

    /// Whether what ends at `end` is a key: the language's sign follows, and for YAML a blank after it.
    fn is_key(&self, end: usize) -> bool {
        let Some(sign) = self.language.key else { return false };
        let rest = self.code[end..].trim_start_matches(' ').as_bytes();
        let after = rest.get(1).copied();
        rest.first() == Some(&sign)
            && match sign {
                b':' => after.is_none_or(|byte| byte.is_ascii_whitespace()) || self.language.quotes == b"\"",
                _ => after != Some(b'='),
            }
    }

    fn token(&mut self, class: &str, length: usize) {
        escape(self.out, &self.code[self.from..self.at]);
        let end = (self.at + length.max(1)).min(self.code.len());
        mark(self.out, class, &self.code[self.at..end]);
        self.at = end;
        self.from = end;
    }
}

/// How long the string at the start is: to its quote, or to the end of the line if it has none there.
fn string(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let quote = bytes[0];
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if quote != b'`' => at += 1,
            b'\n' if quote != b'`' => return at,
            byte if byte == quote => return at + 1,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use super::write;

    #[test]
    fn words_are_marked() {
        for (language, code, html) in [
            ("go", "func a() // b", "<span class=\"k\">func</span> a() <span class=\"c\">// b</span>"),
            (
                "yaml",
                "a-b: \"c\" # d",
                "<span class=\"p\">a-b</span>: <span class=\"s\">&quot;c&quot;</span> <span class=\"c\"># d</span>",
            ),
            ("yaml", "url: http://a#b", "<span class=\"p\">url</span>: http://a#b"),
            ("sh", "echo $A 12", "echo <span class=\"v\">$A</span> <span class=\"n\">12</span>"),
            ("console", "$ ls\na", "<span class=\"h\">$ </span>ls\na"),
            ("sql", "SELECT é", "<span class=\"k\">SELECT</span> é"),
            ("", "<a>", "&lt;a&gt;"),
            ("go", "\"\\", "<span class=\"s\">&quot;\\</span>"),
        ] {
            let mut out = String::new();
            write(&mut out, language, code);
            assert_eq!(out, html, "{code}");
        }
    }

    #[test]
    fn keywords_are_sorted() {
        for language in [
            &super::GO,
            &super::RUST,
            &super::SCRIPT,
            &super::PYTHON,
            &super::SHELL,
            &super::HCL,
            &super::SQL,
            &super::PROMQL,
            &super::DOCKER,
        ] {
            assert!(language.keywords.is_sorted(), "{:?}", language.keywords);
        }
    }
}
