//! What hosts use: places in errors, objects, functions, options, threads.

use std::rc::Rc;
use std::sync::Arc;

use karat_template::{
    Builtin, CallError, Error, ExecError, FuncMap, Interpreter, Map, MissingKey, Object, Options, Problem, Signature,
    Str, TemplateSet, Type, Value,
};

use crate::host;

fn exec(error: &Error) -> &ExecError {
    match error {
        Error::Exec(error) => error,
        other => panic!("{other}"),
    }
}

#[test]
fn errors_name_their_place() {
    let text = "kind: A\n  name: {{ .name.first.x | upper }}\n";
    let data = Value::Map(Map::new([("name".into(), Value::string("a"))].into()));
    let error = host::go(text, &data).unwrap_err();
    let error = exec(&error);
    assert_eq!((error.line, error.column), (2, 16), "Go points at the second field");
    assert_eq!(&text[error.span.clone()], ".name.first.x", "we at all of them");
    assert_eq!((error.node.lossy().as_ref(), error.template.lossy().as_ref()), (".name.first.x", "case"));
    assert!(matches!(&error.problem, Problem::NoField { field, .. } if *field == "first"));

    let Err(Error::Parse(error)) = host::go("a\nb {{ upper .x | nofunc }}", &data) else { panic!() };
    assert_eq!((error.line, error.column, error.span.clone()), (2, 16, 18..24));

    for (text, part) in [
        ("{{ upper (index .x 1) }}", "index .x 1"),
        ("{{ print 1 | upper 2 \"q\" }}", "upper"),
        ("{{ (dict \"a\" 1).a.b }}", "1"),
        ("{{ $x := 1 }}{{ $x.y.z }}", "$x.y.z"),
        ("{{ template \"none\" . }}", "\"none\""),
        ("{{ eq `a` 'b' }}", "eq `a` 'b'"),
        ("{{ upper  0x10 }}", "0x10"),
    ] {
        let error = host::go(text, &Value::Nil).unwrap_err();
        assert_eq!(&text[exec(&error).span.clone()], part, "{error}");
    }
}

#[test]
fn errors_name_the_way_there() {
    let text = "{{ define \"a\" }}\n{{ template \"b\" . }}{{ end }}{{ define \"b\" }}{{ .x.y }}{{ end }}\n{{ include \"a\" . }}";
    let error = host::helm(text, &Value::empty_map()).unwrap_err();
    let chain: Vec<_> = error.chain().map(exec).collect();
    assert_eq!(chain.len(), 2);
    assert_eq!((chain[0].line, chain[0].node.lossy().as_ref()), (3, "include \"a\" ."));
    assert_eq!((chain[1].line, chain[1].node.lossy().as_ref(), chain[1].template.lossy().as_ref()), (2, ".x.y", "b"));
    let [caller] = &chain[1].callers[..] else { panic!() };
    assert_eq!((caller.template.lossy().as_ref(), caller.line, caller.column), ("a", 2, 12));
}

#[test]
fn a_failed_execution_leaves_its_output() {
    let mut set = TemplateSet::new("set", host::SPRIG.clone());
    set.parse("a", "one {{ fail \"x\" }}").unwrap();
    let mut out = b"zero ".to_vec();
    let mut host = ();
    let mut run = Interpreter::new(&set, Options::default(), &mut host);
    assert!(run.execute("a", &Value::Nil, &mut out).is_err());
    assert_eq!(out, b"zero one ");
    let error = run.execute("b", &Value::Nil, &mut out).unwrap_err();
    assert_eq!(error.to_string(), "template: no template \"b\" associated with template \"set\"");
    assert!(run.execute("a", &Value::Nil, &mut Vec::new()).is_err(), "and can be used again");
}

/// Like `.Files` and `.Capabilities`: methods with and without a signature, fields, entries.
struct Files(&'static str);

impl Object for Files {
    fn go_type(&self) -> &'static str {
        "engine.files"
    }
    fn kind(&self) -> &str {
        self.0
    }
    fn field(&self, name: &str) -> Option<Value> {
        (name == "Version").then(|| Value::string("v1"))
    }
    fn method(&self, name: &str) -> Option<Signature> {
        (name == "Get").then_some(Signature::fixed(&[Type::String]))
    }
    fn call(&self, name: &str, arguments: &[Value]) -> Option<Result<Value, CallError>> {
        match (name, arguments) {
            ("Get", [Value::Str(name)]) if *name == "bad" => Some(Err("no such file".into())),
            ("Get", [Value::Str(name)]) => Some(Ok(Value::string(format!("<{name}>")))),
            ("Count", arguments) => Some(Ok(Value::int(arguments.len()))),
            _ => None,
        }
    }
    fn data(&self) -> Value {
        match self.0 {
            "slice" => Value::list(vec![Value::string("x"), Value::string("y")]),
            _ => Value::Map(Map::typed("map[string][]uint8", [("a".into(), Value::Bytes("1".into()))].into())),
        }
    }
    fn print(&self) -> Str {
        "printed".into()
    }
}

