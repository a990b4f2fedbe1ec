//! Templates are other people's: whatever they say, a run ends soon, with a result or an error, within its folder.

use karat_scaffold::nunjucks::{self, Fuel, Syntax};
use karat_scaffold::{Data, Error, Offline, Outcome, Template, complete, run};
use karat_source::Memory;

fn rendered(text: &str) -> Result<String, String> {
    let context = Data::parse(b"values: {name: a, list: [1, 2, 3], text: abc}").unwrap();
    nunjucks::render(text, &context, Syntax::default(), &Fuel::default()).map_err(|error| error.to_string())
}

#[track_caller]
fn refused(text: &str, with: &str) {
    let short: String = text.chars().take(80).collect();
    match rendered(text) {
        Ok(made) => panic!("{short}: made {} bytes", made.len()),
        Err(error) => assert!(error.contains(with), "{short}: {error}"),
    }
}

#[test]
fn nesting_ends() {
    let many = |text: &str| text.repeat(20_000);
    for open in ["(", "[", "{a: ", "not ", "-(", "a[", "f(", "1 | default("] {
        refused(&format!("${{{{ {}1 }}}}", many(open)), "deep");
    }
    refused(&format!("${{{{ 1{} }}}}", many(" + 1")), "deep");
    refused(&format!("${{{{ a{} }}}}", many(".b")), "deep");
    refused(&format!("${{{{ a{} }}}}", many(" | upper")), "deep");
    refused(&many("{% if 1 %}"), "deep");
    refused(&many("{% for x in [1] %}"), "deep");
    refused(&many("{% raw %}"), "not closed");
    refused("{% macro m() %}${{ m() }}{% endmacro %}${{ m() }}", "calls itself");
    refused("{% macro a() %}${{ b() }}{% endmacro %}{% macro b() %}${{ a() }}{% endmacro %}${{ a() }}", "calls itself");
    refused(
        "{% macro m() %}${{ caller() }}{% endmacro %}{% macro r() %}{% call m() %}${{ r() }}{% endcall %}{% endmacro %}${{ r() }}",
        "calls itself",
    );
    // As deep as it may be, it still works.
    let deep = format!("${{{{ {}1{} }}}}", "(".repeat(45), ")".repeat(45));
    assert_eq!(rendered(&deep).unwrap(), "1");
    let deep = format!("{}x{}", "{% if 1 %}".repeat(45), "{% endif %}".repeat(45));
    assert_eq!(rendered(&deep).unwrap(), "x");
}

#[test]
fn work_ends() {
    for text in [
        "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
        "{% for a in range(99999) %}${{ values.text * 2 ~ values.text ~ values.text ~ values.text }}{% endfor %}{% for a in range(99999) %}{% for b in range(99) %}x{% endfor %}{% endfor %}",
        "{% set s = 'x' %}{% for i in range(99) %}{% set s = s ~ s %}{% endfor %}",
        "{% set s = 'x' %}{% for i in range(99) %}{% set s = s + s %}{% endfor %}",
        "{% set s = 'ab' %}{% for i in range(99) %}{% set s = s | replace('a', s) %}{% endfor %}",
        "{% set s = 'ab' %}{% for i in range(99) %}{% set s = s.replace(r/./g, s) %}{% endfor %}",
        "{% set s = 'xxxxxxxx' %}{% for i in range(99) %}{% set s = s | replace('', s) %}{% endfor %}",
        "{% set l = [1] %}{% for i in range(99) %}{% set l = l.concat(l) %}{% endfor %}",
        "{% set l = [1] %}{% for i in range(99999) %}{% if l.push(l) %}{% endif %}{% endfor %}${{ l }}",
        "{% set l = ['x'] %}{% for i in range(99) %}{% set l = [l, l] %}{% endfor %}${{ l }}",
        "{% set l = ['x'] %}{% for i in range(99) %}{% set l = [l, l] %}{% endfor %}${{ l | dump }}",
        "{% set l = ['x'] %}{% for i in range(99) %}{% set l = [l, l] %}{% endfor %}${{ l.flat(99) }}",
        "{% set s = 'x' | center(16000000) %}${{ [s, s, s] | join(s) }}",
    ] {
        let error = rendered(text).expect_err(text);
        assert!(["steps", "MiB", "items", "deep"].iter().any(|limit| error.contains(limit)), "{text}: {error}");
    }
    for text in [
        "${{ 'x' | center(999999999999) }}",
        "${{ 'a\nb' | indent(1e9 if 0 else 999999999) }}",
        "${{ 'x'.split('') | batch(1, 2) | slice(999999999) }}",
        "${{ [1] | batch(999999999, 1) }}",
        "${{ range(1000000000) }}",
        "${{ range(0, 1, 0.0000001) }}",
        "${{ range(1, 2, 0 - 0) }}${{ range(5, 1, 0.1) }}${{ range(1, 0, -0.0000001) }}",
        "${{ {length: 1000000000} | sort }}",
        "{% for x in {length: 1000000000} %}{% endfor %}",
        "${{ 5[0:] }}",
        "${{ r/(a{1000}){1000}/.test('a') }}",
        "${{ 2 | round(999) | round(-999) }}${{ (1).toFixed(101) }}",
    ] {
        assert!(rendered(text).is_err(), "{text}");
    }
    // Linear, though it looks exponential.
    assert_eq!(
        rendered("${{ r/^(a+)+$/.test('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab') }}").unwrap(),
        "false"
    );
    // A list within itself, and lists deeper than a stack is high, are dropped all the same.
    assert!(rendered("{% set l = [] %}{% for i in range(50000) %}{% set l = [l] %}{% endfor %}ok").is_ok());
    assert!(rendered("{% set l = [] %}{% if l.push(l) %}{% endif %}${{ l.length }}").is_ok());
}

