//! Input that means harm ends soon, with an error.

use karat_rollout::expr::{Expression, MAX_NODES, Value};

#[test]
fn expressions_are_bounded() {
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(2_000), close.repeat(2_000));
    let wide = vec!["1"; MAX_NODES].join(" + ");
    // Each chain has what is in the middle twice: without a bound, 2^30 nodes.
    let doubled = (0..30).fold("1".to_owned(), |inner, _| format!("1 < ({inner}) < 1"));
    for text in [
        deep("(", ")"),
        deep("[", "]"),
        deep("!", ""),
        deep("-", ""),
        wide,
        doubled,
        "a".repeat(9_000),
        deep("1 ? 1 : ", ""),
    ] {
        assert!(Expression::parse(&text).is_err(), "{}", &text[..40]);
    }
}

#[test]
fn evaluations_are_bounded() {
    let list = Value::floats((0..100_000).map(f64::from));
    for text in [
        "all(result, all(result, all(result, # >= 0)))",
        "len(1..9223372036854775807) > 0",
        "all(1..100000, len(1..1000) > 0)",
        "sum(map(result, sum(result))) > 0",
        "all(result, result == result)",
    ] {
        let problem = Expression::parse(text).unwrap().holds(&list).unwrap_err();
        assert!(problem.to_string().contains("steps"), "{text}: {problem}");
    }
}

#[test]
fn no_text_panics() {
    let mut random = crate::random::Random(3);
    let parts = [
        "result", "[", "]", "(", ")", "0", "1.5", "\"a\"", "'", "`", "&&", "||", "not", " in ", "..", "?.", "??", "?",
        ":", ",", "#", ".a", "|", "all(", "len(", "isNaN(", "-", "!", "==", "<", "**", "%", "{", "}", "é", "/*", "nil",
        " ",
    ];
    for _ in 0..20_000 {
        let text: String = (0..random.below(12) + 1).map(|_| random.one(&parts)).collect();
        if let Ok(expression) = Expression::parse(&text) {
            for value in [Value::Nil, Value::floats([1.0]), Value::Float(2.0), Value::Str("aé".into())] {
                let _ = expression.holds(&value);
            }
        }
    }
}