#[test]
fn objects() {
    let run = |kind: &'static str, text: &str| {
        let data = Value::Map(Map::new([("f".into(), Value::Object(Rc::new(Files(kind))))].into()));
        host::go(text, &data)
            .map(|out| String::from_utf8(out).unwrap())
            .map_err(|error| exec(&error).problem.to_string())
    };
    for (kind, text, expected) in [
        ("map", "{{ .f.Get \"x\" }}", "<x>"),
        ("map", "{{ \"x\" | .f.Get }}", "<x>"),
        ("map", "{{ .f.Get \"x\" | upper }}", "<X>"),
        ("map", "{{ .f.Count 1 2 3 }}", "3"),
        ("map", "{{ .f.Count }}", "0"),
        ("map", "{{ .f.Version }}", "v1"),
        ("map", "{{ .f.a }} {{ .f.b }} {{ len .f }} {{ index .f \"a\" }}", "[49] <no value> 1 [49]"),
        ("map", "{{ range $k, $v := .f }}{{ $k }}={{ $v }}{{ end }}", "a=[49]"),
        ("slice", "{{ range $k, $v := .f }}{{ $k }}={{ $v }};{{ end }}{{ index .f 1 }}{{ len .f }}", "0=x;1=y;y2"),
        (
            "ptr",
            "{{ .f }} {{ printf \"%v %s %q %T\" .f .f .f .f }}",
            "printed printed printed \"printed\" engine.files",
        ),
        ("ptr", "{{ if .f }}yes{{ end }}{{ list .f }}", "yes[printed]"),
        ("ptr", "{{ eq .f .f }}", "true"),
    ] {
        assert_eq!(run(kind, text).unwrap(), expected, "{text}");
    }
    for (kind, text, expected) in [
        ("map", "{{ .f.Get }}", "wrong number of args for Get: want 1 got 0"),
        ("map", "{{ .f.Get 1 }}", "expected string; found 1"),
        ("map", "{{ .f.Get \"bad\" }}", "error calling Get: no such file"),
        ("map", "{{ .f.Version 1 }}", "Version has arguments but cannot be invoked as function"),
        ("map", "{{ .f.a 1 }}", "a is not a method but has arguments"),
        ("ptr", "{{ .f.nosuch }}", "can't evaluate field nosuch in type interface {}"),
        ("ptr", "{{ range .f }}{{ end }}", "range can't iterate over printed"),
        ("ptr", "{{ len .f }}", "error calling len: len of type engine.files"),
        ("ptr", "{{ keys .f }}", "wrong type for value; expected map[string]interface {}; got engine.files"),
    ] {
        assert_eq!(run(kind, text).unwrap_err(), expected, "{text}");
    }
}

#[test]
fn missing_keys() {
    let run = |missing_key, text: &str| {
        let options = Options { missing_key, ..Options::default() };
        let data = Value::Map(Map::new([("a".into(), Value::Nil)].into()));
        let result = host::render("case", "case", &host::SPRIG, options, text, &data);
        result.map(|out| String::from_utf8(out).unwrap()).map_err(|error| exec(&error).problem.to_string())
    };
    assert_eq!(run(MissingKey::Default, "{{ .x }}{{ .x.y }}").unwrap(), "<no value><no value>");
    assert_eq!(run(MissingKey::Zero, "{{ .x }}").unwrap(), "<no value>");
    assert_eq!(run(MissingKey::Zero, "{{ .x.y }}").unwrap_err(), "nil pointer evaluating interface {}.y");
    assert_eq!(run(MissingKey::Error, "{{ .x }}").unwrap_err(), "map has no entry for key \"x\"");
    assert_eq!(run(MissingKey::Error, "{{ (.a).y }}").unwrap_err(), "nil data; no entry for key \"y\"");
    assert_eq!(run(MissingKey::Error, "{{ .a }}").unwrap(), "<no value>");
    assert_eq!(run(MissingKey::Error, "{{ index . \"x\" }}").unwrap(), "<no value>");
}

/// A function may have the name of a keyword, or of one of the engine's own.
#[test]
fn functions_replace_builtins() {
    const NAMES: [&str; 4] = ["break", "len", "and", "printf"];
    let mut functions = FuncMap::default();
    functions.add(&NAMES.map(|name| Builtin {
        name,
        signature: Signature::variadic(&[], Type::Any),
        call: |_, arguments| Ok(Value::int(arguments.len() * 11)),
    }));
    let text = "{{ break 1 }} {{ len 1 2 }} {{ and 0 1 2 }} {{ printf }} {{ range 2 }}{{ break }}{{ end }}";
    let out = host::render("set", "case", &Arc::new(functions), Options::default(), text, &Value::Nil).unwrap();
    assert_eq!(out, b"11 22 33 0 00");
}

