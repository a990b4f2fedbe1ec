//! Templates that nobody would write, made from a seed: the oracle and we must say the same of each.

use karat_testkit::oracle::Oracle;
use serde_json::{Value as Json, json};

use crate::goldens;

const CASES: u64 = 4_000;
const SEED: u64 = 0x6b61_7261_7421;

/// SplitMix64: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ bits >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ bits >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ bits >> 31
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

const SPACE: &[&str] = &[" ", "", "\n", "  ", "\t"];
const LITERALS: &[&str] = &[
    "1",
    "0",
    "-7",
    "2.5",
    "1e6",
    "\"text\"",
    "\"\"",
    "`raw`",
    "'x'",
    "true",
    "false",
    "nil",
    "0x1F",
    "1_2",
    "3i",
    "\"%d %s|\"",
    "\"é\\t\\x41\"",
    "1e-7",
    "017",
    "-0.0",
];
const FIELDS: &[&str] = &[
    ".",
    "$",
    ".s",
    ".n",
    ".nil",
    ".nosuch",
    ".list",
    ".m",
    ".m.a",
    ".m.q",
    ".deep.x.y",
    ".nosuch.x",
    ".nil.x",
    ".s.x",
    "$.s",
    "$.m.b",
    "$.list",
    ".t",
    ".mix",
    ".people",
    ".i",
    "$x",
    "$y",
    ".e",
    ".nums",
    "$.nil.q",
    ".list.x",
    "(.nil).x",
    "(.m).a",
    "$x.a",
];
const FUNCTIONS: &[&str] = &[
    "print",
    "printf",
    "println",
    "len",
    "index",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "not",
    "and",
    "or",
    "html",
    "js",
    "urlquery",
    "slice",
    "upper",
    "trunc",
    "list",
    "dict",
    "default",
    "ternary",
    "join",
    "hasKey",
    "repeat",
    "int",
    "get",
    "printf \"%v %T\"",
    "printf \"%#v\"",
    "printf \"%5.2f|%-6d|%q\"",
    "index .mix",
    "index $.m",
    "eq 1",
    "call",
    "append .list",
    "contains \"e\"",
    "first",
];
const TEXTS: &[&str] = &["", "a", " b ", "\n", "é", "}", "{", "text\n", "  "];

const TYPOS: &[&str] = &[
    "{", "}", "-", " ", "\n", ".", "$", "\"", "'", "`", "(", ")", "|", ":", "=", ",", "/", "*", "x", "e", "0", "9",
    "_", "\\", "+", "é", "€", "\0",
];

/// Calls that only Helm knows.
const HELM: &[&str] = &[
    "include \"t\"",
    "include \"b\" .",
    "include \"none\"",
    "include",
    "tpl \"<{{ .s }}>\"",
    "tpl \"{{ . }}{{ .a }}\"",
    "tpl \"{{ define `t` }}new{{ end }}{{ include `t` . }}{{ . | len }}\"",
    "tpl \"{{ if . }}\"",
    "tpl",
    "tpl .s",
];

struct Generator {
    random: Random,
    out: String,
    helm: bool,
}

impl Generator {
    fn space(&mut self) {
        let space = self.random.pick(SPACE);
        self.out.push_str(space);
    }

    fn operand(&mut self, depth: usize) {
        match self.random.below(10) {
            0..4 => {
                let literal = self.random.pick(LITERALS);
                self.out.push_str(literal);
            }
            4..8 => {
                let field = self.random.pick(FIELDS);
                self.out.push_str(field);
            }
            8 if depth < 3 => {
                self.out.push('(');
                self.pipeline(depth + 1);
                self.out.push(')');
                if self.random.below(4) == 0 {
                    self.out.push_str(".a");
                }
            }
            _ => {
                let function = self.random.pick(&["list", "dict", "print", "(dict \"a\" 1)"]);
                self.out.push_str(function);
            }
        }
    }

    fn command(&mut self, depth: usize) {
        if self.random.below(3) == 0 {
            return self.operand(depth);
        }
        let helm = self.helm && self.random.below(3) == 0;
        let function = self.random.pick(if helm { HELM } else { FUNCTIONS });
        self.out.push_str(function);
        for _ in 0..self.random.below(4) {
            self.out.push(' ');
            self.operand(depth);
        }
    }

    fn pipeline(&mut self, depth: usize) {
        if self.random.below(12) == 0 {
            let declaration = self.random.pick(&["$x := ", "$y := ", "$x = ", "$y = ", "$x, $y := "]);
            self.out.push_str(declaration);
        }
        self.command(depth);
        while self.random.below(4) == 0 {
            self.out.push_str(" | ");
            self.command(depth);
        }
    }

    fn open(&mut self, keyword: &str) {
        self.out.push_str("{{");
        if self.random.below(6) == 0 {
            self.out.push_str("- ");
        }
        self.space();
        self.out.push_str(keyword);
    }

    fn close(&mut self) {
        self.space();
        if self.random.below(6) == 0 {
            self.out.push_str(" -");
        }
        self.out.push_str("}}");
    }

    fn tag(&mut self, keyword: &str) {
        self.open(keyword);
        self.close();
    }

    fn nodes(&mut self, depth: usize) {
        for _ in 0..=self.random.below(3) {
            let text = self.random.pick(TEXTS);
            self.out.push_str(text);
            self.node(depth);
        }
    }

