//! Hostile documentation: nothing executes, nothing hangs, each is reported.

use karat_docs::{Kind, Page, Problem, Severity, Site, openapi, sanitise};
use karat_source::Memory;

/// A site of one page.
fn page(text: &str) -> (Page, Vec<Problem>) {
    let mut world = Memory::default();
    world.insert("mkdocs.yml", "site_name: Hostile\n");
    world.insert("docs/index.md", text);
    let (site, problems) = Site::read(&world, "");
    (site.home().cloned().unwrap_or_default(), problems)
}

/// What is wrong with HTML that is shown, by a reader of its own: this one knows nothing of how it was made.
fn dangers(html: &str) -> Vec<String> {
    const INERT: &str = " a abbr article aside b bdi bdo blockquote br caption cite code col colgroup dd del details dfn div dl dt em \
        figcaption figure footer h1 h2 h3 h4 h5 h6 header hr i img input ins kbd li mark ol p pre q s samp section small span strong \
        sub summary sup table tbody td tfoot th thead time tr u ul var wbr ";
    const QUIET: &str = " abbr alt aria-label checked cite class colspan datetime dir disabled headers height href id lang name open \
        rel reversed rowspan scope span src start title type width ";
    let mut found = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let name: String = rest.chars().take_while(|character| !matches!(character, ' ' | '>' | '/' | '\n')).collect();
        if rest.starts_with('/') {
            continue;
        }
        if !INERT.contains(&format!(" {name} ")) {
            found.push(format!("<{name}>"));
        }
        rest = &rest[name.len()..];
        loop {
            rest = rest.trim_start();
            if rest.starts_with('>') || rest.is_empty() {
                break;
            }
            let Some((attribute, after)) = rest.split_once("=\"") else { break };
            let (value, after) = after.split_once('"').unwrap_or((after, ""));
            if !QUIET.contains(&format!(" {attribute} ")) {
                found.push(format!("<{name} {attribute}>"));
            }
            let value =
                value.replace("&amp;", "&").replace(|character: char| character.is_control() || character == ' ', "");
            let scheme =
                value.split(['/', '?', '#']).next().unwrap_or_default().split_once(':').map(|(scheme, _)| scheme);
            let link = matches!(attribute, "href" | "src" | "cite");
            if link
                && scheme.is_some_and(|scheme| {
                    !matches!(scheme.to_lowercase().as_str(), "http" | "https" | "mailto" | "tel")
                })
            {
                found.push(format!("<{name} {attribute}={value}>"));
            }
            if attribute == "src" && (scheme.is_some() || value.starts_with("//")) {
                found.push(format!("asks another server: {value}"));
            }
            rest = after;
        }
    }
    found
}

