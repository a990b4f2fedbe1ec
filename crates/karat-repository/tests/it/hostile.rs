//! Files that mean harm: each is read, or refused, in the time that its size asks for.

use std::time::{Duration, Instant};

use karat_repository::Repository;
use karat_source::Memory;

/// The size of a file here; what grows with its square takes minutes at this size.
const SIZE: usize = 1 << 19;

/// How long one repository may take, in a debug build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);

/// `part` again and again, up to the size of a file.
fn full(part: &str) -> String {
    part.repeat(SIZE / part.len())
}

/// What `part` makes of 0, 1, 2, … up to the size of a file.
fn each(part: impl Fn(usize) -> String) -> String {
    let mut text = String::with_capacity(SIZE);
    for at in 0.. {
        let part = part(at);
        if text.len() + part.len() > SIZE {
            break;
        }
        text.push_str(&part);
    }
    text
}

/// Files of 0, 1, 2, … `count`.
fn files(count: usize, one: impl Fn(usize) -> (String, String)) -> Files {
    (0..count).map(one).collect()
}

type Files = Vec<(String, String)>;

fn one(path: &str, text: impl Into<String>) -> Files {
    vec![(path.to_owned(), text.into())]
}

/// What it is, and its files.
fn cases() -> Vec<(&'static str, Files)> {
    let go = |text: String| {
        one(
            "main.go",
            format!(
                "package main
{text}"
            ),
        )
    };
    let workflow = |text: String| one(".github/workflows/ci.yaml", text);
    vec![
        ("Go, nested calls", go(format!("var x = {}", full("f(")))),
        ("Go, nested braces, closed", go(format!("var x = {}{}", "{".repeat(SIZE / 2), "}".repeat(SIZE / 2)))),
        ("Go, one long selector", go(format!("var x = a{}", each(|at| format!(".n{at}"))))),
        ("Go, one long line", go(each(|at| format!("; var v{at} = p.N{at}")))),
        ("Go, one long line of no ASCII", go(each(|at| format!("; var ü{at} = p.Ü{at}")))),
        ("Go, arguments", go(format!("var x = log.Info({})", each(|at| format!("\"a{at}\", "))))),
        ("Go, loggers that make loggers", go(format!("var x = log{}", each(|at| format!(".With(\"a{at}\", 1)"))))),
        ("Go, rubbish", go(full("}{)(\"`'func type :="))),
        ("Go, rubbish that almost is Go", go(full("func ( func { if x := ( ; "))),
        ("Go, values in values", go(format!("var x = {}", full("new(1+")))),
        ("go.mod", one("go.mod", format!("module a\nrequire (\n{})", each(|at| format!("a{at} v1 // indirect\n"))))),
        ("Rust, nested", one("src/lib.rs", full("("))),
        ("Rust, nested, closed", one("src/lib.rs", format!("{}{}", "(".repeat(SIZE / 2), ")".repeat(SIZE / 2)))),
        ("Rust, nested macros", one("src/lib.rs", nested("info!(", ")"))),
        ("Rust, nested attributes", one("src/lib.rs", nested("#![forbid(", ")]"))),
        ("Rust, nested uses", one("src/lib.rs", format!("use {};", nested("a::{", "}")))),
        ("Rust, one long path", one("src/lib.rs", format!("const X: () = a{};", full("::b")))),
        ("Rust, one long line", one("src/lib.rs", each(|at| format!("fn f{at}() {{ p::n{at}() }} ")))),
        ("Rust, tests", one("src/lib.rs", full("#[cfg(test)]fn x(){}"))),
        ("Rust, raw texts", one("src/lib.rs", full("r#\"\"# r##\"\"## "))),
        ("Rust, comments in comments", one("src/lib.rs", full("/*"))),
        ("Cargo.toml, nested", one("Cargo.toml", format!("x = {}", full("[")))),
        ("Cargo.toml, nested tables", one("Cargo.toml", format!("x = {}", full("{a=")))),
        ("Cargo.toml, dotted", one("Cargo.toml", format!("a{} = 1", full(".a")))),
        (
            "Cargo.toml, inherited",
            one(
                "Cargo.toml",
                format!(
                    "[package]\nname = \"a\"\n[dependencies]\n{}[workspace.dependencies]\n{}",
                    (0..20_000).map(|at| format!("d{at}.workspace = true\n")).collect::<String>(),
                    (0..20_000).map(|at| format!("d{at} = \"1\"\n")).collect::<String>()
                ),
            ),
        ),
        ("workflow, nested", workflow(full("["))),
        (
            "workflow, one long line",
            workflow(format!("{{on: push, jobs: {{{}}}}}", each(|at| format!("j{at}: {{runs-on: x}}, ")))),
        ),
        ("workflow, aliases", workflow(billion())),
        ("Dockerfile, one instruction", one("Dockerfile", format!("FROM a\nRUN {}", full("x\\\n")))),
        ("Dockerfile, arguments that double", one("Dockerfile", doubling())),
        (
            "Dockerfile, here-documents",
            one("Dockerfile", format!("FROM a\nRUN {}\n{}", "<<A ".repeat(SIZE / 8), "A\n".repeat(SIZE / 4))),
        ),
        ("Dockerfile, stages", one("Dockerfile", each(|at| format!("FROM a{at} AS s{at}\n")))),
        ("SQL, texts", one("migrations/1.sql", full("'"))),
        ("SQL, dollars", one("migrations/1.sql", full("$a"))),
        ("SQL, comments", one("migrations/1.sql", full("/*"))),
        ("SQL, one line", one("migrations/1.sql", full("drop table x;"))),
        ("SQL, columns", one("migrations/1.sql", format!("alter table x {}", full("add c int not null default 1, ")))),
        ("secrets, beginnings", one("a.txt", full("pypi-AgEIcHlwaS5vcmc"))),
        ("secrets, keys", one("a.txt", full("-----BEGIN RSA PRIVATE KEY-----\nAAAA"))),
        ("secrets, URLs", one("a.txt", full("abc://a:"))),
        ("secrets, words", one("a.txt", full("aws_secret_access_key=glpat-ghp_AKIASK"))),
        ("CODEOWNERS", one("CODEOWNERS", full("*a*a*a*a*a*a*a*b @x\n"))),
        (
            ".gitignore, stars",
            one(".gitignore", full("*a*a*a*a*a*a*a*a*a*a*a*a*b\n"))
                .into_iter()
                .chain(files(10, |at| (format!("{}{at}", "a".repeat(200)), String::new())))
                .collect(),
        ),
        ("catalog, nested", one("catalog-info.yaml", full("{a: "))),
        (
            "a template with many skeletons",
            one(
                "template.yaml",
                format!(
                    "apiVersion: scaffolder.backstage.io/v1beta3\nmetadata: {{name: a}}\nspec:\n  steps:\n{}",
                    full("  - {action: \"fetch:template\", input: {url: ./s}}\n")
                ),
            )
            .into_iter()
            .chain(files(5_000, |at| (format!("s/{at}"), String::new())))
            .collect(),
        ),
        (
            "many templates",
            files(5_000, |at| (format!("t/{at}/template.yaml"), "# scaffolder.backstage.io/".to_owned())),
        ),
        (
            "many modules",
            files(5_000, |at| (format!("m{at}/go.mod"), "module m".to_owned()))
                .into_iter()
                .chain(files(5_000, |at| (format!("m{at}/a.go"), "package a".to_owned())))
                .collect(),
        ),
        (
            "many crates",
            files(5_000, |at| (format!("m{at}/Cargo.toml"), format!("[package]\nname = \"m{at}\"\n")))
                .into_iter()
                .chain(files(5_000, |at| (format!("m{at}/src/lib.rs"), String::new())))
                .collect(),
        ),
    ]
}

