//! Charts that mean harm: each gets a clear refusal in bounded time and memory, never a crash.

use std::io::Write as _;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use karat_helm::{
    Capabilities, Chart, Error, File, Flags, Limits, Release, RenderInput, Settings, ValueSources, render,
};
use karat_source::{Folder, Memory, World as _};
use karat_testkit::Sandbox;

/// A hundredth of what is allowed by default, so that the tests are quick; the bounds are the same code.
fn settings() -> Settings {
    Settings {
        limits: Limits { steps: 500_000, output_bytes: 1 << 20, chart_bytes: 4 << 20, ..Limits::default() },
        ..Settings::default()
    }
}

fn file(name: &str, data: impl Into<Vec<u8>>) -> File {
    File { name: name.into(), data: data.into().as_slice().into() }
}

fn metadata() -> File {
    file("Chart.yaml", "{apiVersion: v2, name: chart, version: 0.1.0}")
}

fn chart(files: Vec<File>) -> Result<Arc<Chart>, Error> {
    Chart::from_files([vec![metadata()], files].concat(), "chart", &settings())
}

fn rendered(chart: &Arc<Chart>, sources: &ValueSources) -> Result<Vec<u8>, Error> {
    let settings = settings();
    let values = sources.merge(settings.profile, &|path| Err(format!("{path}: no files")))?;
    let capabilities = Capabilities::new(settings.profile);
    let input = RenderInput {
        release: Release::new("r"),
        values: &values,
        capabilities: &capabilities,
        flags: Flags::default(),
        now: 0,
    };
    render(chart, &input).map(|rendered| rendered.print())
}

/// What is said to a chart of this one template.
fn refusal(template: &str) -> String {
    match chart(vec![file("templates/a.yaml", template)]).and_then(|chart| rendered(&chart, &ValueSources::default())) {
        Ok(printed) => panic!("it rendered {} bytes: {template}", printed.len()),
        Err(error) => error.to_string(),
    }
}

#[test]
fn templates_that_do_not_end() {
    for template in [
        "{{ range until 2000000000 }}x{{ end }}",
        "{{ range until 30000 }}{{ range until 30000 }}{{ end }}{{ end }}",
        "{{ range $i := 1000000000000 }}{{ end }}",
        "{{ range untilStep 0 2000000000 1 }}{{ end }}",
        "{{ seq 1 2000000000 }}",
        r#"{{ define "x" }}{{ include "x" . }}{{ end }}{{ include "x" . }}"#,
        r#"{{ define "x" }}{{ template "x" . }}{{ end }}{{ template "x" . }}"#,
        r#"{{ define "x" }}{{ include "w" . }}{{ end }}{{ define "w" }}{{ tpl "{{ include \"x\" . }}" . }}{{ end }}{{ include "x" . }}"#,
        r#"{{ $t := "{{ tpl .t . }}" }}{{ tpl $t (dict "t" $t) }}"#,
        r#"{{ define "x" }}{{ include "x" . }}{{ include "x" . }}{{ end }}{{ include "x" . }}"#,
    ] {
        let said = refusal(template);
        assert!(said.len() < 20_000, "{} bytes are said to {template}", said.len());
    }
}

