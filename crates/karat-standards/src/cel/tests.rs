//! What this room promises beyond the crates that it wraps.

use super::{Engine, Program, Tree};
use karat_yaml::Value;

fn object() -> Tree {
    let container =
        |name: &str| Tree::map([("name", Tree::text(name)), ("ports", Tree::list([Tree::of(&Value::Float(80.0))]))]);
    Tree::map([
        ("name", Tree::text("records")),
        ("replicas", Tree::of(&Value::Float(3.0))),
        ("ratio", Tree::of(&Value::Float(0.5))),
        ("labels", Tree::map([("app/x", Tree::text("y"))])),
        ("drop", Tree::list([Tree::text("ALL")])),
        ("containers", Tree::list([container("app"), container("proxy")])),
    ])
}

fn judge(text: &str) -> Result<bool, String> {
    let engine = Engine::alone([("settings", Tree::map([("most", Tree::of(&Value::Int(5)))]))]);
    let program = Program::compile(text, &["object", "settings"])?;
    engine.scope([("object", object())]).holds(&program)
}

#[test]
fn expressions_hold_as_in_kubernetes() {
    for text in [
        "object.name == 'records'",
        "object.name != 'https://x' && '' != object.name",
        "object.replicas == 3 && object.replicas <= settings.most",
        "object.ratio < 0.6",
        "has(object.name) && !has(object.nothing)",
        "'app/x' in object.labels && object.labels['app/x'] == 'y'",
        "object.drop == ['ALL'] && ['ALL'] == object.drop && object.drop != ['NET_RAW']",
        "'ALL' in object.drop",
        "object.containers.all(c, c.ports.all(p, p == 80))",
        "object.containers.exists(c, c.name == 'proxy')",
        "object.containers.filter(c, c.name.startsWith('a')).size() == 1",
        "object.containers.map(c, c.name) == ['app', 'proxy']",
        "object.containers.map(c, c.name).join(', ') == 'app, proxy'",
        "size(object.containers) == 2 && object.labels.size() == 1 && 'ä'.size() == 1",
        "object.containers == object.containers && object.containers[0] != object.containers[1]",
        "(object.drop + ['X']).size() == 2",
        "sets.contains(object.drop, ['ALL'])",
        "quantity('1Gi').isGreaterThan(quantity('500Mi'))",
        "'a@sha256:0'.matches('^[a-z]+@sha256:[0-9a-f]+$')",
        "duration('1h') > duration('59m')",
        "object.labels.all(key, key.contains('/'))",
        "{'a': object.drop}['a'] == ['ALL']",
        "(has(object.nothing) ? object.nothing : []).size() == 0",
    ] {
        assert_eq!(judge(text), Ok(true), "{text}");
    }
}

#[test]
fn what_cannot_be_evaluated_is_an_error() {
    for (text, error) in [
        ("object.nothing == 1", "there is no `nothing`"),
        ("object.name.first == 'x'", "an operator or a field of a value of the wrong type"),
        ("has(object.name.first)", "an operator or a field of a value of the wrong type"),
        ("!has(object.replicas.x)", "an operator or a field of a value of the wrong type"),
        ("object.replicas.contains('3')", "contains: not on int"),
        ("object.containers", "gives list, not true or false"),
        ("object.containers[7].name == ''", "an index beyond the end of a list"),
    ] {
        assert_eq!(judge(text), Err(error.to_owned()), "{text}");
    }
}

#[test]
fn what_is_wrong_in_every_case_is_an_error_of_the_standard() {
    for (text, error) in [
        ("objekt.name == 'x'", "unknown variable `objekt`; known here: object, settings"),
        ("object.name.begins('x')", "unknown function `begins`"),
        ("cel.bind(x, 1, x == 1)", "unknown function `cel.bind`"),
        ("karat.tick()", "unknown function `karat.tick`"),
        ("object.?name == 'x'", "unsupported syntax '.?' at line 1, column 7"),
        ("Thing{a: 1} == 1", "messages (`Type{…}`) are not supported"),
        ("object.containers.all(i, v, v == 1)", "unknown function `all`"),
        ("object.name == r'x'", "raw and triple-quoted texts are not supported"),
        ("object.name == \'\'\'x\'\'\'", "raw and triple-quoted texts are not supported"),
        ("object.name == 'x' // a comment", "comments are not supported"),
    ] {
        assert_eq!(Program::compile(text, &["object", "settings"]).err(), Some(error.to_owned()), "{text}");
    }
    for text in ["", "1 +", "a b", &"(".repeat(100), &"x".repeat(9000)] {
        assert!(Program::compile(text, &["a", "b"]).is_err(), "{text:.40}");
    }
}

