//! Where printed text comes from.

use karat_template::{Interpreter, Map, Step, TemplateSet, Trace, Value};

use crate::host::{self, HELM};

/// Runs `text` as the file `f`, traced.
fn trace(text: &str, values: &Map) -> (String, Trace) {
    let mut set = TemplateSet::new("gotpl", HELM.clone());
    set.parse("f", text).unwrap();
    let dot = Value::Map(Map::new([("Values".into(), Value::Map(values.clone()))].into()));
    let (mut plain, mut traced) = (Vec::new(), Vec::new());
    Interpreter::new(&set, host::helm_options(), &mut ()).execute("f", &dot, &mut plain).unwrap();
    let mut host = ();
    let mut interpreter = Interpreter::new(&set, host::helm_options(), &mut host);
    interpreter.trace(values);
    interpreter.execute("f", &dot, &mut traced).unwrap();
    assert_eq!(plain, traced, "tracing changes nothing");
    (String::from_utf8(traced).unwrap(), interpreter.traced().unwrap())
}

fn values() -> Map {
    let list = Value::list(vec![Value::string("x"), Value::string("y")]);
    let text = Value::string("{{ .Values.name }}+literal");
    Map::new([("name".into(), Value::string("n")), ("list".into(), list), ("text".into(), text)].into())
}

/// The lines and columns of the templates that printed `part`, and the paths of the values.
fn origin(text: &str, part: &str) -> (Vec<(usize, usize)>, Vec<String>) {
    let (printed, trace) = trace(text, &values());
    let start = printed.find(part).unwrap();
    let range = start..start + part.len();
    let places = trace.places(0, range.clone()).iter().map(|place| (place.line, place.column)).collect();
    let path = |path: &[Step]| {
        let steps = path.iter().map(|step| match step {
            Step::Key(key) => key.to_string(),
            Step::Index(index) => index.to_string(),
        });
        steps.collect::<Vec<_>>().join(".")
    };
    (places, trace.values(0, range, true).iter().map(|read| path(&read.path)).collect())
}

#[test]
fn texts_actions_and_templates() {
    let text = "ä literal\n{{ .Values.name }}: {{ template \"t\" .Values.name }} {{ tpl .Values.text . }}\n{{ define \"t\" -}}\n<{{ . }}>\n{{- end }}";
    assert_eq!(origin(text, "literal\n"), (vec![(1, 3)], vec![]));
    assert_eq!(origin(text, "n:"), (vec![(2, 4)], vec!["name".into()]));
    assert_eq!(origin(text, "<"), (vec![(2, 33), (4, 1)], vec![]));
    assert_eq!(origin(text, "n>"), (vec![(2, 33), (4, 5)], vec!["name".into()]));
    assert_eq!(origin(text, "n+").1, ["text", "name"]);
    assert_eq!(origin(text, "+literal"), (vec![(2, 56)], vec!["text".into()]));
}

#[test]
fn what_is_to_be_seen_comes_last() {
    assert_eq!(origin("{{ .Values.name | default (index .Values.list 1) }}", "n").1, ["list.1", "name"]);
    assert_eq!(origin("{{ range $i, $x := .Values.list }}{{ $i }}={{ $x }}{{ end }}", "1=y").1, ["list.1", "list.1"]);
}

/// Each variable is made of all before it, so that there are 2^60 ways from the last to the first.
#[test]
fn many_ways_take_no_longer() {
    let mut text = "{{ define \"t\" }}{{ . }}{{ end }}{{ $v0 := .Values.name }}".to_owned();
    for index in 1..60 {
        text += &format!("{{{{ $v{index} := include \"t\" $v{} }}}}", index - 1);
    }
    text += "{{ $v59 }}";
    let (places, values) = origin(&text, "n");
    assert!(places.len() > 1);
    assert!(values.iter().all(|path| path == "name"), "{values:?}");
}