#[test]
fn templates_that_grow() {
    for template in [
        r#"{{ repeat 2000000000 "x" }}"#,
        r#"{{ $s := "x" }}{{ range until 64 }}{{ $s = print $s $s }}{{ end }}{{ $s }}"#,
        r#"{{ $s := "x" }}{{ range until 64 }}{{ $s = cat $s $s }}{{ end }}"#,
        r#"{{ $s := "x" }}{{ range until 64 }}{{ $s = replace "x" "xx" $s }}{{ end }}"#,
        r#"{{ $s := "x" }}{{ range until 64 }}{{ $s = regexReplaceAll "x" $s "xx" }}{{ end }}"#,
        r#"{{ $s := "x\n" }}{{ range until 64 }}{{ $s = indent 1000 $s }}{{ end }}{{ range until 1000 }}{{ $s }}{{ end }}"#,
        r#"{{ indent 2000000000 "x" }}"#,
        r#"{{ nindent 2000000000 "x" }}"#,
        r#"{{ printf "%2000000000d" 1 }}"#,
        r#"{{ printf "%.2000000000f" 1.0 }}"#,
        r#"{{ printf "%*d" 2000000000 1 }}"#,
        r#"{{ $l := list 1 }}{{ range until 64 }}{{ $l = concat $l $l }}{{ end }}{{ len $l }}"#,
        r#"{{ $l := list 1 }}{{ range until 40 }}{{ $l = list $l $l }}{{ end }}{{ $l | toJson | len }}"#,
        r#"{{ $l := list 1 }}{{ range until 40 }}{{ $l = list $l $l }}{{ end }}{{ $l | toYaml | len }}"#,
        r#"{{ $l := list 1 }}{{ range until 40 }}{{ $l = list $l $l }}{{ end }}{{ $l | print | len }}"#,
        r#"{{ $l := list 1 }}{{ range until 40 }}{{ $l = list $l $l }}{{ end }}{{ deepCopy $l | len }}"#,
        r#"{{ $l := list 1 }}{{ range until 40 }}{{ $l = list $l $l }}{{ end }}{{ $l | toToml | len }}"#,
        r#"{{ $l := list 1 }}{{ range until 40 }}{{ $l = list $l $l }}{{ end }}{{ deepEqual $l (list $l) }}{{ deepEqual $l (deepCopy $l) }}"#,
        r#"{{ $d := dict }}{{ range $i := until 40 }}{{ $d = dict "a" $d "b" $d }}{{ end }}{{ merge (dict) $d | toJson | len }}"#,
        r#"{{ range until 300000 }}0123456789{{ end }}"#,
        r#"{{ b64enc (repeat 1000000 "x") | b64enc | b64enc }}{{ range until 100 }}{{ repeat 1000000 "x" }}{{ end }}"#,
        r#"{{ wrapWith 1 (repeat 100000 "-") (repeat 100000 "x y ") }}"#,
        r#"{{ join (repeat 100000 "-") (until 100000) }}"#,
        r#"{{ $s := repeat 1000 "a" }}{{ range until 20000 }}{{ $s = print $s "a" }}{{ $s = upper $s }}{{ $s = lower $s }}{{ end }}{{ range until 100 }}{{ $s }}{{ end }}"#,
    ] {
        let said = refusal(template);
        assert!(said.len() < 4000, "{} bytes are said to {template}", said.len());
    }
}