#[test]
fn the_budget_ends_what_would_not() {
    let list = "[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19]";
    let text =
        format!("{list}.all(a, {list}.all(b, {list}.all(c, {list}.all(d, {list}.all(e, a + b + c + d + e < 999)))))");
    assert_eq!(judge(&text), Err("all, exists, map or filter: more than 200,000 iterations".to_owned()));
}

#[test]
fn null_is_absent() {
    let null = Tree::of(&Value::Map([("a".into(), Value::Null)].into_iter().collect()));
    let program = Program::compile("has(object.a)", &["object"]).unwrap();
    assert_eq!(Engine::alone([]).scope([("object", null)]).holds(&program), Ok(false));
}

#[test]
fn kinds_that_are_not_there_are_empty_lists() {
    let objects = Tree::lists([("Pod", Tree::list([object()]))]);
    let program =
        Program::compile("objects.Pod.size() == 1 && objects.Secret.size() == 0 && !has(objects.Secret)", &["objects"])
            .unwrap();
    assert_eq!(Engine::alone([]).scope([("objects", objects)]).holds(&program), Ok(true));
}

#[test]
fn messages_are_texts() {
    let engine = Engine::alone([]);
    let scope = engine.scope([("object", object())]);
    let text = |text: &str| scope.text(&Program::compile(text, &["object"]).unwrap());
    assert_eq!(text("object.name"), Ok("records".to_owned()));
    assert_eq!(text("object.replicas + 1"), Ok("4".to_owned()));
    assert_eq!(text("object.containers"), Err("gives list, not a text".to_owned()));
}

#[test]
fn long_chains_are_refused_or_evaluated_on_a_small_stack() {
    let chains = [
        vec!["1"; 3000].join("+") + " == 3000",
        "object".to_owned() + &".a".repeat(3000) + " == 1",
        "object".to_owned() + &"['a']".repeat(1200) + " == 1",
        vec!["true"; 1500].join("&&"),
        "true ? ".repeat(900) + "true : false" + &" : false".repeat(899),
        "!".repeat(8000) + "true",
        "'a'".to_owned() + &".trim()".repeat(1000) + " == 'a'",
        "[".repeat(50) + &"]".repeat(50) + " == []",
    ];
    std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(move || {
            for chain in &chains {
                let _ = judge(chain);
            }
        })
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn values_of_the_wrong_type_are_errors_and_never_panics() {
    for text in [
        "object.labels + 1 == 1",
        "1 + object.labels == 1",
        "'a' + object.drop == ''",
        "1 - object.drop == 1",
        "1 + [object.labels] == 1",
        "'a' + {'b': object} == ''",
        "-object.drop == 1",
        "object.drop < object.labels",
        "object.labels[1.5] == 1",
        "object.drop['x'] == 1",
        "1 in object.labels",
        "object.drop[0 - 1] == ''",
        "size(object.replicas) == 1",
        "string(object.labels) == ''",
        "{'a': object.drop}['a'] + 1 == 1",
        "object.containers.map(c, c).map(c, c + 1).size() == 1",
        "object.containers.all(c, c.ports)",
        "object.labels.map(key, object.labels[key] + 1).size() == 1",
        "object ? true : false",
        "!object",
        "object && true",
        "duration(object.drop) == duration('1h')",
        "quantity(object.labels).isGreaterThan(quantity('1'))",
        "sets.contains(object, object)",
        "object.name.split(object.drop) == []",
        "timestamp(object.name) == timestamp(object.name)",
    ] {
        let judged = judge(text);
        let error = judged.err().unwrap_or_else(|| panic!("{text}"));
        assert!(error.len() < 200, "{text}: {error}");
    }
}
