//! Templates are other people's input: whatever they say, an answer comes in bounded time and memory.

use karat_template::{
    Error, Interpreter, Limit, Limits, Options, ParseProblem, Problem, TemplateSet, Value, on_large_stack,
};

use crate::host;

/// The limit that a text runs into, on a thread of the usual size. A tenth of the default's steps, since tests are slow.
fn limit(text: &str) -> Limit {
    let limits = Limits { steps: 5_000_000, ..Limits::default() };
    let options = Options { limits, ..host::helm_options() };
    match host::render("gotpl", "case", &host::HELM, options, text, &Value::Nil) {
        Ok(out) => panic!("{text} gave {} bytes", out.len()),
        Err(error) => limit_of(&error),
    }
}

fn limit_of(error: &Error) -> Limit {
    let Some(Error::Exec(error)) = error.chain().last() else { panic!("{error}") };
    match &error.problem {
        Problem::Limit(limit) => *limit,
        other => panic!("{other}"),
    }
}

#[test]
fn endless_loops() {
    assert!(matches!(limit("{{ range 1000000000000 }}{{ end }}"), Limit::Steps(_)));
    assert!(matches!(limit("{{ range 1000000 }}{{ range 1000000 }}{{ end }}{{ end }}"), Limit::Steps(_)));
    let patterns = "{{ range 1000000 }}{{ $x := regexMatch (printf \"(a|b|c%d){1,50}\" .) \"abc\" }}{{ end }}";
    assert!(matches!(limit(patterns), Limit::Steps(_)));
    assert!(matches!(limit("{{ range 100000000 }}aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa{{ end }}"), Limit::Output(_)));
}

#[test]
fn growing_texts() {
    let double = "{{ $x := \"a\" }}{{ range 64 }}{{ $x = print $x $x }}{{ end }}";
    assert!(matches!(limit(double), Limit::Output(_)));
    let kept = "{{ $x := \"a\" }}{{ range 20 }}{{ $x = print $x $x }}{{ end }}{{ $all := list }}\
        {{ range 10000 }}{{ $all = append $all (print $x .) }}{{ end }}";
    assert!(matches!(limit(kept), Limit::Produced(_)));
    let widths = format!("{{{{ printf \"{}\" }}}}", "%1000000s".repeat(200));
    assert!(host::helm(&widths, &Value::Nil).is_ok(), "nothing to print is short");
    let widths = format!("{{{{ printf \"{}\" 1 }}}}", "%1000000[1]d".repeat(200));
    assert!(matches!(limit(&widths), Limit::Output(_)));
    let lists = "{{ $l := until 100000 }}{{ range 10000 }}{{ $l = concat $l $l }}{{ end }}";
    let error = host::helm(lists, &Value::Nil).unwrap_err().to_string();
    assert!(error.contains("items") || error.contains("bytes"), "{error}");
}

#[test]
fn endless_recursion() {
    assert!(matches!(
        limit("{{ define \"a\" }}{{ template \"a\" . }}{{ end }}{{ template \"a\" . }}"),
        Limit::Stack(_)
    ));
    assert!(matches!(limit("{{ define \"a\" }}{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}"), Limit::Stack(_)));
}

/// A large stack has room for Helm's own guard, and for Go's.
#[test]
fn endless_recursion_on_a_large_stack() {
    on_large_stack(|| {
        let limits = Limits { stack: karat_template::LARGE_STACK / 4 * 3, ..Limits::default() };
        let options = Options { limits, ..host::helm_options() };
        let run = |text: &str| host::render("gotpl", "case", &host::HELM, options, text, &Value::Nil).unwrap_err();
        let error = run("{{ define \"a\" }}{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}");
        assert_eq!(error.chain().count(), 1002);
        assert!(error.to_string().ends_with(
            "at <include \"a\" .>: error calling include: rendering template has a nested reference name: a: \
             unable to execute template"
        ));
        let limits = Limits { depth: 5000, ..limits };
        let options = Options { limits, ..options };
        let text = "{{ define \"a\" }}{{ template \"a\" . }}{{ end }}{{ template \"a\" . }}";
        let error = host::render("gotpl", "case", &host::HELM, options, text, &Value::Nil).unwrap_err();
        assert!(error.to_string().ends_with("exceeded maximum template depth (5000)"), "{error}");
        let Error::Exec(error) = error else { panic!() };
        assert_eq!(error.callers.len(), 5000);
    })
    .unwrap();
}