/// What contains itself: Go overflows its stack, Karat does not.
#[test]
fn values_that_contain_themselves() {
    for function in
        ["toYaml", "toJson", "toToml", "toYamlPretty", "toPrettyJson", "print", "deepCopy", "quote", "toString"]
    {
        let template = format!(r#"{{{{ $d := dict }}}}{{{{ $_ := set $d "self" $d }}}}{{{{ {function} $d }}}}"#);
        let made = chart(vec![file("templates/a.yaml", template.as_str())]);
        // An answer or a refusal: both are well.
        if let Err(error) = made.and_then(|chart| rendered(&chart, &ValueSources::default())) {
            assert!(error.to_string().len() < 4000, "{function}");
        }
    }
}

#[test]
fn templates_that_are_deep() {
    let deep = 100_000;
    for template in [
        format!("{}1{}", "{{ (".to_owned() + &"(".repeat(deep), ")".repeat(deep + 1) + " }}"),
        format!("{}{}", "{{ if true }}".repeat(deep), "{{ end }}".repeat(deep)),
        format!("{}{}", "{{ range list 1 }}".repeat(deep), "{{ end }}".repeat(deep)),
        format!("{{{{ {}1 }}}}", "not ".to_owned() + &"(not ".repeat(deep)),
    ] {
        let said = refusal(&template);
        assert!(said.len() < 4000, "{} bytes are said", said.len());
    }
}

#[test]
fn values_that_explode() {
    let mut laughs = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let before = level - 1;
        let aliases = vec![format!("*a{before}"); 10].join(", ");
        laughs.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    let deep = format!("a: {}{}\n", "[".repeat(200_000), "]".repeat(200_000));
    let maps = format!("a: {}1{}\n", "{a: ".repeat(200_000), "}".repeat(200_000));
    for text in [&laughs, &deep, &maps] {
        let sources = ValueSources { files: vec![("v.yaml".into(), text.clone().into())], ..ValueSources::default() };
        let error = sources.merge(settings().profile, &|_| Err(String::new())).unwrap_err().to_string();
        assert!(error.contains("v.yaml") && error.len() < 1000, "{error}");
        let error = chart(vec![file("values.yaml", text.as_str())]).unwrap_err().to_string();
        assert!(error.contains("values.yaml") && error.len() < 1000, "{error}");
        // And where a template reads it, as an answer: fromYaml does not fail.
        let made = chart(vec![
            file("f.yaml", text.as_str()),
            file("templates/a.yaml", r#"a: {{ .Files.Get "f.yaml" | fromYaml | keys }}"#),
        ]);
        let printed = String::from_utf8(rendered(&made.unwrap(), &ValueSources::default()).unwrap()).unwrap();
        assert!(printed.ends_with("a: [Error]\n"), "{printed}");
    }
}

#[test]
fn set_words_that_explode() {
    for word in [
        "a[65536]=1",
        "a[99999999999999999999]=1",
        &"a.".repeat(100_000),
        &"a[0]".repeat(100_000),
        &"[".repeat(100_000),
    ] {
        let sources = ValueSources { set: vec![format!("{word}=1")], ..ValueSources::default() };
        if let Err(error) = sources.merge(settings().profile, &|_| Err(String::new())) {
            assert!(!error.to_string().is_empty());
        }
    }
}

/// What is said to a folder of these files.
fn folder_refusal(files: impl IntoIterator<Item = (String, String)>) -> String {
    let metadata = ("Chart.yaml".to_owned(), "{apiVersion: v2, name: chart, version: 0.1.0}".to_owned());
    let world: Memory = files.into_iter().chain([metadata]).collect();
    Chart::load(&world, "", &settings()).unwrap_err().to_string()
}

#[test]
fn charts_that_are_too_large() {
    let large = folder_refusal([("values.yaml".to_owned(), "a: ".to_owned() + &"x".repeat(6 << 20))]);
    assert!(large.contains("values.yaml") && large.len() < 1000, "{large}");
    let together = folder_refusal((0..5).map(|number| (format!("f/{number}"), "x".repeat(1 << 20))));
    assert!(together.len() < 1000, "{together}");
    let many = folder_refusal((0..30_000).map(|number| (format!("f/{number}"), String::new())));
    assert!(many.len() < 1000, "{many}");
    let mut deep = String::new();
    let charts = (0..200).map(|_| {
        deep.push_str("charts/chart/");
        (format!("{deep}Chart.yaml"), "{apiVersion: v2, name: chart, version: 0.1.0}".to_owned())
    });
    let deep = folder_refusal(charts.collect::<Vec<_>>());
    assert!(deep.len() < 10_000, "{deep}");
}

fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::best()));
    for (name, bytes) in entries {
        let mut header = tar::Header::new_gnu();
        // Past the checks of the library, which would not write such names.
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append(&header, *bytes).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

#[test]
fn archives_that_mean_harm() {
    let yaml: &[u8] = b"{apiVersion: v2, name: chart, version: 0.1.0}";
    let refused = |bytes: &[u8]| Chart::from_archive(bytes, "chart.tgz", &settings()).unwrap_err().to_string();
    let zeros = vec![0; 64 << 20];
    for (what, bytes) in [
        ("a bomb", archive(&[("chart/Chart.yaml", yaml), ("chart/zeros", &zeros)])),
        ("a parent folder", archive(&[("chart/Chart.yaml", yaml), ("chart/../../etc/passwd", b"x")])),
        ("an absolute path", archive(&[("chart/Chart.yaml", yaml), ("/", b"x"), ("x//etc/passwd", b"x")])),
        ("no folder", archive(&[("Chart.yaml", yaml)])),
        ("nothing", archive(&[])),
        ("no archive", b"plain text".to_vec()),
        ("half an archive", {
            let whole = archive(&[("chart/Chart.yaml", yaml)]);
            whole[..whole.len() / 2].to_vec()
        }),
    ] {
        let error = refused(&bytes);
        assert!(!error.is_empty() && error.len() < 1000, "{what}: {error}");
    }
    // A bomb within: a small archive in charts/ of an archive.
    let bomb = archive(&[("sub/Chart.yaml", b"{apiVersion: v2, name: sub, version: 0.1.0}"), ("sub/zeros", &zeros)]);
    let error = refused(&archive(&[("chart/Chart.yaml", yaml), ("chart/charts/sub.tgz", &bomb)]));
    assert!(error.contains("sub"), "{error}");
}

#[test]
fn archives_that_are_random() {
    // A gzip stream that is whole, around bytes that are no tar.
    let mut state = 1_u64;
    for _ in 0..50 {
        let mut bytes = Vec::new();
        for _ in 0..2048 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            bytes.push((state >> 33) as u8);
        }
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&bytes).unwrap();
        assert!(Chart::from_archive(&encoder.finish().unwrap(), "chart.tgz", &settings()).is_err());
    }
}