/// Arguments that fit, and nils of all kinds.
#[test]
fn typed_arguments() {
    const SHOW: Builtin = Builtin {
        name: "show",
        signature: Signature::variadic(&[Type::List, Type::Strings, Type::Map, Type::Bytes, Type::Float], Type::Int64),
        call: |_, arguments| Ok(Value::string(format!("{arguments:?}"))),
    };
    let mut functions = (**host::SPRIG).clone();
    functions.add(&[SHOW]);
    let functions = Arc::new(functions);
    let run = |text: &str| {
        let data = Value::Map(Map::new([("n".into(), Value::Nil), ("l".into(), Value::list(Vec::new()))].into()));
        let result = host::render("case", "case", &functions, Options::default(), text, &data);
        result.map(|out| String::from_utf8(out).unwrap()).map_err(|error| exec(&error).problem.to_string())
    };
    assert_eq!(run("{{ show nil nil nil nil 1 2 3 }}").unwrap(), "[[], [], {}, bytes(\"\"), 1.0, int64(2), int64(3)]");
    assert_eq!(
        run("{{ show .l (splitList \",\" \"a\") . nil 1.5 }}").unwrap(),
        "[[], [\"a\"], {\"l\": [], \"n\": nil}, bytes(\"\"), 1.5]"
    );
    assert_eq!(
        run("{{ show .n nil nil nil 1 }}").unwrap_err(),
        "wrong type for value; expected []interface {}; got interface {}"
    );
    assert_eq!(run("{{ show .nosuch nil nil nil 1 }}").unwrap(), "[[], [], {}, bytes(\"\"), 1.0]");
    assert_eq!(
        run("{{ show nil .l nil nil 1 }}").unwrap_err(),
        "wrong type for value; expected []string; got []interface {}"
    );
    assert_eq!(run("{{ show nil nil nil nil nil }}").unwrap_err(), "cannot assign nil to float64");
    assert_eq!(run("{{ show nil nil nil nil \"x\" }}").unwrap_err(), "expected float; found \"x\"");
    assert_eq!(run("{{ show \"x\" nil nil nil 1 }}").unwrap_err(), "can't handle \"x\" for arg of type []interface {}");
    assert_eq!(run("{{ show nil nil nil nil 1 1.5 }}").unwrap_err(), "expected integer; found 1.5");
    assert_eq!(run("{{ show nil nil nil }}").unwrap_err(), "wrong number of args for show: want at least 5 got 3");
}

/// A set is parsed once and rendered by all threads.
#[test]
fn threads_share_a_set() {
    let mut set = TemplateSet::new("gotpl", host::HELM.clone());
    set.parse("_helpers", "{{ define \"name\" }}{{ tpl .text . }}{{ end }}").unwrap();
    set.parse("a", "{{ range .list }}{{ include \"name\" $ }}{{ . }} {{ end }}").unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let set = &set;
            scope.spawn(move || {
                for turn in 0..50 {
                    let text = format!("{{{{ .list | len }}}}{}", turn % 5);
                    let list = Value::list(vec![Value::int(thread), Value::int(turn)]);
                    let data =
                        Value::Map(Map::new([("text".into(), Value::string(text)), ("list".into(), list)].into()));
                    let mut out = Vec::new();
                    Interpreter::new(set, host::helm_options(), &mut ()).execute("a", &data, &mut out).unwrap();
                    assert_eq!(out, format!("2{0}{thread} 2{0}{turn} ", turn % 5).into_bytes());
                }
            });
        }
    });
}

/// Cloning a set is cheap, and what is parsed into the clone is not in the original.
#[test]
fn sets_are_values() {
    let mut set = TemplateSet::new("set", host::HELM.clone());
    set.parse("a", "{{ template \"x\" }}{{ define \"x\" }}1{{ end }}").unwrap();
    let mut other = set.clone();
    other.parse("b", "{{ define \"x\" }}2{{ end }}").unwrap();
    other.parse("c", "{{ define \"x\" }} {{ end }}").unwrap();
    let run = |set: &TemplateSet| {
        let mut out = Vec::new();
        Interpreter::new(set, Options::default(), &mut ()).execute("a", &Value::Nil, &mut out).unwrap();
        out
    };
    assert_eq!((run(&set), run(&other)), (b"1".to_vec(), b"2".to_vec()));
    assert_eq!(other.names().iter().map(ToString::to_string).collect::<Vec<_>>(), ["a", "b", "c", "x"]);
    assert_eq!(other.get(b"x").unwrap().file(), "b");
    assert!(set.parse("bad", "{{ define \"x\" }}3{{ end }}{{").is_err());
    assert_eq!(run(&set), b"1");
}