/// Texts cut, doubled and mixed: an answer or an error, never a crash.
#[test]
fn broken_templates_are_errors() {
    let mut seed: u64 = 11;
    let mut below = |limit: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % limit
    };
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/expressions/blocks.jsonl");
    let lines = fs_err::read_to_string(folder).unwrap();
    let texts: Vec<Vec<char>> = lines
        .lines()
        .skip(1)
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["text"].as_str().unwrap().chars().collect()
        })
        .collect();
    let spice: Vec<char> = "${}%#-|.()[]'\"\\/r😀\u{301}\r\n :=".chars().collect();
    for _ in 0..5_000 {
        let mut text = texts[below(texts.len())].clone();
        for _ in 0..1 + below(4) {
            let at = below(text.len() + 1);
            match below(4) {
                0 if at < text.len() => drop(text.remove(at)),
                1 => text.insert(at, spice[below(spice.len())]),
                2 => text.truncate(at),
                _ => {
                    let other = &texts[below(texts.len())];
                    text.splice(at..at, other[below(other.len())..].iter().copied());
                }
            }
        }
        let _ = rendered(&text.into_iter().collect::<String>());
    }
}

fn made(files: &[(&str, &str)], parameters: &str, steps: &str) -> Result<Outcome, Error> {
    let template = format!(
        "apiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\nmetadata: {{name: t}}\nspec:\n  parameters: {parameters}\n  steps:\n{steps}"
    );
    let mut world: Memory = files.iter().map(|(path, text)| (*path, text.as_bytes())).collect();
    world.insert("template.yaml", template);
    let template = Template::read(&world, "template.yaml")?;
    let answers = complete(&template.pages, &Data::Map(Vec::new()))?;
    run(&world, &template, &answers, &Offline)
}

#[track_caller]
fn stopped(files: &[(&str, &str)], steps: &str, with: &str) {
    match made(files, "{}", steps) {
        Ok(outcome) => panic!("{steps}: made {} files", outcome.workspace.len()),
        Err(error) => assert!(error.to_string().contains(with), "{steps}: {error}"),
    }
}