#[test]
fn scripts_do_not_run_and_are_reported() {
    let corpus = include_str!("../xss.txt");
    let mut wrong = Vec::new();
    let mut total = 0;
    for case in corpus.split("\n%%%%\n").filter(|case| !case.trim().is_empty() && !case.starts_with("#!")) {
        total += 1;
        // `=` first: what the page makes harmless without anything to tell, such as text that only looks like code.
        let (quiet, text) = case.strip_prefix("=\n").map_or((false, case), |text| (true, text));
        for (text, where_) in
            [(text.to_owned(), "page"), (format!("!!! note\n    {}", text.replace('\n', "\n    ")), "admonition")]
        {
            let (page, problems) = page(&text);
            let found = dangers(&page.html);
            if !found.is_empty() {
                wrong.push(format!("{where_}: {text}\n  {found:?}\n  {}", page.html));
            }
            let told = problems.iter().any(|problem| problem.kind == Kind::Refused && problem.line > 0);
            if told == quiet && where_ == "page" {
                wrong.push(format!("reported: {told}\n  {text}\n  {}", page.html));
            }
        }
        let direct = dangers(&sanitise::clean(text));
        if !direct.is_empty() {
            wrong.push(format!("sanitised: {text}\n  {direct:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {total}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(total >= 70, "only {total} cases");
}

#[test]
fn titles_and_navigation_are_text() {
    let mut world = Memory::default();
    world.insert("mkdocs.yml", "site_name: <script>a</script>\nnav:\n  - '<img src=x onerror=a()>': index.md\n  - Bad: 'javascript:alert(1)'\n  - Worse: 'data://x'\n");
    world.insert(
        "docs/index.md",
        "---\ntitle: <b>\n---\n# <script>alert(1)</script> `<b>`\n\n!!! note \"<script>a</script>\"\n    b\n",
    );
    let (site, problems) = Site::read(&world, "");
    let home = site.home().unwrap();
    assert_eq!(dangers(&home.html), Vec::<String>::new());
    // What stood between the tags of a script is text like any other.
    assert_eq!(home.toc[0].text, "alert(1) <b>");
    let lines: Vec<u32> =
        problems.iter().filter(|problem| problem.file == "mkdocs.yml").map(|problem| problem.line).collect();
    assert_eq!(lines, [4, 5], "{problems:?}");
}

#[test]
fn a_configuration_that_escapes_is_refused_where_it_says_so() {
    let cases = [
        ("site_name: a\ndocs_dir: ../..\n", 2),
        ("site_name: a\ndocs_dir: /etc\n", 2),
        ("site_name: a\ndocs_dir: .\n", 2),
        ("site_name: a\ndocs_dir: docs/../../b\n", 2),
        ("site_name: a\nnav:\n  - ../secret.md\n", 3),
        ("site_name: a\nnav:\n  - A: ../../etc/passwd\n", 3),
        ("site_name: a\nnav:\n  - A: '!include ../b/mkdocs.yml'\n", 3),
        ("site_name: a\nnav: !include nav.yml\n", 2),
        ("site_name: !ENV [SECRET, a]\n", 1),
        ("site_name: a\nmarkdown_extensions:\n  - x:\n      y: !!python/object/apply:os.system [id]\n", 4),
        ("site_name: a\nwatch: [../..]\n", 2),
        ("site_name: a\nsite_dir: ../out\n", 2),
        ("site_name: a\nhooks: [evil.py]\n", 2),
        ("site_name: a\nINHERIT: ../mkdocs.yml\n", 2),
        ("site_name: a\ntheme:\n  custom_dir: ../x\n", 3),
        ("site_name: a\nplugins:\n  - exec: {cmd: id}\n", 3),
        ("site_name: a\nrepo_url: javascript:alert(1)\n", 2),
        ("site_name: a\nplantuml_cmd: id\n", 2),
        ("site_name: [\n", 2),
        ("- a\n", 1),
    ];
    for (config, line) in cases {
        let mut world = Memory::default();
        world.insert("a/mkdocs.yml", config);
        world.insert("a/docs/index.md", "# Fine\n");
        world.insert("secret.md", "# Secret\n");
        world.insert("b/index.md", "# Secret\n");
        let (site, problems) = Site::read(&world, "a");
        let told: Vec<u32> =
            problems.iter().filter(|problem| problem.file == "a/mkdocs.yml").map(|problem| problem.line).collect();
        assert!(told.contains(&line), "{config}: {problems:?}");
        assert!(
            site.pages().iter().all(|page| page.source.starts_with("a/docs/") && !page.html.contains("Secret")),
            "{config}"
        );
        assert!(problems.iter().all(|problem| !problem.fix.is_empty()), "{problems:?}");
    }
}

#[test]
fn links_out_of_the_folder_are_not_followed() {
    let folder = std::env::temp_dir().join(format!("karat-docs-{}", std::process::id()));
    fs_err::create_dir_all(folder.join("site/docs")).unwrap();
    fs_err::write(folder.join("secret.md"), "# Secret\n").unwrap();
    fs_err::write(folder.join("site/mkdocs.yml"), "site_name: a\n").unwrap();
    fs_err::write(folder.join("site/docs/index.md"), "# Fine\n").unwrap();
    std::os::unix::fs::symlink("../../secret.md", folder.join("site/docs/leak.md")).unwrap();
    std::os::unix::fs::symlink("../..", folder.join("site/docs/all")).unwrap();
    let world = karat_source::Folder::open(folder.join("site")).unwrap();
    let (site, problems) = Site::read(&world, "");
    fs_err::remove_dir_all(&folder).unwrap();
    assert_eq!(site.pages().len(), 1);
    let told: Vec<&str> =
        problems.iter().filter(|problem| problem.kind == Kind::Refused).map(|problem| problem.file.as_str()).collect();
    assert_eq!(told, ["docs/all", "docs/leak.md"]);
}

/// Pages that are long or deep in every way that the syntax has. That the test ends is what it tests.
#[test]
fn large_pages_end_and_are_reported() {
    let lines = |line: &str| format!("{line}\n").repeat(50_000);
    let long: Vec<(&str, String)> = vec![
        ("paragraphs", lines("Some text with *emphasis*, `code` and [a link](index.md).\n")),
        ("headings", lines("## The same heading")),
        ("items", lines("- item")),
        ("rows", format!("| a | b |\n| - | - |\n{}", lines("| `x|y` | z |"))),
        ("quotes", lines("> quoted")),
        ("admonitions", lines("!!! note\n    a")),
        ("tabs", lines("=== \"a\"\n    b")),
        ("notes", (0..25_000).map(|n| format!("a[^{n}]\n\n[^{n}]: b\n")).collect()),
        ("abbreviations", (0..25_000).map(|n| format!("*[A{n}]: b\n\nA{n}\n")).collect()),
        ("code", format!("```go\n{}```\n", lines("func a() { return \"b\" } // c"))),
        ("html", lines("<div><b>a")),
        ("lines", "a\n".repeat(200_000)),
    ];
    for (name, text) in &long {
        let (page, problems) = page(text);
        assert!(!page.html.is_empty(), "{name}");
        let told = problems.iter().any(|problem| problem.kind == Kind::Size && problem.line == 1);
        assert!(told, "{name}: {:?}", problems.first());
    }
}

#[test]
fn deep_pages_end_and_are_reported() {
    let nested = |open: &str, count: usize| format!("{}a\n", open.repeat(count));
    let indented = |line: &str, count: usize, step: usize| -> String {
        (0..count).map(|depth| format!("{}{line}\n\n", " ".repeat(depth * step))).collect()
    };
    let deep: Vec<(&str, String)> = vec![
        ("quotes", nested("> ", 100_000)),
        ("items", nested("- ", 100_000)),
        ("numbers", nested("1. ", 50_000)),
        ("nested items", indented("- a", 1_000, 2)),
        ("nested admonitions", indented("!!! note", 1_000, 4)),
    ];
    for (name, text) in &deep {
        let (page, problems) = page(text);
        assert!(!page.html.is_empty(), "{name}");
        assert!(problems.iter().any(|problem| problem.kind == Kind::Size && problem.line > 0), "{name}: {problems:?}");
    }
    // These nest nothing, or only look as if they did.
    let flat = [
        nested("[", 50_000),
        nested("![", 50_000),
        nested("*a **b ", 20_000),
        nested("`", 50_000),
        nested("``` ` ", 20_000),
        nested("<a ", 20_000),
        nested("<b>", 20_000),
        nested("&", 50_000),
        nested("[a](", 20_000),
        nested("_a_ ~b~ ^c^ ==d== ", 10_000),
        nested("{: ", 20_000),
        nested("!!! ", 20_000),
        nested("\\", 50_000),
        nested("<!-- ", 20_000),
        nested("https://a.", 20_000),
        nested("a@", 20_000),
        nested("| ` ", 20_000),
        format!("| {} |\n| {} |\n{}", "a | ".repeat(2_000), "- | ".repeat(2_000), "| b\n".repeat(2_000)),
        format!("{}\n\n{}", "[a]: b\n".repeat(20_000), "[a] ".repeat(20_000)),
        format!("{}{}", "<b id=a>".repeat(5_000), "\n\np".repeat(5_000)),
        format!("{}{}", "<details>\n\n".repeat(5_000), "a"),
    ];
    for text in &flat {
        let (page, _) = page(text);
        assert!(dangers(&page.html).is_empty());
        assert!(page.html.len() < 40 << 20, "{} bytes from {}", page.html.len(), text.len());
    }
}

#[test]
fn broken_pages_are_reported() {
    let mut world = Memory::default();
    world.insert("mkdocs.yml", "site_name: a\n");
    world.insert("docs/index.md", b"# \xff\xfe".as_slice());
    world.insert("docs/nul.md", "# a\u{0}b\n");
    let (site, problems) = Site::read(&world, "");
    assert_eq!(site.pages().len(), 2);
    assert!(problems.iter().any(|problem| problem.file == "docs/index.md" && problem.severity == Severity::Error));
}

#[test]
fn hostile_api_documents_end() {
    let loops = "openapi: 3.1.0\ninfo: {title: '<script>a</script>', version: '1'}\npaths:\n  /a:\n    get:\n      description: '<img src=x onerror=a()>'\n      responses:\n        '200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/A'}}}}\ncomponents:\n  schemas:\n    A: {type: object, properties: {a: {$ref: '#/components/schemas/A'}, b: {$ref: 'http://evil.example/x'}}}\n";
    let (api, problems) = openapi::read("api.yaml", loops.as_bytes());
    assert_eq!(dangers(&api.html), Vec::<String>::new());
    assert!(problems.iter().any(|problem| problem.kind == Kind::Api && problem.line > 0), "{problems:?}");
    let deep = format!(
        "openapi: 3.1.0\ninfo: {{title: a, version: '1'}}\npaths: {{}}\ncomponents: {{schemas: {{A: {}{}}}}}\n",
        "{allOf: [".repeat(5_000),
        "]}".repeat(5_000)
    );
    let _ = openapi::read("api.yaml", deep.as_bytes());
    let _ = openapi::read("api.yaml", b"\xff");
    let wide: String = (0..20_000)
        .map(|n| {
            format!(
                "    S{n}: {{allOf: [{{$ref: '#/components/schemas/S{}'}}, {{$ref: '#/components/schemas/S{}'}}]}}\n",
                n + 1,
                n + 2
            )
        })
        .collect();
    let (api, _) = openapi::read(
        "api.yaml",
        format!("openapi: 3.1.0\ninfo: {{title: a, version: '1'}}\npaths: {{}}\ncomponents:\n  schemas:\n{wide}")
            .as_bytes(),
    );
    assert!(api.html.len() < 64 << 20);
}