    fn node(&mut self, depth: usize) {
        let kind = if depth > 2 { 0 } else { self.random.below(16) };
        match kind {
            0..7 => {
                self.open("");
                self.pipeline(0);
                self.close();
            }
            7..12 => {
                let keyword =
                    self.random.pick(&["if ", "with ", "range ", "range $x := ", "range $x, $y := ", "with $x := "]);
                self.open(keyword);
                self.pipeline(0);
                self.close();
                self.nodes(depth + 1);
                if self.random.below(3) == 0 {
                    let middle =
                        if keyword.starts_with("if") && self.random.below(2) == 0 { "else if .s" } else { "else" };
                    self.tag(middle);
                    self.nodes(depth + 1);
                }
                if self.random.below(60) > 0 {
                    self.tag("end");
                }
            }
            12 => {
                let keyword = self.random.pick(&["break", "continue", "/* c */", "end", "else"]);
                self.tag(keyword);
            }
            13 => {
                self.open("template \"t\" ");
                self.pipeline(0);
                self.close();
            }
            14 => {
                self.open("block \"b\" ");
                self.pipeline(0);
                self.close();
                self.nodes(depth + 1);
                self.tag("end");
            }
            _ => {
                let text = self.random.pick(&["$x := 1", "$y := .m", "$x := .list", "$y := \"s\""]);
                self.tag(text);
            }
        }
    }
}

fn template(seed: u64, helm: bool) -> String {
    let mut generator = Generator { random: Random(seed), out: String::new(), helm };
    if helm {
        generator.out.push_str("{{ define \"main\" }}");
    }
    if generator.random.below(4) > 0 {
        generator.out.push_str("{{ $x := .s }}{{ $y := .m }}");
    }
    generator.nodes(0);
    if helm {
        generator.out.push_str("{{ end }}\n{{ include \"main\" .Values }}");
    }
    generator.out.push_str("{{ define \"t\" }}<{{ . }}{{ .a }}>{{ end }}");
    let Generator { mut random, out, .. } = generator;
    if random.below(3) > 0 {
        return out;
    }
    // Typing errors.
    let mut text: Vec<char> = out.chars().collect();
    for _ in 0..=random.below(3) {
        let at = random.below(text.len());
        match random.below(3) {
            0 => drop(text.remove(at)),
            1 => text.insert(at, random.pick(TYPOS).chars().next().unwrap_or('{')),
            _ => text[at] = random.pick(TYPOS).chars().next().unwrap_or('}'),
        }
    }
    text.into_iter().collect()
}

/// A format that prints one number in one way.
fn number_format(random: &mut Random) -> String {
    let mut format = "%".to_owned();
    for flag in ["+", "-", " ", "0", "#"] {
        if random.below(5) == 0 {
            format.push_str(flag);
        }
    }
    if random.below(3) == 0 {
        format.push_str(&random.below(30).to_string());
    }
    if random.below(3) == 0 {
        format.push_str(&format!(".{}", random.below(24)));
    }
    format + random.pick(&["v", "g", "G", "e", "E", "f", "x", "X", "b", "v", "g"])
}

#[test]
fn numbers_as_go_says() {
    let mut random = Random(SEED);
    let cases = (0..CASES).map(|_| {
        let number = match random.below(3) {
            0 => f64::from_bits(random.next()),
            1 => random.next() as i64 as f64 / 10f64.powi(random.below(20) as i32),
            _ => random.below(100_000) as f64 / 100.0,
        };
        let number = if number.is_finite() { number } else { 0.5 };
        let text = format!("{{{{ . }}}} {{{{ printf \"{}|%d\" . 7 }}}}", number_format(&mut random));
        let integer = format!(
            "{{{{ printf \"{}\" ({}) }}}}",
            number_format(&mut random)
                .replace(['e', 'E', 'f', 'g', 'G'], random.pick(&["d", "o", "O", "q", "c", "U", "x"])),
            random.next() as i64 >> random.below(63)
        );
        json!({"op": "template", "text": text + &integer, "data": number})
    });
    compare(&cases.collect::<Vec<_>>());
}

#[test]
fn templates_as_go_says() {
    let data = goldens::shared_data("syntax.jsonl");
    let cases = (0..CASES).map(|case| json!({"op": "template", "text": template(SEED + case, false), "data": data}));
    compare(&cases.collect::<Vec<_>>());
}

#[test]
fn templates_as_helm_says() {
    let values = goldens::shared_data("helm.jsonl").to_string();
    let cases = (0..CASES).map(|case| json!({"op": "render", "text": template(SEED + case, true), "values": values}));
    compare(&cases.collect::<Vec<_>>());
}

fn compare(cases: &[Json]) {
    let Some(path) = karat_testkit::peer("oracle") else { return };
    let answers = Oracle::start(&path).unwrap().ask_all(cases).unwrap();
    let differing: Vec<String> = cases
        .iter()
        .zip(&answers)
        .zip(goldens::answers(cases))
        .map(|((case, expected), actual)| (case, expected, actual))
        .filter(|(_, expected, actual)| *expected != actual)
        .map(|(case, expected, actual)| format!("{}\n  Go:    {expected:?}\n  Karat: {actual:?}", case["text"]))
        .collect();
    let shown = differing.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
    assert!(differing.is_empty(), "{} of {} differ:\n{shown}", differing.len(), cases.len());
}
