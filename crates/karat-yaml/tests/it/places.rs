//! Trees and places: what findings point at.

use karat_yaml::{Dialect, Kind, Numbers, Step, Style, Value, documents, parse_document, parse_stream};

const TEXT: &str = "\
# before
apiVersion: v1
kind: 'List'
items:
- name: é
  ports: [80, {name: \"http\", port: 443}]   # after

- &second
  name: |
    two
  <<: {extra: yes}
last: *second
---
other: !!str 1
";

fn at(path: &[Step<'_>]) -> (u32, u32, String) {
    let document = &parse_stream(TEXT.as_bytes(), Dialect::GoYaml).expect("yaml")[0];
    let span = document.root().locate(path.iter().copied());
    (span.start.line, span.start.column, TEXT[span.range()].to_owned())
}

#[test]
fn paths_lead_to_places() {
    let key = Step::Key;
    let index = Step::Index;
    assert_eq!(at(&[key("kind")]), (3, 1, "kind".into()));
    assert_eq!(at(&[key("items"), index(0)]).0, 5);
    assert_eq!(at(&[key("items"), index(0), key("ports"), index(1), key("port")]), (6, 30, "port".into()));
    assert_eq!(at(&[key("items"), index(1), key("name")]), (9, 3, "name".into()));
    // Through an alias and a merge to where it is written; what is missing is sought as far as it goes.
    assert_eq!(at(&[key("last"), key("extra")]), (11, 8, "extra".into()));
    assert_eq!(at(&[key("items"), index(7)]), (4, 1, "items".into()));
    assert_eq!(at(&[key("nothing")]).0, 2);
}

#[test]
fn spans_hold_what_is_written() {
    let document = &parse_stream(TEXT.as_bytes(), Dialect::GoYaml).expect("yaml")[0];
    let items = document.root().get("items").expect("items");
    let text = |path: &[Step<'_>]| {
        let node = items.find(path.iter().copied()).expect("it is there");
        &TEXT[node.span().range()]
    };
    let index = Step::Index;
    assert_eq!(text(&[index(0)]), "name: é\n  ports: [80, {name: \"http\", port: 443}]");
    assert_eq!(text(&[index(0), Step::Key("ports")]), "[80, {name: \"http\", port: 443}]");
    assert_eq!(text(&[index(0), Step::Key("ports"), index(1), Step::Key("name")]), "\"http\"");
    assert_eq!(text(&[index(1)]), "&second\n  name: |\n    two\n  <<: {extra: yes}");
    assert_eq!(&TEXT[document.root().span().range()][..14], "apiVersion: v1");
    assert_eq!(document.position().line, 2);
}

#[test]
fn nodes_tell_what_they_are() {
    let stream = parse_stream(TEXT.as_bytes(), Dialect::GoYaml).expect("yaml");
    assert_eq!(stream.len(), 2);
    let root = stream[0].root();
    assert_eq!((root.kind(), root.entries().count()), (Kind::Map, 4));
    assert_eq!(
        root.get("kind").map(|node| (node.kind(), node.as_str())),
        Some((Kind::Scalar(Style::SingleQuoted), Some("List")))
    );
    let last = root.get("last").expect("last");
    assert_eq!((last.kind(), last.text()), (Kind::Alias, &b"second"[..]));
    assert_eq!(last.resolved().anchor(), b"second");
    assert_eq!(Some(last.resolved()), root.find([Step::Key("items"), Step::Index(1)]));
    let other = stream[1].root().get("other").expect("other");
    assert_eq!((other.tag(), other.span().start.line), (&b"tag:yaml.org,2002:str"[..], 14));
    assert_eq!(&TEXT[other.span().range()], "!!str 1");
    let value = other.to_value(Dialect::GoYaml, Numbers::Kept).expect("a string");
    assert_eq!(value, Value::from("1"));
}

#[test]
fn keys_are_found_as_written_and_as_they_are_read() {
    let document =
        parse_document(b"on: 1\n0x10: 2\n'1': 3\n1: 4\na: 5\na: 6\n", Dialect::GoYaml).expect("yaml").expect("one");
    let text = |key: &str| document.root().get(key).and_then(|node| node.as_str().map(str::to_owned));
    assert_eq!(text("on").as_deref(), Some("1"));
    assert_eq!(text("true").as_deref(), Some("1"));
    assert_eq!(text("16").as_deref(), Some("2"));
    assert_eq!(text("1").as_deref(), Some("4"));
    assert_eq!(text("a").as_deref(), Some("6"));
    assert_eq!(text("b"), None);
}

#[test]
fn what_precedes_an_error_can_be_kept() {
    let (good, error) = documents(b"a: 1\n---\nb: 2\n---\nc: d: e\n---\nf: 1\n", Dialect::GoYaml);
    assert_eq!(good.len(), 2);
    let error = error.expect("the third is wrong");
    assert_eq!(error.to_string(), "yaml: line 5: mapping values are not allowed in this context");
    let position = error.position().expect("a place");
    assert_eq!((position.line, position.column, position.offset), (5, 5, 22));
}

#[test]
fn empty_streams_have_no_documents() {
    for text in ["", "\n", "# only this\n"] {
        assert!(parse_stream(text.as_bytes(), Dialect::GoYaml).expect("yaml").is_empty(), "{text:?}");
    }
    let empty = parse_stream(b"---\n---\n", Dialect::GoYaml).expect("yaml");
    assert_eq!(empty.len(), 2);
    assert_eq!(empty[1].root().to_value(Dialect::GoYaml, Numbers::Kept), Ok(Value::Null));
}

#[test]
fn errors_of_the_grammar_point_at_the_place_and_keep_gos_line() {
    let error = parse_stream("é: \"x\n\nb: c\n".as_bytes(), Dialect::GoYaml).expect_err("no end");
    assert_eq!(error.to_string(), "yaml: line 4: found unexpected end of stream");
    let karat_yaml::Error::Syntax { since, .. } = error else { panic!("{error:?}") };
    assert_eq!((since.line, since.column), (1, 4));
    let error = parse_stream(b"- a\n- b\nc: d\n", Dialect::GoYaml).expect_err("no key");
    assert_eq!(error.to_string(), "yaml: line 2: did not find expected '-' indicator");
    assert_eq!(error.position().map(|place| (place.line, place.column)), Some((3, 1)));
}
