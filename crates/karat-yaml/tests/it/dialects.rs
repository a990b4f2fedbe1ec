//! The other dialects, numbers, types asked for, and texts that are not UTF-8.

use karat_yaml::{Dialect, Error, Escape, Map, Numbers, Str, Value, from_json_list, from_json_map, from_yaml};
use karat_yaml::{from_yaml_list, from_yaml_map, to_json, to_json_indented, to_yaml, to_yaml_pretty};

fn json(text: &str, dialect: Dialect, numbers: Numbers) -> String {
    let value = from_yaml(text.as_bytes(), dialect, numbers).expect("it is read");
    to_json(&value, Escape::Raw).expect("it has a JSON form")
}

#[test]
fn yaml_1_2_core() {
    let cases = [
        ("[on, yes, y, NO, off]", r#"["on","yes","y","NO","off"]"#),
        ("[true, True, TRUE, tRUE, false, False]", r#"[true,true,true,"tRUE",false,false]"#),
        ("[null, ~, Null, NULL, nUll, '']", r#"[null,null,null,null,"nUll",""]"#),
        ("[10, 010, -010, +5, 0o10, 0x1F, 0b1, 1_000, 0o8]", r#"[10,10,-10,5,8,31,"0b1","1_000","0o8"]"#),
        ("[1.5, 1., .5, 1e3, 1e, '1.5', 2001-01-01, 1:20]", r#"[1.5,1,0.5,1000,"1e","1.5","2001-01-01","1:20"]"#),
        ("on: {push: {branches: [main]}}", r#"{"on":{"push":{"branches":["main"]}}}"#),
        ("{1: a, 1.5: b, true: c, ~: d}", r#"{"1":"a","1.5":"b","null":"d","true":"c"}"#),
        ("<<: {a: 1}\nb: &x 2\nc: *x", r#"{"<<":{"a":1},"b":2,"c":2}"#),
        ("%YAML 1.2\n---\n!!str 1", r#""1""#),
        ("[!!int '7', !!float 1, !!bool 'true', !!null x, !foo 1]", r#"[7,1,true,null,"1"]"#),
        ("[9223372036854775807, 9223372036854775808]", "[9223372036854775807,9223372036854776000]"),
    ];
    for (text, expected) in cases {
        assert_eq!(json(text, Dialect::Core12, Numbers::Kept), expected, "{text}");
    }
}

#[test]
fn repeated_keys() {
    let text = b"a: 1\nb:\n  c: 1\n  \"c\": 2\na: 3\n";
    assert_eq!(json("{a: 1, a: 2}", Dialect::GoYaml, Numbers::Kept), r#"{"a":2}"#);
    for dialect in [Dialect::GoYamlStrict, Dialect::Core12] {
        let error = from_yaml(text, dialect, Numbers::Kept).expect_err("keys are repeated");
        let message = "line 4: key \"c\" already set in map\n  line 5: key \"a\" already set in map";
        assert_eq!(error.to_string(), format!("yaml: unmarshal errors:\n  {message}"));
        assert_eq!(error.position().map(|place| (place.line, place.column)), Some((4, 3)));
    }
}

#[test]
fn numbers() {
    let text =
        "[1, 1.0, 1.5, 1e3, 1e20, 0x10, 9007199254740993, 9223372036854775807, 18446744073709551615, -0.0, -1e18]";
    let kept = from_yaml(text.as_bytes(), Dialect::GoYaml, Numbers::Kept).expect("numbers");
    let expected = [
        Value::Int(1),
        Value::Int(1),
        Value::Float(1.5),
        Value::Int(1000),
        Value::Float(1e20),
        Value::Int(16),
        Value::Int(9_007_199_254_740_993),
        Value::Int(i64::MAX),
        Value::Float(18_446_744_073_709_551_615.0),
        Value::Int(0),
        Value::Int(-1_000_000_000_000_000_000),
    ];
    assert_eq!(kept, Value::Seq(expected.to_vec()));
    let floats = from_yaml(text.as_bytes(), Dialect::GoYaml, Numbers::Float).expect("numbers");
    assert!(floats.as_seq().expect("a sequence").iter().all(|number| matches!(number, Value::Float(_))));
}

#[test]
fn types_asked_for() {
    let map = |text: &str| from_yaml_map(text.as_bytes(), Dialect::GoYaml, Numbers::Float);
    let list = |text: &str| from_yaml_list(text.as_bytes(), Dialect::GoYaml, Numbers::Float);
    let said = |error: Error| error.to_go_unmarshal();
    let prefix = "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal";
    assert_eq!((map("").ok(), map("~").ok(), list("").ok()), (Some(Map::new()), Some(Map::new()), Some(Vec::new())));
    assert_eq!(
        map("[a]").map_err(said),
        Err(format!("{prefix} array into Go value of type map[string]interface {{}}"))
    );
    assert_eq!(map("a").map_err(said), Err(format!("{prefix} string into Go value of type map[string]interface {{}}")));
    assert_eq!(list("1").map_err(said), Err(format!("{prefix} number into Go value of type []interface {{}}")));
    assert_eq!(
        map("{").map_err(said),
        Err("error converting YAML to JSON: yaml: line 1: did not find expected node content".into())
    );
    let said = |error: Error| error.to_string();
    assert_eq!(from_json_map(b"null", Numbers::Float), Ok(Map::new()));
    assert_eq!(
        from_json_map(b"[]", Numbers::Float).map_err(said),
        Err("json: cannot unmarshal array into Go value of type map[string]interface {}".into())
    );
    assert_eq!(
        from_json_list(b"true", Numbers::Float).map_err(said),
        Err("json: cannot unmarshal bool into Go value of type []interface {}".into())
    );
}

#[test]
fn what_is_not_utf_8() {
    // Made with Go.
    let text = Value::Str(Str::from(&b"a\xff\xe2\x82b"[..]));
    assert_eq!(to_json(&text, Escape::Html).as_deref(), Ok(r#""a\ufffd\ufffd\ufffdb""#));
    assert_eq!(to_yaml(&text).as_deref(), Ok("a\u{fffd}\u{fffd}\u{fffd}b\n"));
    assert_eq!(to_yaml_pretty(&text).as_deref(), Ok("!!binary Yf/igmI=\n"));
    let long = Value::Seq(vec![Value::Str(Str::from(vec![0xFF; 60]))]);
    let lines = "!!binary |\n  //////////////////////////////////////////////////////////////////////\n  //////////\n";
    assert_eq!(to_yaml_pretty(&long), Ok(format!("- {lines}")));
    let map = Value::Map([(Str::from(&b"\xff"[..]), Value::Int(1)), (Str::from(&b"\xfe"[..]), Value::Int(2))].into());
    assert_eq!(to_yaml(&map).as_deref(), Ok("\u{fffd}: 1\n"));
    let key = Value::Map([(Str::from(&b"\xff"[..]), Value::Int(1))].into());
    assert_eq!(to_yaml_pretty(&key).as_deref(), Ok("!!binary /w==: 1\n"));
    let bytes = from_yaml(b"a: \xff", Dialect::GoYaml, Numbers::Float).expect_err("not UTF-8");
    assert_eq!(bytes.to_string(), "yaml: invalid leading UTF-8 octet");
    let utf_16 = b"\xff\xfea\0:\0 \0\xe9\0";
    let value = from_yaml(utf_16, Dialect::GoYaml, Numbers::Float).expect("UTF-16 with its mark");
    assert_eq!(value.get("a").and_then(Value::as_str), Some("é"));
}

#[test]
fn what_cannot_be_written() {
    let said = |value: f64| to_yaml(&Value::Float(value)).expect_err("no JSON").to_string();
    assert_eq!(said(f64::NAN), "error marshaling into JSON: json: unsupported value: NaN");
    assert_eq!(said(f64::NEG_INFINITY), "error marshaling into JSON: json: unsupported value: -Inf");
    assert_eq!(to_yaml_pretty(&Value::Float(f64::INFINITY)).as_deref(), Ok(".inf\n"));
    let long = Value::Map([("k".repeat(1023).into(), Value::Null)].into());
    let error = to_yaml(&long).expect_err("the key is too long to be read back").to_string();
    assert_eq!(error, "yaml: did not find expected ',' or '}'");
    assert_eq!(
        to_yaml(&Value::from("\u{7f}")).expect_err("control").to_string(),
        "yaml: control characters are not allowed"
    );
}

#[test]
fn json_is_indented_as_by_go() {
    let value = from_yaml(b"{a: {}, b: [], c: [1, {d: <&>}]}", Dialect::GoYaml, Numbers::Float).expect("yaml");
    let expected = "{\n  \"a\": {},\n  \"b\": [],\n  \"c\": [\n    1,\n    {\n      \"d\": \"\\u003c\\u0026\\u003e\"\n    }\n  ]\n}";
    assert_eq!(to_json_indented(&value, Escape::Html, "  ").as_deref(), Ok(expected));
    assert_eq!(to_json(&value, Escape::Raw).as_deref(), Ok(r#"{"a":{},"b":[],"c":[1,{"d":"<&>"}]}"#));
}
