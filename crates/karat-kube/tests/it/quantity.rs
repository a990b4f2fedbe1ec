use karat_kube::Quantity;
use karat_yaml::Value;

#[test]
fn compare_by_what_they_mean() {
    for (less, more) in [
        ("100m", "0.2"),
        ("128974848", "1Gi"),
        ("1Ki", "1024.1"),
        ("1e3", "1.1k"),
        ("-1", "0"),
        ("1n", "1u"),
        ("999999999999999999999E", "9223372036854775808"),
    ] {
        assert!(Quantity::parse(less).unwrap() <= Quantity::parse(more).unwrap(), "{less} {more}");
    }
    for (one, same) in [
        ("1", "1000m"),
        ("1Gi", "1024Mi"),
        ("1e3", "1k"),
        ("1.5Gi", "1536Mi"),
        (".5", "500m"),
        ("1.", "1"),
        ("1E", "1e18"),
    ] {
        assert_eq!(Quantity::parse(one), Quantity::parse(same), "{one} {same}");
    }
}

#[test]
fn what_is_none_is_none() {
    for text in ["", "-", ".", "1.2.3", "1GiB", "ten", "1e", "1e+", " 1", "1 Gi", "0x10", "1ee3"] {
        assert_eq!(Quantity::parse(text), None, "{text:?}");
    }
}

#[test]
fn huge_texts_cost_nothing_and_saturate() {
    let digits = "9".repeat(100_000);
    assert_eq!(Quantity::parse(&digits), Quantity::parse("9223372036854775807"));
    assert!(Quantity::parse("1e2147483647").is_some());
    assert!(Quantity::parse("1e99999999999").is_none());
}

#[test]
fn numbers_are_quantities_too() {
    assert_eq!(Quantity::of(&Value::Int(2)), Quantity::parse("2"));
    assert_eq!(Quantity::of(&Value::Float(0.5)), Quantity::parse("500m"));
    assert_eq!(Quantity::of(&Value::Float(f64::NAN)), None);
    assert_eq!(Quantity::of(&Value::Bool(true)), None);
}
