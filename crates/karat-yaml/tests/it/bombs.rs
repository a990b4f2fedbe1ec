//! Hostile input: a clear error in bounded time and memory, or an answer in linear time. Sizes are such that a quadratic
//! step, or a frame per level of nesting without a limit, would not pass unnoticed.

use karat_yaml::{Dialect, Error, Escape, MAX_BYTES, MAX_DEPTH, Map, Numbers, Value};
use karat_yaml::{from_json, from_yaml, parse_stream, to_json, to_yaml, to_yaml_pretty};

fn read(text: &str) -> Result<Value, Error> {
    from_yaml(text.as_bytes(), Dialect::GoYaml, Numbers::Float)
}

fn message(text: &str) -> String {
    read(text).expect_err("hostile").message().to_owned()
}

#[test]
fn laughs() {
    let mut text = String::from("a0: &a0 [lol]\n");
    for level in 1..40 {
        let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    assert_eq!(message(&text), "document contains excessive aliasing");
    let merges: String =
        (1..40).map(|level| format!("a{level}: &a{level} {{<<: [*a{}, *a{0}]}}\n", level - 1)).collect();
    assert_eq!(message(&format!("a0: &a0 {{k: v}}\n{merges}")), "document contains excessive aliasing");
    let keys = text.replace('[', "{? [").replace(']', "] : 1}");
    assert!(message(&keys).starts_with("invalid map key: "), "{}", message(&keys));
}

#[test]
fn long_texts_behind_many_aliases() {
    let text = format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 20), "*a, ".repeat(1 << 16));
    assert_eq!(message(&text), "document contains excessive aliasing");
    let tags = format!("%TAG !a! {}\n---\n[{}]\n", "x".repeat(1 << 20), "!a!b c, ".repeat(1 << 16));
    assert!(matches!(read(&tags), Err(Error::Limit { .. })));
}

#[test]
fn what_contains_itself() {
    assert_eq!(message("a: &a [*a]"), "anchor 'a' value contains itself");
    assert_eq!(message("a: &a {b: {c: *a}}"), "anchor 'a' value contains itself");
    assert_eq!(message("a: &a {<<: *a}"), "anchor 'a' value contains itself");
    assert_eq!(message("a: &a [&b [*a, *b], *b]"), "anchor 'a' value contains itself");
    // The tree has the cycle too: looking things up in it ends.
    let documents = parse_stream(b"a: &a {<<: *a, b: [*a]}", Dialect::GoYaml).expect("syntax is fine");
    let path = ["a", "z", "z"];
    assert!(documents[0].root().find(path).is_none());
    assert_eq!(documents[0].root().locate(path).start.column, 1);
}