#[test]
fn nothing_is_made_outside() {
    let skeleton: &[(&str, &str)] = &[("s/${{ values.p }}", "x"), ("f/a", "x")];
    for path in
        ["../x", "a/../../x", "a/\\u0000b", "a\\\\..\\\\b", ".git/hooks/pre-commit", "sub/.GIT/config", "a\\nb", "."]
    {
        let steps =
            format!("    - {{id: a, action: 'fetch:template', input: {{url: s, values: {{p: \"{path}\"}}}}}}\n");
        match made(skeleton, "{}", &steps) {
            Ok(outcome) => assert!(outcome.workspace.is_empty(), "{path}: {:?}", outcome.workspace),
            Err(error) => assert!(error.to_string().contains("step `a`"), "{path}: {error}"),
        }
    }
    for input in [
        "fetch:plain', input: {url: f, targetPath: ../x}",
        "fetch:plain', input: {url: f, targetPath: /tmp/x}",
        "fetch:plain:file', input: {url: f/a, targetPath: ../../x}",
        "fetch:plain:file', input: {url: f/a, targetPath: .git/config}",
        "fetch:template:file', input: {url: f/a, targetPath: /x}",
        "fetch:plain', input: {url: ../..}",
        "fetch:plain', input: {url: /etc}",
        "fetch:plain', input: {url: 'file:///etc'}",
        "catalog:write', input: {filePath: ../c.yaml, entity: {}}",
        "fs:delete', input: {files: ['../**']}",
        "fs:rename', input: {files: [{from: a, to: ../b}]}",
        "fs:readdir', input: {paths: ['..']}",
        "roadiehq:utils:fs:write', input: {path: ../b, content: x}",
        "publish:github', input: {repoUrl: 'h.x?owner=a&repo=b', sourcePath: ..}",
        "publish:github:pull-request', input: {repoUrl: 'h.x?owner=a&repo=b', targetPath: ../x}",
    ] {
        let steps = format!(
            "    - {{id: f, action: 'fetch:plain:file', input: {{url: f/a, targetPath: a}}}}\n    - {{id: a, action: '{input}}}\n"
        );
        stopped(skeleton, &steps, "step `a`");
    }
}

#[test]
fn runs_are_bounded() {
    let big = "x".repeat(4 << 20);
    let each =
        |count: usize| format!("[{}]", (0..count).map(|number| number.to_string()).collect::<Vec<_>>().join(","));
    let files: &[(&str, &str)] = &[
        ("f/a", &big),
        ("s/a", "${{ values.n }}"),
        ("slow/a", "{% for i in range(90000) %}{% for j in range(9) %}x{% endfor %}{% endfor %}"),
    ];
    let copies = format!(
        "    - {{id: a, each: {}, action: 'fetch:plain:file', input: {{url: f/a, targetPath: 'x${{{{ each.value }}}}'}}}}\n",
        each(20)
    );
    stopped(files, &copies, "64 MiB");
    let often = format!("    - {{id: a, each: {}, action: 'debug:log', input: {{message: x}}}}\n", each(10_001));
    stopped(files, &often, "10000 times");
    let slow = format!(
        "    - {{id: a, each: {}, action: 'fetch:template', input: {{url: slow, targetPath: 'x${{{{ each.value }}}}'}}}}\n",
        each(100)
    );
    stopped(files, &slow, "steps");
    stopped(
        files,
        "    - {id: a, action: 'fetch:plain:file', input: {url: f/a, targetPath: a}}\n    - {id: b, action: 'roadiehq:utils:fs:replace', input: {files: [{file: a, find: x, replaceWith: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx}]}}\n",
        "MiB",
    );
    let many: Vec<(String, String)> = (0..20_001).map(|number| (format!("m/{number}"), String::new())).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    stopped(&many, "    - {id: a, action: 'fetch:plain', input: {url: m}}\n", "20000 files");
    // A file where a folder is, and the other way round.
    stopped(
        files,
        "    - {id: a, action: 'fetch:plain:file', input: {url: s/a, targetPath: x}}\n    - {id: b, action: 'fetch:plain:file', input: {url: s/a, targetPath: x/y}}\n",
        "is a file",
    );
    stopped(
        files,
        "    - {id: a, action: 'fetch:plain:file', input: {url: s/a, targetPath: x/y}}\n    - {id: b, action: 'fetch:plain:file', input: {url: s/a, targetPath: x}}\n",
        "is a folder",
    );
}

#[test]
fn schemas_that_turn_in_circles_end() {
    let steps = "    - {id: a, action: 'debug:log'}\n";
    for parameters in [
        "{$ref: '#'}",
        "{properties: {a: {$ref: '#/properties/a'}}}",
        "{properties: {a: {$ref: 'https://example.com/schema.json'}}}",
        "{properties: {a: {$ref: 'file:///etc/passwd'}}}",
        "{properties: {a: {pattern: '(a+)+$', default: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab}}}",
        "{allOf: [{if: {}, then: {allOf: [{if: {}, then: {properties: {a: {default: 1}}}}]}}]}",
        "{properties: 5, required: {}, dependencies: [], allOf: {}}",
        "[1, {title: 2}]",
        "text",
    ] {
        let _ = made(&[], parameters, steps);
    }
}
