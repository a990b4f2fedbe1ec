use karat_kube::Path;
use karat_yaml::Value;

use crate::map;

#[test]
fn is_read_as_it_is_written() {
    for text in [
        "",
        "spec",
        "spec.template.spec.containers[0].image",
        "metadata.labels[\"istio.io/dataplane-mode\"].x",
        "[3][1]",
    ] {
        assert_eq!(Path::parse(text).unwrap().to_string(), text);
    }
}

#[test]
fn says_what_is_wrong_and_where() {
    for (text, message) in [
        ("a..b", "`a..b` is not a path: a name is missing, at character 3"),
        ("a[x]", "`a[x]` is not a path: an index is a whole number, at character 3"),
        ("a[0", "`a[0` is not a path: no closing `]`, at character 2"),
        ("a[0]b", "`a[0]b` is not a path: a `.` or `[` is missing, at character 5"),
        ("ä[\"x", "`ä[\"x` is not a path: no closing `\"]`, at character 2"),
    ] {
        assert_eq!(Path::parse(text).unwrap_err().to_string(), message);
    }
}

#[test]
fn finds_what_is_there_and_the_nearest_where_it_is_not() {
    let object = map([("spec", map([("containers", Value::Seq(vec![map([("name", "app".into())])]))]))]);
    let name = Path::parse("spec.containers[0].name").unwrap();
    assert_eq!(name.find(&object).and_then(Value::as_str), Some("app"));
    let privileged = Path::parse("spec.containers[0].securityContext.privileged").unwrap();
    assert_eq!(privileged.find(&object), None);
    assert_eq!(privileged.nearest(&object).to_string(), "spec.containers[0]");
    assert_eq!(Path::parse("a[7]").unwrap().nearest(&object), Path::root());
}