#[test]
fn nesting() {
    let many = 100_000;
    let block: String = (0..2_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    let texts = [
        "[".repeat(many),
        "{a: ".repeat(many),
        "- ".repeat(many),
        "? ".repeat(many),
        "[{".repeat(many),
        "[a: ".repeat(many),
        block,
        format!("{}{}", "[".repeat(MAX_DEPTH + 1), "]".repeat(MAX_DEPTH + 1)),
    ];
    for text in texts {
        let error = read(&text).expect_err("too deep");
        assert!(matches!(error, Error::Limit { .. }), "{error}");
        assert_eq!(error.to_string(), format!("exceeded max depth of {MAX_DEPTH}"));
        assert!(error.position().is_some());
    }
    // Aliases count: the levels behind them add up.
    let half = "[".repeat(MAX_DEPTH / 2 + 10);
    let ends = "]".repeat(MAX_DEPTH / 2 + 10);
    let text = format!("a: &a {half}{ends}\nb: {half}*a{ends}\n");
    assert!(matches!(read(&text), Err(Error::Limit { .. })));
    assert_eq!(
        from_json("[".repeat(many).as_bytes(), Numbers::Float).expect_err("deep").to_string(),
        "exceeded max depth"
    );
}

#[test]
fn the_deepest_that_is_allowed() {
    let text = format!("{}1{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
    let value = read(&text).expect("at the limit");
    let json = to_json(&value, Escape::Html).expect("at the limit");
    assert_eq!(json, text);
    assert_eq!(from_json(json.as_bytes(), Numbers::Float).as_ref(), Ok(&value));
    let yaml = to_yaml(&value).expect("at the limit");
    assert_eq!(read(&yaml).as_ref(), Ok(&value));
    assert_eq!(read(&to_yaml_pretty(&value).expect("at the limit")), Ok(value.clone()));
    let deeper = Value::Seq(vec![value]);
    assert!(matches!(to_yaml(&deeper), Err(Error::Limit { .. })));
    assert!(matches!(to_yaml_pretty(&deeper), Err(Error::Limit { .. })));
    assert!(matches!(to_json(&deeper, Escape::Html), Err(Error::Limit { .. })));
}

#[test]
fn a_hundred_megabytes_are_refused_unread() {
    let text = vec![b'['; 100 << 20];
    let yaml = from_yaml(&text, Dialect::GoYaml, Numbers::Float).expect_err("too large");
    assert_eq!(yaml.to_string(), format!("{} bytes of yaml, more than the limit of {MAX_BYTES}", text.len()));
    assert!(matches!(from_json(&text, Numbers::Float), Err(Error::Limit { .. })));
    assert!(matches!(parse_stream(&text, Dialect::Core12), Err(Error::Limit { .. })));
}

#[test]
fn long_things_take_linear_time() {
    let many = 40_000;
    let texts = [
        format!("{}: a", "k".repeat(1 << 20)),
        format!("? {}\n: a", "k".repeat(1 << 20)),
        format!("[{}]", "a, ".repeat(many)),
        format!("[{}]", "[], ".repeat(many)),
        format!("[{}]", "{a: b}, ".repeat(many)),
        format!("[{}]", "é: b, ".repeat(many)),
        format!("{{{}}}", (0..many).map(|key| format!("k{key}: 1, ")).collect::<String>()),
        format!("{{{}}}", "k: 1, ".repeat(many)),
        format!("a: {}", "b ".repeat(many)),
        format!("a: \"{}\"", "b\\n é ".repeat(many)),
        format!("a: '{}'", "b''\n ".repeat(many)),
        format!("a: |\n{}", "  b\n\n".repeat(many)),
        format!("a: >\n{}", "  b\n".repeat(many)),
        "# c\n".repeat(many),
        "\n".repeat(many),
        " ".repeat(many),
        "- a\n".repeat(many),
        "- &a b\n- *a\n".repeat(many / 8),
        "- !!str b\n".repeat(many),
        format!("{}---\n", (0..many / 4).map(|tag| format!("%TAG !t{tag}! x\n")).collect::<String>()),
        "a: b\n---\n".repeat(many),
        format!("a: {}", "9".repeat(1 << 20)),
        format!("a: {}", "1_".repeat(1 << 20)),
        format!("a: 0.{}", "0".repeat(1 << 20)),
        format!("a: {}", "1:".repeat(1 << 20)),
    ];
    for text in &texts {
        // Whatever the verdict: it comes.
        let value = read(text).unwrap_or_default();
        let documents = parse_stream(text.as_bytes(), Dialect::Core12).unwrap_or_default();
        assert!(documents.len() <= many + 1);
        for document in &documents {
            let _ = document.root().to_value(Dialect::GoYamlStrict, Numbers::Kept);
        }
        // Go cannot read back a key of more than 1024 characters, so it cannot write it.
        assert!(to_yaml(&value).is_ok() || text.contains(&"k".repeat(1024)));
        assert!(to_yaml_pretty(&value).is_ok());
    }
}

#[test]
fn keys_without_a_total_order_are_written() {
    // go-yaml's order is a circle here: 08 before 10_9 before 1u before 08.
    let keys = ["08", "10_9", "1u", "1", "a1", "a01", "a 1", "é1", "é01", "٣", "3", "03x", "3x", "0", "00"];
    let map: Map = keys.iter().map(|&key| (key.into(), Value::Null)).collect();
    for text in [to_yaml(&Value::Map(map.clone())), to_yaml_pretty(&Value::Map(map))] {
        assert_eq!(text.expect("keys are plain").lines().count(), keys.len());
    }
}