#[cfg(unix)]
#[test]
fn links_out_of_the_chart() {
    let sandbox = Sandbox::new();
    sandbox.write("secret.txt", "secret");
    sandbox.write("chart/Chart.yaml", "{apiVersion: v2, name: chart, version: 0.1.0}");
    sandbox.write("chart/templates/a.yaml", r#"a: {{ .Files.Get "link.txt" }}"#);
    std::os::unix::fs::symlink("../secret.txt", sandbox.path().join("chart/link.txt")).unwrap();
    let world = Folder::open(sandbox.path().join("chart")).unwrap();
    assert!(world.read("Chart.yaml").is_ok());
    let error = Chart::load(&world, "", &settings()).unwrap_err().to_string();
    assert!(error.contains("link.txt"), "{error}");

    // A link that leads to its own folder.
    fs_err::remove_file(sandbox.path().join("chart/link.txt")).unwrap();
    std::os::unix::fs::symlink(".", sandbox.path().join("chart/loop")).unwrap();
    let world = Folder::open(sandbox.path().join("chart")).unwrap();
    assert!(Chart::load(&world, "", &settings()).is_err());
}

#[test]
fn schemas_that_mean_harm() {
    for schema in [
        r##"{"$ref": "#"}"##.to_owned(),
        r##"{"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}"##.to_owned(),
        format!("{}{}", r#"{"not":"#.repeat(50_000), "true".to_owned() + &"}".repeat(50_000)),
        r#"{"properties": {"a": {"pattern": "(a{1000}){1000}"}}}"#.to_owned(),
        r#"{"properties": {"a": {"pattern": "(a+)+$"}}}"#.to_owned(),
        r#"{"$ref": "file:///etc/passwd"}"#.to_owned(),
        r#"{"$ref": "https://example.org/schema.json"}"#.to_owned(),
    ] {
        let files = vec![
            file("values.yaml", format!("a: {}!", "a".repeat(5000))),
            file("values.schema.json", schema.as_str()),
            file("templates/a.yaml", "a: 1"),
        ];
        // Taken or refused: what matters is that there is an answer.
        if let Err(error) = chart(files).and_then(|chart| rendered(&chart, &ValueSources::default())) {
            assert!(error.to_string().len() < 10_000, "{}", &schema[..schema.len().min(60)]);
        }
    }
}

/// Each of ten levels takes the next one ten times: ten thousand million charts.
#[test]
fn aliases_that_multiply() {
    let mut files = Vec::new();
    let mut folder = String::new();
    for level in 0..10 {
        let aliases: Vec<String> =
            (0..10).map(|alias| format!("{{name: c{}, version: 0.1.0, alias: a{alias}}}", level + 1)).collect();
        let dependencies = if level < 9 { aliases.join(", ") } else { String::new() };
        let metadata = format!("{{apiVersion: v2, name: c{level}, version: 0.1.0, dependencies: [{dependencies}]}}");
        files.push(file(&format!("{folder}Chart.yaml"), metadata));
        folder.push_str(&format!("charts/c{}/", level + 1));
    }
    let chart = Chart::from_files(files, "c0", &settings()).unwrap();
    let error = rendered(&chart, &ValueSources::default()).unwrap_err().to_string();
    assert!(error.contains("more than 10000 charts"), "{error}");
}

#[test]
fn globs_that_explode() {
    let said = refusal(r#"{{ .Files.Glob (repeat 2000 "?a*") }}"#);
    assert!(said.contains("takes too long to match"), "{said}");
}