fn nested(open: &str, close: &str) -> String {
    let depth = SIZE / (open.len() + close.len());
    open.repeat(depth) + &close.repeat(depth)
}

/// Ten aliases of ten aliases of ten …
fn billion() -> String {
    let mut text = "on: push\nl0: &l0 x\n".to_owned();
    for level in 1..=12 {
        let alias = format!("*l{}", level - 1);
        text += &format!("l{level}: &l{level} [{}]\n", vec![alias; 10].join(", "));
    }
    text + "jobs: {a: {with: {x: *l12}}}\n"
}

fn doubling() -> String {
    let mut text = "ARG a0=xxxxxxxxxx\n".to_owned();
    for level in 1..64 {
        text += &format!("ARG a{level}=$a{0}$a{0}\n", level - 1);
    }
    text + "FROM $a63\n"
}

#[test]
#[expect(clippy::disallowed_methods, reason = "time is what is asked for")]
fn nothing_takes_longer_than_its_size() {
    let mut slow = Vec::new();
    for (name, files) in cases() {
        let world: Memory = files.into_iter().map(|(path, text)| (path, text.into_bytes())).collect();
        let start = Instant::now();
        // Whether it is refused is not the matter here.
        let repository = Repository::read(&world, "");
        let fact = repository.map(|repository| repository.fact("a", "app").value());
        let taken = start.elapsed();
        drop(fact);
        if taken > PATIENCE {
            slow.push(format!("{name}: {taken:?}"));
        }
    }
    assert!(slow.is_empty(), "{}", slow.join("\n"));
}