#[test]
fn values_in_themselves() {
    assert!(matches!(limit("{{ $d := dict }}{{ $_ := set $d \"d\" $d }}{{ $d }}"), Limit::Depth(_)));
    assert!(matches!(limit("{{ $d := dict }}{{ $_ := set $d \"d\" $d }}{{ printf \"%v\" $d }}"), Limit::Depth(_)));
    assert!(matches!(limit("{{ $d := dict }}{{ $_ := set $d \"d\" (list $d) }}{{ html $d }}"), Limit::Depth(_)));
    let deep = "{{ $x := list }}{{ range 1000000 }}{{ $x = list $x }}{{ end }}";
    assert_eq!(host::helm(deep, &Value::Nil).unwrap(), b"", "and it is taken down again");
    let deep = "{{ $x := dict }}{{ range 1000000 }}{{ $x = dict \"x\" $x }}{{ end }}";
    assert_eq!(host::helm(deep, &Value::Nil).unwrap(), b"");
    let wide = "{{ $x := list }}{{ range 40 }}{{ $x = list $x $x }}{{ end }}{{ $x }}";
    assert!(matches!(limit(wide), Limit::Output(_)));
}

#[test]
fn deep_texts() {
    for (open, close) in [
        ("{{ (", ") }}"),
        ("(", ")"),
        ("{{ if true }}", "{{ end }}"),
        ("{{ range 1 }}", "{{ end }}"),
        ("{{ with 1 }}{{ else }}", "{{ end }}"),
        ("{{ block \"x\" . }}", "{{ end }}"),
    ] {
        let (open, close) = (open.repeat(100_000), close.repeat(100_000));
        let text = if open.starts_with('(') { format!("{{{{ {open}1{close} }}}}") } else { format!("{open}{close}") };
        let Err(Error::Parse(error)) = host::go(&text, &Value::Nil) else { panic!() };
        assert!(
            matches!(
                error.problem,
                ParseProblem::TooDeep | ParseProblem::Unexpected { .. } | ParseProblem::Lexical { .. }
            ),
            "{error}"
        );
    }
    let deep = format!("{}1{}", "{{ if (print (print (print 1))) }}".repeat(45), "{{ end }}".repeat(45));
    assert_eq!(host::go(&deep, &Value::Nil).unwrap(), b"1");
}

/// Long is not deep, and nothing is quadratic.
#[test]
fn long_texts() {
    let text = format!("{{{{ if false }}}}{}{{{{ else }}}}z{{{{ end }}}}", "{{ else if false }}y".repeat(50_000));
    assert_eq!(host::go(&text, &Value::Nil).unwrap(), b"z");
    let text = format!("{}{{{{ $a9 }}}}", (0..50_000).map(|n| format!("{{{{$a{n}:=1}}}}")).collect::<String>());
    assert_eq!(host::go(&text, &Value::Nil).unwrap(), b"1");
    let text: String = (0..50_000).map(|n| format!("{{{{define \"{n}\"}}}}x{{{{end}}}}")).collect();
    assert_eq!(host::go(&text, &Value::Nil).unwrap(), b"");
    let text = format!("{{{{ .{} }}}}", ["a"; 100_000].join("."));
    assert_eq!(host::go(&text, &Value::Nil).unwrap(), b"<no value>");
    let text = format!("{{{{ 1 {} }}}}", "| print ".repeat(100_000));
    assert_eq!(host::go(&text, &Value::Nil).unwrap(), b"1");
    let text = format!("{{{{ print {} }}}}", "\"a\" ".repeat(100_000));
    assert_eq!(host::go(&text, &Value::Nil).unwrap().len(), 100_000);
    let text = "{{/* c */}}".repeat(100_000);
    assert_eq!(host::go(&text, &Value::Nil).unwrap(), b"");
}

#[test]
fn limits_can_be_set() {
    let mut set = TemplateSet::new("gotpl", host::HELM.clone());
    set.parse("a", "{{ range 10 }}xx{{ end }}").unwrap();
    let run = |limits: Limits, before: &[u8]| {
        let mut out = before.to_vec();
        let result = Interpreter::new(&set, Options { limits, ..Options::default() }, &mut ()).execute(
            "a",
            &Value::Nil,
            &mut out,
        );
        result.map(|()| out).map_err(|error| limit_of(&error))
    };
    let limits = Limits::default();
    assert_eq!(run(Limits { output: 20, ..limits }, b"").unwrap().len(), 20);
    assert_eq!(run(Limits { output: 20, ..limits }, b"before").unwrap().len(), 26);
    assert_eq!(run(Limits { output: 19, ..limits }, b"").unwrap_err(), Limit::Output(19));
    assert_eq!(run(Limits { steps: 15, ..limits }, b"").unwrap_err(), Limit::Steps(15));
}
